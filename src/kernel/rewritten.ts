import type { Cursor, ImageOffset } from "../base/index.ts";
import type { ElfFile, Section } from "../elf/index.ts";
import { SHT_NOBITS } from "../elf/index.ts";
import { movedBytes } from "./moved.ts";
import { patchTables, type PatchKind } from "./patchtables.ts";

/** The longest stretch before a site's address that is patched with it (FineIBT's check before a call), and after it. */
const reach = { before: 16, after: 256 };

/**
 * Which bytes of the file's code a running kernel may have otherwise, from `from` up to `to`: 1 for those that may differ, 0 for those that are the
 * file's own in every kernel that runs it. Bytes that the file does not have are 1. Not known to any file, and so not covered: kprobes.
 */
export function rewrittenBytes(elf: ElfFile, from: ImageOffset, to: ImageOffset): Uint8Array {
  const mask = new Uint8Array(to - from);
  const noted = elf.section(rewrittenSection);
  if (noted) return notedBytes(elf.cursor(noted), mask, from, to);
  const section = elf.sectionAt(from) ?? elf.sectionAt(to - 1);
  if (!section || section.type === SHT_NOBITS) return mask.fill(1);
  const place = elf.placeOf(section);
  const end = place + section.size;
  const cover = (start: number, stop: number) => mask.fill(1, Math.max(0, start - from), Math.max(0, Math.min(stop, to) - from));
  if (from < place) cover(from, place);
  if (to > end) cover(end, to);

  const { tables, unread, trampolines } = patchTables(elf);
  // A table that cannot be read may name any byte.
  if (unread.length > 0) return mask.fill(1);
  const code = textAround(elf, section, from, to);
  const has = (kind: PatchKind) => tables.some((table) => table.kind === kind && table.count > 0);
  const checked = has("cfi");
  for (const table of tables) {
    table.eachWithin(from - reach.after, to + reach.before, (start, size) => {
      cover(start - (table.kind === "retpoline" && checked ? reach.before : 0), start + (size ?? sizeOfSite(elf, table.kind, code, start)));
    });
  }
  for (const [start, stop] of trampolines) if (start < to && stop > from) cover(start, stop);
  if (has("call")) coverPadding(mask, code, from);
  if (elf.header.arch === "arm64") coverArm64(mask, code, from);
  movedBytes(elf, section, from, to, cover);
  return mask;
}

/**
 * A log's `Code:` bytes against the file. `address` is that of the byte with the index `trap` (the instruction pointer; null: of the first byte).
 * `masked` bytes are not compared, since the kernel may have rewritten them.
 */
export function compareCode(elf: ElfFile, address: ImageOffset, bytes: Uint8Array, trap: number | null): { readonly compared: number; readonly equal: number; readonly masked: number } {
  const from = (address - (trap ?? 0)) as ImageOffset;
  const section = elf.sectionAt(address);
  if (!section || !elf.holds(section, from - elf.placeOf(section), from + bytes.length - elf.placeOf(section))) return { compared: 0, equal: 0, masked: bytes.length };
  const code = textAround(elf, section, from, from + bytes.length);
  // The tables of what a kernel rewrites cost more than all the rest; where nothing differs there is nothing to excuse.
  if (bytes.every((byte, at) => code(from + at) === byte)) return { compared: bytes.length, equal: bytes.length, masked: 0 };
  const mask = rewrittenBytes(elf, from, (from + bytes.length) as ImageOffset);
  let compared = 0;
  let equal = 0;
  for (const [at, byte] of bytes.entries()) {
    if (mask[at] !== 0) continue;
    const own = code(from + at);
    if (own === undefined) continue;
    compared++;
    if (own === byte) equal++;
  }
  return { compared, equal, masked: bytes.length - compared };
}

/**
 * Files that have code but neither the tables nor the relocations that tell what is rewritten (those beside a GSYM) have the answers themselves, in a section of
 * this name: pairs of ULEB128 numbers, how far the next bytes that may differ are from the end of the last ones (the first: from the image's base), and how many.
 */
export const rewrittenSection = ".oopscope.rewritten";

