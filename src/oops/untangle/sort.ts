/** What a line is in the grammar of a report, and what it says that another line of the same report must agree with. */
import { bytesOfCode, readCode } from "../code.ts";
import { readCpuLine } from "../context.ts";
import { placeOf } from "../exact.ts";
import type { Header } from "../format.ts";
import { mayHoldFrame, readFrames } from "../frames.ts";
import { isModulesLine } from "../modules.ts";
import { readRegisters } from "../registers.ts";
import { readStackBegin } from "../stacks.ts";

/** `dies`: an oops is always the next word. `again`: word for word as a line before, which x86 does behind the end marker. */
export type Sort =
  | { readonly is: "header"; readonly header: Header; readonly cpu: number | null; readonly pid: number | null; readonly place: string | null; readonly trap: boolean; readonly dies: boolean }
  | { readonly is: "cpu"; readonly cpu: number; readonly pid: number }
  | { readonly is: "pc"; readonly place: string | null; readonly user: boolean; readonly again: boolean }
  | { readonly is: "lr" }
  /** `trap`: the marked bytes are x86's `ud2`, or `ud1` with the warning's place in its operand; null where that cannot be said. */
  | { readonly is: "code"; readonly trap: boolean | null; readonly again: boolean }
  /** A row of registers, named by the first of them. */
  | { readonly is: "row"; readonly name: string; readonly alone: boolean; readonly again: boolean }
  /** `cpu`: of a backtrace that a processor prints for another's report. */
  | { readonly is: "trace" } | { readonly is: "section"; readonly cpu: number | null }
  | { readonly is: "open" | "close"; readonly marker: string }
  /** `symbol`: of its last reliable frame. */
  | { readonly is: "frame"; readonly symbol: string | null }
  | { readonly is: "modules" } | { readonly is: "hardware" } | { readonly is: "end" } | { readonly is: "cut" } | { readonly is: "other" };

const other: Sort = { is: "other" };

/** `header`: the header that the line holds, if any. `shown`: the pcs, codes and registers of all lines before; this one's are added. */
export function sortOf(text: string, start: number, header: Header | null, shown: Set<string>): Sort {
  if (header !== null) return sortOfHeader(text, start, header);
  if (text.startsWith("---[ end ", start)) return { is: "end" };
  if (text.startsWith("------------[ cut here ]", start)) return { is: "cut" };
  const cpu = readCpuLine(text, start);
  if (cpu !== null) return { is: "cpu", cpu: cpu.cpu, pid: cpu.pid };
  if (text.startsWith("Hardware name: ", start)) return { is: "hardware" };
  if (isModulesLine(text, start)) return { is: "modules" };
  const begin = readStackBegin(text, start);
  if (begin !== null) {
    const processor = /^backtrace of cpu (\d+)$/.exec(begin.name)?.[1];
    return begin.name === "call trace" && !text.startsWith("stack backtrace", start) ? { is: "trace" } : { is: "section", cpu: processor === undefined ? null : Number(processor) };
  }
  const code = readCode(text, start);
  if (code !== null) return { is: "code", trap: trapOf(bytesOfCode(code.groups, null)), again: repeats(text, start, shown) };
  const frames = mayHoldFrame(text) || /^\s*<|^\s*(?:RIP|EIP|pc|NIP)\b/.test(text.slice(start, start + 24)) ? readFrames(text, start, true) : null;
  if (frames?.kind === "label") {
    const pc = frames.frames.find(({ role }) => role === "pc");
    return pc === undefined ? { is: "lr" } : { is: "pc", place: placeOf(pc), user: pc.user, again: repeats(text, start, shown) };
  }
  if (frames?.kind === "call") {
    if (frames.marker === null || frames.frames.length > 0) return { is: "frame", symbol: frames.frames.findLast(({ reliable }) => reliable)?.symbol ?? null };
    return frames.marker.startsWith("/") ? { is: "close", marker: frames.marker.slice(1) } : { is: "open", marker: frames.marker };
  }
  const row = readRegisters(text, start);
  if (row === null) return other;
  return { is: "row", name: row[0]![0], alone: row.length === 1, again: repeats(text, start, shown) };
}

function trapOf({ bytes: all, trap }: ReturnType<typeof bytesOfCode>): boolean | null {
  if (trap === null) return null;
  const bytes = all.subarray(trap);
  const at = bytes.findIndex((byte) => byte !== 0x67 && (byte & 0xf0) !== 0x40);
  return bytes[at] === 0x0f && (bytes[at + 1] === 0x0b || bytes[at + 1] === 0xb9);
}

function repeats(text: string, start: number, shown: Set<string>): boolean {
  const message = text.slice(start).trimEnd();
  if (shown.has(message)) return true;
  shown.add(message);
  return false;
}

function sortOfHeader(text: string, start: number, header: Header): Sort {
  const head = text.slice(start, start + 512);
  const cpu = /\bCPU[:#] ?(\d{1,5})\b/.exec(head)?.[1];
  const pid = /\bPID: (\d{1,10})\b|CPU#\d{1,5} stuck for .{1,40}:(\d{1,10})\]/.exec(head);
  const warning = head.startsWith("WARNING: ");
  const named = warning ? readFrames(text, start, false)?.frames[0] : undefined;
  return {
    is: "header", header,
    cpu: cpu === undefined ? null : Number(cpu),
    pid: pid === null ? null : Number(pid[1] ?? pid[2]),
    place: named === undefined ? null : placeOf(named),
    trap: warning || head.startsWith("kernel BUG at "),
    dies: /^(?:BUG: (?:kernel NULL|[uU]nable to handle)|[kK]ernel BUG at |Unable to handle kernel )/.test(head),
  };
}
