import { OopscopeError } from "../base/index.ts";
import { Claims, DwarfFile, ascending, type FunctionContents, type InlineContents, type UnitContents } from "../dwarf/index.ts";
import { SHF_ALLOC, SHF_EXECINSTR, writeSkeleton, type ElfFile } from "../elf/index.ts";
import { GsymWriter, type InlinedCall, type Rows } from "../gsym/index.ts";
import { writeNote, type GsymNote } from "./note.ts";
import { SymbolIndex } from "./symbols.ts";

// An ELF file with DWARF becomes two: a GSYM, with functions, inlined calls, files and lines, and beside it a skeleton of the ELF file with what GSYM has no
// place for (src/elf/skeleton.ts): symbol table, notes, code. Addresses in the GSYM are the skeleton's link addresses; sections of a relocatable file have
// those that `ElfFile.placeOf` gives them.

/** Image offsets from and to. */
export type Stretch = readonly [number, number];

export type PackOptions = {
  /** Pack only what these addresses touch, ascending and apart: functions and symbols, and of a linked file their code. Absent: everything. */
  readonly only?: readonly Stretch[];
  /** Symbols of a linked file whose bytes are kept beside the code (`linux_banner`). */
  readonly texts?: readonly string[];
  /** A function whose unit leads to the root of the kernel's sources. */
  readonly sourceRoot?: string;
  /** Sections for the skeleton of a linked file, made for the stretches of code that it keeps: what is known of how the running code differs. */
  readonly noted?: (code: readonly Stretch[]) => readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** The file with the code, where `elf` is a debug file without it. */
  readonly code?: ElfFile;
  readonly signal?: AbortSignal;
  /** Called with how many units were read, every now and then. */
  readonly onProgress?: (units: number) => void;
};

export type Packed = {
  readonly gsym: Uint8Array;
  readonly skeleton: Uint8Array;
  readonly functions: number;
  /** What of the debug information could not be read, and is missing. */
  readonly problems: readonly OopscopeError[];
};

const unitsBetweenReports = 64;
const mostProblems = 100;

export async function packImage(elf: ElfFile, options: PackOptions = {}): Promise<Packed> {
  const dwarf = new DwarfFile(elf);
  if (!dwarf.present) throw new OopscopeError("missing-section", `${elf.path} has no debug information`, { file: elf.path, section: ".debug_info" });
  const { only, code = elf, sourceRoot } = options;
  const packer = new Packer(elf, only ?? null);
  const problems: OopscopeError[] = [];
  let units = 0;
  for (const unit of dwarf.units((error) => problems.length < mostProblems && problems.push(error), packer.places())) {
    packer.addUnit(unit);
    if (++units % unitsBetweenReports !== 0) continue;
    options.onProgress?.(units);
    // Signals of the process are told in between.
    await new Promise((resume) => setImmediate(resume));
    options.signal?.throwIfAborted();
  }
  packer.addSymbols();
  const { writer } = packer;
  const gsym = writer.finish(elf.base, code.buildId());
  const sourceUnit = sourceRoot === undefined ? null : unitOf(elf, dwarf, sourceRoot);
  const note = writeNote({ header: gsym.subarray(0, 48), size: gsym.length, complete: only === undefined, ...packer.directories(), sourceUnit });
  const stretches = only ?? codeOf(code);
  const texts = new Set([...(code.symbols()?.named(options.texts ?? []).values() ?? [])].flat());
  const skeleton = writeSkeleton(code, {
    stretches: [...stretches, ...[...texts].map((index): Stretch => [code.symbols()!.value(index), code.symbols()!.value(index) + code.symbols()!.size(index)])],
    symbols: only ? (index) => packer.keeps(code.symbols()!.value(index)) : (index) => isCode(code, index) || texts.has(index),
    extra: [note, ...(code.relocatable ? [] : (options.noted?.(stretches) ?? []))],
  });
  return { gsym, skeleton, functions: writer.functions, problems };
}

function codeOf(elf: ElfFile): Stretch[] {
  const wanted = SHF_ALLOC | SHF_EXECINSTR;
  return elf.sections
    .filter(({ flags, size }) => (flags & wanted) === wanted && size > 0)
    .map((section): Stretch => [elf.placeOf(section), elf.placeOf(section) + section.size])
    .sort((a, b) => a[0] - b[0]);
}

/** Variables have no lines; without them a vmlinux has a third of its symbols, which every use has to read. */
function isCode(elf: ElfFile, index: number): boolean {
  const section = elf.sections[elf.symbols()!.section(index)];
  return section !== undefined && (section.flags & SHF_EXECINSTR) !== 0;
}