/** The answers for stretches of code, in order, as the contents of that section. */
export function noteRewritten(elf: ElfFile, stretches: readonly (readonly [number, number])[]): Uint8Array {
  let bytes = new Uint8Array(1 << 12);
  let size = 0;
  const write = (value: number) => {
    if (size + 10 > bytes.length) {
      const larger = new Uint8Array(bytes.length * 2);
      larger.set(bytes);
      bytes = larger;
    }
    for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes[size++] = (value % 0x80) | 0x80;
    bytes[size++] = value;
  };
  let end = 0;
  for (const [from, to] of stretches) {
    if (from < end) continue;
    const mask = rewrittenBytes(elf, from as ImageOffset, to as ImageOffset);
    for (let at = 0; at < mask.length; ) {
      const start = mask.indexOf(1, at);
      if (start < 0) break;
      const stop = mask.indexOf(0, start);
      at = stop < 0 ? mask.length : stop;
      write(from + start - end);
      write(at - start);
      end = from + at;
    }
  }
  return bytes.slice(0, size);
}

function notedBytes(at: Cursor, mask: Uint8Array, from: number, to: number): Uint8Array {
  for (let end = 0; at.at < at.end; ) {
    const start = end + at.uleb();
    if (start >= to) break;
    end = start + at.uleb();
    if (end > from) mask.fill(1, Math.max(0, start - from), end - from);
  }
  return mask;
}

type Text = (address: number) => number | undefined;

/** The file's bytes about a range, by address. */
function textAround(elf: ElfFile, section: Section, from: number, to: number): Text {
  const place = elf.placeOf(section);
  const first = Math.min(section.size, Math.max(0, from - place - reach.before));
  const bytes = elf.bytes(section, first, Math.max(first, Math.min(section.size, to - place + reach.before)));
  return (address) => bytes[address - place - first];
}

/** How many bytes are patched at a site whose table does not say: its instruction's. */
function sizeOfSite({ header: { arch } }: ElfFile, table: PatchKind, code: Text, start: number): number {
  const x86 = arch === "x86_64" || arch === "i386";
  switch (table) {
    case "lock":
    case "runtime-shift":
      return x86 ? 1 : 4;
    case "runtime-pointer":
      return x86 ? 8 : 16; // of arm64 a MOVZ and three MOVK (arch/arm64/include/asm/runtime-const.h)
    case "endbr":
      return 4;
    case "cfi":
      return 20; // the preamble of 16 bytes and the ENDBR that follows it
    case "ftrace":
      return x86 ? 5 : 16;
    case "jump-label":
      // JMP rel8 or the two-byte NOP; else the five bytes of JMP rel32 (arch_jump_entry_size, arch/x86/kernel/jump_label.c).
      return !x86 ? 4 : code(start) === 0xeb || (code(start) === 0x66 && code(start + 1) === 0x90) ? 2 : 5;
    case "alternatives":
    case "paravirt":
    case "retpoline":
    case "return":
    case "call":
    case "static-call": {
      // CALL, JMP or Jcc rel32, with a CS prefix that pads it (-mindirect-branch-cs-prefix).
      const prefix = code(start) === 0x2e ? 1 : 0;
      return prefix + (code(start + prefix) === 0x0f ? 6 : 5);
    }
  }
}

/** With call depth tracking the padding before each function is filled with code (arch/x86/kernel/callthunks.c): every NOP may be such. */
function coverPadding(mask: Uint8Array, code: Text, from: number): void {
  for (let at = 0; at < mask.length; at++) if (code(from + at) === 0x90) mask[at] = 1;
}

/**
 * Instructions of arm64 that a kernel may have otherwise though no table of its file tells. NOP: the table of ftrace's sites is made at boot, by dynamic
 * relocations (ftrace_init_nop, arch/arm64/kernel/ftrace.c). PACIASP and AUTIASP: shadow call stacks take their place (scs_patch,
 * arch/arm64/kernel/pi/patch-scs.c). Zero: an address among the code, which a dynamic relocation fills in.
 */
const arm64Patched: ReadonlySet<number> = new Set([0xd503201f, 0xd503233f, 0xd50323bf, 0]);

function coverArm64(mask: Uint8Array, code: Text, from: number): void {
  for (let at = -(from % 4); at < mask.length; at += 4) {
    const [first, second, third, fourth] = [0, 1, 2, 3].map((byte) => code(from + at + byte) ?? 0xff);
    const word = (first! | (second! << 8) | (third! << 16) | (fourth! << 24)) >>> 0;
    if (arm64Patched.has(word)) mask.fill(1, Math.max(0, at), at + 4);
  }
}
