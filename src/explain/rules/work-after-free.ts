import { byTrail } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { guard, set, slubDebug } from "../steps.ts";
import { nameOf } from "../subject.ts";
import { meaningOf } from "../values.ts";

/** A worker took its function, or its list's neighbours, from a work item whose memory is gone. */
export const workAfterFree: Rule = {
  name: "work-after-free",
  kinds: ["use-after-free", "general-protection", "bad-access", "list-corruption", "invalid-opcode"],
  needs: [],
  when: (subject) => {
    const [first] = subject.trail;
    // Either the workqueue's own code stumbles, or it jumps to where no function is.
    const within = first !== undefined && first.module === null && /^(?:process_one_work|worker_thread|move_linked_works|assign_work|__queue_work|insert_work|pwq_\w+|process_scheduled_works|delayed_work_timer_fn)$/.test(nameOf(first));
    if (!within) return null;
    const { address } = subject;
    const meaning = address === null ? null : meaningOf(address.value);
    const jumped = subject.pc !== null && subject.pc.symbol === null;
    if (!jumped && (meaning === null || meaning.is === "user" || meaning.is === "null")) return null;
    const evidence = address === null ? [] : [{ logLine: address.said.logLine, text: address.said.text, why: meaning === null ? "where the work's function should be" : `the address is ${meaning.what}` }];
    return { evidence: [...evidence, { logLine: first.logLine, text: first.text, why: "a worker was about to run a work item" }] };
  },
  blame: byTrail,
  confidence: "medium",
  summary: () => "a work item was freed while it was queued; who did it is not in the log",
  next: (subject, guilty) => [
    ...guard(subject, guilty),
    ...slubDebug(subject, "FPU"),
    ...set("CONFIG_DEBUG_OBJECTS_WORK=y, CONFIG_DEBUG_OBJECTS_FREE=y", "a kernel built with these names the free of an object whose work is queued"),
  ],
};