function unitOf(elf: ElfFile, dwarf: DwarfFile, name: string): GsymNote["sourceUnit"] {
  const table = elf.symbols();
  const [index] = table?.named([name]).get(name) ?? [];
  if (!table || index === undefined) return null;
  const address = table.value(index);
  const unit = dwarf.unitAt(address);
  return unit && { address, ...unit };
}

/** Functions in pieces, each of one range: what GSYM has an entry for. */
class Packer {
  readonly writer: GsymWriter;
  readonly #elf: ElfFile;
  readonly #only: readonly Stretch[] | null;
  /** Symbols that begin before a wanted stretch and reach into it. */
  readonly #owners = new Set<number>();
  readonly #symbols: SymbolIndex;
  readonly #claims = new Claims();
  readonly #directories: (string | null)[] = [];
  readonly #runs: [number, number][] = [];

  constructor(elf: ElfFile, only: readonly Stretch[] | null) {
    this.writer = new GsymWriter(elf.header.little);
    this.#elf = elf;
    this.#only = only;
    this.#symbols = new SymbolIndex(elf);
    for (const [from] of only ?? []) this.#owners.add(this.#symbols.at(from)?.address ?? from);
  }

  /** Whether a symbol at this address is wanted. The one behind a stretch tells the size of the last within. */
  keeps(address: number): boolean {
    return this.#owners.has(address) || this.#touches(address, address + 1);
  }

