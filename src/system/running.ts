import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildIdOfNotes } from "../elf/index.ts";
import type { RunningClues } from "../kernel/index.ts";

/** What the running kernel says of itself; null off Linux. `root` is where /proc and /sys are. */
export function runningKernel(root = "/"): RunningClues | null {
  try {
    const banner = readFileSync(join(root, "proc/version"), "utf8").trim();
    return { banner, buildId: buildIdAt(join(root, "sys/kernel/notes")), kallsyms: join(root, "proc/kallsyms") };
  } catch {
    return null;
  }
}

/** The build id of a module that is loaded (/sys/module/NAME/notes), or null. */
export function runningModuleBuildId(name: string, root = "/"): string | null {
  if (!/^[\w-]+$/.test(name)) return null;
  return buildIdAt(join(root, "sys/module", name.replaceAll("-", "_"), "notes/.note.gnu.build-id"));
}

function buildIdAt(path: string): string | null {
  try {
    return buildIdOfNotes(path, readFileSync(path));
  } catch {
    return null;
  }
}
