/** The causes, in the order in which they are tried: what is surer or more special comes first. A file each. */
import type { Rule } from "../rule.ts";
import { doubleFreeSkb } from "./double-free-skb.ts";
import { doubleFreeSlab } from "./double-free-slab.ts";
import { invalidFree } from "./invalid-free.ts";
import { freedWhileActive } from "./freed-while-active.ts";
import { listCorruption } from "./list-corruption.ts";
import { timerAfterFree } from "./timer-after-free.ts";
import { workAfterFree } from "./work-after-free.ts";
import { useAfterFree } from "./use-after-free.ts";
import { useAfterFreePoison } from "./use-after-free-poison.ts";
import { listPoison } from "./list-poison.ts";
import { unloadedCode } from "./unloaded-code.ts";
import { nullCall } from "./null-call.ts";
import { jumpToData } from "./jump-to-data.ts";
import { errorPointer } from "./error-pointer.ts";
import { sysrqCrash } from "./sysrq-crash.ts";
import { fortify } from "./fortify.ts";
import { usercopy } from "./usercopy.ts";
import { redzone } from "./redzone.ts";
import { outOfBounds } from "./out-of-bounds.ts";
import { userPointer } from "./user-pointer.ts";
import { userCopyFault } from "./user-copy-fault.ts";
import { overwrittenPointer } from "./overwritten-pointer.ts";
import { freelistCorruption } from "./freelist-corruption.ts";
import { readOnlyWrite } from "./read-only-write.ts";
import { nullDereference } from "./null-dereference.ts";
import { nonCanonical } from "./non-canonical.ts";
import { stackOverflow } from "./stack-overflow.ts";
import { stackCorruption } from "./stack-corruption.ts";
import { refcount } from "./refcount.ts";
import { skbOverrun } from "./skb-overrun.ts";
import { warning } from "./warning.ts";
import { bugOn } from "./bug-on.ts";
import { divideError } from "./divide-error.ts";
import { invalidOpcode } from "./invalid-opcode.ts";
import { undefinedBehaviour } from "./undefined-behaviour.ts";
import { dataRace } from "./data-race.ts";
import { uninitialized } from "./uninitialized.ts";
import { cfi } from "./cfi.ts";
import { spinDeadlock } from "./spin-deadlock.ts";
import { workqueueLockup } from "./workqueue-lockup.ts";
import { softLockup } from "./soft-lockup.ts";
import { hardLockup } from "./hard-lockup.ts";
import { abbaDeadlock } from "./abba-deadlock.ts";
import { hungTask } from "./hung-task.ts";
import { lockdepDeadlock } from "./lockdep-deadlock.ts";
import { lockdepRecursive } from "./lockdep-recursive.ts";
import { lockdepIrq } from "./lockdep-irq.ts";
import { sleepInAtomic } from "./sleep-in-atomic.ts";
import { suspiciousRcu } from "./suspicious-rcu.ts";
import { preemptiblePerCpu } from "./preemptible-per-cpu.ts";
import { lockBadMagic } from "./lock-bad-magic.ts";
import { lockMisuse } from "./lock-misuse.ts";
import { leak } from "./leak.ts";
import { netdevLeak } from "./netdev-leak.ts";
import { allocationFailure } from "./allocation-failure.ts";
import { outOfMemory } from "./out-of-memory.ts";
import { badPage } from "./bad-page.ts";
import { memoryCorruption } from "./memory-corruption.ts";
import { noInit } from "./no-init.ts";
import { noRoot } from "./no-root.ts";
import { initKilled } from "./init-killed.ts";
import { machineCheck } from "./machine-check.ts";
import { panicByPolicy } from "./panic-by-policy.ts";
import { rcuStall } from "./rcu-stall.ts";
import { badAccess } from "./bad-access.ts";
import { panic } from "./panic.ts";
import { other } from "./other.ts";

export const rules: readonly Rule[] = [
  doubleFreeSkb, doubleFreeSlab, invalidFree, freedWhileActive, listCorruption, unloadedCode, timerAfterFree, workAfterFree, useAfterFree, freelistCorruption, useAfterFreePoison,
  listPoison, nullCall, jumpToData, errorPointer, sysrqCrash, fortify, usercopy, redzone, outOfBounds, userPointer, userCopyFault,
  overwrittenPointer, readOnlyWrite, nullDereference, nonCanonical, stackOverflow, stackCorruption, refcount, warning, skbOverrun, bugOn,
  divideError, invalidOpcode, undefinedBehaviour, dataRace, uninitialized, cfi, spinDeadlock, workqueueLockup, softLockup, hardLockup, abbaDeadlock,
  hungTask, lockdepDeadlock, lockdepRecursive, lockdepIrq, sleepInAtomic, suspiciousRcu, preemptiblePerCpu, lockBadMagic, lockMisuse, netdevLeak, leak,
  allocationFailure, outOfMemory, badPage, memoryCorruption, noInit, noRoot, initKilled, machineCheck, panicByPolicy, rcuStall, badAccess, panic,
  other,
];

/** Their names, each of which has its page: docs/explain/NAME.md. */
export const ruleNames: readonly string[] = rules.map(({ name }) => name).sort();
