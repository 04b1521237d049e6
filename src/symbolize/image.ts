import { OopscopeError, type ImageOffset } from "../base/index.ts";
import type { Place } from "../dwarf/index.ts";
import type { ElfFile } from "../elf/index.ts";
import { sourceName } from "./names.ts";
import { rustName } from "./rust.ts";
import { SymbolIndex, extentsOf, findSymbols, symbolsBeginningAt } from "./symbols.ts";
import type { ImageSymbol, ResolvedFunction, ResolvedPlace } from "./types.ts";

/** How far the text of vmlinux is padded at most, at the end of a section. */
const page = 4096;

/** What knows the functions and lines of an image: the debug information of its file, or a GSYM made of it. Addresses are image offsets. */
export type Lines = {
  readonly present: boolean;
  lookup(addresses: readonly number[]): (Place | null | OopscopeError)[];
  unitAt(address: number): { readonly name: string | null; readonly directory: string | null } | null;
  close?(): void;
};

/** A file that names and addresses are looked up in. Addresses are image offsets of its `elf`. */
export class Image {
  /** What has the symbols; the file of `path`, or what stands beside a GSYM. */
  readonly elf: ElfFile;
  readonly path: string;
  readonly #lines: Lines;
  readonly #extents = new Map<number, number | null>();
  /** What symbols were asked for: their extents are measured together. */
  readonly #named = new Set<number>();
  #index: SymbolIndex | null = null;

  constructor(elf: ElfFile, lines: Lines, path = elf.path) {
    this.elf = elf;
    this.path = path;
    this.#lines = lines;
  }

  get hasDebugInformation(): boolean {
    return this.#lines.present;
  }

  close(): void {
    this.elf.close();
    this.#lines.close?.();
  }

  /** Symbols by name, several where the name is not unique. One call for all names costs little more than for one. */
  symbols(names: Iterable<string>): Map<string, ImageSymbol[]> {
    const found = findSymbols(this.elf, names);
    for (const symbols of found.values()) for (const { address } of symbols) this.#named.add(address);
    return found;
  }

  /** The symbol that owns an address. The first call sorts the table. */
  symbolAt(address: ImageOffset): ImageSymbol | null {
    return this.#sorted().at(address);
  }

  /** The code symbol that begins at exactly this address. One pass over the table, without sorting it. */
  symbolBeginningAt(address: ImageOffset): ImageSymbol | null {
    return symbolsBeginningAt(this.elf, [address]).get(address) ?? null;
  }

  /**
   * Whether a symbol can be what a log shows with this size. kallsyms prints the distance to the next symbol, so the ELF size plus padding; of the last symbol
   * of a module's region that to the region's page-rounded end, across sections that hold no symbols (kernel/module/kallsyms.c, find_kallsyms_symbol).
   */
  fits(symbol: ImageSymbol, size: number): boolean {
    const extent = this.extentOf(symbol);
    if (extent !== null) return size === extent;
    return size >= symbol.size && (this.elf.relocatable || size - symbol.size < page);
  }

  /** Distance from a symbol to the next one of its section. Null for the section's last. */
  extentOf(symbol: ImageSymbol): number | null {
    if (!this.#extents.has(symbol.address)) for (const [address, extent] of extentsOf(this.elf, [...this.#named, symbol.address])) this.#extents.set(address, extent);
    return this.#extents.get(symbol.address) ?? null;
  }

  /** Name and compilation directory of the unit that owns an address. */
  unitAt(address: ImageOffset): { readonly name: string | null; readonly directory: string | null } | null {
    try {
      return this.#lines.unitAt(address);
    } catch (error) {
      if (error instanceof OopscopeError) return null;
      throw error;
    }
  }

  /**
   * What the file says about addresses, each looked up as it stands: lower return addresses by one before. `owners` are the symbols that the addresses
   * are known to belong to; where one is missing it is looked up. Any order, one answer each.
   */
  lookup(addresses: readonly ImageOffset[], owners: readonly (ImageSymbol | null)[] = []): ResolvedPlace[] {
    const places = this.#lines.lookup(addresses);
    const unowned = addresses.filter((_, index) => !owners[index]);
    const starts = unowned.length > 0 ? symbolsBeginningAt(this.elf, unowned) : new Map<number, ImageSymbol>();
    return places.map((place, index) => {
      const address = addresses[index]!;
      return this.#resolve(address, place, owners[index] ?? starts.get(address) ?? this.symbolAt(address));
    });
  }

  #sorted(): SymbolIndex {
    return (this.#index ??= new SymbolIndex(this.elf));
  }

  #resolve(address: ImageOffset, place: Place | null | OopscopeError, owner: ImageSymbol | null): ResolvedPlace {
    if (place instanceof OopscopeError) return { functions: bare(owner), directory: null, failure: { reason: "broken", why: place.message } };
    if (!place || place.functions.length === 0) {
      if (!owner) return { functions: [], directory: null, failure: { reason: "no-symbol", why: `${this.path} has no symbol at this address` } };
      const why = this.hasDebugInformation ? `${this.path} has no debug information for ${owner.name}` : `${this.path} has no debug information`;
      return { functions: bare(owner), directory: null, failure: { reason: "no-debug-info", why } };
    }
    const last = place.functions.length - 1;
    const functions = place.functions.map(({ function: name, file, line, column, discriminator }, index): ResolvedFunction => {
      // The symbol table names the function that owns the code: identical functions are merged, and debug information keeps the name of one.
      // Behind the end of the symbol lies code whose own symbol is gone: of a weak function that another file's replaced.
      const owns = index === last && owner && (name === null || owner.size === 0 || address < owner.address + owner.size);
      const ownName = owns ? sourceName(owner.name) : name === null ? null : (rustName(name) ?? name);
      return {
        function: ownName ?? "??",
        file,
        line: line > 0 ? line : null,
        column: column > 0 ? column : null,
        discriminator: discriminator > 0 ? discriminator : null,
        inlined: index !== last,
      };
    });
    const failure = functions[0]!.file === null ? ({ reason: "no-debug-info", why: `the line table of ${this.path} has no row for this address` } as const) : null;
    return { functions, directory: place.directory, failure };
  }
}

function bare(owner: ImageSymbol | null): ResolvedFunction[] {
  return owner ? [{ function: sourceName(owner.name), file: null, line: null, column: null, discriminator: null, inlined: false }] : [];
}
