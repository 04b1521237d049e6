import { OopscopeError } from "../../src/base/index.ts";
import { DwarfFile, type Place } from "../../src/dwarf/index.ts";
import { elfFromBytes } from "../../src/elf/index.ts";
import type { DwarfWriter } from "./dwarfwriter.ts";
import { writeElf, type WrittenElf } from "./elfwriter.ts";

/** Where the code of the files that tests write begins: as a kernel's. */
export const kernelBase = 0xffffffff81000000n;

/** A linked file with code from `kernelBase` on and the debug sections of a writer. */
export function linkedFile(dwarf: DwarfWriter, elf: Partial<WrittenElf> & { readonly codeSize?: number; readonly base?: bigint } = {}): Uint8Array {
  const { codeSize = 0x1000, base = kernelBase, sections = [], ...rest } = elf;
  return writeElf({ little: dwarf.little, sections: [{ name: ".text", flags: 6, address: base, bytes: new Uint8Array(codeSize) }, ...dwarf.sections(), ...sections], ...rest });
}

/** What the debug information says of image offsets, a line each: `0x28: inner a.c:31:5 < outer a.c:11:2`. */
export async function lookedUp(bytes: Uint8Array, offsets: readonly number[], name = "test.elf"): Promise<string[]> {
  const elf = await elfFromBytes(name, bytes);
  const places = new DwarfFile(elf).lookup(offsets);
  return offsets.map((offset, index) => `0x${offset.toString(16)}: ${placeText(places[index]!)}`);
}

export function placeText(place: Place | null | OopscopeError): string {
  if (place === null) return "none";
  if (place instanceof OopscopeError) return `${place.code}: ${place.message}`;
  return place.functions.map((one) => `${one.function ?? "??"} ${one.file ?? "??"}:${one.line}:${one.column}${one.discriminator ? ` (${one.discriminator})` : ""}`).join(" < ") || "no function";
}
