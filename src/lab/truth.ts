import { OopscopeError } from "../base/index.ts";
import { readMarks, type Scenario } from "./scenario.ts";

export type TruthPlace = { readonly function: string; readonly file: string; readonly line: number };

/** A frame of the scenario's module, as the log shows it and as it must decode. */
export type TruthFrame = {
  /** Line of the log, 1-based. */
  readonly logLine: number;
  /** With the compiler's suffix: `f.constprop.0`. */
  readonly symbol: string;
  /** False for a frame that the kernel marks with `?`. */
  readonly reliable: boolean;
  /** Those of the module's own source, innermost first; inlined functions of the kernel's headers may stand before and between them. */
  readonly functions: readonly TruthPlace[];
};

/** What is known of a scenario's crash: places from the marks in the source, symbols and line numbers from the log. No decoder took part. */
export type Truth = {
  readonly scenario: string;
  readonly release: string;
  readonly arch: string;
  readonly module: string;
  readonly kind: string;
  readonly context: string;
  readonly end: string;
  readonly append: string;
  /** The line that starts the report, 1-based, and its promised part. */
  readonly logLine: number;
  readonly log: string;
  readonly guilty: TruthPlace;
  readonly earlier: readonly TruthPlace[];
  /** What failed, in C: ways to say the same. */
  readonly fault: readonly string[];
  readonly frames: readonly TruthFrame[];
};

/** A marked place of a module's source; the file is named as the module's DWARF names it. */
function place(scenario: Scenario, marks: ReadonlyMap<string, number>, name: string, mark: string): TruthPlace {
  const line = marks.get(mark);
  if (line === undefined) throw new OopscopeError("malformed", `${scenario.module}.c: no line is marked \`${mark}\``, { file: `${scenario.module}.c` });
  return { function: name, file: sourceName(scenario), line };
}

/** The source's name in the module's DWARF. */
export function sourceName(scenario: Scenario): string {
  return `lab/modules/${scenario.module}/${scenario.module}.c`;
}

/**
 * Compares a log with what the scenario promises. The result is the truth, or the promises that the log does not keep.
 *
 * The frames compared are those of the scenario's module in the first report from the promised line on: RIP (or pc), then every frame that is not
 * marked as doubtful (`?`). The caller of the first may stand in arm64's link register instead.
 */
export function readTruth(scenario: Scenario, source: string, log: string, release: string, arch: string): { truth: Truth } | { broken: string[] } {
  const marks = readMarks(source);
  const lines = log.split("\n");
  const start = lines.findIndex((line) => scenario.log.some((part) => line.includes(part)));
  if (start < 0) return { broken: [`no line with \`${scenario.log.join("` or `")}\``] };
  if (scenario.end === "panicked" && !log.includes("Kernel panic - not syncing")) return { broken: ["the kernel did not panic"] };

  const { frames: all, link } = moduleFrames(lines, start, scenario.module);
  const found = all.filter((frame) => frame.reliable);
  const frames: TruthFrame[] = [];
  let next = 0;
  for (const promised of scenario.frames) {
    if (promised.functions[0]!.mark === "?") {
      if (found[next]?.symbol.replace(/\..*/, "") === promised.functions[0]!.name) next++;
      continue;
    }
    const functions = promised.functions.map(({ name, mark }) => place(scenario, marks, name, mark));
    const outermost = functions.at(-1)!.function;
    let matches = 0;
    while (next < found.length && found[next]!.symbol.replace(/\..*/, "") === outermost && (matches === 0 || promised.repeats)) {
      frames.push({ ...found[next]!, functions });
      matches++;
      next++;
    }
    if (matches === 0 && frames.length === 1 && link?.symbol.replace(/\..*/, "") === outermost) {
      frames.push({ ...link, functions });
      continue;
    }
    if (matches === 0) return { broken: [`frame ${frames.length + 1} of the module should be \`${outermost}\`, but is \`${found[next]?.symbol ?? "not there"}\``] };
  }
  let after = 0;
  for (const promised of scenario.doubtful) {
    const functions = promised.functions.map(({ name, mark }) => place(scenario, marks, name, mark));
    const doubtful = all.find((frame) => !frame.reliable && frame.logLine > after && frame.symbol.replace(/\..*/, "") === functions.at(-1)!.function);
    if (doubtful === undefined) return { broken: [`no frame \`? ${functions.at(-1)!.function}\``] };
    after = doubtful.logLine;
    frames.push({ ...doubtful, functions });
  }
  if (next < found.length) return { broken: [`the frame \`${found[next]!.symbol}\` was not promised`] };
  return {
    truth: {
      scenario: scenario.name,
      release,
      arch,
      module: scenario.module,
      kind: scenario.kind,
      context: scenario.context,
      end: scenario.end,
      append: scenario.append,
      logLine: start + 1,
      log: scenario.log.find((part) => lines[start]!.includes(part))!,
      guilty: place(scenario, marks, scenario.guilty, "GUILTY"),
      earlier: scenario.earlier.map((text) => place(scenario, marks, text.split("@")[0]!, text.split("@")[1] ?? "")),
      fault: scenario.fault,
      frames,
    },
  };
}

