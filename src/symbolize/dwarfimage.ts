import { openElf, type ElfFile } from "../elf/index.ts";
import { Image } from "./image.ts";

/** Opens a file for symbolization: a vmlinux, a module or a debug file of either. Close it when done. */
export async function openImage(path: string): Promise<Image> {
  return imageOf(await openElf(path));
}

/** An open file for symbolization. The reader of DWARF is loaded for the first of them: a log whose files nobody has needs none. */
export async function imageOf(elf: ElfFile): Promise<Image> {
  const { DwarfFile } = await import("../dwarf/index.ts");
  return new Image(elf, new DwarfFile(elf));
}
