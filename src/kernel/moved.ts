import type { ElfFile, Section } from "../elf/index.ts";
import { firstAt } from "../elf/index.ts";

type Cover = (from: number, to: number) => void;

const RELA = 4;

/** x86-64 relocation types (psABI, table 4.9) of eight bytes; the others of code have four. */
const eight = new Set([1, 24, 25, 27, 28, 29, 30, 31]);
/** R_X86_64_64, _32 and _32S: values that move with the image. */
const absolute = new Set([1, 10, 11]);

/**
 * Bytes whose value depends on where the code was loaded. Of a module all that have a relocation. Of a vmlinux those that KASLR adjusts
 * (arch/x86/tools/relocs.c): absolute addresses of the image, and distances to per-CPU variables, which do not move with it.
 */
export function movedBytes(elf: ElfFile, section: Section, from: number, to: number, cover: Cover): void {
  const place = elf.placeOf(section);
  if (elf.relocatable) {
    const table = elf.relocationsOf(section);
    if (!table) return;
    for (let index = firstAt(table.offsets, from - place - 8); index < table.count && table.offsets[index]! < to - place; index++) {
      const start = place + table.offsets[index]!;
      cover(start, start + sizeOf(elf, table.types[index]!));
    }
    return;
  }
  const left = elf.header.arch === "x86_64" ? leftOver(elf, section) : null;
  if (left) left(from - 8, to, (start, type, symbol) => {
    if (type !== 0 && absolute.has(type) !== symbolStays(elf, symbol)) cover(start, start + sizeOf(elf, type));
  });
  else guessMoved(elf, section, from, to, cover);
}

function sizeOf({ header: { arch } }: ElfFile, type: number): number {
  if (arch === "x86_64") return eight.has(type) ? 8 : 4;
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
 * The relocations that the linker left in a vmlinux (--emit-relocs) for a section: ten megabytes for .text, so only the wanted ones are read, by halving.
 * They stand in order as linkers write them. Null where there are none.
 */
function leftOver(elf: ElfFile, section: Section): ((from: number, to: number, each: (start: number, type: number, symbol: number) => void) => void) | null {
  const holder = elf.sections.find(({ type, info, size, entrySize }) => type === RELA && info === section.index && size > 0 && entrySize === 24);
  if (!holder) return null;
  const count = Math.floor(holder.size / 24);
  const { little } = elf.header;
  const startOf = (view: DataView, at: number) => Number(view.getBigUint64(at, little) - elf.base);
  const read = (index: number, entries: number) => {
    const bytes = elf.bytes(holder, index * 24, Math.min(count, index + entries) * 24);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  return (from, to, each) => {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (startOf(read(middle, 1), 0) < from) low = middle + 1;
      else high = middle;
    }
    for (let index = low; index < count; index += 64) {
      const view = read(index, 64);
      for (let at = 0; at < view.byteLength; at += 24) {
        const start = startOf(view, at);
        if (start >= to) return;
        each(start, view.getUint32(little ? at + 8 : at + 12, little), view.getUint32(little ? at + 12 : at + 8, little));
      }
    }
  };
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

