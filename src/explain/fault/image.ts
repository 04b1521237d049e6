import { SHT_NOBITS, type ElfFile, type Section } from "../../elf/index.ts";
import { DwarfFile, scopesAt, type FunctionScopes } from "../../dwarf/index.ts";
import { OopscopeError } from "../../base/index.ts";

/** The files of one image of the crashed kernel, open: `elf` has the symbols and the debug information, `code` the bytes. Mostly the same. */
export type ImageFiles = { readonly elf: ElfFile; readonly code: ElfFile };

/** What an address of an image is called. */
export type SymbolPlace = { readonly name: string; readonly address: number };

/** One image with what was found out about it so far. Addresses are image offsets. */
export class FaultImage {
  readonly elf: ElfFile;
  readonly code: ElfFile;
  readonly dwarf: DwarfFile;
  readonly #scopes = new Map<number, FunctionScopes | null>();
  readonly #symbols = new Map<number, SymbolPlace | null>();

  constructor({ elf, code }: ImageFiles) {
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

  /** The named symbol nearest at or before an address in its section; a constant or a pointer leads there. One pass over the table for each new address. */
  symbolAt(address: number): SymbolPlace | null {
    const known = this.#symbols.get(address);
    if (known !== undefined) return known;
    const table = this.elf.symbols();
    const section = this.elf.sectionAt(address);
    let best: SymbolPlace | null = null;
    if (table && section) {
      let index = -1;
      let value = -Infinity;
      let rank = -1;
      for (let k = 1; k < table.count; k++) {
        const type = table.type(k);
        if (type === 3 || type === 4) continue;
        const at = table.value(k);
        if (at > address || at < value || table.section(k) !== section.index) continue;
        const ownRank = (type === 0 ? 0 : 2) + (table.binding(k) === 1 ? 1 : 0);
        if (at === value && ownRank <= rank) continue;
        const first = table.names[table.nameOffset(k)];
        if (first === undefined || first === 0 || first === 0x2e || first === 0x24) continue;
        index = k;
        value = at;
        rank = ownRank;
      }
      if (index >= 0) best = { name: table.name(index), address: value };
    }
    this.#symbols.set(address, best);
    return best;
  }
}

export function within(ranges: readonly number[], address: number): boolean {
  for (let k = 0; k < ranges.length; k += 2) if (address >= ranges[k]! && address < ranges[k + 1]!) return true;
  return false;
}
