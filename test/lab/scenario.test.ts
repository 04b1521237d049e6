import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isExact, parseScenarios, readMarks, readScenarios, readTruth, trimConsole, type Truth } from "../../src/lab/index.ts";

const source = `// SPDX
/*
 * What it is
 * about.
 *
 * scenario: first
 * kind: bug
 * guilty: inner
 * script: echo one
 * script: echo two
 * log: kernel BUG
 * frame: inner@GUILTY < outer@call
 * frame: top@top ...
 *
 * scenario: second
 * append: slub_debug=FU
 * end: any
 */
static void inner(void)
{
	BUG(); /* GUILTY: never */
}
	inner(); /* @call */
	outer(); /* @top */
MODULE_DESCRIPTION("A thing that breaks");
`;

describe("the header comment", () => {
  const [first, second] = parseScenarios(source, "m", "/x/m");

  it("gives a scenario", () => {
    expect(first).toMatchObject({ name: "first", module: "m", title: "A thing that breaks", about: "What it is\nabout.", kind: "bug", context: "process", script: "echo one\necho two", append: "", end: "panicked", log: ["kernel BUG"], parallel: true });
    expect(first!.frames).toEqual([
      { functions: [{ name: "inner", mark: "GUILTY" }, { name: "outer", mark: "call" }], repeats: false },
      { functions: [{ name: "top", mark: "top" }], repeats: true },
    ]);
  });

  it("lets a later scenario take what it does not say from the first", () => {
    expect(second).toMatchObject({ name: "second", append: "slub_debug=FU", end: "any", kind: "bug", script: "echo one\necho two" });
  });

  it("refuses what it does not know", () => {
    expect(() => parseScenarios(source.replace("kind:", "knd:"), "m", "/x/m")).toThrow("m.c: not a key of a scenario: `knd: bug`");
    expect(() => parseScenarios(source.replace(" * kind: bug\n", ""), "m", "/x/m")).toThrow("m.c: the scenario has no `kind:`");
  });
});

it("marks are comments on their lines", () => {
  expect([...readMarks(source)]).toEqual([["GUILTY", 21], ["call", 23], ["top", 24]]);
});

describe("the truth of a log", () => {
  const scenario = parseScenarios(source, "m", "/x/m")[0]!;
  const log = [
    "[    1.0] kernel BUG at lab/modules/m/m.c:21!",
    "[    1.0] RIP: 0010:outer.constprop.0+0x1/0x10 [m]",
    "[    1.0] Call Trace:",
    "[    1.0]  ? other+0x1/0x10 [m]",
    "[    1.0]  top+0x5/0x10 [m]",
    "[    1.0]  top+0x5/0x10 [m]",
    "[    1.0]  vfs_write+0x5/0x10",
    "[    1.0] ---[ end trace 0000000000000000 ]---",
    "[    1.0] RIP: 0010:outer.constprop.0+0x1/0x10 [m]",
    "[    1.0] Kernel panic - not syncing: Fatal exception",
  ].join("\n");
  const truthOf = (text: string): { truth: Truth } | { broken: string[] } => readTruth(scenario, source, text, "6.1", "x86_64");

  it("joins the marks with the symbols and lines of the log", () => {
    const result = truthOf(log);
    expect("truth" in result && result.truth.frames.map(({ logLine, symbol, functions }) => [logLine, symbol, functions.map((one) => `${one.function}:${one.line}`).join(" ")])).toEqual([
      [2, "outer.constprop.0", "inner:21 outer:23"],
      [5, "top", "top:24"],
      [6, "top", "top:24"],
    ]);
  });

  it("says which promise the log does not keep", () => {
    expect(truthOf(log.replace("kernel BUG", "nothing"))).toEqual({ broken: ["no line with `kernel BUG`"] });
    expect(truthOf(log.replaceAll("top+", "pot+"))).toEqual({ broken: ["frame 2 of the module should be `top`, but is `pot`"] });
    expect(truthOf(log.replace("vfs_write+0x5/0x10", "more+0x5/0x10 [m]"))).toEqual({ broken: ["the frame `more` was not promised"] });
    expect(truthOf(log.replace("Kernel panic", ""))).toEqual({ broken: ["the kernel did not panic"] });
  });
});

