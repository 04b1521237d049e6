import { installCommand, type Needed } from "../system/index.ts";
import type { Facts } from "./facts.ts";

/** What oopscope can do, each of which asks other things of a machine. */
export const areas = ["decode", "btf", "bpf", "trace", "guard", "lab"] as const;
export type Area = (typeof areas)[number];

/** `ok`; `limited`: it works, but not all of it; `missing`: it does not work without. */
export type State = "ok" | "limited" | "missing";

export type Finding = {
  /** Stable name of the check. */
  readonly check: string;
  readonly state: State;
  /** What was found, with its value, and what that means. */
  readonly finding: string;
  /** What to type to mend it, for this distribution; null where nothing is wrong or no command helps. */
  readonly command: string | null;
};

export const ok = (check: string, finding: string): Finding => ({ check, state: "ok", finding, command: null });
export const limited = (check: string, finding: string, command: string | null = null): Finding => ({ check, state: "limited", finding, command });
export const missing = (check: string, finding: string, command: string | null = null): Finding => ({ check, state: "missing", finding, command });

/** The command that installs something here. */
export const install = (facts: Facts, needed: Needed): string | null => installCommand(facts.distribution?.kind ?? null, needed, facts.release);

/** Whether the kernel was built with an option; null where its configuration is not at hand. */
export function option(facts: Facts, name: string): boolean | null {
  if (facts.config === null) return null;
  const value = facts.config.options.get(name);
  return value === "y" || value === "m";
}
