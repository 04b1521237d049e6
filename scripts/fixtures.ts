// Remakes the logs and modules in test/fixtures from lab/modules: builds each module, crashes a guest with it, and compares the log with what
// the source's header and marks promise, and the marks with what addr2line says.
//
//   node scripts/fixtures.mjs [--kernel RELEASE] [--jobs N] [--console] [SCENARIO...]
//
//   test/fixtures/logs/NAME.log             the console, from the module's loading on (6.1; other kernels: NAME.RELEASE.log)
//   test/fixtures/logs/NAME.expect.json     the truth: from the marks in the source, no decoder took part
//   test/fixtures/modules/RELEASE/MODULE.ko with DWARF (other kernels than 6.1: .ko.xz)
import { execFileSync } from "node:child_process";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkerOf, findKernel, readScenarios, readTruth, runLab, trimConsole, type LabResult, type Scenario } from "../src/lab/index.ts";
import { disagreements } from "./addr2line.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kernel: { type: "string" }, jobs: { type: "string", default: "1" }, console: { type: "boolean", default: false } },
});
if (values.kernel === undefined) throw new Error("--kernel RELEASE is missing (scripts/fixtures.mjs gives it)");
const kernel = await findKernel(values.kernel);
// The kernel whose fixtures have the plain names; the others carry their release.
const main = /^6\.1\..*-amd64$/.test(kernel.release);
const logs = "test/fixtures/logs";
const modules = join("test/fixtures/modules", kernel.release);
await mkdir(logs, { recursive: true });
await mkdir(modules, { recursive: true });

const all = await readScenarios("lab/modules");
const unknown = positionals.filter((name) => !all.some((scenario) => scenario.name === name));
if (unknown.length > 0) throw new Error(`no scenario ${unknown.join(", ")}; there are: ${all.map((scenario) => scenario.name).join(", ")}`);
// A checked kernel plays the scenarios that are for it, every other kernel those that are for all.
const checker = checkerOf(kernel);
const wanted = all.filter((scenario) => (positionals.length === 0 ? scenario.needs === checker : positionals.includes(scenario.name)));

const failures: string[] = [];
const queue = wanted.filter((scenario) => scenario.parallel);
await Promise.all(
  Array.from({ length: Math.max(1, Number(values.jobs)) }, async () => {
    for (let scenario = queue.shift(); scenario !== undefined; scenario = queue.shift()) await remake(scenario);
  }),
);
for (const scenario of wanted.filter((one) => !one.parallel)) await remake(scenario);
if (failures.length > 0) {
  console.error(`\n${failures.length} of ${wanted.length} scenarios do not keep their promise:\n${failures.join("\n")}`);
  process.exitCode = 1;
}

async function remake(scenario: Scenario): Promise<void> {
  const end = await play(scenario);
  if (end === null) return;
  const ko = end.modules.at(-1)!;
  const whole = end.console.toString("latin1");
  const log = trimConsole(whole, scenario.module);
  const source = await readFile(join(scenario.folder, `${scenario.module}.c`), "utf8");
  const result = readTruth(scenario, source, log, kernel.release, kernel.arch);
  const seconds = (end.time / 1000).toFixed(1);
  const broken: string[] = "broken" in result ? result.broken : scenario.end === "any" || end.outcome === scenario.end ? [] : [`the guest ${end.outcome}, not ${scenario.end}: ${end.why}`];
  if ("truth" in result) broken.push(...disagreements(result.truth, log, ko));
  const base = join(logs, main || scenario.needs !== null ? scenario.name : `${scenario.name}.${kernel.release}`);
  if ("truth" in result && broken.length === 0) {
    await saveModule(ko, join(modules, `${scenario.module}.ko`));
    await writeFile(`${base}.log`, log, "latin1");
    await writeFile(`${base}.expect.json`, `${JSON.stringify(result.truth, null, 2)}\n`);
    console.error(`${scenario.name}: ${end.outcome} after ${seconds} s, ${result.truth.frames.length} frames of the module`);
    return;
  }
  if ("broken" in result && scenario.silent !== null && end.outcome !== "did-not-boot" && !main) {
    console.error(`${scenario.name}: this kernel does not print it (after ${seconds} s; ${scenario.silent})`);
    return;
  }
  failures.push(`  ${scenario.name}: ${broken.join("; ")}`);
  console.error(`${scenario.name}: ${broken.join("; ")} (after ${seconds} s)\n${log}`);
}

async function play(scenario: Scenario): Promise<LabResult | null> {
  try {
    return await runLab({ scenario: scenario.name, kernel: kernel.release, ...(values.console ? { onConsole: (bytes: Uint8Array) => process.stderr.write(bytes) } : {}) });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    failures.push(`  ${scenario.name}: ${why}`);
    console.error(`${scenario.name}: ${why}`);
    return null;
  }
}

/** The main kernel's modules as they are; those of the matrix compressed, as distributions ship them from 6.12 on. */
async function saveModule(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  if (!main) execFileSync("xz", ["--force", "--threads=1", "-9", "--check=crc32", to]);
}
