import type { ByteText } from "../base/index.ts";
import type { LogLine } from "./types.ts";

/**
 * Finds where the kernel's own message begins in a line. In front of it stand, in any sensible order and number: the quote marks and the indentation of a
 * mail, terminal colours, `<4>` levels, `[   12.345678]` stamps in all of dmesg's forms, `[  T123]` callers (CONFIG_PRINTK_CALLER), the record header of
 * /dev/kmsg and netconsole (`4,123,456,-;`), `kern  :warn  : ` of dmesg -x, Android's logcat, and what syslog and journalctl write
 * (`Nov 22 17:00:00 host kernel: `). One space after a bracket belongs to the prefix; what is left belongs to the message, whose indentation has a
 * meaning. Unknown text before the first stamp of a line that has no other prefix is passed over too.
 */
export function readLine(line: number, text: ByteText): LogLine {
  const head = readHead(text, 0);
  const traced = head.stamped ? traceEnd(text, head.start) : -1;
  if (traced >= 0) return { line, text, start: traced, caller: "ftrace" };
  if (!head.stamped && head.start < text.length) {
    const stamp = nextStamp(text, head.start);
    if (stamp > head.start && !text.slice(head.start, stamp).includes("+0x")) {
      const inner = readHead(text, stamp);
      return { line, text, start: inner.start, caller: inner.caller };
    }
  }
  return { line, text, start: head.start, caller: head.caller };
}

const traceMark = ": bpf_trace_printk: ";
const traceTime = / \d{1,20}us ?$/;

/**
 * Behind what a dump of the trace buffer has in front of a message of bpf_printk (kernel.ftrace_dump_on_oops; kernel/trace/trace_output.c): task, CPU, flags and time, as in
 * `   <idle>-0         1dNs. 15330712us : bpf_trace_printk: `. -1 if it is none. Messages of the buffer are a speaker of their own: the kernel goes on talking while it dumps.
 */
function traceEnd(text: string, from: number): number {
  const at = text.indexOf(traceMark, from);
  if (at < 0 || at > from + 96 || !traceTime.test(text.slice(Math.max(from, at - 24), at))) return -1;
  return at + traceMark.length;
}

type Head = { readonly start: number; readonly caller: string | null; readonly stamped: boolean };

/** The prefix that begins at `from`. */
export function readHead(text: string, from: number): Head {
  let at = from;
  let caller: string | null = null;
  let stamped = false;
  for (let part = 0; part < 12; part++) {
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
    } else if (code === 0x20 || code === 0x09) {
      const end = blanksEnd(text, at, stamped);
      if (end < 0) break;
      at = end;
    } else if (code === 0x3e /* > */ && !stamped) {
      // A quote; not the mark of the line that KASAN's memory dump is about (`>ffff8880…: fb fb`).
      const behind = text.charCodeAt(at + 1);
      if (!(behind === 0x20 || behind === 0x3e || behind === 0x5b || behind === 0x3c || behind === 0x09)) break;
      at += behind === 0x20 ? 2 : 1;
    } else if (code >= 0x30 && code <= 0x39 && !stamped) {
      const head = numbered(text, at);
      if (head === null) break;
      at = head.end;
      caller = head.caller ?? caller;
      stamped = true;
    } else if (stamped ? code > 0x20 : (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)) {
      const end = named(text, at, stamped);
      if (end < 0) break;
      at = end;
      stamped = true;
    } else break;
  }
  return { start: at, caller, stamped };
}

/** Behind blanks that belong to the prefix because a stamp, a quote or another prefix follows them; -1 if the message begins with them. */
function blanksEnd(text: string, at: number, stamped: boolean): number {
  let k = at;
  for (let code = text.charCodeAt(k); (code === 0x20 || code === 0x09) && k < at + 64; ) code = text.charCodeAt(++k);
  const code = text.charCodeAt(k);
  if (code === 0x5b) return stampEnd(text, k) >= 0 && callerFrom === 0 ? k : -1;
  if (code === 0x3c) return levelEnd(text, k) >= 0 ? k : -1;
  if (code === 0x1b) return escapeEnd(text, k) >= 0 && text.charCodeAt(escapeEnd(text, k)) === 0x5b ? k : -1;
  if (stamped) return -1;
  if (code === 0x3e) return text.charCodeAt(k + 1) === 0x20 || text.charCodeAt(k + 1) === 0x3e ? k : -1;
  if (isDigit(code)) return numbered(text, k) !== null ? k : -1;
  if (code === 0x6b || (code >= 0x41 && code <= 0x5a)) return named(text, k, false) >= 0 ? k : -1;
  return -1;
}

/** Where the next `[   12.345678]` stands at or after `from`: the begin of another line that was torn into this one; -1 if there is none. */
export function nextStamp(text: string, from: number): number {
  for (let open = text.indexOf("[", from); open >= 0; open = text.indexOf("[", open + 1)) {
    let k = open + 1;
    while (text.charCodeAt(k) === 0x20 && k < open + 12) k++;
    const first = k;
    while (isDigit(text.charCodeAt(k)) && k < first + 10) k++;
    if (k === first || text.charCodeAt(k) !== 0x2e) continue;
    const point = k++;
    while (isDigit(text.charCodeAt(k)) && k <= point + 6) k++;
    if (k === point + 7 && text.charCodeAt(k) === 0x5d) return open;
  }
  return -1;
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

const dated = /\[(?:[A-Z][a-z]{2}[ \d]\d \d\d:\d\d|\d\d:\d\d:\d\d(?:[.,]\d{1,9})?|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d \d{4}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[-+:.,\dZ]{0,16})(?: < {0,9}\+?\d{1,10}\.\d{1,9}>)?\]/y;

const delta = /< {0,9}\+?\d{1,10}\.\d{1,9}>\]/y;

