import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseLog, readLine, type ParsedLog } from "../../src/oops/index.ts";
import { byteText } from "../../src/base/index.ts";

// The same report behind every prefix that the usual programs put before a kernel's line.
const plain = readFileSync(new URL("logs/article.log", import.meta.url), "latin1").split("\n").slice(0, -1).map((line) => line.replace(/^\[ {2}\+\d\.\d{6}\] /, ""));
const forms: Readonly<Record<string, (message: string, k: number) => string>> = {
  "no prefix": (message) => message,
  "dmesg": (message, k) => `[${String(k).padStart(5)}.${String(k * 997).padStart(6, "0")}] ${message}`,
  "a long uptime": (message, k) => `[1234567.${String(k).padStart(6, "0")}] ${message}`,
  "dmesg -T": (message, k) => `[Tue Nov  3 17:00:${String(k % 60).padStart(2, "0")} 2026] ${message}`,
  "dmesg -d": (message, k) => `[   12.345678 <    0.${String(k).padStart(6, "0")}>] ${message}`,
  "dmesg -e": (message, k) => `[  +${k % 10}.000123] ${message}`,
  "dmesg -x": (message) => `kern  :alert : [   12.345678] ${message}`,
  "dmesg --time-format=iso": (message) => `2026-11-22T17:00:00,123456+01:00 ${message}`,
  "dmesg -r": (message) => `<4>[   12.345678] ${message}`,
  "/dev/kmsg": (message, k) => `4,${k},12345678,-;${message}`,
  "/dev/kmsg with caller": (message, k) => `4,${k},12345678,-,caller=T77;${message}`,
  "caller": (message) => `[   12.345678][   T77] ${message}`,
  "caller in interrupt": (message) => `[   12.345678][    C3] ${message}`,
  "caller alone": (message) => `[   T77] ${message}`,
  "syslog": (message, k) => `Nov  2 17:00:${String(k % 60).padStart(2, "0")} my-host.example kernel: ${message}`,
  "syslog with stamp": (message) => `Nov 22 17:00:00 my-host kernel: [   12.345678] ${message}`,
  "rsyslog ISO": (message) => `2026-11-22T17:00:00.123456+01:00 my-host kernel: [   12.345678] ${message}`,
  "RFC 5424": (message) => `<4>1 2026-11-22T17:00:00.123456Z my-host kernel - - - [   12.345678] ${message}`,
  "journalctl -o short-precise": (message) => `Nov 22 17:00:00.123456 my-host kernel: ${message}`,
  "journalctl -o short-iso": (message) => `2026-11-22T17:00:00+0100 my-host kernel: ${message}`,
  "journalctl -o short-full": (message) => `Sun 2026-11-22 17:00:00 CET my-host kernel: ${message}`,
  "journalctl -o short-monotonic": (message) => `[   12.345678] my-host kernel: ${message}`,
  "journalctl -o short-unix": (message) => `1795363200.123456 my-host kernel: ${message}`,
  "serial console": (message) => `[   12.345678] ${message}\r`,
  "serial console, LF CR": (message) => `\r[   12.345678] ${message}`,
  "dmesg -H, first of a minute": (message) => `[Nov22 17:00] ${message}`,
  "dmesg --time-format=delta": (message) => `[<    0.000123>] ${message}`,
  "dmesg -x -T": (message) => `kern  :warn  : [Sun Nov 22 17:00:00 2026] ${message}`,
  "dmesg -x of a daemon": (message) => `daemon:info  : [   12.345678] ${message}`,
  "netconsole with release": (message, k) => `6.1.0-56-amd64,4,${k},12345678,-,caller=C1;${message}`,
  "busybox syslogd": (message) => `Nov 22 17:00:00 (none) kern.alert kernel: [   12.345678] ${message}`,
  "RFC 3164 with priority": (message) => `<3>Nov 22 17:00:00 my-host kernel: [   12.345678] ${message}`,
  "RFC 5424 with data": (message) => `<4>1 2026-11-22T17:00:00Z host kernel - - [a@1 b="c\\"\\]"][timeQuality tzKnown="1"] ${message}`,
  "syslog to all": (message) => ` kernel:[   12.345678] ${message}`,
  "host with colons": (message) => `Nov 22 17:00:00 fe80::1 kernel: [   12.345678] ${message}`,
  "logcat -v threadtime": (message) => `11-22 17:00:00.123     0     0 E         : ${message}`,
  "logcat -v threadtime, kernel": (message) => `11-22 17:00:00.123     0    12 W kernel  : [   12.345678] ${message}`,
  "logcat -v brief": (message) => `E/        (    0): ${message}`,
  "logcat -v time": (message) => `11-22 17:00:00.123 E/kernel  (    0): ${message}`,
  "CI log": (message) => `2026-11-22T17:00:00.1234567Z [   12.345678] ${message}`,
  "LAVA": (message) => `2026-11-22T17:00:00.123456  [   12.345678] ${message}`,
  "clock": (message) => `17:00:00.123 [   12.345678] ${message}`,
  "ts in brackets": (message) => `[2026-11-22 17:00:00] [   12.345678] ${message}`,
  "unknown program": (message) => `console@board-7/0 | [   12.345678] ${message}`,
  "quoted": (message) => `> [   12.345678] ${message}`,
  "quoted twice": (message) => `> > [   12.345678][  T12] ${message}`,
  "quoted without blank": (message) => `>>[   12.345678] ${message}`,
  "quoted, no stamp": (message) => `> ${message}`,
  "in a commit message": (message) => `    [   12.345678] ${message}`,
  "indented with a tab": (message) => `\t<4>[   12.345678] ${message}`,
  "coloured": (message) => `\x1b[32m[   12.345678] \x1b[0m${message}\x1b[0m`,
};

