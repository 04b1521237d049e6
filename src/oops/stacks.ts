/**
 * The lines that begin a stack within a report, and what that stack is. */
import type { StackWay } from "./exact.ts";

export type StackBegin = { readonly name: string; readonly way: StackWay };

type Section = { readonly starts: readonly string[]; readonly form: RegExp; readonly name: string | ((match: RegExpExecArray) => string); readonly way: StackBegin["way"] };

const sections: readonly Section[] = [
  { starts: ["Call Trace", "Call trace", "Backtrace"], form: /(?:Call [Tt]race|Backtrace): ?/y, name: "call trace", way: "walked" },
  { starts: ["Allocated by task", "allocated by task", "Allocated by:", "allocated by:"], form: /[Aa]llocated by(?: task [^\n]{1,80})?:?/y, name: "allocated by", way: "saved" },
  { starts: ["Freed by task", "freed by task", "Freed by:", "freed by:"], form: /[Ff]reed by(?: task [^\n]{1,80})?:?/y, name: "freed by", way: "saved" },
  { starts: ["Allocated in ", "INFO: Allocated in "], form: /(?:INFO: )?Allocated in (?=\S+\+0x[0-9a-f]+\/0x[0-9a-f]+)/y, name: "allocated by", way: "saved" },
  { starts: ["Freed in ", "INFO: Freed in "], form: /(?:INFO: )?Freed in (?=\S+\+0x[0-9a-f]+\/0x[0-9a-f]+)/y, name: "freed by", way: "saved" },
  { starts: ["Last potentially related"], form: /Last potentially related work creation/y, name: "last work creation", way: "saved" },
  { starts: ["Second to last potentially related"], form: /Second to last potentially related work creation/y, name: "work creation before that", way: "saved" },
  { starts: ["page last allocated via"], form: /page last allocated via/y, name: "page allocated by", way: "saved" },
  { starts: ["page last free"], form: /page last free(?: pid \d+ tgid \d+)? stack trace/y, name: "page freed by", way: "saved" },
  { starts: ["Uninit was created at"], form: /Uninit was created at/y, name: "created by", way: "saved" },
  { starts: ["Uninit was stored to memory at"], form: /Uninit was stored to memory at/y, name: "stored by", way: "saved" },
  { starts: ["Local variable "], form: /Local variable .{1,200} created at/y, name: "local variable created by", way: "saved" },
  { starts: ["read to ", "write to ", "read-write to ", "assert no", "race at unknown", "read (", "write (", "read-write ("], form: /(?:(?:read|write|read-write)(?: \(marked\)| \(reordered\)){0,2} to 0x[0-9a-f]{8,16} of \d+ bytes by |assert no (?:accesses|writes)|race at unknown origin)/y, name: (match) => (match[0].startsWith("write") ? "write by" : match[0].startsWith("read") ? "read by" : "access by"), way: "saved" },
  { starts: ["backtrace"], form: /backtrace(?: \(crc [0-9a-f]{1,8}\))?:/y, name: "allocated by", way: "saved" },
  { starts: ["stack backtrace:"], form: /stack backtrace:/y, name: "call trace", way: "walked" },
  { starts: ["-> #"], form: /-> #(\d{1,5}) \(.{1,200}/y, name: (match) => `dependency ${match[1]!}`, way: "saved" },
  { starts: ["{"], form: /\{[A-Z-]{2,40}\} state was registered at:/y, name: "state registered by", way: "saved" },
  { starts: ["the existing dependency chain", "the dependencies between", "the shortest dependencies", "the first lock's dependencies", "the second lock's dependencies"], form: /the (?:existing dependency chain|dependencies between|shortest dependencies|first lock's dependencies|second lock's dependencies)/y, name: "dependency", way: "saved" },
  { starts: ["... acquired at:", " ... acquired at:"], form: /\s?\.\.\. (?:acquired at|key)\s*:?/y, name: "acquired by", way: "saved" },
  { starts: ["which became ", "... which became "], form: /(?:\.\.\. )?which became \S{1,40} at:/y, name: "lock used by", way: "saved" },
  { starts: ["INITIAL ", "HARDIRQ-", "SOFTIRQ-", "IN-"], form: /(?:INITIAL (?:READ )?USE|(?:IN-)?(?:HARD|SOFT)IRQ-(?:ON-)?[WR])\s{1,4}at:/y, name: "lock used by", way: "saved" },
  { starts: ["Use-after-free ", "Out-of-bounds ", "Invalid "], form: /(?:Use-after-free|Out-of-bounds|Invalid) (?:read|write|access) at 0x/y, name: "call trace", way: "faulting" },
  { starts: ["Corrupted memory at", "Invalid free of"], form: /(?:Corrupted memory at|Invalid free of) 0x/y, name: "call trace", way: "saved" },
  { starts: ["Preemption disabled at:"], form: /Preemption disabled at:/y, name: "preemption disabled by", way: "saved" },
  { starts: ["Last Breaking-Event-Address"], form: /Last Breaking-Event-Address/y, name: "last branch", way: "branch" },
  { starts: ["NMI backtrace for cpu "], form: /NMI backtrace for cpu (\d{1,5})(?! skipped)/y, name: (match) => `backtrace of cpu ${match[1]!}`, way: "walked" },
  { starts: ["Sending NMI from CPU", "Sending NMI to other CPUs"], form: /Sending NMI (?:from CPU|to)/y, name: "", way: "walked" },
  { starts: ["Sysrq", "sysrq: "], form: /sysrq: Show backtrace of all/y, name: "", way: "walked" },
  { starts: ["CPU#"], form: /CPU#?(\d{1,5}): ?(?:backtrace|stack)/y, name: (match) => `backtrace of cpu ${match[1]!}`, way: "walked" },
  { starts: ["task:"], form: /task:(.{1,32}?)\s{1,20}state:/y, name: (match) => `task ${match[1]!}`, way: "walked" },
];

const byStart = new Map<number, Section[]>();
for (const section of sections) {
  for (const literal of section.starts) {
    const key = (literal.charCodeAt(0) << 8) | literal.charCodeAt(1);
    byStart.set(key, [...(byStart.get(key) ?? []), section]);
  }
}
const singles = sections.filter((section) => section.starts.some((literal) => literal.length < 2));

/** The stack that this line begins, or null. */
export function readStackBegin(text: string, start: number): StackBegin | null {
  let at = start;
  while (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09) at++;
  const candidates = text.charCodeAt(at) === 0x7b ? singles : byStart.get((text.charCodeAt(at) << 8) | text.charCodeAt(at + 1));
  if (candidates === undefined) return null;
  for (const section of candidates) {
    section.form.lastIndex = at;
    const match = section.form.exec(text);
    if (match !== null) return { name: typeof section.name === "string" ? section.name : section.name(match), way: section.way };
  }
  return null;
}
