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
  "coloured": (message) => `\x1b[32m[   12.345678] \x1b[0m${message}\x1b[0m`,
};

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
    log.lines.forEach(({ text, start }, k) => expect(text.slice(start).replace(/\r$|\x1b\[0m$/, "")).toBe(plain[k]));
    expect(withoutColumns(log)).toEqual(expected);
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
