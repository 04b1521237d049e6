import { OopscopeError, lightened } from "../base/index.ts";
import { Scratch, type ElfFile } from "../elf/index.ts";
import { ownersByAranges, readAranges, type Aranges } from "./aranges.ts";
import { contentsOf, type UnitContents } from "./contents.ts";
import { newEntry, readEntry } from "./entry.ts";
import { functionsAt, indexFunctions, inlineChain, type ChainLink } from "./functions.ts";
import { LineProgram, type LineRow } from "./lines.ts";
import { placesNaming } from "./naming.ts";
import { forEachRange } from "./ranges.ts";
import { DebugSections } from "./sections.ts";
import { SplitUnits } from "./split.ts";
import { Skips, lowerBound } from "./sorted.ts";
import { Unit, readUnitHeader, unitEnd, type UnitHeader } from "./unit.ts";

/** A function at an address, with the place in it: the line that runs, or for the outer ones of a chain the line of the call that was inlined. */
export type PlaceInFunction = {
  readonly function: string | null;
  /** As the compiler recorded it; null where the line table has no entry. */
  readonly file: string | null;
  /** 1-based; 0 where the compiler names none. */
  readonly line: number;
  readonly column: number;
  readonly discriminator: number;
};

export type Place = {
  /** Innermost inlined function first, the function that owns the code last. Empty where no function of the unit covers the address. */
  readonly functions: readonly PlaceInFunction[];
  /** DW_AT_comp_dir of the unit. */
  readonly directory: string | null;
};

const longestOriginChain = 16;
const mostOthers = 4;
const unitCost = 16;
/** All of a file: steps for as many addresses as it has kilobytes of entries. */
const bytesForEach = 1024;

/** The debugging information of one file. Costs nothing until an address is looked up; then only the units that own the addresses are read. */
export class DwarfFile {
  readonly #sections: DebugSections;
  readonly #split: SplitUnits;
  readonly #headers = new Map<number, UnitHeader>();
  /** By the sections that entries lie in, then by their offsets. */
  readonly #names = new WeakMap<DebugSections, Map<number, string | null>>();
  #allHeaders: UnitHeader[] | null = null;
  #aranges: Aranges | "damaged" | null = null;
  /** The last few units that names were sought in, other than the one at work. */
  readonly #others = new Map<number, Unit>();
  /** Bytes of the unit at work in `lookup`, and of its line program. */
  readonly #atWork = { unit: new Scratch(), lines: new Scratch() };
  /** What kept a unit from being asked for its ranges. */
  #damage: OopscopeError | null = null;
  /** Ranges of the units that .debug_aranges leaves out. */
  #unlisted: { lows: Float64Array; highs: Float64Array; units: Float64Array } | null = null;

  constructor(elf: ElfFile) {
    this.#sections = new DebugSections(elf);
    this.#split = new SplitUnits(this.#sections);
  }

  /** Closes what was opened beside the file. */
  close(): void {
    this.#split.close();
  }

  /** Whether there is any debugging information at all. */
  get present(): boolean {
    return this.#sections.size("info") > 0;
  }