describe("the truth of forms of their own", () => {
  const scenario = parseScenarios(source.replace(" * frame: top@top ...\n", " * frame: top@top\n").replace("end: any", "frame: inner@GUILTY < outer@call\n * frame: top@top\n * frame: top@top").replace(" * log:", " * end: finished\n * log:"), "m", "/x/m");
  const framesOf = (name: string, text: string): unknown => {
    const result = readTruth(scenario.find((one) => one.name === name)!, source, text, "6.1", "arm64");
    return "broken" in result ? result.broken : result.truth.frames.map(({ logLine, symbol }) => `${logLine} ${symbol}`);
  };

  it("arm64: the caller of a function without a frame stands in the link register", () => {
    const lines = ["kernel BUG at m.c:21!", "pc : outer+0x1/0x10 [m]", "lr : top+0x8/0x10 [m]", "Call trace:", " outer+0x1/0x10 [m]", " vfs_write+0x5/0x10"];
    const log = lines.map((line) => `[    1.0] ${line}`);
    expect(framesOf("first", log.join("\n"))).toEqual(["2 outer", "3 top"]);
    expect(framesOf("first", log.join("\n").replace("lr : top", "lr : outer"))).toEqual(["frame 2 of the module should be `top`, but is `not there`"]);
    // Where the trace has it, that line is the frame.
    expect(framesOf("first", [...log.slice(0, 5), "[    1.0]  top+0x8/0x10 [m]", log[5]].join("\n"))).toEqual(["2 outer", "6 top"]);
  });

  it("KCSAN: the stacks of both accesses; KFENCE: the stack of the access, of which the first frame is exact", () => {
    const race = ["====", "kernel BUG", "", "write (marked) to 0xffff of 4 bytes by interrupt on cpu 1:", " outer+0x1/0x10 [m]", " top+0x8/0x10 [m]", "", "race at unknown origin, with read to 0xffff of 4 bytes by task 4 on cpu 0:", " top+0x8/0x10 [m]", "", `${"=".repeat(66)}`, " top+0x9/0x10 [m]"];
    expect(framesOf("second", race.map((line) => `[    1.0] ${line}`).join("\n"))).toEqual(["5 outer", "6 top", "9 top"]);
    const fault = ["kernel BUG", "", "Use-after-free read at 0xffff (in kfence-#1):", " outer+0x1/0x10 [m]", " top+0x8/0x10 [m]", "", "allocated by task 1 on cpu 0 at 1.0s:", " top+0x9/0x10 [m]"].map((line) => `[    1.0] ${line}`);
    expect(framesOf("first", fault.join("\n"))).toEqual(["4 outer", "5 top"]);
    expect([4, 5].map((line) => isExact(fault, line))).toEqual([true, false]);
  });
});

it("a log begins with the module's loading and ends with the crash", () => {
  const console = "[    0.0] Linux version 6.1\r\n[    0.0] Command line: x\r\n[    1.0] noise\r\n[    2.0] m: loading out-of-tree module taints kernel.\r\n[    2.1] Oops\r\n[    3.0] reboot: Power down\r\n";
  expect(trimConsole(console, "m")).toBe("[    0.0] Linux version 6.1\n[    0.0] Command line: x\n[    2.0] m: loading out-of-tree module taints kernel.\n[    2.1] Oops\n");
});

describe("the fixtures", () => {
  it("are those of all scenarios, and their sources still say the same", async () => {
    const scenarios = await readScenarios("lab/modules");
    expect(scenarios.length).toBeGreaterThan(30);
    for (const scenario of scenarios.filter(({ needs }) => needs === null)) expect(existsSync(`test/fixtures/logs/${scenario.name}.log`), scenario.name).toBe(true);
    for (const file of readdirSync("test/fixtures/logs").filter((name) => name.endsWith(".expect.json"))) {
      const base = `test/fixtures/logs/${file.replace(".expect.json", "")}`;
      const expected = JSON.parse(readFileSync(`${base}.expect.json`, "utf8")) as Truth;
      const scenario = scenarios.find(({ name }) => name === expected.scenario)!;
      const result = readTruth(scenario, readFileSync(`${scenario.folder}/${scenario.module}.c`, "utf8"), readFileSync(`${base}.log`, "latin1"), expected.release, expected.arch);
      expect(result, base).toEqual({ truth: expected });
    }
  });

  it("are no others", async () => {
    const names = new Set((await readScenarios("lab/modules")).map(({ name }) => name));
    const logs = readdirSync("test/fixtures/logs").filter((name) => name.endsWith(".log")).map((name) => name.replace(/(\.\d+\.\d+\.\d+.*)?\.log$/, ""));
    expect(logs.filter((name) => !names.has(name))).toEqual([]);
  });
});
