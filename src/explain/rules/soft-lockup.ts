import { byRunning, nobody, suspectOf } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { frameEvidence, nameOf, type Subject } from "../subject.ts";
import { trace } from "../steps.ts";
import { someone } from "../words.ts";

/** Where it waits for functions that it asked other processors to run (kernel/smp.c). */
function waiting({ running: [first, second] }: Subject): Subject["trail"][number] | null {
  return [first, second].find((frame) => frame !== undefined && frame.module === null && /^(?:smp_call_function_(?:many_cond|many|single)|generic_exec_single|csd_lock_wait|__csd_lock_wait|csd_lock_record|multi_cpu_stop|stop_machine_yield)$/.test(nameOf(frame))) ?? null;
}

/** Where it writes messages to a console (kernel/printk/printk.c). */
const printing = ({ running }: Subject): boolean => running.slice(0, 8).some(({ module, symbol }) => module === null && /^(?:console_unlock|console_flush_all|console_emit_next_record)/.test(symbol!));

/** A processor has run kernel code for seconds without giving others a turn. */
export const softLockup: Rule = {
  name: "soft-lockup",
  kinds: ["soft-lockup"],
  needs: [{ form: /soft lockup[^\n]*|softlockup: hung tasks[^\n]*/, why: "which processor, how long, and who ran" }],
  when: (subject) => {
    const waits = waiting(subject);
    if (waits === null) return { evidence: [] };
    const { place } = byRunning(subject);
    return { evidence: [frameEvidence(waits, "it waits for other processors to answer")], blame: nobody, confidence: "low", suspects: place === null ? [] : [suspectOf(place, "it asked the others, and most likely is only the victim")] };
  },
  blame: byRunning,
  confidence: "medium",
  summary: (who, subject) => printing(subject) && waiting(subject) === null ? `${someone(who, "the kernel")} prints more than the console can take: the processor was busy writing it out` : waiting(subject) !== null ? "the processor waits for another one to answer its call, which has interrupts off or hangs: the stack of that one tells who is to blame" : `${someone(who, "the kernel")} runs without end, or so long that nobody else gets the processor`,
  next: (_subject, guilty) => trace(guilty, "see how often it is called, and how long it takes"),
};
