import type { Rule } from "../rule.ts";
import { set } from "../steps.ts";

/** The kernel runs, and there is no first program. */
export const noInit: Rule = {
  name: "no-init",
  kinds: ["boot-failure"],
  needs: [{ form: /No working init found[^\n]*|Requested init [^\n]* failed[^\n]*|No init found[^\n]*/, why: "no program could be started as the first" }],
  blame: null,
  confidence: "high",
  summary: () => "no init: the root file system is there, but holds no first program that runs (missing, for another processor, or without its libraries)",
  next: () => set("init=/bin/sh", "boot with this to look around"),
};