// Forms whose lines are not the log's own: the same report from what is put together.
const records: Readonly<Record<string, (lines: readonly string[]) => string>> = {
  "journalctl -o json": (lines) => lines.map((MESSAGE, k) => `${JSON.stringify({ __CURSOR: `s=${k}`, PRIORITY: "4", _TRANSPORT: "kernel", _SOURCE_MONOTONIC_TIMESTAMP: String(12345678 + k), MESSAGE })}\n`).join(""),
  "journalctl -o json, bytes": (lines) => lines.map((line) => `${JSON.stringify({ MESSAGE: [...Buffer.from(line)], _TRANSPORT: "kernel" })}\n`).join(""),
  "journalctl -o json-seq": (lines) => lines.map((MESSAGE) => `\x1e${JSON.stringify({ MESSAGE, _TRANSPORT: "kernel" })}\n`).join(""),
  "journalctl -o json-pretty": (lines) => lines.map((MESSAGE) => `${JSON.stringify({ _TRANSPORT: "kernel", MESSAGE, _HOSTNAME: "h" }, null, "\t")}\n`).join(""),
  "journalctl -o export": (lines) => lines.map((line, k) => `__CURSOR=s=${k}\n__REALTIME_TIMESTAMP=1\n_TRANSPORT=kernel\n${k % 3 === 0 ? `MESSAGE\n${sized(line)}` : `MESSAGE=${line}`}\nPRIORITY=4\n\n`).join(""),
  "journalctl -o verbose": (lines) => lines.map((line, k) => `Sun 2026-11-22 17:00:00.123456 UTC [s=0123456789abcdef0123456789abcdef;i=${k};b=0]\n    PRIORITY=4\n    MESSAGE=${line}\n    _TRANSPORT=kernel\n`).join(""),
  "dmesg --json": (lines) => `{\n   "dmesg": [\n${lines.map((msg, k) => `${k === 0 ? "      {" : ",{"}\n         "pri": 4,\n         "time":     12.${String(345678 + k)},\n         "msg": ${JSON.stringify(msg)}\n      }`).join("").replace(/\}\n? *,\{/g, "},{")}\n   ]\n}\n`,
  "container log": (lines) => lines.map((line) => `${JSON.stringify({ log: `[   12.345678] ${line}\n`, stream: "stdout" })}\n`).join(""),
  "/dev/kmsg with escapes": (lines) => lines.map((line, k) => `4,${k},12345678,-;${line.replace(/[aT]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16)}`)}\n SUBSYSTEM=pci\n DEVICE=+pci:0000:00:1f.2\n`).join(""),
  "/dev/kmsg, several lines a record": (lines) => `4,1,12345678,-;${lines.join("\\x0a")}\n`,
  "netconsole in fragments": (lines) => lines.map((line, k) => fragments(line, k).join("\n")).join("\n"),
  "netconsole in fragments, no line feeds between": (lines) => lines.map((line, k) => `${fragments(line, k).join("")}\n`).join(""),
  "netconsole, fragments out of order": (lines) => lines.map((line, k) => `${fragments(line, k).reverse().join("\n")}\n`).join(""),
  "pstore, last part first": (lines) => parts(lines).reverse().join(""),
  "pstore, any order": (lines) => { const all = parts(lines); return [all[2]!, all[0]!, ...all.slice(3), all[1]!].join(""); },
  "rsyslog, several lines an entry": (lines) => `Nov 22 17:00:00 host kernel: ${lines.join("#012")}\n`,
  "indented, no stamps": (lines) => `Here it is:\n\n${lines.map((line) => `    ${line}\n`).join("")}`,
  "fenced, in a list, indented with tabs": (lines) => `1. What I see:\n\t\`\`\`\n${lines.map((line) => `\t${line}\n`).join("")}\t\`\`\`\n`,
  "HTML": (lines) => lines.map((line) => `[   12.345678] ${line.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")}\n`).join(""),
  "wrapped, with stamps": (lines) => wrapped(lines.map((line) => `[   12.345678] ${line}`), 72, ""),
  "wrapped at 78 and quoted": (lines) => wrapped(lines.map((line) => `[   12.345678] ${line}`), 78, "> "),
  "carriage returns alone": (lines) => lines.map((line) => `[   12.345678] ${line}\r`).join(""),
  "logcat with tags": (lines) => lines.map((line) => `11-22 17:00:00.123     0     0 E ${/^[A-Za-z]+: /.test(line) ? line.replace(/^([A-Za-z]+): /, (_, tag: string) => `${tag.padEnd(8)}: `) : `        : ${line}`}\n`).join(""),
};

