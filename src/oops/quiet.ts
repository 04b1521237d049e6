/**
 * Tells in the bytes of a log, without making text of them, how far they say nothing of a crash. A line is quiet if the reader (reader.ts), while no report is under
 * way, would let it go: it is one of dmesg's or a console's (`[   12.345678] …`, with `<4>` and caller) or of a syslog (`Nov 22 17:00:00 host kernel: …`, also with an ISO date,
 * also of other programs), its message can begin none of the headers (formats/) and none of the kernel's words about itself, and nothing in it can be a frame, another
 * message, an escape, or a program's record. Lines of other forms are never quiet: they are read.
 */
import { formats } from "./formats/index.ts";

const feed = 0x0a;
const blank = 0x20;
const bracket = 0x5b;
const kernel = " kernel: ";
const months = new Set(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"].map((name) => name.charCodeAt(0) | (name.charCodeAt(1) << 8) | (name.charCodeAt(2) << 16)));

/** Beginnings that the reader knows besides headers: another boot, the machine, the kernel's offset, an operator's dump, what syslog writes. */
const others = ["Linux version ", "DMI: ", "Kernel Offset: ", "SysRq : ", "sysrq: ", "kernel: "];

/** What follows the first two characters of a message (the second times 256) where something begins that the reader looks for. */
type Beginnings = readonly (readonly string[] | undefined)[];
/** Made for the first long log: half a megabyte that no short one needs. */
let beginnings: Beginnings | null = null;

function makeBeginnings(): Beginnings {
  const made = new Array<string[] | undefined>(1 << 16).fill(undefined);
  for (const text of [...others, ...formats.flatMap(({ starts }) => starts)]) (made[text.charCodeAt(0) | (text.charCodeAt(1) << 8)] ??= []).push(text.slice(2));
  return made;
}

/** Characters within a message that need a look at what follows them. */
const looked = new Uint8Array(256);
for (const character of "\n\r\0\x1b[(+&:#") looked[character.charCodeAt(0)] = 1;

/** A message begins with none of these: blanks are an indented report, brackets and signs another prefix or a ruler. */
const first = new Uint8Array(256);
for (const character of "\t\0\x07\r\x1b <>[-=&(+") first[character.charCodeAt(0)] = 1;

/** Whole lines that say nothing, from where they were looked for: `end` is the begin of the first line that may say something, or that is not complete. */
export type Quiet = { readonly end: number; readonly lines: number };

/** The quiet lines at `from`, but the last `keep` of them: the context of what follows. */
export function quietLines(bytes: Uint8Array, from: number, keep: number): Quiet {
  const known = (beginnings ??= makeBeginnings());
  const last = bytes.lastIndexOf(feed);
  let at = from;
  let lines = 0;
  while (at <= last) {
    const next = quietLine(bytes, at, known);
    if (next < 0) break;
    at = next;
    lines++;
  }
  if (lines <= keep) return { end: from, lines: 0 };
  for (let back = 0; back < keep; back++) at = bytes.lastIndexOf(feed, at - 2) + 1;
  return { end: at, lines: lines - keep };
}

/** Behind the line that begins at `at`, if it is quiet; else -1. A line feed ends it: nothing is read behind the bytes. */
function quietLine(bytes: Uint8Array, at: number, known: Beginnings): number {
  let k = messageBegin(bytes, at);
  if (k < 0) return -1;
  let code = bytes[k]!;
  if (code === feed) return k + 1;
  if (first[code] === 1 || mayBegin(bytes, k, known)) return -1;
  // A host's name and ` kernel:` may stand behind a stamp.
  while (code > blank && looked[code] === 0) code = bytes[++k]!;
  if (code === blank && bytes[k + 1] === 0x6b /* k */) return -1;
  for (; ; code = bytes[++k]!) {
    if (looked[code] === 0) continue;
    if (code === feed) return k + 1;
    if (!isHarmless(bytes, code, k)) return -1;
  }
}

function mayBegin(bytes: Uint8Array, at: number, known: Beginnings): boolean {
  const rests = known[bytes[at]! | (bytes[at + 1]! << 8)];
  return rests !== undefined && rests.some((rest) => matches(bytes, at + 2, rest));
}

/** Where the message of a line begins; -1 if its prefix is none of the usual ones. */
function messageBegin(bytes: Uint8Array, from: number): number {
  const code = bytes[from]!;
  if (code === bracket) return stampsEnd(bytes, from);
  if (code === 0x3c /* < */) {
    const level = digitsEnd(bytes, from + 1, 3);
    return level === from + 1 || bytes[level] !== 0x3e /* > */ || bytes[level + 1] !== bracket ? -1 : stampsEnd(bytes, level + 1);
  }
  const date = dateEnd(bytes, from);
  if (date < 0) return -1;
  let k = date;
  for (let other = bytes[k]!; other > blank && other !== 0x3c && other !== bracket; ) other = bytes[++k]!;
  if (k === date || bytes[k - 1] === 0x3a || !matches(bytes, k, kernel)) return date;
  k += kernel.length;
  return bytes[k] === bracket ? stampsEnd(bytes, k) : k;
}

/** Behind the date of a syslog, `Nov 22 17:00:00 ` or `2026-11-22T17:00:00.123456+00:00 `; -1 if there is none. */
function dateEnd(bytes: Uint8Array, from: number): number {
  if (digitsEnd(bytes, from, 4) === from + 4) {
    if (bytes[from + 4] !== 0x2d || bytes[from + 10] !== 0x54 /* T */ || bytes[from + 13] !== 0x3a || bytes[from + 16] !== 0x3a) return -1;
    let k = from + 17;
    for (let code = bytes[k]!; k < from + 34 && (code === 0x2b || (code >= 0x2d && code <= 0x3a) || code === 0x5a); ) code = bytes[++k]!;
    return bytes[k] === blank ? k + 1 : -1;
  }
  return months.has(bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16)) && bytes[from + 3] === blank && bytes[from + 6] === blank && bytes[from + 9] === 0x3a && bytes[from + 12] === 0x3a && bytes[from + 15] === blank
    ? from + 16
    : -1;
}

