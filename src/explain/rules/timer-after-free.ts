import { byTrail, nobody, type Blame } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { guard, set, slubDebug, trace } from "../steps.ts";
import { nameOf, type Subject } from "../subject.ts";
import { meaningOf } from "../values.ts";

const timers = /^(?:__run_timers?(?:_base)?|run_timer_\w+|expire_timers|collect_expired_timers|call_timer_fn|detach_timer|detach_if_pending|__collect_expired_timers|next_expiry_recalc|enqueue_timer|timer_\w+)$/;

/**
 * The timer wheel met an entry whose memory is gone, or a timer's function found its object overwritten: somebody freed an object whose timer was still
 * pending.
 */
export const timerAfterFree: Rule = {
  name: "timer-after-free",
  kinds: ["use-after-free", "general-protection", "bad-access", "null-dereference", "list-corruption", "invalid-opcode"],
  needs: [],
  when: (subject) => {
    const wheel = inWheel(subject);
    const called = !wheel && calledByTimer(subject);
    if (!wheel && !called) return null;
    const { address } = subject;
    const meaning = address === null ? null : meaningOf(address.value);
    // A callback may crash for reasons of its own: only garbage in place of a pointer says that its object is gone.
    if (called && (meaning === null || !["freed", "text", "non-canonical", "list-poison", "redzone"].includes(meaning.is))) return null;
    if (wheel && subject.report.kind === "null-dereference" && meaning?.is !== "null") return null;
    const evidence = address === null ? [] : [{ logLine: address.said.logLine, text: address.said.text, why: meaning === null ? "the address that a timer's memory led to" : `the address is ${meaning.what}` }];
    const at = subject.trail.find((frame) => timers.test(nameOf(frame)));
    if (at !== undefined) evidence.push({ logLine: at.logLine, text: at.text, why: wheel ? "the kernel was going through the timers that are due" : "a timer called it" });
    return { evidence, ...(called ? { confidence: "medium" as const } : {}) };
  },
  blame: (subject): Blame => (inWheel(subject) ? nobody : byTrail(subject)),
  confidence: "medium",
  summary: (who) =>
    who === null
      ? "an object was freed while its timer (or delayed work) was pending; who did it is not in the log"
      : `the object of a timer was freed or overwritten while the timer was pending: its function ${who} finds garbage in it`,
  next: (subject, guilty) => [
    ...guard(subject, guilty),
    ...slubDebug(subject, "FPU"),
    ...set("CONFIG_DEBUG_OBJECTS_TIMERS=y, CONFIG_DEBUG_OBJECTS_FREE=y", "a kernel built with these names the free of an object whose timer is pending"),
    ...trace(guilty, "see when the timer fires"),
  ],
};

function inWheel(subject: Subject): boolean {
  const [first] = subject.trail;
  return first !== undefined && first.module === null && timers.test(nameOf(first)) && nameOf(first) !== "call_timer_fn";
}

/** The crash is in a timer's function, or in what that called directly. */
function calledByTimer({ trail }: Subject): boolean {
  const at = trail.findIndex((frame) => /^(?:call_timer_fn|__hrtimer_run_queues|expire_timers)$/.test(nameOf(frame)));
  return at > 0 && at <= 3;
}
