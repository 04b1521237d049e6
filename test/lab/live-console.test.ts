import { expect, it } from "vitest";
import { liveConsole } from "../../src/cli/live-console.ts";

/** What the terminal gets, chunk by chunk; the last is what is given at the end. */
function shown(...chunks: readonly (string | Buffer)[]): string[] {
  const view = liveConsole();
  return [...chunks.map((chunk) => view(Buffer.from(chunk))), view(new Uint8Array())];
}

it("lines and tabs stay, and what a serial line puts before a line feed goes", () => {
  expect(shown("[    0.0] Linux\r\n", "one\ttwo\r\n\n# ")).toEqual(["[    0.0] Linux\n", "one\ttwo\n\n# ", ""]);
  expect(shown("end\r", "\nnext")).toEqual(["end", "\nnext", ""]);
});

it("nothing that commands a terminal gets through", () => {
  expect(shown("\x1b[2J\x1b]0;title\x07 \x00\b\x7f \rother \u009b1m \u202ereversed\r")).toEqual([
    "\\x1b[2J\\x1b]0;title\\x07 \\x00\\x08\\x7f \\x0dother \\x9b1m \\u202ereversed",
    "\\x0d",
  ]);
  expect(shown("a\r\r\n")).toEqual(["a\\x0d\n", ""]);
});

it("characters of several bytes are whole however the bytes come, and other bytes are told", () => {
  const text = "é€😀\n";
  const bytes = [...Buffer.from(text)].map((byte) => Buffer.from([byte]));
  expect(shown(...bytes).join("")).toBe(text);
  expect(shown(Buffer.from([0x61, 0xff, 0xe2, 0x82]), "b", Buffer.from([0xf0, 0x9f]))).toEqual(["a\\xff", "\\xe2\\x82b", "", "\\xf0\\x9f"]);
});

it("an escape sequence that is cut in two is none on either side", () => {
  expect(shown("\x1b", "[31m", Buffer.from([0xc2]), Buffer.from([0x9b]))).toEqual(["\\x1b", "[31m", "", "\\x9b", ""]);
});