const prefix = /^(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?)?/;
const frameLine = /^(?:(?:CPU: .* )?(?:RIP: [0-9a-f]{4}|pc ?): ?|\s+(\? )?)(([\w.]+)\+0x[0-9a-f]+\/0x[0-9a-f]+) \[(\w+)/;
const linkLine = /^lr : ([\w.]+)\+0x[0-9a-f]+\/0x[0-9a-f]+ \[(\w+)/;
type LogFrame = Omit<TruthFrame, "functions">;

/** What KFENCE (mm/kfence/report.c) and KCSAN (kernel/kcsan/report.c) write above the stack of an access; such a stack ends with an empty line. */
const accessLine = /^(?:Out-of-bounds (?:read|write) at |Use-after-free (?:read|write) at |Invalid (?:read|write) at |Corrupted memory at |Invalid free of |(?:race at unknown origin, with )?(?:read|write|read-write|assert [a-z ]+)(?: \([a-z, ]+\))? to 0x)/;

/**
 * Whether the frame in a line of a log (1-based) is an instruction's own address, and not a return address: RIP, pc, and the frame below the line in which
 * KFENCE tells of a fault.
 */
export function isExact(lines: readonly string[], logLine: number): boolean {
  return /RIP: |pc : /.test(lines[logLine - 1]!) || /\] (?:Out-of-bounds|Use-after-free|Invalid) (?:read|write) at /.test(lines[logLine - 2] ?? "");
}

/**
 * The module's frames of the report that starts at `start`: of RIP (or pc) and of the call trace, or of the accesses that a checker tells of, to the report's
 * end. Traces with a title of their own (`Allocated in`, `Freed by task`) do not count, nor do lines that name a function for other reasons
 * (`WARNING: … at`, `Workqueue:`).
 *
 * `link` is arm64's link register. A function that traps before it has made a frame of its own leaves its caller there and nowhere else: the trace, which
 * goes by frames, leaves the caller out.
 */
function moduleFrames(lines: readonly string[], start: number, module: string): { frames: LogFrame[]; link: LogFrame | null } {
  const frames: LogFrame[] = [];
  let link: LogFrame | null = null;
  let inTrace = false;
  let inAccess = false;
  let exact: string | null = null;
  for (let at = start; at < lines.length; at++) {
    const line = lines[at]!.replace(prefix, "");
    if (/^---\[ end (?:trace|Kernel panic)/.test(line) || /^(?:Allocated|Freed) by task|^The buggy address|^FIX |^(?:allocated|freed) by task|^={40}/.test(line)) break;
    if (at > start && /^Kernel panic - not syncing|^INFO: task /.test(line)) break;
    if (inTrace && /^watchdog: BUG|^BUG: |^WARNING: |^-+\[ cut here/.test(line)) break;
    if (/^Call [Tt]race:/.test(line)) inTrace = true;
    if (accessLine.test(line)) inAccess = true;
    if (line === "") inAccess = false;
    const register = /^(?:RIP: |pc ?: )/.test(line);
    const [, caller, callerOwner] = linkLine.exec(line) ?? [];
    if (callerOwner === module) link ??= { logLine: at + 1, symbol: caller!, reliable: true };
    if (!inTrace && !inAccess && !register) continue;
    const [, doubtful, place, symbol, owner] = frameLine.exec(line) ?? [];
    if (owner !== module) continue;
    // arm64 repeats pc as the first frame of its trace.
    if (place === exact && !register) {
      exact = null;
      continue;
    }
    if (register) exact = place!;
    frames.push({ logLine: at + 1, symbol: symbol!, reliable: doubtful === undefined });
  }
  return { frames, link };
}

/** The part of a console that is worth keeping as a log: the kernel's name and command line, and all from the module's loading to the crash's end. */
export function trimConsole(console: string, module: string): string {
  const lines = console.replaceAll("\r", "").split("\n");
  const loaded = lines.findIndex((line) => line.includes(`${module}: loading out-of-tree module`));
  const last = lines.findIndex((line, at) => at > loaded && /---\[ end Kernel panic|ACPI: PM: Preparing to enter|reboot: Power down/.test(line));
  const before = lines.slice(0, Math.max(loaded, 0));
  const head = [/\] Linux version /, /\] (?:Kernel command|Command) line: /].flatMap((pattern) => before.find((line) => pattern.test(line)) ?? []);
  const body = lines.slice(Math.max(loaded, 0), last < 0 ? undefined : last + (lines[last]!.includes("end Kernel panic") ? 1 : 0));
  return `${[...head, ...body].join("\n").trimEnd()}\n`;
}
