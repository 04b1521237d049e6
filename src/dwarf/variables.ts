import { OopscopeError } from "../base/index.ts";
import * as dw from "./constants.ts";
import { childrenOf, numberOf, readDie, referenceOf, textOf, type Die } from "./die.ts";
import type { DwarfFile } from "./file.ts";
import { functionsAt, indexFunctions } from "./functions.ts";
import { readFrameBase, readLocations, type FrameBase, type LocationRange } from "./locations.ts";
import { forEachRange } from "./ranges.ts";
import { newEntry, readEntry } from "./entry.ts";
import { CType } from "./types.ts";
import type { Unit } from "./unit.ts";

// A function's variables: those of its own, of its blocks and of the functions inlined into it, with where they are at each address.

export type Variable = {
  readonly name: string;
  readonly type: CType | null;
  readonly isParameter: boolean;
  /** Read when it is first asked for. Empty: optimized out, or a declaration. */
  readonly locations: readonly LocationRange[];
  /** DW_AT_const_value: it is this number throughout. */
  readonly constant: bigint | null;
};

/** A function, a call that was inlined, or a block; the first of a function's scopes is its own. */
export type Scope = {
  readonly kind: "function" | "inlined" | "block";
  /** Of functions. */
  readonly name: string | null;
  /** What the function gives back; null for `void` and for blocks. */
  readonly type: CType | null;
  /** From and to, from and to, …: image offsets. */
  readonly ranges: readonly number[];
  /** Which of the scopes it stands in; -1 for the function's own. */
  readonly parent: number;
  readonly variables: readonly Variable[];
  /** 1-based; 0 where the call's line is not known. */
  readonly callLine: number;
};

export type FunctionScopes = { readonly unit: Unit; readonly scopes: readonly Scope[] };

const mostScopes = 1 << 14;
const longestOriginChain = 16;

/**
 * All scopes of the function that owns an address, outer ones before inner ones; null where the file says nothing of it. Reads the one unit, of it the
 * function's entries. Throws for debug information that is damaged there.
 */
export function scopesAt(file: DwarfFile, address: number): FunctionScopes | null {
  const unit = file.unitOwning(address);
  if (!unit) return null;
  let position = functionsAt(indexFunctions(unit, false), Float64Array.of(address))[0]!;
  if (position < 0) position = functionsAt(indexFunctions(unit, true), Float64Array.of(address))[0]!;
  if (position < 0) return null;
  const die = readDie(unit, unit.header.offset + position);
  if (!die) return null;
  const scopes: Scope[] = [];
  const frame = readFrameBase(unit, die.attributes.get(dw.DW_AT_frame_base));
  readScope(file, die, "function", -1, frame, scopes, 0);
  return { unit, scopes };
}

function readScope(file: DwarfFile, die: Die, kind: Scope["kind"], parent: number, frame: FrameBase, scopes: Scope[], depth: number): void {
  const { unit } = die;
  if (scopes.length >= mostScopes || depth > 512) return;
  const origin = originOf(file, die);
  const variables: Variable[] = [];
  const ranges = rangesOf(die);
  const scope: Scope = {
    kind,
    name: kind === "block" ? null : origin ? textOf(origin, dw.DW_AT_name) : null,
    type: kind === "block" || !origin ? null : CType.of(file, origin),
    ranges: ranges.length === 0 && kind === "block" && parent >= 0 ? scopes[parent]!.ranges : ranges,
    parent,
    variables,
    callLine: numberOf(die, dw.DW_AT_call_line) ?? 0,
  };
  const index = scopes.push(scope) - 1;
  for (const child of childrenOf(die)) {
    switch (child.tag) {
      case dw.DW_TAG_formal_parameter:
      case dw.DW_TAG_variable: {
        const variable = readVariable(file, unit, child, frame);
        if (variable) variables.push(variable);
        break;
      }
      case dw.DW_TAG_lexical_block:
        readScope(file, child, "block", index, frame, scopes, depth + 1);
        break;
      case dw.DW_TAG_inlined_subroutine:
        readScope(file, child, "inlined", index, frame, scopes, depth + 1);
        break;
      default:
    }
  }
}

function readVariable(file: DwarfFile, unit: Unit, die: Die, frame: FrameBase): Variable | null {
  const origin = originOf(file, die);
  const name = origin && textOf(origin, dw.DW_AT_name);
  if (!origin || name === null) return null;
  const location = die.attributes.get(dw.DW_AT_location) ?? origin.attributes.get(dw.DW_AT_location);
  const fixed = die.attributes.get(dw.DW_AT_const_value) ?? origin.attributes.get(dw.DW_AT_const_value);
  let locations: readonly LocationRange[] | undefined;
  return {
    name,
    type: CType.of(file, origin),
    isParameter: die.tag === dw.DW_TAG_formal_parameter,
    constant: fixed?.kind === "constant" ? fixed.value : null,
    get locations() {
      return (locations ??= unlessDamaged(() => readLocations(unit, location, frame)) ?? []);
    },
  };
}

