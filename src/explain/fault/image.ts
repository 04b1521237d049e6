import { SHT_NOBITS, STT_FILE, STT_SECTION, type ElfFile, type Section } from "../../elf/index.ts";
import { DwarfFile, scopesAt, type FunctionScopes } from "../../dwarf/index.ts";
import { OopscopeError } from "../../base/index.ts";
import type { Machine } from "./machines/index.ts";

/** The files of one image of the crashed kernel, open: `elf` has the symbols and the debug information, `code` the bytes. Mostly the same. */
export type ImageFiles = { readonly elf: ElfFile; readonly code: ElfFile };

/** What an address of an image is called. */
export type SymbolPlace = { readonly name: string; readonly address: number };

/** One image with what was found out about it so far. Addresses are image offsets. */
export class FaultImage {
  readonly elf: ElfFile;
  readonly code: ElfFile;
  readonly dwarf: DwarfFile;
  readonly machine: Machine;
  readonly #scopes = new Map<number, FunctionScopes | null>();
  readonly #symbols = new Map<number, SymbolPlace | null>();

  constructor({ elf, code }: ImageFiles, machine: Machine) {
    this.machine = machine;
    this.elf = elf;
    this.code = code;
    this.dwarf = new DwarfFile(elf);
  }

  /** The scopes of the function that owns an address; null where debug information is absent or damaged. */
  scopesAt(address: number): FunctionScopes | null {
    for (const known of this.#scopes.values()) if (known && within(known.scopes[0]!.ranges, address)) return known;
    if (this.#scopes.has(address)) return this.#scopes.get(address)!;
    let found: FunctionScopes | null = null;
    try {
      found = scopesAt(this.dwarf, address);
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
    }
    this.#scopes.set(address, found);
    return found;
  }

  /** The code section that holds an address, where the file has its bytes. */
  sectionAt(address: number): { readonly section: Section; readonly start: number } | null {
    const section = this.code.sectionAt(address);
    if (!section || section.type === SHT_NOBITS) return null;
    return { section, start: this.code.placeOf(section) };
  }

  /** The named symbol nearest at or before an address in its section; a constant or a pointer leads there. */
  symbolAt(address: number): SymbolPlace | null {
    if (!this.#symbols.has(address)) this.findSymbols([address]);
    return this.#symbols.get(address) ?? null;
  }

  /** Finds the symbols of addresses that will be asked for, in one pass over the table. */
  findSymbols(addresses: Iterable<number>): void {
    const wanted = [...new Set(addresses)].filter((address) => !this.#symbols.has(address));
    const table = this.elf.symbols();
    if (wanted.length === 0 || !table) return;
    const found = wanted.map((address) => ({ address, section: this.elf.sectionAt(address)?.index ?? -1, value: -Infinity, index: -1, rank: -1 }));
    // Of a linked kernel the symbols of the page itself and of the one before it: few functions are longer.
    const near = this.elf.relocatable ? null : table.near(wanted.map((address) => address - 4096), 2);
    const count = near?.length ?? table.count;
    for (let k = near ? 0 : 1; k < count; k++) {
      const index = near ? near[k]! : k;
      const type = table.type(index);
      if (index === 0 || type === STT_SECTION || type === STT_FILE) continue;
      const value = table.value(index);
      const section = table.section(index);
      const rank = (type === 0 ? 0 : 2) + (table.binding(index) === 1 ? 1 : 0);
      const first = table.names[table.nameOffset(index)];
      // Local labels and mapping symbols.
      if (first === undefined || first === 0 || first === 0x2e || first === 0x24) continue;
      for (const one of found) {
        if (value > one.address || value < one.value || section !== one.section || (value === one.value && rank <= one.rank)) continue;
        one.value = value;
        one.index = index;
        one.rank = rank;
      }
    }
    for (const { address, value, index } of found) this.#symbols.set(address, index < 0 ? null : { name: table.name(index), address: value });
  }
}

export function within(ranges: readonly number[], address: number): boolean {
  for (let k = 0; k < ranges.length; k += 2) if (address >= ranges[k]! && address < ranges[k + 1]!) return true;
  return false;
}
