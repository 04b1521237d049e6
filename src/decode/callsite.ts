import type { ImageOffset } from "../base/index.ts";
import type { ElfFile, Section } from "../elf/index.ts";

/** The call that ends right before an address. `target` is null where it cannot be told; `name` stands for a symbol that another file defines. */
export type CallSite = { readonly kind: "direct"; readonly target: ImageOffset | null; readonly name: string | null } | { readonly kind: "indirect" };

/** Longest call instruction of x86: `ff /2` with a prefix, REX, ModRM, SIB and 32 bits of displacement. */
const longestCall = 9;

/**
 * What call, if any, ends at `address`: null if none does, `unknown` if the file has no bytes there or the machine is not one that is understood. A return
 * address has a call before it; a pointer to the beginning of a function has not, unless the function before it ends in a call that does not return.
 */
export function callBefore(elf: ElfFile, address: ImageOffset): CallSite | null | "unknown" {
  const section = elf.sectionAt(address - 1);
  if (!section) return null;
  const end = address - elf.placeOf(section);
  if (!elf.holds(section, end - longestCall, end)) return "unknown";
  const bytes = elf.bytes(section, Math.max(0, end - longestCall), end);
  switch (elf.header.arch) {
    case "x86_64":
    case "i386":
      return x86Call(elf, section, bytes, address, end);
    case "arm64":
      return arm64Call(elf, section, bytes, address, end);
    default:
      return "unknown";
  }
}

function x86Call(elf: ElfFile, section: Section, bytes: Uint8Array, address: ImageOffset, end: number): CallSite | null {
  const { length } = bytes;
  if (length >= 5 && bytes[length - 5] === 0xe8) {
    const relocated = relocationAt(elf, section, end - 4);
    if (relocated) return relocated;
    const target = (address + new DataView(bytes.buffer, bytes.byteOffset + length - 4, 4).getInt32(0, true)) as ImageOffset;
    if (elf.sectionAt(target)) return { kind: "direct", target, name: null };
  }
  for (let size = 2; size <= Math.min(length, longestCall); size++) {
    if (indirectCallSize(bytes, length - size) === size) return { kind: "indirect" };
  }
  return null;
}

/** Size of the `ff /2` instruction at `at`, prefixes included; 0 if there is none. (Intel SDM volume 2, CALL and table 2-2.) */
function indirectCallSize(bytes: Uint8Array, at: number): number {
  const start = at;
  while (bytes[at] === 0x2e || bytes[at] === 0x3e || bytes[at] === 0x64 || bytes[at] === 0x65) at++;
  if (bytes[at]! >= 0x40 && bytes[at]! <= 0x4f) at++;
  if (bytes[at] !== 0xff) return 0;
  const modrm = bytes[at + 1];
  if (modrm === undefined || ((modrm >> 3) & 7) !== 2) return 0;
  at += 2;
  const mode = modrm >> 6;
  const base = modrm & 7;
  if (mode === 3) return at - start;
  let displacement = mode === 1 ? 1 : mode === 2 ? 4 : 0;
  if (base === 4) {
    const sib = bytes[at++];
    if (sib === undefined) return 0;
    if (mode === 0 && (sib & 7) === 5) displacement = 4;
  } else if (mode === 0 && base === 5) displacement = 4;
  return at + displacement - start;
}

/** BL and BLR (Arm ARM, C4.1.65), with the pointer-authenticating forms of the latter. */
function arm64Call(elf: ElfFile, section: Section, bytes: Uint8Array, address: ImageOffset, end: number): CallSite | null {
  if (bytes.length < 4) return null;
  const word = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
  if (word >>> 26 === 0b100101) {
    const relocated = relocationAt(elf, section, end - 4);
    if (relocated) return relocated;
    return { kind: "direct", target: (address - 4 + ((word << 6) >> 6) * 4) as ImageOffset, name: null };
  }
  if ((word & 0xffff_fc1f) >>> 0 === 0xd63f_0000 || (word & 0xfeff_f800) >>> 0 === 0xd63f_0800) return { kind: "indirect" };
  return null;
}

/** In a module calls that leave their section are relocations: S + A, where A counts from the displacement to the instruction's end on x86. */
function relocationAt(elf: ElfFile, section: Section, offset: number): CallSite | null {
  if (!elf.relocatable) return null;
  const table = elf.relocationsOf(section)?.within(offset, offset + 1);
  const symbols = elf.symbols();
  if (!table || table.count === 0 || !symbols) return null;
  const symbol = table.symbols[0]!;
  if (symbol >= symbols.count) return null;
  if (symbols.section(symbol) === 0) return { kind: "direct", target: null, name: symbols.name(symbol) };
  const pcBias = elf.header.arch === "arm64" ? 0 : 4;
  return { kind: "direct", target: (symbols.value(symbol) + (table.addends?.[0] ?? -pcBias) + pcBias) as ImageOffset, name: null };
}