  /** Addresses of every function that is wanted; null for all. */
  places(): number[] | null {
    return this.#only && this.#only.flatMap(([from, to]) => {
      const starts = this.#symbols.starts;
      return [from, ...starts.subarray(firstAtLeast(starts, from), firstAtLeast(starts, to)), to - 1];
    });
  }

  directories(): Pick<GsymNote, "directories" | "runs"> {
    this.#runs.sort((a, b) => a[0] - b[0]);
    return { directories: this.#directories, runs: this.#runs.filter(([, directory], index) => index === 0 || this.#runs[index - 1]![1] !== directory) };
  }

  addUnit(unit: UnitContents): void {
    const fileNumbers = new Map<number, number>();
    const fileOf = (file: number): number => {
      let number = fileNumbers.get(file);
      if (number === undefined) fileNumbers.set(file, (number = this.writer.file(unit.path(file))));
      return number;
    };
    const directory = this.#directoryOf(unit.directory);
    const pieces: { start: number; end: number; of: FunctionContents }[] = [];
    for (const of of unit.functions) {
      for (let k = 0; k < of.ranges.length; k += 2) {
        const free = this.#claims.take(of.ranges[k]!, of.ranges[k + 1]!);
        for (let f = 0; f < free.length; f += 2) pieces.push({ start: free[f]!, end: free[f + 1]!, of });
      }
    }
    const rest = this.#unclaimed(unit);
    // Behind a function, up to the next symbol, lies padding, with a line of its own: it goes with the function.
    const ends = new Map<number, number>();
    for (const [low, high] of rest) {
      const padded = Math.min(high, this.#symbols.starts[firstAtLeast(this.#symbols.starts, low)] ?? Infinity);
      if (padded > low) ends.set(low, padded);
    }
    for (const { start, end, of } of pieces) {
      const padded = ends.get(end) ?? end;
      if (padded > end) this.#claims.take(end, padded);
      this.#add(start, padded, of.name, unit, fileOf, of.calls, directory);
    }
    // Assembly has lines but no functions: those of the symbol table.
    for (const [low, high] of pieces.length > 0 ? this.#unclaimed(unit) : rest) this.#addParts(low, high, unit, fileOf, directory);
  }

  /** What has no debug information: names alone. */
  addSymbols(): void {
    const starts = this.#symbols.starts;
    for (let index = 0; index < starts.length; index++) {
      const start = starts[index]!;
      if (start === starts[index + 1] || !this.#wanted(start, start + 1)) continue;
      const symbol = this.#symbols.at(start);
      const section = this.#elf.sectionAt(start);
      if (!symbol || !section) continue;
      const end = Math.min(starts[index + 1] ?? Infinity, this.#elf.placeOf(section) + section.size, symbol.size > 0 ? start + symbol.size : Infinity);
      const free = this.#claims.free(start, end);
      if (free[0] === start) this.writer.add({ start, end: free[1]!, name: this.writer.string(symbol.name), rows: null, calls: [] });
    }
  }

  /** Stretches of a unit that have lines and no function. */
  #unclaimed({ rows, ranges }: UnitContents): Stretch[] {
    const found: Stretch[] = [];
    for (let first = 0; first < rows.count; ) {
      let last = first;
      while (last + 1 < rows.count && rows.lows[last + 1] === rows.highs[last]) last++;
      const all = this.#claims.free(rows.lows[first]!, rows.highs[last]!);
      for (let f = 0; f < all.length; f += 2) {
        const own = ranges ? ascending(within(ranges, all[f]!, all[f + 1]!)) : [all[f]!, all[f + 1]!];
        for (let k = 0; k < own.length; k += 2) found.push([own[k]!, own[k + 1]!]);
      }
      first = last + 1;
    }
    return found;
  }

  /** Lines without a function, from symbol to symbol. */
  #addParts(low: number, high: number, unit: UnitContents, fileOf: (file: number) => number, directory: number): void {
    const starts = this.#symbols.starts;
    let index = firstAtLeast(starts, low);
    for (let from = low; from < high; ) {
      while (index < starts.length && starts[index]! <= from) index++;
      const to = Math.min(high, starts[index] ?? Infinity);
      this.#claims.take(from, to);
      this.#add(from, to, null, unit, fileOf, [], directory);
      from = to;
    }
  }

  #add(start: number, end: number, name: string | null, unit: UnitContents, fileOf: (file: number) => number, calls: readonly InlineContents[], directory: number): void {
    if (!this.#wanted(start, end)) return;
    const owner = this.#symbols.at(start);
    // Identical functions are merged, and system calls have two names: the symbol's is the one that kernels print.
    const symbol = owner && (name === null || owner.address === start) ? owner.name : name;
    this.#runs.push([start, directory]);
    this.writer.add({ start, end, name: this.writer.string(symbol ?? ""), rows: rowsWithin(unit, start, end, fileOf), calls: this.#clipped(calls, start, end, fileOf) });
  }

  #clipped(calls: readonly InlineContents[], start: number, end: number, fileOf: (file: number) => number): InlinedCall[] {
    const clipped: InlinedCall[] = [];
    for (const { name, callFile, callLine, ranges, calls: inner } of calls) {
      const own = ranges[0]! >= start && ranges[ranges.length - 1]! <= end ? ranges : within(ranges, start, end);
      if (own.length > 0) clipped.push({ name: this.writer.string(name ?? ""), callFile: fileOf(callFile), callLine, ranges: own, calls: this.#clipped(inner, start, end, fileOf) });
    }
    return clipped;
  }

  #directoryOf(directory: string | null): number {
    const known = this.#directories.indexOf(directory);
    return known >= 0 ? known : this.#directories.push(directory) - 1;
  }

  /** Functions are packed whole; in sections of code alone: removed code may stand anywhere. */
  #wanted(start: number, end: number): boolean {
    const section = this.#elf.sectionAt(start);
    return section !== null && (section.flags & SHF_EXECINSTR) !== 0 && this.#touches(start, end);
  }

  #touches(start: number, end: number): boolean {
    const only = this.#only;
    if (only === null) return true;
    let low = 0;
    let high = only.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (only[middle]![1] <= start) low = middle + 1;
      else high = middle;
    }
    return low < only.length && only[low]![0] < end;
  }
}

/** The unit's rows of a function, one wherever file or line change; without either where the unit has no row. */
function rowsWithin({ rows }: UnitContents, start: number, end: number, fileOf: (file: number) => number): Rows {
  const found: Rows = { addresses: [], files: [], lines: [] };
  const add = (address: number, file: number, line: number) => {
    const last = found.lines.length - 1;
    if (last >= 0 && found.files[last] === file && found.lines[last] === line) return;
    found.addresses.push(address);
    found.files.push(file);
    found.lines.push(line);
  };
  let at = start;
  for (let index = firstAbove(rows.highs, rows.count, start); index < rows.count && rows.lows[index]! < end; index++) {
    if (rows.lows[index]! > at) add(at, 0, 0);
    const line = rows.lines[index]!;
    add(Math.max(start, rows.lows[index]!), fileOf(rows.files[index]!), line > 0 && line <= 0xffff_ffff ? line : 0);
    at = rows.highs[index]!;
  }
  if (at < end) add(at, 0, 0);
  return found;
}

function within(ranges: readonly number[], start: number, end: number): number[] {
  const kept: number[] = [];
  for (let k = 0; k < ranges.length; k += 2) {
    const from = Math.max(start, ranges[k]!);
    const to = Math.min(end, ranges[k + 1]!);
    if (from < to) kept.push(from, to);
  }
  return kept;
}

function firstAbove(values: Float64Array, count: number, value: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstAtLeast(values: Float64Array, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
