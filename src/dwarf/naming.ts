import type { DebugSections } from "./sections.ts";

const piece = 1 << 24;
/** A name of so few letters stands in too many places by chance. */
const mostHits = 1 << 16;

/**
 * Offsets of .debug_info at which entries may name something `name`: where the bytes of the name stand, or of its place among the strings. Null where bytes do not tell: in relocatable
 * files, whose references are not in place yet, compressed sections, and names by index. A look at each byte of .debug_info: a fifth of a second for a vmlinux.
 */
export function placesNaming(sections: DebugSections, name: string): number[] | null {
  const { elf } = sections;
  const info = sections.section("info");
  if (!info || elf.relocatable || elf.sizeOf(info) !== info.size || info.name.startsWith(".z") || sections.size("str_offsets") > 0) return null;
  const needles = [Buffer.from(`${name}\0`, "latin1")];
  const strings = sections.section("str");
  if (strings) {
    const text = Buffer.from(elf.bytes(strings).buffer);
    const wanted = needles[0]!;
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
      const offset = Buffer.alloc(4);
      if (elf.header.little) offset.writeUInt32LE(at);
      else offset.writeUInt32BE(at);
      // Also as the tail of a longer name: the linker shares them, and the reader of the entry compares.
      if (at > 0xffff) needles.push(offset);
      else return null;
      if (needles.length > 64) return null;
    }
  }
  const found: number[] = [];
  const overlap = Math.max(...needles.map(({ length }) => length)) - 1;
  for (let from = 0; from < info.size; from += piece) {
    const bytes = elf.bytes(info, from, Math.min(info.size, from + piece + overlap));
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const needle of needles) {
      for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) {
        found.push(from + at);
        if (found.length > mostHits) return null;
      }
    }
  }
  return found.sort((a, b) => a - b);
}