function sized(line: string): string {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(line.length));
  return size.toString("latin1") + line;
}

function fragments(line: string, k: number): string[] {
  const pieces = line.match(/.{1,40}/g) ?? [""];
  let at = 0;
  return pieces.map((piece, index) => {
    const text = `4,${k},12345678,-,ncfrag=${at}/${line.length + 1};${piece}`;
    at += piece.length;
    return index === pieces.length - 1 ? text : text;
  });
}

/** In the order of the log. */
function parts(lines: readonly string[]): string[] {
  const size = Math.ceil(lines.length / 5);
  return [0, 1, 2, 3, 4].map((k) => `Panic#2 Part${5 - k}\n${lines.slice(k * size, (k + 1) * size).map((line) => `<4>[   12.345678] ${line}\n`).join("")}`);
}

function wrapped(lines: readonly string[], width: number, quote: string): string {
  const out: string[] = [];
  for (const line of lines) {
    let rest = line;
    while (rest.length > width) {
      const at = rest.lastIndexOf(" ", width);
      if (at <= 16) break;
      out.push(quote + rest.slice(0, at));
      rest = rest.slice(at + 1);
    }
    out.push(quote + rest);
  }
  return `Hello,\n\nour machine died with this, please help:\n\n${out.join("\n")}\n\nThanks,\nme\n`;
}

/** All but what the prefix moves. */
function withoutColumns(log: ParsedLog): unknown {
  const from = (line: number, column: number) => column - log.lines[line - 1]!.start;
  return JSON.parse(
    JSON.stringify(log.reports, (_, value: unknown) => {
      if (typeof value !== "object" || value === null || !("from" in value)) return value;
      const it = value as unknown as { line: number; from: number; to: number };
      return { ...it, from: undefined, to: undefined, columns: [from(it.line, it.from), from(it.line, it.to)] };
    }),
  );
}

const expected = withoutColumns(parseLog(Buffer.from(plain.join("\n"), "latin1")));
for (const [name, form] of Object.entries(forms)) {
  test(name, () => {
    const log = parseLog(Buffer.from(plain.map(form).join("\n"), "latin1"));
    expect(log.asWritten).toBe(true);
    log.lines.forEach(({ text, start }, k) => expect(text.slice(start).replace(/\r$|\x1b\[0m$/, "")).toBe(plain[k]));
    expect(withoutColumns(log)).toEqual(expected);
  });
}

/** All but the places in the text. */
function withoutPlaces(log: ParsedLog): unknown {
  return JSON.parse(JSON.stringify(log.reports, (key, value: unknown) => (key === "lines" || key === "line" || key === "from" || key === "to" ? undefined : value)));
}

const unplaced = withoutPlaces(parseLog(Buffer.from(plain.join("\n"), "latin1")));
for (const [name, form] of Object.entries(records)) {
  test(name, () => {
    const log = parseLog(Buffer.from(form(plain), "latin1"));
    expect(log.asWritten).toBe(/indented/.test(name));
    expect(withoutPlaces(log)).toEqual(unplaced);
  });
}

test("callers", () => {
  const callerOf = (text: string) => readLine(1, byteText(Buffer.from(text, "latin1"))).caller;
  expect(callerOf("[   12.345678][  T123] x")).toBe("T123");
  expect(callerOf("[   12.345678][    C1] x")).toBe("C1");
  expect(callerOf("4,1,2,-,caller=C0;x")).toBe("C0");
  expect(callerOf("[   12.345678] [C is what we speak] x")).toBeNull();
});

test("what is no prefix", () => {
  for (const text of ["[<ffffffff81000000>] f+0x1/0x2", "[last unloaded: x]", "<IRQ>", " [<c0123456>] (f) from [<c0123456>]", ">ffff888100000000: fb fb", "12 monkeys", "[drm] x", "[T] x", "Nov and Dec"]) {
    expect(readLine(1, byteText(Buffer.from(text))).start).toBe(0);
  }
});
