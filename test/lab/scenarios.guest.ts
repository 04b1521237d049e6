import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { decode } from "../../src/decode/index.ts";
import { readScenarios, readTruth, runLab, trimConsole } from "../../src/lab/index.ts";
import { testKernel } from "./kernel.ts";

let kernel: string;
beforeAll(() => {
  kernel = testKernel();
});

/** A sample of each context and section; `make matrix` plays all. */
const sample = ["kmalloc-double-free", "skb-double-free", "skb-double-free-forward", "timer-use-after-free", "warn-credit", "init-null", "exit-bug", "stack-smash"];

const scenarios = await readScenarios("lab/modules");
for (const name of process.env["OOPSCOPE_SCENARIOS"] === "all" ? scenarios.filter(({ needs }) => needs === null).map(({ name: scenario }) => scenario) : sample) {
  it(`${name} crashes as its header promises, and decodes to its marks`, async () => {
    const scenario = scenarios.find((one) => one.name === name)!;
    const result = await runLab({ scenario: name, kernel });
    if (scenario.end !== "any") expect(result.outcome).toBe(scenario.end);
    const log = trimConsole(result.console.toString("latin1"), scenario.module);
    const found = readTruth(scenario, readFileSync(join(scenario.folder, `${scenario.module}.c`), "utf8"), log, kernel, "x86_64");
    if ("broken" in found) throw new Error(found.broken.join("; "));

    const { truth } = found;
    const { case: decoded } = await decode(Buffer.from(log, "latin1"), { modules: result.modules, root: null });
    const frames = decoded.reports.flatMap((report) => report.stacks.flatMap((stack) => stack.frames));
    for (const frame of truth.frames) {
      const own = frames.find((one) => one.logLine === frame.logLine)?.functions.filter(({ file }) => file?.startsWith("lab/modules/"));
      expect(own?.map((place) => ({ function: place.function, file: place.file, line: place.line })), `line ${frame.logLine}`).toEqual(frame.functions);
    }
  });
}
