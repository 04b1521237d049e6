import { openSync, closeSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf, OopscopeError } from "../../base/index.ts";
import { bootLab, listLab, runLab, type LabOptions, type LabResult } from "../../lab/index.ts";
import type { Decoded } from "../../decode/index.ts";
import { exit } from "../exit.ts";
import { visible } from "../../render/index.ts";
import { liveConsole } from "../live-console.ts";
import { isTerminal, say, writeResult } from "../output.ts";

/** The flags of `lab run` and `lab boot`, as the command line gives them. */
export type LabFlags = {
  readonly color?: "auto" | "always" | "never";
  readonly kernel?: string;
  readonly module?: string[];
  readonly script?: string;
  readonly append?: string;
  readonly memory?: number;
  readonly cpus?: number;
  readonly timeout?: number;
  readonly output?: string;
  readonly decode?: boolean;
  readonly format?: "text" | "json";
  readonly quiet?: boolean;
};

/** Exit status of `lab run`, beside those of every command: 0 and 1 are the script's success and failure. */
export const labExit = { panicked: 10, timedOut: 11, didNotBoot: 12 } as const;

export async function runLabRun(scenario: string | undefined, flags: LabFlags): Promise<number> {
  if (scenario === undefined && flags.script === undefined && flags.module === undefined) {
    say("error", "nothing to run: name a scenario, a script or a module", "oopscope lab list");
    return exit.usage;
  }
  // Opened first: a log that cannot be saved is told before the crash, not after it.
  const log = flags.output === undefined ? null : openLog(flags.output);
  let live = flags.format === "json" || flags.quiet === true ? null : process.stdout;
  // What a guest prints must not command the user's terminal; in a file or a pipe it is what it is.
  const shown = isTerminal(1) ? liveConsole() : (bytes: Uint8Array) => bytes;
  // A reader that has gone (`| head`) ends the view, not the guest.
  live?.on("error", () => (live = null));
  const stop = stopOnSignals();
  try {
    let unsaved: unknown = null;
    const result = await runLab({
      ...optionsOf(flags),
      ...(scenario === undefined ? {} : { scenario }),
      signal: stop.signal,
      onConsole: (bytes) => {
        live?.write(shown(bytes));
        if (log === null || unsaved !== null) return;
        try {
          for (let at = 0; at < bytes.length; ) at += writeSync(log, bytes, at);
        } catch (cause) {
          unsaved = cause;
          say("error", `the log \`${flags.output}\` is not complete: ${messageOf(cause)}`);
        }
      },
    });
    live?.write(shown(new Uint8Array()));
    await report(result, flags);
    return unsaved === null ? statusOf(result) : exit.failed;
  } catch (error) {
    if (error instanceof OopscopeError && error.code === "aborted") return exit.interrupted;
    if (error instanceof OopscopeError && error.code === "not-found" && error.facts.scenario !== undefined) {
      say("error", error.message, "oopscope lab list");
      return exit.usage;
    }
    throw error;
  } finally {
    stop.done();
    if (log !== null) closeSync(log);
  }
}

export async function runLabBoot(flags: LabFlags): Promise<number> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    say("error", "`lab boot` is a shell and needs a terminal; for a script: oopscope lab run --script FILE");
    return exit.usage;
  }
  const stop = stopOnSignals();
  try {
    const { rows, columns: width } = process.stdout;
    const { outcome, why } = await bootLab({ ...optionsOf(flags), env: { LINES: String(rows), COLUMNS: String(width) }, signal: stop.signal });
    if (outcome === "did-not-boot") {
      say("error", why ?? "the guest did not boot");
      return labExit.didNotBoot;
    }
    return exit.done;
  } catch (error) {
    if (error instanceof OopscopeError && error.code === "aborted") return exit.interrupted;
    throw error;
  } finally {
    stop.done();
  }
}

export async function runLabList(flags: LabFlags): Promise<number> {
  const { kernels, chosen, scenarios } = await listLab();
  if (flags.format === "json") {
    const shown = scenarios.map(({ name, kind, context, module, folder, title, about, needs, append }) => ({ name, kind, context, module, folder, title, about, needs, append }));
    writeResult(`${JSON.stringify({ kernels, chosen, scenarios: shown }, null, 2)}\n`);
    return exit.done;
  }
  const images = kernels.map(({ release, arch, image }) => [release, release === chosen ? `${arch}, the default` : arch, image]);
  const rows = scenarios.map(({ name, kind, context, title, needs, append }) => {
    const with_ = [needs === null ? "" : `a ${needs} kernel`, append].filter((part) => part !== "");
    return [name, kind, context, `${title}${with_.length === 0 ? "" : ` (${with_.join(", ")})`}`];
  });
  writeResult(`kernels\n${images.length === 0 ? "  none\n" : columns(images)}\nscenarios\n${columns(rows)}`);
  if (kernels.length === 0 && flags.quiet !== true) say("note", "no kernel is installed that can be read here", "apt-get install linux-image-amd64");
  return exit.done;
}

