import type { Rule } from "../rule.ts";

/** Somebody asked for the crash. */
export const sysrqCrash: Rule = {
  name: "sysrq-crash",
  kinds: ["panic", "null-dereference"],
  needs: [{ form: /sysrq triggered crash|sysrq: Trigger a crash|RIP: [^\n]*sysrq_handle_crash\+[^\n]*/, why: "somebody asked for it: `echo c > /proc/sysrq-trigger`, or the keys" }],
  blame: null,
  confidence: "high",
  summary: () => "a crash on request (SysRq c), as one does to test the taking of dumps",
  next: () => [],
};
