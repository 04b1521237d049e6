import type { KernelClues } from "./clues.ts";
import { versionFits } from "./match.ts";

/** What a running kernel says of itself. */
export type RunningClues = {
  /** /proc/version: `Linux version …`. */
  readonly banner: string;
  /** From /sys/kernel/notes; null where the kernel was built without one. */
  readonly buildId: string | null;
  /** The path of its list of names. */
  readonly kallsyms: string;
};

/** Whether a log is of the kernel that runs: of its release, and of its version where the log tells one. */
export function isRunning(running: RunningClues | undefined, { release, version, banner }: KernelClues): running is RunningClues {
  if (!running || release === null || /^Linux version (\S+)/.exec(running.banner)?.[1] !== release) return false;
  if (banner !== null) return banner.trim().replaceAll(/\s+/g, " ") === running.banner.trim().replaceAll(/\s+/g, " ");
  return version === null || versionFits(version, running.banner);
}
