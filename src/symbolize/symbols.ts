import type { ImageOffset } from "../base/index.ts";
import { SHF_ALLOC, STT_FILE, STT_SECTION, type ElfFile, type SymbolTable } from "../elf/index.ts";
import type { ImageSymbol } from "./types.ts";

/** Symbols that kallsyms leaves out (scripts/kallsyms.c, is_ignored_symbol; kernel/module/kallsyms.c, is_mapping_symbol): local labels and mapping symbols. */
function isUnlisted(table: SymbolTable, index: number): boolean {
  const from = table.nameOffset(index);
  const first = table.names[from];
  if (first === undefined || first === 0) return true;
  if (first === 0x24) return true; // $x, $d
  return first === 0x2e && table.names[from + 1] === 0x4c; // .L
}

/**
 * Every symbol of the wanted names: one pass over the table, however many names are wanted. Aliases at one place are one. A vmlinux that clang optimized as a
 * whole has local functions as `name.llvm.123`; kallsyms shows them as `name` (kernel/kallsyms.c, cleanup_symbol_name), beside others of that name.
 */
export function findSymbols(elf: ElfFile, wanted: Iterable<string>): Map<string, ImageSymbol[]> {
  const found = new Map<string, ImageSymbol[]>();
  const table = elf.symbols();
  if (!table) return found;
  const names = new Set(wanted);
  const named = table.named(names);
  if (!elf.relocatable) addPromoted(table, names, named);
  for (const [name, indices] of named) {
    const symbols: ImageSymbol[] = [];
    const places = new Set<number>();
    for (const index of indices) {
      const symbol = symbolOf(elf, table, index);
      if (!symbol || places.has(symbol.address)) continue;
      places.add(symbol.address);
      symbols.push(symbol);
    }
    if (symbols.length > 0) found.set(name, symbols);
  }
  return found;
}

const promoted = Buffer.from(".llvm.");

function addPromoted(table: SymbolTable, wanted: ReadonlySet<string>, named: Map<string, readonly number[]>): void {
  const names = Buffer.from(table.names.buffer, table.names.byteOffset, table.names.byteLength);
  const places = new Map<number, string>();
  for (let at = names.indexOf(promoted); at >= 0; at = names.indexOf(promoted, at + 1)) {
    const from = names.lastIndexOf(0, at) + 1;
    const name = names.toString("latin1", from, at);
    if (wanted.has(name)) places.set(from, name);
  }
  if (places.size === 0) return;
  for (let index = 1; index < table.count; index++) {
    const name = places.get(table.nameOffset(index));
    if (name === undefined) continue;
    named.set(name, [...(named.get(name) ?? []), index]);
  }
}

/** The code symbols that begin at exactly these addresses: the best of each place. */
export function symbolsBeginningAt(elf: ElfFile, addresses: readonly number[]): Map<number, ImageSymbol> {
  const found = new Map<number, ImageSymbol>();
  const table = elf.symbols();
  if (!table) return found;
  for (const [address, indices] of table.beginningAt(addresses)) {
    const listed = indices.filter((index) => !isUnlisted(table, index)).sort((a, b) => rank(elf, table, b) - rank(elf, table, a));
    const symbol = listed[0] === undefined ? null : symbolOf(elf, table, listed[0]);
    if (symbol) found.set(address, symbol);
  }
  return found;
}

const page = 4096;

/** How many pages behind a symbol the next one is looked for, before all symbols are. */
const reaches = [1, 64];

/** Distances from symbols to the next ones of their sections: what kallsyms calls the size; null for a section's last. */
export function extentsOf(elf: ElfFile, addresses: Iterable<number>): Map<number, number | null> {
  const sorted = Float64Array.from(new Set(addresses)).sort();
  const table = elf.symbols();
  if (!table || sorted.length === 0) return new Map();
  const extents = new Map<number, number | null>();
  // The next symbol is far off only behind the largest functions, and behind the last of a section.
  let left: Float64Array = sorted;
  for (const pages of [...reaches, Infinity]) {
    const among = pages === Infinity ? null : table.near(left, pages);
    const next = nextOnes(elf, table, left, among, among ? pages * page : Infinity);
    for (const [k, address] of left.entries()) extents.set(address, next[k] === Infinity ? null : next[k]! - address);
    left = left.filter((_, k) => next[k] === Infinity);
    if (left.length === 0 || !among) break;
  }
  return extents;
}