  /**
   * Looks up image offsets, in any order, each as it stands (a return address must be lowered by one before). The answer has one entry for each: a
   * place, null where no unit covers it, or the error that damaged debug information of its unit gave.
   */
  lookup(addresses: readonly number[]): (Place | null | OopscopeError)[] {
    const answers: (Place | null | OopscopeError)[] = addresses.map(() => null);
    if (!this.present || addresses.length === 0) return answers;
    this.#sections.renewBudget(addresses.length);
    const order = Uint32Array.from(addresses.keys()).sort((a, b) => addresses[a]! - addresses[b]!);
    const wanted = Float64Array.from(order, (index) => addresses[index]!);
    const owners = this.#owners(wanted);
    const byUnit = new Map<number, number[]>();
    for (let index = 0; index < wanted.length; index++) {
      const unit = owners[index]!;
      if (unit < 0) {
        // What could not be read might have owned it.
        answers[order[index]!] = this.#damage;
        continue;
      }
      const list = byUnit.get(unit);
      if (list) list.push(index);
      else byUnit.set(unit, [index]);
    }
    for (const [offset, indices] of byUnit) {
      try {
        const unit = new Unit(this.#sections, this.#header(offset), true, null, this.#atWork.unit);
        const places = this.#lookupIn(unit, Float64Array.from(indices, (index) => wanted[index]!));
        for (const [k, index] of indices.entries()) answers[order[index]!] = places[k]!;
      } catch (error) {
        if (!(error instanceof OopscopeError)) throw error;
        for (const index of indices) answers[order[index]!] = error;
      }
    }
    return answers;
  }

  /** Name and compilation directory of the unit that owns an address, without reading more of it. */
  unitAt(address: number): { readonly name: string | null; readonly directory: string | null } | null {
    if (!this.present) return null;
    this.#sections.renewBudget(1);
    const owner = this.#owners(Float64Array.of(address))[0]!;
    if (owner < 0) return null;
    const unit = new Unit(this.#sections, this.#header(owner), false);
    const { name, directory } = unit.name === null && unit.root.dwoName !== null ? this.#whole(unit) : unit;
    return { name, directory };
  }

  /**
   * Everything about code that the file has, unit by unit in its order, what no unit's damage keeps from being read; `onDamage` is told of it. What was given
   * for one unit is not kept for the next. Units that split their debug information off, to where it is not found, are damage too. With `at` only the units that own these addresses.
   */
  *units(onDamage: (error: OopscopeError) => void, at: readonly number[] | null = null): Generator<UnitContents> {
    if (!this.present) return;
    this.#sections.renewBudget(this.#sections.size("info") / bytesForEach);
    const owners = at && new Set(this.#owners(Float64Array.from(at).sort()));
    owners?.delete(-1);
    const offsets = owners ? [...owners].sort((a, b) => a - b) : this.#everyHeader().map(({ offset }) => offset);
    if (this.#damage) onDamage(this.#damage);
    for (const offset of offsets) {
      try {
        const unit = new Unit(this.#sections, this.#header(offset));
        const whole = this.#whole(unit);
        yield contentsOf(whole, (offset) => this.#nameOf(whole, offset));
      } catch (error) {
        if (!(error instanceof OopscopeError)) throw error;
        onDamage(error);
        if (error.code === "over-budget") return;
      }
    }
  }

  /**
   * The units in which an entry may be named `name`, or all, with all their bytes, for readers of variables, types and prototypes. Of a vmlinux few are read. Units that cannot be read
   * cost themselves, and `onDamage` is told.
   */
  *unitsNaming(name: string | null, onDamage: (error: OopscopeError) => void): Generator<Unit> {
    if (!this.present) return;
    this.#sections.renewBudget(this.#sections.size("info") / bytesForEach);
    const places = name === null ? null : placesNaming(this.#sections, name);
    const headers = this.#everyHeader();
    if (this.#damage) onDamage(this.#damage);
    let next = 0;
    for (const { offset, end } of headers) {
      if (places) {
        while (next < places.length && places[next]! < offset) next++;
        if (next >= places.length) return;
        if (places[next]! >= end) continue;
      }
      try {
        yield this.#whole(new Unit(this.#sections, this.#header(offset)));
      } catch (error) {
        if (!(error instanceof OopscopeError)) throw error;
        onDamage(error);
        if (error.code === "over-budget") return;
      }
    }
  }

  /** The code of a unit of `unitsNaming`. */
  contentsOf(unit: Unit): UnitContents {
    return contentsOf(unit, (offset) => this.#nameOf(unit, offset));
  }

  /** The unit that owns an address, with all its bytes, for readers of variables and types (`variables.ts`). Null where none does; throws for a damaged one. */
  unitOwning(address: number): Unit | null {
    if (!this.present) return null;
    this.#sections.renewBudget(1);
    const owner = this.#owners(Float64Array.of(address))[0]!;
    return owner < 0 ? null : this.#whole(new Unit(this.#sections, this.#header(owner)));
  }

  /** The unit that an offset of .debug_info lies in. Throws `malformed` where none does. */
  unitHolding(offset: number): Unit {
    return this.#otherAround(offset);
  }

  #lookupIn(listed: Unit, wanted: Float64Array): Place[] {
    const unit = this.#whole(listed);
    const positions = functionsAt(indexFunctions(unit, false), wanted);
    if (positions.includes(-1)) {
      const nested = functionsAt(indexFunctions(unit, true), wanted);
      for (const [index, position] of positions.entries()) if (position < 0) positions[index] = nested[index]!;
    }
    let lines: LineProgram | null = null;
    let rows: (LineRow | null)[] = [];
    if (unit.root.lines >= 0 && this.#sections.size("line") > 0) {
      lines = new LineProgram(this.#sections, unit.root.lines, unit.directory, unit.header.sizes.address, this.#atWork.lines);
      rows = lines.rowsAt(wanted, unit.baseHigh, unit.baseLow);
    }
    const places: Place[] = [];
    for (let index = 0; index < wanted.length; index++) {
      const address = lightened(wanted[index]!);
      const position = positions[index]!;
      const chain = position < 0 ? [] : inlineChain(unit, position, address);
      places.push({ functions: this.#places(unit, chain, lines, rows[index] ?? null), directory: unit.directory });
    }
    return places;
  }

  /** The unit itself, or where it is but a skeleton, the one it stands for: the lines alone would be laid at the door of whoever owns the code. */
  #whole(unit: Unit): Unit {
    const { dwoName } = unit.root;
    if (dwoName === null || unit.children < unit.header.end - unit.header.offset) return unit;
    return this.#split.unitOf(unit);
  }

  #places(unit: Unit, chain: readonly ChainLink[], lines: LineProgram | null, row: LineRow | null): PlaceInFunction[] {
    const places: PlaceInFunction[] = [];
    let file = row ? (lines?.path(row.file) ?? null) : null;
    let line = row?.line ?? 0;
    let column = row?.column ?? 0;
    let discriminator = row?.discriminator ?? 0;
    for (let index = chain.length - 1; index >= 0; index--) {
      const link = chain[index]!;
      places.push({ function: this.#nameOf(unit, link.entry), file, line, column, discriminator });
      file = link.callFile >= 0 ? (lines?.path(link.callFile) ?? null) : null;
      line = Math.max(0, link.callLine);
      column = Math.max(0, link.callColumn);
      discriminator = Math.max(0, link.discriminator);
    }
    // Assembly has lines but no function entries.
    if (chain.length === 0 && row) places.push({ function: null, file, line, column, discriminator });
    return places;
  }

  /** The name of an entry, by way of its abstract origin or specification. */
  #nameOf(unit: Unit, offset: number): string | null {
    let names = this.#names.get(unit.sections);
    if (!names) this.#names.set(unit.sections, (names = new Map<number, string | null>()));
    const known = names.get(offset);
    if (known !== undefined) return known;
    const entry = newEntry();
    let name: string | null = null;
    let at = offset;
    let owner = unit;
    for (let step = 0; step < longestOriginChain && at >= 0; step++) {
      if (at < owner.header.first || at >= owner.header.end) {
        if (unit.sections !== this.#sections) throw owner.at.fail("a reference out of a unit in a file of its own", 0);
        owner = this.#otherAround(at);
      }
      owner.at.at = at - owner.header.offset;
      const code = owner.at.uleb();
      if (code === 0) break;
      readEntry(owner, owner.abbreviations.get(code), entry, true);
      name = entry.linkageName ?? entry.name;
      if (name !== null) break;
      at = entry.origin;
    }
    names.set(offset, name);
    return name;
  }

  #header(offset: number): UnitHeader {
    let header = this.#headers.get(offset);
    if (!header) this.#headers.set(offset, (header = readUnitHeader(this.#sections, offset)));
    return header;
  }

  #otherAround(offset: number): Unit {
    const header = this.#headerAround(offset);
    let unit = this.#others.get(header.offset);
    if (!unit) {
      if (this.#others.size >= mostOthers) this.#others.clear();
      this.#others.set(header.offset, (unit = new Unit(this.#sections, header)));
    }
    return unit;
  }

  #headerAround(offset: number): UnitHeader {
    const headers = this.#everyHeader();
    let low = 0;
    let high = headers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (headers[middle]!.offset <= offset) low = middle + 1;
      else high = middle;
    }
    const header = headers[low - 1];
    if (header && offset < header.end) return header;
    throw new OopscopeError("malformed", `${this.#sections.elf.path}: a reference to 0x${offset.toString(16)} of .debug_info, where no unit is`, { file: this.#sections.elf.path, section: ".debug_info", offset });
  }

  #everyHeader(): UnitHeader[] {
    if (this.#allHeaders) return this.#allHeaders;
    const headers: UnitHeader[] = [];
    const size = this.#sections.size("info");
    for (let offset = 0; offset + 11 <= size; ) {
      this.#sections.budget.spend(unitCost);
      let end: number;
      try {
        end = unitEnd(this.#sections, offset);
      } catch (error) {
        // Where a length is wrong nothing tells where the next unit begins.
        this.#note(error);
        break;
      }
      try {
        headers.push(this.#header(offset));
      } catch (error) {
        this.#note(error); // one broken unit costs itself alone
      }
      offset = end;
    }
    return (this.#allHeaders = headers);
  }

  #owners(wanted: Float64Array): Float64Array {
    const owners = new Float64Array(wanted.length).fill(-1);
    const aranges = (this.#aranges ??= this.#readAranges());
    if (aranges !== "damaged") ownersByAranges(aranges, wanted, owners);
    try {
      if (owners.includes(-1)) this.#ownersByUnits(wanted, owners, aranges === "damaged" ? new Set() : aranges.units);
    } catch (error) {
      this.#note(error);
    }
    return owners;
  }

  /** A damaged index costs time, not answers: the units themselves are asked. */
  #readAranges(): Aranges | "damaged" {
    try {
      return readAranges(this.#sections);
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      return "damaged";
    }
  }

  #note(error: unknown): void {
    if (!(error instanceof OopscopeError)) throw error;
    this.#damage ??= error;
  }

  /** For units that the index does not list: their own ranges. */
  #ownersByUnits(wanted: Float64Array, owners: Float64Array, listed: ReadonlySet<number>): void {
    if (!this.#unlisted) {
      const lows: number[] = [];
      const highs: number[] = [];
      const units: number[] = [];
      for (const header of this.#everyHeader()) {
        if (listed.has(header.offset)) continue;
        try {
          const unit = new Unit(this.#sections, header, false);
          forEachRange(unit, unit.root, (low, high) => {
            lows.push(low);
            highs.push(high);
            units.push(header.offset);
            return false;
          });
        } catch (error) {
          this.#note(error); // one broken unit costs itself alone
        }
      }
      this.#unlisted = { lows: Float64Array.from(lows), highs: Float64Array.from(highs), units: Float64Array.from(units) };
    }
    const { lows, highs, units } = this.#unlisted;
    const free = new Skips(wanted.length);
    for (let index = 0; index < wanted.length; index++) if (owners[index]! >= 0) free.take(index);
    for (let range = 0; range < lows.length; range++) {
      for (let index = free.from(lowerBound(wanted, lows[range]!)); index < wanted.length && wanted[index]! < highs[range]!; index = free.from(index + 1)) {
        owners[index] = units[range]!;
        free.take(index);
      }
    }
  }
}
