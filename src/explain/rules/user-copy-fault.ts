import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf, nameOf } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** copy_to_user() and its like fault on the kernel's side, or with an address that access_ok() would have refused. */
export const userCopyFault: Rule = {
  name: "user-copy-fault",
  kinds: ["general-protection", "bad-access"],
  needs: [],
  when: (subject) => {
    const [first] = subject.trail;
    if (first === undefined || first.module !== null || !/^_{0,3}(?:copy_(?:user|from_user|to_user|mc)|_?copy_(?:to|from)_user|arch_copy_(?:to|from)_user|[gp]et_user|[gp]ut_user|clear_user|strncpy_from_user|strnlen_user|rep_movs_alternative)/.test(nameOf(first))) return null;
    const warned = subject.find(/non-canonical address|Non-canonical/);
    return { evidence: [{ logLine: first.logLine, text: first.text, why: "the function that copies between a program and the kernel" }, ...(warned === null ? [] : [evidenceOf(warned, "the address was not checked")])] };
  },
  blame: byTrail,
  confidence: "medium",
  summary: (who) => `${someone(who)} copies to or from user space with a kernel address that is not mapped, or with a user address that nobody checked (access_ok())`,
  next: (_subject, guilty) => trace(guilty, "see the addresses and lengths that it copies"),
};