/** Behind `[   12.345678] ` and a caller that follows it; -1 if either is another thing. */
function stampsEnd(bytes: Uint8Array, from: number): number {
  let k = blanksEnd(bytes, from + 1);
  const seconds = digitsEnd(bytes, k, 10);
  if (seconds === k || bytes[seconds] !== 0x2e /* . */) return -1;
  k = digitsEnd(bytes, seconds + 1, 9);
  if (bytes[k] !== 0x5d /* ] */ || bytes[k + 1] !== blank) return -1;
  k += 2;
  if (bytes[k] !== bracket) return k;
  k = blanksEnd(bytes, k + 1);
  if (bytes[k] !== 0x54 /* T */ && bytes[k] !== 0x43 /* C */) return -1;
  const caller = digitsEnd(bytes, k + 1, 10);
  return caller > k + 1 && bytes[caller] === 0x5d && bytes[caller + 1] === blank ? caller + 2 : -1;
}

function matches(bytes: Uint8Array, at: number, text: string): boolean {
  let k = 0;
  while (k < text.length && bytes[at + k] === text.charCodeAt(k)) k++;
  return k === text.length;
}

/** Whether a character that may begin a frame, a stamp, a header's middle or an escape does not. */
function isHarmless(bytes: Uint8Array, code: number, at: number): boolean {
  const next = bytes[at + 1];
  switch (code) {
    case 0x2b: // +0x
      return next !== 0x30;
    case 0x28: // (GFP_
      return next !== 0x47;
    case 0x3a: // : bpf_trace_printk:
      return next !== blank || bytes[at + 2] !== 0x62 || bytes[at + 3] !== 0x70 || bytes[at + 4] !== 0x66;
    case 0x23: // rsyslog's escapes
      return next !== 0x30;
    case 0x0d:
      return next === feed;
    case bracket: {
      if (next === 0x3c /* < */ || next === 0x23 /* # */) return false;
      // Another message's stamp.
      const seconds = blanksEnd(bytes, at + 1);
      return bytes[digitsEnd(bytes, seconds, 12)] !== 0x2e;
    }
    default:
      return false;
  }
}

function blanksEnd(bytes: Uint8Array, from: number): number {
  let k = from;
  while (bytes[k] === blank && k < from + 12) k++;
  return k;
}

function digitsEnd(bytes: Uint8Array, from: number, most: number): number {
  let k = from;
  for (let code = bytes[k]!; code >= 0x30 && code <= 0x39 && k < from + most; ) code = bytes[++k]!;
  return k;
}