/** Where the caller stands that stampEnd has just read; 0 for a stamp. */
let callerFrom = 0;

/** The closing bracket of a stamp or caller that opens at `at`; -1 if the bracket is another thing (`[<ffffffff81000000>]`, `[last unloaded`). */
function stampEnd(text: string, at: number): number {
  let k = at + 1;
  let code = text.charCodeAt(k);
  callerFrom = 0;
  while (code === 0x20 && k < at + 16) code = text.charCodeAt(++k);
  // dmesg --time-format=delta: `[<    0.000123>]`
  if (code === 0x3c && (text.charCodeAt(k + 1) === 0x20 || text.charCodeAt(k + 1) === 0x2b)) {
    delta.lastIndex = k;
    return delta.test(text) ? delta.lastIndex - 1 : -1;
  }
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

// Documentation/ABI/testing/dev-kmsg, Documentation/networking/netconsole.rst (with the release in front: CONFIG_NETCONSOLE_PREPEND_RELEASE).
const kmsg = /(?:\d{1,3}\.\d{1,5}[^,;\s]{0,80},)?(\d{1,5}),\d{1,20},\d{1,20},[-c+]((?:,[a-z]{1,16}=[^;,\s]{1,64}){0,8});/y;
const iso = /(?:1 )?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[-+]\d\d:?\d\d)?(?: UTC)?(?: |$)/y;
const clock = /\d\d:\d\d:\d\d(?:[.,]\d{1,9})? (?=\s{0,4}[[<])/y;
const unixTime = /\d{9,11}\.\d{6} (?=\S{1,64} kernel(?:\[\d{1,8}\])?: )/y;
// Android's logcat -v threadtime, time (also with year, zone or more digits); the tag is empty where logd found none in the kernel's own line.
const threadtime = /(?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d\.\d{3,9}(?: [-+]\d{4})? {1,8}(?:[a-z]\w{0,15} {1,8})?\d{1,7} {1,8}\d{1,7} [VDIWEFS] (?:kernel)? {0,8}: /y;
const logcatTime = /(?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d\.\d{3,9}(?: [-+]\d{4})? [VDIWEFS]\/(?:kernel)? {0,8}\( {0,7}\d{1,7}\): /y;
const numberedForms = [iso, clock, unixTime, threadtime, logcatTime];

/** Prefixes that begin with a digit: /dev/kmsg, ISO time stamps, times of the day, seconds since 1970, logcat. */
function numbered(text: string, at: number): { end: number; caller: string | null } | null {
  kmsg.lastIndex = at;
  const record = kmsg.exec(text);
  if (record !== null) return { end: kmsg.lastIndex, caller: /,caller=([TC]\d{1,10})/.exec(record[2]!)?.[1] ?? null };
  for (const form of numberedForms) {
    form.lastIndex = at;
    if (form.test(text)) return { end: form.lastIndex, caller: null };
  }
  return null;
}

// `host kernel: `, busybox syslogd's `host kern.warn kernel: `, rsyslog's `kernel:[…`.
const host = /[^\s<[]{0,254}[^\s<[:] (?:[a-z0-9]{2,10}\.[a-z]{3,7} )?kernel(?:\[\d{1,8}\])?: ?/y;
const host5424 = /[^\s<[]{0,254}[^\s<[:] kernel \S{1,128} \S{1,32} (?:-|(?:\[(?:[^\]\\]|\\.){0,1024}\]){1,4}) (?:\u00ef\u00bb\u00bf)?/y;
const bareKernel = /kernel: ?/y;
const syslogDate = /(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-\d\d-\d\d|(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]?\d(?: \d{4})?) \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: \d{4})?(?: (?:[A-Z]{2,5}|[-+]\d\d))? /y;
const facility = /(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local[0-7]|res\d{1,2}) {0,8}:[a-z]{3,6} {0,4}: ?/y;
const logcatBrief = /[VDIWEFS](?:\/(?:kernel)? {0,8})?\( {0,7}\d{1,7}\):? /y;

const afterStamp = [bareKernel, host, host5424];
const atStart = [facility, syslogDate, bareKernel, logcatBrief];

/** Prefixes that begin with a word: syslog's date, journalctl's host name after a stamp, dmesg -x, logcat -v brief. */
function named(text: string, at: number, stamped: boolean): number {
  if (stamped ? !text.startsWith("kernel:", at) && !hostBefore(text, at) : !mayBeNamed(text, at)) return -1;
  for (const form of stamped ? afterStamp : atStart) {
    form.lastIndex = at;
    if (form.test(text)) return form.lastIndex;
  }
  return -1;
}

/** `Nov 2`, `Sun Nov`, `kern  :`, `kernel:`, `E/`, `E(`: cheaper than the forms that it would have to fit. */
function mayBeNamed(text: string, at: number): boolean {
  const second = text.charCodeAt(at + 1);
  if (second === 0x2f || second === 0x28) return true;
  let k = at + 1;
  for (let code = second; (code >= 0x61 && code <= 0x7a) || isDigit(code); ) code = text.charCodeAt(++k);
  const behind = text.charCodeAt(k);
  return k <= at + 8 && (behind === 0x3a || (behind === 0x20 && (k === at + 3 || text.charCodeAt(k + 1) === 0x3a || text.charCodeAt(k + 1) === 0x20)));
}

/** A first word that ` kernel` follows: cheaper than the forms that it would have to fit. */
function hostBefore(text: string, at: number): boolean {
  let k = at;
  for (let code = text.charCodeAt(k); code > 0x20 && k < at + 256; ) code = text.charCodeAt(++k);
  if (k === at || text.charCodeAt(k + 1) !== 0x6b) return false;
  return text.startsWith(" kernel", k) || text.startsWith(" kern.", k);
}
