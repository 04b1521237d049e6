import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** A pointer from user space was followed without copy_from_user(), get_user() and their like. */
export const userPointer: Rule = {
  name: "user-pointer",
  kinds: ["user-access"],
  needs: [],
  helps: [
    { form: /#PF: error_code\(0x[0-9a-f]+\) - permissions violation/, why: "the page is there: only SMAP (or SMEP) forbade the access" },
    { form: /unable to execute userspace code[^\n]*/, why: "the kernel jumped into a program's own memory" },
    { form: /access to user memory outside uaccess routines[^\n]*/, why: "the kernel says it" },
    { form: /KASAN: [^\n]*user-memory-access[^\n]*/, why: "KASAN says it" },
  ],
  when: ({ address }) => ({ evidence: address === null ? [] : [evidenceOf(address.said, "an address of user space")] }),
  blame: byTrail,
  confidence: "high",
  summary: (who) => `${someone(who)} follows a pointer into user space itself, without copy_from_user(), copy_to_user(), get_user() or put_user()`,
  next: (_subject, guilty) => trace(guilty, "see the pointers that come from the program"),
};
