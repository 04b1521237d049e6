import { OopscopeError } from "../base/index.ts";
import { elfFromBytes, type ElfFile } from "../elf/index.ts";
import { elfOfNames, type NamedPlace } from "./nameself.ts";

// Lists of names, `ADDRESS TYPE NAME` a line as nm writes them: System.map has vmlinux's link addresses; /proc/kallsyms those in memory (moved by KASLR), and
// behind vmlinux's the modules', with `\t[module]` (kernel/kallsyms.c, s_show), which are left out here: they say nothing that the log does not. Types: letters
// of nm(1), in lower case for local symbols.

/** What a list of names is of: link addresses, or those of a running kernel. */
export type NameListKind = "system-map" | "kallsyms";

export type NameList = {
  readonly path: string;
  readonly kind: NameListKind;
  /** vmlinux's symbols, in the order of the list. */
  readonly places: readonly NamedPlace[];
};

/** A vmlinux's list has 4 MB; no list is larger than this. */
export const largestNameList = 1 << 28;
const mostNames = 4_000_000;

const line = /^([0-9a-f]{8}|[0-9a-f]{16}) ([A-Za-z?-]) (\S{1,16384})(?:[ \t]+\[([\w.-]{1,64})\])?\r?$/;
/** What Debian installs as System.map: one line that names the package. */
const stub = /^f{16} B The real System\.map is in/;

/** Whether a file's first bytes look like a list of names. */
export function looksLikeNames(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1");
  const end = text.indexOf("\n");
  const first = end < 0 ? text : text.slice(0, end);
  return line.test(first) || stub.test(first);
}

/**
 * Reads a list. Throws `unreadable` where the kernel has hidden all addresses (kernel.kptr_restrict), `unsupported` for Debian's stub of a System.map, `malformed`,
 * with the line, where one reads otherwise, `over-budget` for one that no kernel has.
 */
export function readNames(path: string, bytes: Uint8Array): NameList {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places: NamedPlace[] = [];
  let modules = false;
  let hidden = true;
  let count = 0;
  for (let at = 0; at < text.length; ) {
    const feed = text.indexOf(10, at);
    const end = feed < 0 ? text.length : feed;
    const written = text.toString("latin1", at, Math.min(end, at + 20_000));
    at = end + 1;
    if (written.trim() === "") continue;
    const match = line.exec(written);
    if (!match && stub.test(written)) throw new OopscopeError("unsupported", `${path} is a stub: the real one is in the kernel's debug package`, { file: path });
    if (!match) throw new OopscopeError("malformed", `${path}: line ${count + 1} is not an address, a type and a name: ${JSON.stringify(written.slice(0, 60))}`, { file: path, line: count + 1 });
    if (++count > mostNames) throw new OopscopeError("over-budget", `${path} has more than ${mostNames} names`, { file: path, limit: mostNames });
    const [, address, type, name, module] = match as unknown as [string, string, string, string, string | undefined];
    const value = BigInt(`0x${address}`);
    if (value !== 0n) hidden = false;
    if (module === undefined) places.push({ name, address: value, type });
    else modules = true;
  }
  if (count === 0) throw new OopscopeError("malformed", `${path} is empty`, { file: path });
  if (hidden) throw new OopscopeError("unreadable", `${path}: all ${count} addresses are zero: the kernel hides them (kernel.kptr_restrict)`, { file: path });
  // Without a module loaded a kallsyms reads like a System.map, but for where it is and what it begins with.
  const kind = modules || /(?:^|\/)kallsyms[^/]*$/.test(path) ? "kallsyms" : "system-map";
  return { path, kind, places };
}

/** A list as an ELF file of symbols alone; null if it has none of code. */
export async function imageOfNames({ path, places }: NameList): Promise<ElfFile | null> {
  const bytes = elfOfNames(places);
  return bytes ? elfFromBytes(path, bytes) : null;
}
