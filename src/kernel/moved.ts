import type { ElfFile, Section } from "../elf/index.ts";

type Cover = (from: number, to: number) => void;

/** x86-64 relocation types (psABI, table 4.9) of eight bytes; the others of code have four. */
const eight = new Set([1, 24, 25, 27, 28, 29, 30, 31]);
/** R_AARCH64_ABS64 and _PREL64 (AAELF64, 5.7.3); those of instructions have four bytes. */
const eightOfArm64 = new Set([257, 260]);
/** R_X86_64_64, _32 and _32S: values that move with the image. */
const absolute = new Set([1, 10, 11]);

/**
 * Bytes whose value depends on where the code was loaded. Of a module all that have a relocation. Of a vmlinux those that KASLR adjusts
 * (arch/x86/tools/relocs.c): absolute addresses of the image, and distances to per-CPU variables, which do not move with it.
 */
export function movedBytes(elf: ElfFile, section: Section, from: number, to: number, cover: Cover): void {
  const place = elf.placeOf(section);
  if (elf.relocatable) {
    const table = elf.relocationsOf(section)?.within(from - place - 8, to - place);
    if (!table) return;
    for (let index = 0; index < table.count; index++) {
      const start = place + table.offsets[index]!;
      cover(start, start + sizeOf(elf, table.types[index]!));
    }
    return;
  }
  // What the linker left in a vmlinux (--emit-relocs).
  const left = elf.header.arch === "x86_64" ? elf.relocationsOf(section)?.within(from - 8, to, elf.base) : null;
  if (!left) {
    guessMoved(elf, section, from, to, cover);
    return;
  }
  for (let index = 0; index < left.count; index++) {
    const type = left.types[index]!;
    const start = left.offsets[index]!;
    if (type !== 0 && absolute.has(type) !== symbolStays(elf, left.symbols[index]!)) cover(start, start + sizeOf(elf, type));
  }
}

function sizeOf({ header: { arch } }: ElfFile, type: number): number {
  if (arch === "x86_64") return eight.has(type) ? 8 : 4;
  if (arch === "arm64") return eightOfArm64.has(type) ? 8 : 4;
  return arch === "i386" ? 4 : 8;
}

/** Per-CPU variables are offsets, linked at 0 apart from the image (until 6.15), and stay where they are. */
function symbolStays(elf: ElfFile, symbol: number): boolean {
  const symbols = elf.symbols();
  if (!symbols || symbol >= symbols.count) return false;
  const section = elf.sections[symbols.section(symbol)];
  return section !== undefined && section.name.startsWith(".data..percpu") && section.address < elf.base;
}

/**
 * Without relocations: whatever could be an address of the image, or the distance to a per-CPU variable, may be one. Too much rather than too little.
 */
export function guessMoved(elf: ElfFile, section: Section, from: number, to: number, cover: Cover): void {
  if (elf.header.arch !== "x86_64" && elf.header.arch !== "i386") return;
  const place = elf.placeOf(section);
  const first = Math.max(0, from - place - 3);
  const bytes = elf.bytes(section, first, Math.min(section.size, to - place + 3));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const low = Number(elf.base & 0xffff_ffffn);
  const size = imageSize(elf);
  const perCpu = elf.section(".data..percpu");
  const perCpuPlace = perCpu && perCpu.address < elf.base ? perCpu.address : null;
  for (let at = 0; at + 4 <= bytes.length; at++) {
    const value = view.getUint32(at, true);
    const start = place + first + at;
    const points = value >= low && value - low < size;
    // The distance counts from the end of the instruction, up to eight bytes on.
    const target = perCpuPlace === null ? null : (low + start + 4 + value - Number(perCpuPlace & 0xffff_ffffn)) % 0x1_0000_0000;
    if (points || (target !== null && (target < perCpu!.size || target >= 0x1_0000_0000 - 8))) cover(start, start + 4);
  }
}

/** How far the allocated sections reach from the image's base. */
function imageSize(elf: ElfFile): number {
  let end = 0;
  for (const section of elf.sections) {
    const stop = elf.placeOf(section) + section.size;
    // Per-CPU variables are linked at 0, far from the rest.
    if ((section.flags & 2) !== 0 && stop < 0x8000_0000) end = Math.max(end, stop);
  }
  return end;
}