/** The entry that has the name and the type: the abstract origin or the specification, through as many steps as it takes. */
function originOf(file: DwarfFile, die: Die): Die | null {
  let at = die;
  for (let step = 0; step < longestOriginChain; step++) {
    if (at.attributes.has(dw.DW_AT_name)) return at;
    const offset = referenceOf(at, dw.DW_AT_abstract_origin) ?? referenceOf(at, dw.DW_AT_specification);
    if (offset === null) return at === die ? die : at;
    const { header } = at.unit;
    const next = readDie(offset >= header.first && offset < header.end ? at.unit : file.unitHolding(offset), offset);
    if (!next) return null;
    at = next;
  }
  return null;
}

function rangesOf(die: Die): number[] {
  const { unit } = die;
  const entry = newEntry();
  unit.at.at = die.offset - unit.header.offset;
  readEntry(unit, unit.abbreviations.get(unit.at.uleb()), entry, false);
  const ranges: number[] = [];
  forEachRange(unit, entry, (low, high) => {
    ranges.push(low, high);
    return false;
  });
  return ranges;
}

/** What stands at the top of a unit by name: functions (definitions before declarations) and variables. */
export type UnitNames = {
  /** The result's type of a function; undefined where the unit does not know it. */
  functionType(name: string): CType | null | undefined;
  /** The type of a global variable; undefined where the unit does not know it. */
  variableType(name: string): CType | null | undefined;
  /** The global or static variable of the unit that holds an address, those of functions included. */
  variableAt(address: number): { readonly name: string; readonly type: CType | null; readonly address: number } | null;
};

const indices = new WeakMap<Unit, UnitNames>();

/** An index of one unit, made by one walk over its top entries and the bodies of functions. */
export function namesOf(file: DwarfFile, unit: Unit): UnitNames {
  let known = indices.get(unit);
  if (!known) indices.set(unit, (known = indexNames(file, unit)));
  return known;
}

function indexNames(file: DwarfFile, unit: Unit): UnitNames {
  const functions = new Map<string, Die>();
  const variables = new Map<string, Die>();
  const places: { address: number; die: Die }[] = [];
  const visit = (die: Die, top: boolean, depth: number): void => {
    for (const child of childrenOf(die)) {
      if (child.tag === dw.DW_TAG_subprogram) {
        const name = top ? textOf(child, dw.DW_AT_name) : null;
        if (name !== null && (!functions.has(name) || !child.attributes.has(dw.DW_AT_declaration))) functions.set(name, child);
        if (child.hasChildren && depth < 32) visit(child, false, depth + 1);
      } else if (child.tag === dw.DW_TAG_variable) {
        const location = child.attributes.get(dw.DW_AT_location);
        const found = location?.kind === "block" ? readLocations(unit, location, null)[0]?.location : undefined;
        if (found?.kind === "global") places.push({ address: found.address, die: child });
        if (!top) continue;
        const name = textOf(child, dw.DW_AT_name);
        if (name !== null && !variables.has(name)) variables.set(name, child);
      } else if ((child.tag === dw.DW_TAG_lexical_block || child.tag === dw.DW_TAG_inlined_subroutine) && depth < 32) visit(child, false, depth + 1);
    }
  };
  const root = readDie(unit, unit.header.first);
  unlessDamaged(() => root && visit(root, true, 0));
  places.sort((a, b) => a.address - b.address);
  const typeOf = (die: Die | undefined): CType | null | undefined => {
    if (!die) return undefined;
    const origin = unlessDamaged(() => originOf(file, die));
    return origin ? CType.of(file, origin) : undefined;
  };
  return {
    functionType: (name) => typeOf(functions.get(name)),
    variableType: (name) => typeOf(variables.get(name)),
    variableAt(address) {
      for (let k = places.length - 1; k >= 0; k--) {
        const { address: start, die } = places[k]!;
        if (start > address) continue;
        const origin = unlessDamaged(() => originOf(file, die));
        const name = origin && textOf(origin, dw.DW_AT_name);
        if (!origin || name === null) return null;
        const type = CType.of(file, origin);
        return address < start + Math.max(1, type?.size ?? 1) ? { name, type, address: start } : null;
      }
      return null;
    },
  };
}

function unlessDamaged<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof OopscopeError) return null;
    throw error;
  }
}
