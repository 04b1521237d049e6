/**
 * `Code:` lines. x86 prints bytes, the one at the instruction pointer as `<0f>` (show_opcodes; `5b <c0>` may have fewer in front when memory ends
 * there). Others print words as numbers, the one at the pc as `(d4210000)` or `<0fe00000>`: arm64 (dump_kernel_instr), arm, mips, loongarch; riscv with words
 * of 16 bits or 32; powerpc in several lines behind `Code:` or `Instruction dump:`, `XXXXXXXX` for what cannot be read (show_instructions). s390 disassembles
 * (`Krnl Code: 000003ff8038010a: e310f0980004 lg …`, arch/s390/kernel/dis.c show_code): bytes as in memory. Text instead of bytes (`Unable to access opcode
 * bytes at 0x…`, `Bad RIP value.`, `bad PC value`) gives none.
 */
export type RawCode = { readonly from: number; readonly to: number; readonly groups: readonly Group[] };

/** Digits as printed; null for a word that the kernel could not read. */
export type Group = { readonly digits: string | null; readonly marked: boolean; /** A number, whose order in memory the processor decides; else bytes as they lie there. */ readonly number: boolean };

/** How a processor keeps an instruction's words. */
export type ByteOrder = "little" | "big";

const mostGroups = 512;
const group = /\s*([<(]?)([0-9a-fA-F]{8}|[0-9a-fA-F]{4}|[0-9a-fA-F]{2}|(?:\?\?|XX|xx|X{8}))([>)]?)(?=\s|$)/y;
const row = /([ #>]?)[0-9a-f]{16}: ([0-9a-f]{4,12})(?=\s|$)/y;

export function readCode(text: string, start: number): RawCode | null {
  let at = start;
  while (text.charCodeAt(at) === 0x20) at++;
  if (text.startsWith("Krnl Code:", at)) return readRow(text, at + 10);
  if (text.startsWith("Code: ", at)) return readGroups(text, at + 6);
  return text.startsWith("Instruction dump:", at) ? { from: at + 17, to: at + 17, groups: [] } : null;
}

/** A further line of the words of powerpc, or of s390's listing; null for any other. */
export function readMoreCode(text: string, start: number): RawCode | null {
  const listed = readRow(text, start);
  if (listed.groups.length > 0) return listed;
  const words = readGroups(text, start);
  return words.groups.length > 1 && words.groups.every(({ digits }) => digits === null || digits.length === 8) && text.slice(words.to).trim() === "" ? words : null;
}

function readRow(text: string, start: number): RawCode {
  let at = start;
  while (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09) at++;
  row.lastIndex = at;
  const match = row.exec(text);
  if (match === null) return { from: at, to: at, groups: [] };
  const to = row.lastIndex;
  return { from: to - match[2]!.length, to, groups: [{ digits: match[2]!, marked: match[1] === ">", number: false }] };
}

function readGroups(text: string, start: number): RawCode {
  let at = start;
  let from = -1;
  let bytes: boolean | null = null;
  const groups: Group[] = [];
  while (groups.length < mostGroups) {
    group.lastIndex = at;
    const match = group.exec(text);
    if (match === null) break;
    const digits = match[2]!;
    const unread = !/^[0-9a-fA-F]+$/.test(digits);
    if (unread && digits.length !== 8) break;
    bytes ??= digits.length === 2;
    if (bytes !== (digits.length === 2)) break;
    at = group.lastIndex;
    if (from < 0) from = at - match[0].trimStart().length;
    groups.push({ digits: unread ? null : digits, marked: match[1] !== "", number: !bytes });
  }
  return { from: from < 0 ? at : from, to: at, groups };
}

/** The bytes around the marked one in the order of memory, none where that is not known. */
export function bytesOfCode(groups: readonly Group[], order: ByteOrder | null): { readonly bytes: Uint8Array; readonly unit: number; readonly trap: number | null } {
  const run = readable(groups);
  if (run.length === 0 || (order === null && run[0]!.number)) return { bytes: new Uint8Array(0), unit: 1, trap: null };
  const bytes: number[] = [];
  let unit = 0;
  let trap: number | null = null;
  for (const { digits, marked, number } of run) {
    if (marked) trap = bytes.length;
    const own = (digits!.match(/../g) ?? []).map((pair) => parseInt(pair, 16));
    bytes.push(...(number && order === "little" ? own.reverse() : own));
    const size = number ? own.length : 1;
    unit = unit === 0 ? size : Math.min(unit, size);
  }
  return { bytes: Uint8Array.from(bytes), unit, trap };
}

/** Groups without a gap: those around the mark, or the first. */
function readable(groups: readonly Group[]): readonly Group[] {
  const at = Math.max(0, groups.findIndex(({ marked, digits }) => marked && digits !== null), groups[0]?.digits === null ? groups.findIndex(({ digits }) => digits !== null) : 0);
  let from = at;
  let to = at;
  while (from > 0 && groups[from - 1]!.digits !== null) from--;
  while (to < groups.length && groups[to]!.digits !== null) to++;
  return groups.slice(from, to);
}
