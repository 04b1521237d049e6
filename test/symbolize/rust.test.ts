import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { rustName } from "../../src/symbolize/rust.ts";
import { sourceName } from "../../src/symbolize/names.ts";
import { randomForTest } from "../support/seed.ts";

// rust-names.tsv: symbols of src/names.rs by rustc 1.95 in both forms of mangling, and some of a 7.2 kernel's. What v0 names mean is llvm-cxxfilt 14's answer;
// of the older form it leaves the escapes as they are, so those were read by eye.

const names = readFileSync(join(import.meta.dirname, "rust-names.tsv"), "utf8").trimEnd().split("\n").map((line) => line.split("\t") as [string, string]);

describe("names of Rust", () => {
  test("as llvm-cxxfilt reads them", () => {
    expect(names.length).toBeGreaterThan(250);
    expect(names.map(([symbol]) => [symbol, rustName(symbol)])).toEqual(names);
  });

  test("without what the compiler appended", () => {
    expect(sourceName("_RNvCsjJ6pmSBbkgH_7___rustc17rust_begin_unwind.cold")).toBe("__rustc::rust_begin_unwind");
    expect(sourceName("_RNvCsjJ6pmSBbkgH_7___rustc17rust_begin_unwind.llvm.1234")).toBe("__rustc::rust_begin_unwind");
    expect(sourceName("_ZN4core9panicking5panic17h0123456789abcdefE.llvm.77")).toBe("core::panicking::panic");
  });

  test("names of others and damaged ones stay as they are", () => {
    for (const symbol of [
      "kfree", "_Rest", "_R", "_RN", "_ZN3foo3barEv", "_ZN3foo3barE", "_ZN4core9panicking5panic17h0123456789abcdeE", "_RNvC3foo3ba", "_RNvC3foo99999bar", "_R1NvC3foo3bar",
      "_RNvB_3foo", "_RNvBz_3foo", "_RINvC3foo3barLb_E", "_RNvC3foou3___z", "_RYB_B_", `_RM${"R".repeat(5000)}`, "_RNvC3foo3barextra",
    ]) expect([symbol, rustName(symbol)]).toEqual([symbol, null]);
  });

  test("a reference that doubles what it refers to ends at a length", () => {
    // Each tuple holds the one before twice.
    let symbol = "_RINvC1a1bTjjE";
    let last = 9;
    for (let k = 0; k < 40; k++) {
      const at = symbol.length - 2;
      const back = `B${last.toString(36)}_`;
      symbol += `T${back}${back}E`;
      last = at - 1;
    }
    expect(rustName(`${symbol}E`)).toBeNull();
  });

  test("damaged names neither throw nor hang", () => {
    const random = randomForTest("names of Rust");
    for (let round = 0; round < 20_000; round++) {
      const letters = [...names[random.below(names.length)]![0]];
      for (let edits = 1 + random.below(4); edits > 0; edits--) {
        const at = 2 + random.below(letters.length - 2);
        if (random.below(2)) letters[at] = "_0123456789BCDEFGIKLMNQRSTXYabhpsu$."[random.below(36)]!;
        else letters.splice(at, 1 + random.below(6), ...letters.slice(random.below(letters.length)).slice(0, random.below(8)));
      }
      const name = rustName(letters.join(""));
      expect(name === null || name.length <= 1 << 15).toBe(true);
    }
  });
});