/**
 * For each of the sorted addresses the lowest one above it, up to `farthest` away, that a listed symbol of its section has, or Infinity: among some symbols,
 * which have all that are so near, or all (null).
 */
function nextOnes(elf: ElfFile, table: SymbolTable, sorted: Float64Array, among: Uint32Array | null, farthest: number): Float64Array {
  const next = new Float64Array(sorted.length).fill(Infinity);
  const sections = Array.from(sorted, (address) => elf.sectionAt(address)?.index ?? -1);
  const first = sorted[0]!;
  const count = among?.length ?? table.count;
  for (let k = among ? 0 : 1; k < count; k++) {
    const index = among ? among[k]! : k;
    const value = table.value(index);
    if (value <= first) continue;
    let low = 0;
    for (let high = sorted.length; high - low > 1; ) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]! < value) low = middle;
      else high = middle;
    }
    if (value < next[low]! && value - sorted[low]! <= farthest && table.section(index) === sections[low] && table.type(index) !== STT_SECTION && !isUnlisted(table, index)) next[low] = value;
  }
  return next;
}

/** Null for symbols that stand for no place in memory: file names, sections, constants. */
function symbolOf(elf: ElfFile, table: SymbolTable, index: number): ImageSymbol | null {
  const type = table.type(index);
  const section = elf.sections[table.section(index)];
  if (type === STT_SECTION || type === STT_FILE || !section || (section.flags & SHF_ALLOC) === 0) return null;
  return { name: table.name(index), address: table.value(index) as ImageOffset, size: table.size(index), section: section.name };
}

/** Code symbols in the order of their addresses, for addresses that come without a name. */
export class SymbolIndex {
  readonly #elf: ElfFile;
  readonly #table: SymbolTable | null;
  readonly #values: Float64Array;
  readonly #indices: Uint32Array;

  constructor(elf: ElfFile) {
    this.#elf = elf;
    const table = elf.symbols();
    this.#table = table;
    const picked: number[] = [];
    if (table) {
      for (let index = 1; index < table.count; index++) {
        if (!table.isCode(index) || isUnlisted(table, index)) continue;
        const section = elf.sections[table.section(index)];
        if (section && (section.flags & SHF_ALLOC) !== 0) picked.push(index);
      }
    }
    const values = Float64Array.from(picked, (index) => table!.value(index));
    const order = Uint32Array.from(picked.keys()).sort((a, b) => values[a]! - values[b]! || rank(elf, table!, picked[a]!) - rank(elf, table!, picked[b]!));
    this.#values = Float64Array.from(order, (k) => values[k]!);
    this.#indices = Uint32Array.from(order, (k) => picked[k]!);
  }

  /** Where symbols begin, ascending; several times where several do. */
  get starts(): Float64Array {
    return this.#values;
  }

  /** The symbol that owns an address: the nearest one at or below it in the same section, or null. */
  at(address: number): ImageSymbol | null {
    const table = this.#table;
    const section = this.#elf.sectionAt(address);
    if (!table || !section) return null;
    const at = this.#after(address) - 1;
    const index = this.#indices[at];
    if (index === undefined || table.section(index) !== section.index) return null;
    return symbolOf(this.#elf, table, index);
  }

  /** Index of the first value above `address`. */
  #after(address: number): number {
    let low = 0;
    let high = this.#values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#values[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * Among symbols of one place the last in this order is taken: a function before a label, then as kallsyms does (of a module the symbol that stands first in
 * the table, and local ones do: `in_init`, not its alias `init_module`; of vmlinux a global one), then one with a size.
 */
function rank(elf: ElfFile, table: SymbolTable, index: number): number {
  return (table.type(index) === 2 ? 4 : 0) + ((table.binding(index) === 1) !== elf.relocatable ? 2 : 0) + (table.size(index) > 0 ? 1 : 0);
}
