import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { OopscopeError } from "../base/index.ts";
import type { Place } from "../dwarf/index.ts";
import { elfFromBytes, openElf, writeStandIn, type ElfFile } from "../elf/index.ts";
import { openGsym, type GsymFile } from "../gsym/index.ts";
import { openImage } from "./dwarfimage.ts";
import { Image, type Lines } from "./image.ts";
import { sourceName } from "./names.ts";
import { readNote, skeletonOf, type GsymNote } from "./note.ts";

/** An image whose lines come from a GSYM. `lacks` says what cannot be told for want of the file beside it; null if that is there. */
export type GsymImage = { readonly image: Image; readonly lacks: string | null };

export async function openGsymImage(path: string): Promise<GsymImage> {
  const gsym = openGsym(path);
  try {
    const beside = skeletonOf(path);
    if (!existsSync(beside)) {
      const elf = await elfFromBytes(path, standIn(gsym));
      return { image: new Image(elf, new GsymLines(gsym, elf, null), path), lacks: `${beside} is missing, which has the kernel's version, symbols and code` };
    }
    const elf = await openElf(beside);
    try {
      const note = readNote(elf);
      if (note.size !== gsym.size || Buffer.compare(note.header, gsym.headerBytes()) !== 0) {
        throw new OopscopeError("malformed", `${beside} does not belong to ${path}: it was written for a GSYM of ${note.size} bytes, or another of that size`, { file: beside });
      }
      return { image: new Image(elf, new GsymLines(gsym, elf, note), path), lacks: null };
    } catch (error) {
      elf.close();
      throw error;
    }
  } catch (error) {
    gsym.close();
    throw error;
  }
}

/** Opens a file for symbolization by what it begins with: an ELF file, or a GSYM. Close the image when done. */
export async function openAnyImage(path: string): Promise<GsymImage> {
  return isGsym(path) ? openGsymImage(path) : { image: await openImage(path), lacks: null };
}

/** `GSYM`, in the byte order of the file. */
function isGsym(path: string): boolean {
  const head = Buffer.alloc(4);
  try {
    const descriptor = openSync(path, "r");
    try {
      readSync(descriptor, head, 0, 4, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
  return head.toString("latin1") === "MYSG" || head.toString("latin1") === "GSYM";
}

const mostFunctions = 1 << 21;
const mostNameLetters = 1 << 26;

/** An ELF file of a GSYM's functions: one section of code, and their names and sizes as symbols. */
function standIn(gsym: GsymFile): Uint8Array {
  if (gsym.header.count > mostFunctions) throw new OopscopeError("over-budget", `${gsym.path}: ${gsym.header.count} functions, the limit is ${mostFunctions}`, { file: gsym.path });
  const symbols: { name: string; offset: number; size: number }[] = [];
  let end = 1;
  let letters = 0;
  for (const { offset, size, name } of gsym.entries()) {
    if (name !== "") symbols.push({ name, offset, size });
    end = Math.max(end, offset + size);
    letters += name.length;
    if (letters > mostNameLetters) throw new OopscopeError("over-budget", `${gsym.path}: names of more than ${mostNameLetters} letters together`, { file: gsym.path });
  }
  return writeStandIn({ little: gsym.header.little, base: gsym.header.base, size: end, symbols, buildId: gsym.header.uuid });
}

/** A GSYM by the image offsets of its ELF file. */
class GsymLines implements Lines {
  readonly present = true;
  readonly #gsym: GsymFile;
  readonly #note: GsymNote | null;
  /** Image offset of the GSYM's base. */
  readonly #shift: number;

  constructor(gsym: GsymFile, elf: ElfFile, note: GsymNote | null) {
    this.#gsym = gsym;
    this.#note = note;
    this.#shift = Number(BigInt.asIntN(64, gsym.header.base - elf.base));
  }

  lookup(addresses: readonly number[]): (Place | null | OopscopeError)[] {
    const found = this.#gsym.lookup(addresses.map((address) => address - this.#shift));
    return found.map((one, index): Place | null | OopscopeError => {
      if (one === null || one instanceof OopscopeError) return one;
      // The function itself has its symbol's name.
      const functions = one.map((place, k) => ({ ...place, function: k === one.length - 1 && place.function !== null ? sourceName(place.function) : place.function, column: 0, discriminator: 0 }));
      return { functions, directory: this.#directoryAt(addresses[index]!) };
    });
  }

  /** The unit that was noted, or of other functions what their first line tells. */
  unitAt(address: number): { readonly name: string | null; readonly directory: string | null } | null {
    const noted = this.#note?.sourceUnit;
    if (noted && noted.address === address) return noted;
    const [place] = this.lookup([address]);
    if (!place || place instanceof OopscopeError) return null;
    const { file } = place.functions[place.functions.length - 1]!;
    return file === null ? null : { name: file, directory: place.directory };
  }

  close(): void {
    this.#gsym.close();
  }

  #directoryAt(address: number): string | null {
    const { runs, directories } = this.#note ?? { runs: [], directories: [] };
    let low = 0;
    let high = runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (runs[middle]![0] <= address) low = middle + 1;
      else high = middle;
    }
    const run = runs[low - 1];
    return run ? (directories[run[1]] ?? null) : null;
  }
}
