import type { ByteText } from "../base/index.ts";
import type { LogLine } from "./types.ts";

/**
 * Finds where the kernel's own message begins in a line. In front of it stand, in any sensible order and number: terminal colours, `<4>` levels,
 * `[   12.345678]` stamps in all of dmesg's forms, `[  T123]` callers (CONFIG_PRINTK_CALLER), /dev/kmsg's `4,123,456,-;`, `kern  :warn  : `
 * of dmesg -x, and what syslog and journalctl write (`Nov 22 17:00:00 host kernel: `). One space after a bracket belongs to the prefix; what is
 * left belongs to the message, whose indentation has a meaning.
 */
export function readLine(line: number, text: ByteText): LogLine {
  let at = 0;
  let caller: string | null = null;
  let stamped = false;
  for (let part = 0; part < 8; part++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b /* [ */) {
      const end = stampEnd(text, at);
      if (end < 0) break;
      if (callerFrom > 0) caller = text.slice(callerFrom, end);
      at = end + 1;
      if (text.charCodeAt(at) === 0x20) at++;
      stamped = true;
    } else if (code === 0x3c /* < */) {
      const end = levelEnd(text, at);
      if (end < 0) break;
      at = end;
    } else if (code === 0x0d || code === 0x00 || code === 0x07) {
      at++;
      part--;
    } else if (code === 0x1b) {
      const end = escapeEnd(text, at);
      if (end < 0) break;
      at = end;
      part--;
    } else if (code >= 0x30 && code <= 0x39 && !stamped) {
      const head = numbered(text, at);
      if (head === null) break;
      at = head.end;
      caller = head.caller ?? caller;
      stamped = true;
    } else if (stamped || (code >= 0x41 && code <= 0x5a) || code === 0x6b || code === 0x75 || code === 0x64) {
      const end = named(text, at, stamped);
      if (end < 0) break;
      at = end;
      stamped = true;
    } else break;
  }
  return { line, text, start: at, caller };
}

/** The end of a terminal's control sequence (ECMA-48 CSI, or a two-character one) that starts at `at`; -1 if it is cut off. */
function escapeEnd(text: string, at: number): number {
  if (text.charCodeAt(at + 1) !== 0x5b) return at + 2 <= text.length ? at + 2 : -1;
  for (let k = at + 2; k < text.length && k < at + 34; k++) {
    const code = text.charCodeAt(k);
    if (code >= 0x40 && code <= 0x7e) return k + 1;
    if (code < 0x20 || code > 0x3f) return -1;
  }
  return -1;
}

/** `<4>`, `<12>`, `<191>`: behind it; -1 if it is none (`<IRQ>`). */
function levelEnd(text: string, at: number): number {
  let k = at + 1;
  while (k < at + 5 && isDigit(text.charCodeAt(k))) k++;
  return k > at + 1 && text.charCodeAt(k) === 0x3e ? k + 1 : -1;
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

const dated = /\[(?:[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d \d{4}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[-+:.,\dZ]{0,16})(?: < {0,9}\+?\d{1,10}\.\d{1,9}>)?\]/y;

/** Where the caller stands that stampEnd has just read; 0 for a stamp. */
let callerFrom = 0;

/** The closing bracket of a stamp or caller that opens at `at`; -1 if the bracket is another thing (`[<ffffffff81000000>]`, `[last unloaded`). */
function stampEnd(text: string, at: number): number {
  let k = at + 1;
  let code = text.charCodeAt(k);
  callerFrom = 0;
  while (code === 0x20 && k < at + 16) code = text.charCodeAt(++k);
  if (isDigit(code) || code === 0x2b /* + */) {
    const first = k;
    if (code === 0x2b) k++;
    while (isDigit((code = text.charCodeAt(k))) && k < first + 16) k++;
    if (code === 0x2e /* . */) {
      k++;
      while (isDigit((code = text.charCodeAt(k))) && k < first + 28) k++;
      if (code === 0x5d) return k;
      // dmesg -d: `[   12.345678 <    0.000123>]`
      if (code === 0x20 && text.charCodeAt(k + 1) === 0x3c) {
        const close = text.indexOf(">]", k);
        return close > 0 && close < k + 24 ? close + 1 : -1;
      }
      return -1;
    }
  } else if ((code === 0x54 || code === 0x43) /* T C */ && isDigit(text.charCodeAt(k + 1))) {
    const first = k++;
    while (isDigit((code = text.charCodeAt(k))) && k < first + 12) k++;
    if (code !== 0x5d) return -1;
    callerFrom = first;
    return k;
  }
  dated.lastIndex = at;
  return dated.test(text) ? dated.lastIndex - 1 : -1;
}

const kmsg = /(\d{1,3}),\d{1,20},\d{1,20},[-c+](?:,caller=([TC]\d{1,10}))?(?:,[a-z]{1,16}=[^;,\s]{1,64}){0,4};/y;
const iso = /(?:1 )?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[-+]\d\d:?\d\d)? /y;
const unixTime = /\d{9,11}\.\d{6} (?=\S{1,64} kernel(?:\[\d{1,8}\])?: )/y;

/** Prefixes that begin with a digit: /dev/kmsg, ISO time stamps, seconds since 1970. */
function numbered(text: string, at: number): { end: number; caller: string | null } | null {
  kmsg.lastIndex = at;
  const record = kmsg.exec(text);
  if (record !== null) return { end: kmsg.lastIndex, caller: record[2] ?? null };
  for (const form of [iso, unixTime]) {
    form.lastIndex = at;
    if (form.test(text)) return { end: form.lastIndex, caller: null };
  }
  return null;
}

const host = /[^\s:<[]{1,255} kernel(?:\[\d{1,8}\])?: ?/y;
const host5424 = /[^\s:<[]{1,255} kernel \S{1,128} \S{1,32} (?:-|\[[^\]]{0,512}\]) /y;
const bareKernel = /kernel: /y;
const syslogDate = /(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-\d\d-\d\d|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]?\d) \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: [A-Z]{2,5})? /y;
const facility = /(?:kern|user|daemon) {0,4}:[a-z]{3,6} {0,4}: /y;

const afterStamp = [bareKernel, host, host5424];
const atStart = [facility, syslogDate, bareKernel];

/** Prefixes that begin with a word: syslog's date, journalctl's host name after a stamp, dmesg -x. */
function named(text: string, at: number, stamped: boolean): number {
  if (stamped && !text.startsWith("kernel: ", at) && !hostBefore(text, at)) return -1;
  for (const form of stamped ? afterStamp : atStart) {
    form.lastIndex = at;
    if (form.test(text)) return form.lastIndex;
  }
  return -1;
}

/** A first word that ` kernel` follows: cheaper than the forms that it would have to fit. */
function hostBefore(text: string, at: number): boolean {
  let k = at;
  for (let code = text.charCodeAt(k); code > 0x20 && code !== 0x3a && k < at + 256; ) code = text.charCodeAt(++k);
  return k > at && text.charCodeAt(k + 1) === 0x6b && text.startsWith(" kernel", k);
}
