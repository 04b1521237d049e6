import type { Case, CaseReport } from "../../case/index.ts";
import { linesBetween } from "../log-lines.ts";

/** What a report's text says of the access that failed. */
export type FaultClues = {
  /** The address that was accessed, as far as the log says it; unsigned. */
  readonly address: bigint | null;
  /** `read`, `write` or `fetch`. */
  readonly how: "read" | "write" | "fetch" | null;
  /** Bytes that a checker says were meant; 0: it does not say. */
  readonly size: number;
  readonly logLine: number | null;
};

const forms: readonly { readonly form: RegExp; readonly size?: true }[] = [
  { form: /BUG: kernel NULL pointer dereference, address: ([0-9a-f]{8,16})/ },
  { form: /BUG: unable to handle page fault for address: ([0-9a-f]{8,16})/ },
  { form: /BUG: unable to handle kernel (?:NULL pointer dereference|paging request) at (?:virtual address )?([0-9a-f]{8,16})/ },
  { form: /Unable to handle kernel [\w -]+ at virtual address ([0-9a-f]{8,16})/ },
  { form: /general protection fault, (?:probably|maybe) for (?:non-canonical )?address 0x([0-9a-f]+)/ },
  { form: /kernel tried to execute NX-protected page/ },
  { form: /BUG: KFENCE: [^\n]*|(?:Out-of-bounds|Use-after-free|Invalid) (?:read|write) at 0x([0-9a-f]+)/ },
  { form: /(?:Read|Write|read|write) (?:of size|to 0x[0-9a-f]+ of) (\d+)(?: bytes)?(?: at addr ([0-9a-f]+))?/, size: true },
];

export function faultClues(found: Case, report: CaseReport): FaultClues {
  let address: bigint | null = null;
  let how: FaultClues["how"] = null;
  let size = 0;
  let logLine: number | null = null;
  for (const { line, text } of linesBetween(found, report.lines)) {
    for (const form of forms) {
      const match = form.form.exec(text);
      if (!match) continue;
      if (form.size) {
        if (size === 0) size = Number(match[1]);
        const to = /to 0x([0-9a-f]+) of/.exec(match[0])?.[1] ?? match[2];
        if (to !== undefined) address ??= BigInt(`0x${to}`);
        how ??= /^write/i.test(match[0]) ? "write" : "read";
        logLine ??= line;
      } else if (match[1] !== undefined) {
        if (address === null) logLine = line;
        address ??= BigInt(`0x${match[1]}`);
        if (/ write at /.test(match[0])) how ??= "write";
        if (/ read at /.test(match[0])) how ??= "read";
      }
    }
    const access = /#PF: \w+ (read access|write access|instruction fetch)/.exec(text)?.[1];
    // arm64: the syndrome's exception class, and whether it was a write.
    const syndrome = /\bEC = 0x[0-9a-f]+: (DABT|IABT)\b|\bWnR = ([01])\b/.exec(text);
    if (syndrome?.[1] === "IABT") how ??= "fetch";
    if (syndrome?.[2] !== undefined) how ??= syndrome[2] === "1" ? "write" : "read";
    if (access) how ??= access.startsWith("read") ? "read" : access.startsWith("write") ? "write" : "fetch";
  }
  return { address, how, size, logLine };
}

/** The program counter of the report, unsigned; null where the log shows it by its symbol alone, as on arm64. */
export function pcOf(report: CaseReport): bigint | null {
  return registerOf(report, "rip") ?? registerOf(report, "pc");
}

/** A register of the report, unsigned; null where the log has none. */
export function registerOf(report: CaseReport, name: string | null): bigint | null {
  const text = name === null ? undefined : report.registers[name];
  return text === undefined ? null : BigInt(text);
}
