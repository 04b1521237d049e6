/**
 * `Code:` lines. x86 prints bytes, the one at the instruction pointer as `<0f>` (show_opcodes; `5b <c0>` may have fewer in front when memory ends
 * there); arm64 prints 32-bit words as numbers, little endian in memory, the last as `(d4210000)` (dump_kernel_instr); riscv likewise with words of 16 bits
 * or 32. Text instead of bytes (`Unable to access opcode bytes at 0x…`, `Bad RIP value.`, `bad PC value`) gives none.
 */
export type RawCode = { readonly from: number; readonly to: number; readonly bytes: Uint8Array; readonly unit: number; readonly trap: number | null };

const mostGroups = 512;

export function readCode(text: string, start: number): RawCode | null {
  let at = start;
  while (text.charCodeAt(at) === 0x20) at++;
  if (!text.startsWith("Code: ", at)) return null;
  at += 6;
  const group = /\s*([<(]?)([0-9a-fA-F]{8}|[0-9a-fA-F]{4}|[0-9a-fA-F]{2}|(?:\?\?|XX|xx))([>)]?)(?=\s|$)/y;
  const bytes: number[] = [];
  let from = -1;
  let to = at;
  let unit = 0;
  let trap: number | null = null;
  let word = false;
  for (let groups = 0; groups < mostGroups; groups++) {
    group.lastIndex = at;
    const match = group.exec(text);
    if (match === null) break;
    const digits = match[2]!;
    if (!/^[0-9a-fA-F]+$/.test(digits)) break;
    if (unit === 0) word = digits.length > 2;
    if (word !== digits.length > 2) break;
    if (from < 0) from = group.lastIndex - match[0].trimStart().length;
    if (match[1] !== "") trap = bytes.length;
    // Numbers stand with their highest byte first; memory holds the lowest first.
    for (let k = digits.length - 2; k >= 0; k -= 2) bytes.push(parseInt(digits.slice(k, k + 2), 16));
    unit = unit === 0 ? digits.length / 2 : Math.min(unit, digits.length / 2);
    to = group.lastIndex;
    at = to;
  }
  if (bytes.length === 0) return { from: to, to, bytes: new Uint8Array(0), unit: 1, trap: null };
  return { from, to, bytes: Uint8Array.from(bytes), unit, trap };
}
