import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { OopscopeError } from "../base/index.ts";

/**
 * A frame that the log should show, by the marks in the source: a symbol and its functions, innermost inlined one first. The mark `?` stands for
 * a frame that may be there or not, at a line that chance decides.
 */
export type ScenarioFrame = {
  readonly functions: readonly { readonly name: string; readonly mark: string }[];
  /** The frame may stand there several times in a row (recursion). */
  readonly repeats: boolean;
};

/** One way to crash, from the header comment of a module's source. */
export type Scenario = {
  readonly name: string;
  /** The module's name and the folder of its source. */
  readonly module: string;
  readonly folder: string;
  /** A few words: the module's MODULE_DESCRIPTION. */
  readonly title: string;
  readonly about: string;
  /** A `kind` of the case (docs: the JSON contract). */
  readonly kind: string;
  readonly context: "process" | "softirq" | "hardirq" | "nmi";
  readonly guilty: string;
  /** What happened before and matters, as `function@mark`. */
  readonly earlier: readonly string[];
  /** Shell commands that bring the crash about; the module is loaded already. */
  readonly script: string;
  readonly append: string;
  /** `any`: what comes after the report depends on what the memory held. */
  readonly end: "panicked" | "finished" | "any";
  /** Parts of the line that starts the report, one of which it has (which one, chance may decide). */
  readonly log: readonly string[];
  readonly frames: readonly ScenarioFrame[];
  /** Which kernels may print nothing at all, in words; null: none. */
  readonly silent: string | null;
  /** Frames that the kernel marks with `?` although they are real; others may stand between them. */
  readonly doubtful: readonly ScenarioFrame[];
  /** The checked kernel that it is for (scripts/lab-kernel.sh): `kasan`, `lockdep`, `kcsan`; null: any kernel. */
  readonly needs: string | null;
  /** What the source says of the access that fails, or of what is wrongly freed: in C, each line another way to say the same. Empty where there is no such expression. */
  readonly fault: readonly string[];
  readonly cpus: number;
  /** MiB. */
  readonly memory: number;
  /** Seconds. */
  readonly timeout: number;
  /** False for stalls and lockups, whose times get wrong if another guest runs. */
  readonly parallel: boolean;
};

/** All scenarios of a folder of modules, by name. */
export async function readScenarios(folder: string): Promise<Scenario[]> {
  const modules = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new OopscopeError("not-found", `no folder of scenarios at \`${folder}\``, { folder }, cause);
  });
  const all: Scenario[] = [];
  for (const entry of modules) {
    if (!entry.isDirectory()) continue;
    const file = join(folder, entry.name, `${entry.name}.c`);
    all.push(...parseScenarios(await readFile(file, "utf8"), entry.name, join(folder, entry.name)));
  }
  return all.sort((one, other) => (one.name < other.name ? -1 : 1));
}

const keys = ["scenario", "kind", "context", "guilty", "earlier", "script", "append", "end", "log", "frame", "doubtful", "cpus", "memory", "timeout", "alone", "silent", "needs"];

/**
 * The scenarios in a source's header comment, and in comments that continue it at the end: lines of `key: value`, each `scenario:` starting one. What a later scenario of the same source
 * does not say, it takes from the first.
 */
export function parseScenarios(source: string, module: string, folder: string): Scenario[] {
  // Later comments that begin with a scenario continue the header: their place keeps the numbers of the lines above them.
  const comments = [...source.matchAll(/\/\*\n([\s\S]*?)\*\//g)].map((match) => match[1]!);
  const comment = comments.filter((text, index) => index === 0 || text.startsWith(" * scenario:")).join("\n");
  const lines = comment.split("\n").map((line) => line.replace(/^ \* ?/, ""));
  const about: string[] = [];
  const blocks: Map<string, string[]>[] = [];
  for (const line of lines) {
    const [, key, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (key === undefined || !keys.includes(key)) {
      if (blocks.length === 0) about.push(line);
      else if (line.trim() !== "") throw new OopscopeError("malformed", `${module}.c: not a key of a scenario: \`${line}\``, { file: `${module}.c` });
      continue;
    }
    if (key === "scenario") blocks.push(new Map());
    const block = blocks.at(-1);
    if (block === undefined) throw new OopscopeError("malformed", `${module}.c: \`${key}:\` stands before \`scenario:\``, { file: `${module}.c` });
    block.set(key, [...(block.get(key) ?? []), value!]);
  }
  const faults = [...source.matchAll(/^ \* fault(?: ([\w-]+))?: (.*)$/gm)].map(([, scenario, text]) => ({ scenario: scenario ?? null, text: text! }));
  const title = /^MODULE_DESCRIPTION\("(.*)"\);$/m.exec(source)?.[1] ?? "";
  return blocks.map((block) => ({ ...scenarioOf(block, blocks[0]!, module), fault: faults.filter(({ scenario }) => scenario === null || scenario === block.get("scenario")![0]).map(({ text }) => text), module, folder, title, about: about.join("\n").trim() }));
}

function scenarioOf(block: Map<string, string[]>, first: Map<string, string[]>, module: string): Omit<Scenario, "module" | "folder" | "title" | "about" | "fault"> {
  const list = (key: string): string[] => block.get(key) ?? first.get(key) ?? [];
  const one = (key: string, otherwise?: string): string => {
    const value = list(key)[0] ?? otherwise;
    if (value === undefined) throw new OopscopeError("malformed", `${module}.c: the scenario has no \`${key}:\``, { file: `${module}.c` });
    return value;
  };
  return {
    name: one("scenario"),
    kind: one("kind"),
    context: one("context", "process") as Scenario["context"],
    guilty: one("guilty"),
    earlier: list("earlier"),
    script: list("script").join("\n"),
    append: one("append", ""),
    end: one("end", "panicked") as Scenario["end"],
    log: list("log"),
    frames: list("frame").map(frameOf),
    doubtful: list("doubtful").map(frameOf),
    silent: list("silent")[0] ?? null,
    needs: block.get("needs")?.[0] ?? null,
    cpus: Number(one("cpus", "1")),
    memory: Number(one("memory", "512")),
    timeout: Number(one("timeout", "60")),
    parallel: !block.has("alone") && !first.has("alone"),
  };
}

function frameOf(text: string): ScenarioFrame {
  const repeats = text.endsWith(" ...");
  const functions = text.replace(/ \.\.\.$/, "").split(" < ").map((part) => {
    const [name, mark] = part.split("@");
    return { name: name!.trim(), mark: (mark ?? "").trim() };
  });
  return { functions, repeats };
}

/** The lines of a source that carry a mark: `GUILTY` for the comment that says so, else the word after `@` in a comment. 1-based. */
export function readMarks(source: string): Map<string, number> {
  const marks = new Map<string, number>();
  source.split("\n").forEach((line, index) => {
    const mark = /\/\* (?:@(\w+)|(GUILTY))\b/.exec(line);
    if (mark !== null) marks.set((mark[1] ?? mark[2])!, index + 1);
  });
  return marks;
}
