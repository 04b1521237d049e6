import { OopscopeError } from "../base/index.ts";
import { fileSource, openElf, type ElfFile } from "../elf/index.ts";
import { readBtfExt, type BtfExt } from "./ext.ts";
import { Btf } from "./file.ts";
import { looksLikeBtf, readBtfHeader } from "./format.ts";

/** BTF has 16 MB of types and 16 MB of strings at most (BTF_MAX_TYPE and BTF_MAX_NAME_OFFSET of the kernel). */
const largestBtf = 1 << 26;

/** What a file holds. */
export type BtfFile = {
  readonly path: string;
  /** Of an ELF file, or the BTF alone, as in /sys/kernel/btf. */
  readonly form: "raw" | "elf";
  readonly btf: Btf;
  /** The distilled base of an ELF file (`.BTF.base`: what a module's own BTF needs of the kernel's, by name), which `btf` then continues; null for none. */
  readonly distilled: Btf | null;
  /** What `.BTF.ext` says (BPF objects), read when it is asked for; null for none. */
  ext(): BtfExt | null;
};

/** What split BTF continues, or how to get it, which is only done where it is needed. */
export type BtfBase = Btf | null | (() => Promise<Btf | null>);

/**
 * Opens the BTF of a file: raw as in /sys/kernel/btf, or `.BTF` of an ELF file, which may be compressed. `base` is what split BTF continues, the kernel's; a file
 * that has a distilled base of its own continues that, and one that stands alone nothing. Throws `missing-section` for an ELF file without BTF, `malformed`, `unsupported` and what reading throws.
 */
export async function openBtf(path: string, base: BtfBase = null): Promise<BtfFile> {
  const source = fileSource(path);
  try {
    if (looksLikeBtf(source.read(0, Math.min(2, source.size)))) return await rawBtf(path, source.read(0, bounded(path, "BTF", source.size)), base);
  } finally {
    source.close();
  }
  const elf = await openElf(path);
  try {
    return await btfOfElf(elf, base);
  } finally {
    elf.close();
  }
}

/** The same of bytes in memory that are BTF, not ELF; `name` stands in errors. */
export function btfFromBytes(name: string, bytes: Uint8Array, base: Btf | null = null): Btf {
  return new Btf({ file: name, section: "BTF" }, bytes, isSplit(name, "BTF", bytes) ? base : null);
}

async function rawBtf(path: string, bytes: Uint8Array, base: BtfBase): Promise<BtfFile> {
  return { path, form: "raw", btf: new Btf({ file: path, section: "BTF" }, bytes, isSplit(path, "BTF", bytes) ? await known(base) : null), distilled: null, ext: () => null };
}

async function known(base: BtfBase): Promise<Btf | null> {
  return typeof base === "function" ? base() : base;
}

/** Whether BTF continues another one: the strings of one that stands alone begin with the empty one. */
export function isSplit(file: string, section: string, bytes: Uint8Array): boolean {
  const { strings } = readBtfHeader(file, section, bytes);
  return strings.size === 0 || bytes[strings.offset] !== 0;
}

/** The same of an ELF file that is open; it may be closed afterwards. */
export async function btfOfElf(elf: ElfFile, base: BtfBase = null): Promise<BtfFile> {
  const read = (name: string): Uint8Array | null => {
    const section = elf.section(name);
    return section && elf.bytes(section, 0, bounded(elf.path, name, elf.sizeOf(section)));
  };
  const own = read(".BTF");
  // A file of symbols alone keeps the section's header, without bytes.
  if (own === null || own.length === 0) throw new OopscopeError("missing-section", `${elf.path} has no BTF: ${own ? "its section .BTF is empty" : "no section .BTF"}`, { file: elf.path, section: ".BTF" });
  const distilledBytes = read(".BTF.base");
  const distilled = distilledBytes && distilledBytes.length > 0 ? new Btf({ file: elf.path, section: ".BTF.base" }, distilledBytes) : null;
  const btf = new Btf({ file: elf.path, section: ".BTF" }, own, isSplit(elf.path, ".BTF", own) ? (distilled ?? (await known(base))) : null);
  const extBytes = read(".BTF.ext");
  let ext: BtfExt | null = null;
  return { path: elf.path, form: "elf", btf, distilled, ext: () => (ext ??= extBytes && extBytes.length > 0 ? readBtfExt(btf, extBytes) : null) };
}

function bounded(file: string, section: string, size: number): number {
  if (size > largestBtf) throw new OopscopeError("over-budget", `${file}: ${section} has ${size} bytes, the limit is ${largestBtf}`, { file, section, limit: largestBtf });
  return size;
}