/** Rows of cells, indented; each column but the last as wide as its widest cell. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]!.length))) ?? [];
  return rows.map((row) => `  ${row.map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column]!) : cell)).map(visible).join("  ")}\n`).join("");
}

function optionsOf(flags: LabFlags): LabOptions {
  return {
    ...(flags.kernel === undefined ? {} : { kernel: flags.kernel }),
    ...(flags.module === undefined ? {} : { modules: flags.module }),
    ...(flags.script === undefined ? {} : { script: flags.script }),
    ...(flags.append === undefined ? {} : { append: flags.append }),
    ...(flags.memory === undefined ? {} : { memory: flags.memory }),
    ...(flags.cpus === undefined ? {} : { cpus: flags.cpus }),
    ...(flags.timeout === undefined ? {} : { timeout: flags.timeout }),
    ...(flags.quiet === true ? {} : { onProgress: (step: string) => say("note", step) }),
  };
}

function openLog(path: string): number {
  try {
    return openSync(path, "w");
  } catch (cause) {
    throw new OopscopeError("unreadable", `cannot write the log \`${path}\`: ${messageOf(cause)}`, { file: path }, cause);
  }
}

/** Ctrl-C and a request to end stop the guest; what belongs to it is gone before this process ends. */
function stopOnSignals(): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) process.on(name, stop);
  return {
    signal: controller.signal,
    done: () => {
      for (const name of signals) process.off(name, stop);
    },
  };
}

function statusOf(result: LabResult): number {
  switch (result.outcome) {
    case "finished":
      return result.status === 0 ? exit.done : exit.failed;
    case "panicked":
      return labExit.panicked;
    case "timed-out":
    case "flooded":
      return labExit.timedOut;
    case "did-not-boot":
      return labExit.didNotBoot;
    case "stopped":
      return exit.failed;
  }
}

/** How it ended, and the crash, decoded and explained with the modules that were loaded and what is known of the kernel. */
async function report(result: LabResult, flags: LabFlags): Promise<void> {
  const decoded = flags.decode === false ? null : await decodeConsole(result, flags.output ?? "console");
  if (flags.format === "json") {
    const { outcome, status, why, bootTime, time, kernel, scenario, modules } = result;
    const shown = { outcome, status, why, bootTime: bootTime === null ? null : Math.round(bootTime), time: Math.round(time), kernel, scenario: scenario?.name ?? null, modules, log: flags.output ?? null, case: decoded?.case ?? null };
    writeResult(`${JSON.stringify(shown, null, 2)}\n`);
    return;
  }
  const first = decoded?.case.reports[0];
  if (decoded && first) {
    const { renderText, rendererOf } = await import("../../render/index.ts");
    const lines = decoded.log.lines.filter(({ line }) => line >= first.lines[0]);
    writeResult("\n");
    writeResult(renderText(decoded.case, lines, { terminated: true, onTerminal: process.stdout.isTTY }));
    const { terminalOptions } = await import("./explain.ts");
    writeResult("\n");
    writeResult((await rendererOf("terminal"))(decoded.case, terminalOptions(flags.color ?? "auto", process.stdout.isTTY)));
  }
  if (flags.quiet === true) return;
  const seconds = (result.time / 1000).toFixed(1);
  if (result.why !== null) say(result.outcome === "panicked" ? "note" : "warning", `${result.why} (after ${seconds} s)`);
  else say("note", `the script ended with status ${result.status} (after ${seconds} s)`);
}

async function decodeConsole(result: LabResult, name: string): Promise<Decoded | null> {
  if (!/Call [Tt]race|RIP: |Oops|BUG:|WARNING:|Kernel panic/.test(result.console.toString("latin1"))) return null;
  const { decode } = await import("../../decode/index.ts");
  const tree = dirname(dirname(result.kernel.image));
  const decoded = await decode(result.console, { name, release: result.kernel.release, modules: result.modules, ...(tree === "/" ? {} : { root: tree }) });
  const { deepened } = await import("./explain.ts");
  return { ...decoded, case: await deepened(decoded.case, { modules: [...result.modules] }) };
}
