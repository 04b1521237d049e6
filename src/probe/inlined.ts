import { OopscopeError, messageOf } from "../base/index.ts";
import { DwarfFile, prototypesOf, type FunctionContents, type InlineContents, type Prototype, type UnitContents } from "../dwarf/index.ts";
import type { ElfFile } from "../elf/index.ts";

/** A place where a function's body stands within another function. */
export type InlinedPlace = {
  /** The symbol whose code holds it. */
  readonly function: string;
  /** Calls between the two that were inlined as well, the nearest to the symbol first. */
  readonly through: readonly string[];
  readonly file: string | null;
  /** 1-based line of the call; 0 where it is not known. */
  readonly line: number;
};

/** What debug information says of a function's name. */
export type SourceFunction = {
  /** A definition a unit; those of equal text count once, with `units` of how many. */
  readonly definitions: readonly (Prototype & { readonly unit: string | null; readonly units: number })[];
  /** Whether any unit has code of its own for it. */
  readonly hasCode: boolean;
  readonly inlinedInto: readonly InlinedPlace[];
  /** How many places there are; `inlinedInto` has the first. */
  readonly inlinedCount: number;
  /** What could not be read. */
  readonly damage: string | null;
};

const mostPlaces = 64;

/** Looks a function up in the debug information of one file; null where the file has none. Reads the units that name it. */
export function sourceFunction(elf: ElfFile, name: string, signal?: AbortSignal): SourceFunction | null {
  const dwarf = new DwarfFile(elf);
  if (!dwarf.present) return null;
  const definitions = new Map<string, Prototype & { readonly unit: string | null; units: number }>();
  const inlinedInto: InlinedPlace[] = [];
  let inlinedCount = 0;
  let hasCode = false;
  let damage: string | null = null;
  const note = (error: unknown): void => {
    if (!(error instanceof OopscopeError)) throw error;
    damage ??= messageOf(error);
  };
  try {
    for (const unit of dwarf.unitsNaming(name, note)) {
      signal?.throwIfAborted();
      try {
        let named = false;
        const texts = new Set<string>();
        for (const prototype of prototypesOf(dwarf, unit, name)) {
          named = true;
          if (prototype.hasCode) hasCode = true;
          if (texts.has(prototype.text)) continue;
          texts.add(prototype.text);
          const known = definitions.get(prototype.text);
          if (known) known.units++;
          else definitions.set(prototype.text, { ...prototype, unit: unit.name, units: 1 });
        }
        if (!named) continue;
        const contents = dwarf.contentsOf(unit);
        for (const owner of contents.functions) {
          inlinedCount += placesIn(contents, owner, name, inlinedInto);
        }
      } catch (error) {
        note(error);
      }
    }
  } finally {
    dwarf.close();
  }
  return { definitions: [...definitions.values()], hasCode, inlinedInto, inlinedCount, damage };
}

function placesIn(contents: UnitContents, owner: FunctionContents, name: string, places: InlinedPlace[]): number {
  let count = 0;
  const through: string[] = [];
  const visit = (calls: readonly InlineContents[]): void => {
    for (const call of calls) {
      if (call.name === name) {
        count++;
        const symbol = owner.name ?? "?";
        const same = places.some((place) => place.function === symbol && place.line === call.callLine && place.through.join() === through.join());
        if (!same && places.length < mostPlaces) places.push({ function: symbol, through: [...through], file: contents.path(call.callFile), line: call.callLine });
      }
      through.push(call.name ?? "?");
      visit(call.calls);
      through.pop();
    }
  };
  visit(owner.calls);
  return count;
}

/** Prototypes by name of all functions that a file defines: for modules without BTF. Where several of one name disagree there is none; empty where there is no debug information. */
export function sourcePrototypes(elf: ElfFile): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const several = new Set<string>();
  const dwarf = new DwarfFile(elf);
  try {
    for (const unit of dwarf.unitsNaming(null, () => {})) {
      try {
        for (const { name, text } of prototypesOf(dwarf, unit)) {
          if ((found.get(name) ?? text) !== text) several.add(name);
          found.set(name, text);
        }
      } catch (error) {
        if (!(error instanceof OopscopeError)) throw error;
      }
    }
  } finally {
    dwarf.close();
  }
  for (const name of several) found.delete(name);
  return found;
}
