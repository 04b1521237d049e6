import type { ImageOffset } from "../base/index.ts";
import { SHF_ALLOC, type ElfFile, type SymbolTable } from "../elf/index.ts";
import type { ImageSymbol } from "./types.ts";

/** Symbols that kallsyms leaves out (scripts/kallsyms.c, is_ignored_symbol; kernel/module/kallsyms.c, is_mapping_symbol): local labels and mapping symbols. */
function isUnlisted(table: SymbolTable, index: number): boolean {
  const from = table.nameOffset(index);
  const first = table.names[from];
  if (first === undefined || first === 0) return true;
  if (first === 0x24) return true; // $x, $d
  return first === 0x2e && table.names[from + 1] === 0x4c; // .L
}

/** Every symbol of the wanted names, with the distance to the next one: two passes over the table, however many names are wanted. */
export function findSymbols(elf: ElfFile, wanted: Iterable<string>): Map<string, ImageSymbol[]> {
  const found = new Map<string, ImageSymbol[]>();
  const table = elf.symbols();
  if (!table) return found;
  const indices = table.named(wanted);
  const all = [...indices.values()].flat().filter((index) => table.section(index) !== 0 && table.type(index) !== 3 && table.type(index) !== 4);
  const extents = extentsOf(table, all);
  const positions = new Map(all.map((index, k) => [index, k]));
  for (const [name, list] of indices) {
    const symbols: ImageSymbol[] = [];
    for (const index of list) {
      const at = positions.get(index);
      const section = elf.sections[table.section(index)];
      if (at === undefined || !section || (section.flags & SHF_ALLOC) === 0) continue;
      const address = table.value(index) as ImageOffset;
      // Aliases at one place are one candidate.
      if (symbols.some((other) => other.address === address)) continue;
      symbols.push({ name, address, size: table.size(index), extent: extents[at]!, section: section.name });
    }
    if (symbols.length > 0) found.set(name, symbols);
  }
  return found;
}

/** For each symbol the distance to the next listed one in its section, or null. */
function extentsOf(table: SymbolTable, indices: readonly number[]): (number | null)[] {
  const order = Uint32Array.from(indices.keys()).sort((a, b) => table.value(indices[a]!) - table.value(indices[b]!));
  const values = Float64Array.from(order, (k) => table.value(indices[k]!));
  const sections = Uint32Array.from(order, (k) => table.section(indices[k]!));
  const nearest = new Float64Array(values.length).fill(Number.POSITIVE_INFINITY);
  if (values.length === 0) return [];
  const lowest = values[0]!;
  for (let index = 1; index < table.count; index++) {
    const value = table.value(index);
    if (value <= lowest) continue;
    // The last wanted symbol below this one, and those that share its place.
    let low = 0;
    let high = values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (values[middle]! < value) low = middle + 1;
      else high = middle;
    }
    const below = low - 1;
    if (below < 0 || value >= nearest[below]! || table.section(index) !== sections[below] || isUnlisted(table, index)) continue;
    for (let k = below; k >= 0 && values[k] === values[below]; k--) nearest[k] = value;
  }
  const extents: (number | null)[] = indices.map(() => null);
  for (let k = 0; k < order.length; k++) {
    // A symbol between two wanted ones bounds the lower only if it was seen for it; the next wanted one bounds it as well.
    let next = nearest[k]!;
    for (let other = k + 1; other < values.length && next > values[other]!; other++) {
      if (values[other]! > values[k]! && sections[other] === sections[k]) {
        next = Math.min(next, values[other]!);
        break;
      }
    }
    extents[order[k]!] = Number.isFinite(next) ? next - values[k]! : null;
  }
  return extents;
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
    const order = Uint32Array.from(picked.keys()).sort((a, b) => values[a]! - values[b]! || rank(table!, picked[a]!) - rank(table!, picked[b]!));
    this.#values = Float64Array.from(order, (k) => values[k]!);
    this.#indices = Uint32Array.from(order, (k) => picked[k]!);
  }

  /** The symbol that owns an address: the nearest one at or below it in the same section, or null. */
  at(address: number): ImageSymbol | null {
    const table = this.#table;
    const section = this.#elf.sectionAt(address);
    if (!table || !section) return null;
    let low = 0;
    let high = this.#values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#values[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    const at = low - 1;
    const index = this.#indices[at];
    if (index === undefined || table.section(index) !== section.index) return null;
    const next = this.#values[low];
    const value = this.#values[at]!;
    const inSection = next !== undefined && table.section(this.#indices[low]!) === section.index;
    return { name: table.name(index), address: value as ImageOffset, size: table.size(index), extent: inSection ? next - value : null, section: section.name };
  }
}

/** Among symbols of one place the last in this order is taken: a function before a label, global before local, sized before not. */
function rank(table: SymbolTable, index: number): number {
  return (table.type(index) === 2 ? 4 : 0) + (table.binding(index) === 1 ? 2 : 0) + (table.size(index) > 0 ? 1 : 0);
}
