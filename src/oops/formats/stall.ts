/** Machines that stand still: lockups, RCU stalls, hung tasks, stuck workqueues (kernel/watchdog.c, watchdog_hld.c, rcu/tree_stall.h, hung_task.c, workqueue.c). */
import type { CrashFormat } from "../format.ts";

const stall = { stage: "announcement", weight: 6 } as const;

export const stallFormats: readonly CrashFormat[] = [
  {
    ...stall, starts: ["watchdog: BUG: soft lockup", "NMI watchdog: BUG: soft lockup", "BUG: soft lockup"],
    header: /(?:NMI )?(?:watchdog: )?BUG: soft lockup - CPU#(\d{1,5}) stuck for/y,
    kind: "soft-lockup", title: "BUG: soft lockup in {f}", names: "pc", trace: "needed",
  },
  {
    ...stall, starts: ["watchdog: Watchdog detected hard LOCKUP", "NMI watchdog: Watchdog detected hard LOCKUP", "Watchdog detected hard LOCKUP", "watchdog: CPU"],
    header: /(?:NMI )?(?:watchdog: )?(?:Watchdog detected hard LOCKUP on cpu ?(\d{1,5})|CPU(\d{1,5}): Watchdog detected hard LOCKUP on cpu)/y,
    kind: "hard-lockup", title: "BUG: hard lockup in {f}", names: "pc", trace: "needed",
  },
  {
    ...stall, starts: ["rcu: INFO: ", "INFO: rcu"],
    header: /(?:rcu: )?INFO: (rcu\w{0,20}) (?:self-detected stall on|detected stalls on|detected expedited stalls on|detected stall)/y,
    kind: "rcu-stall", title: "INFO: rcu detected stall in {f}", names: "pc", trace: "needed",
  },
  {
    ...stall, starts: ["rcu: rcu"],
    header: /rcu: rcu\w{0,20} kthread starved for \d/y, weight: 0,
    kind: "rcu-stall", title: "INFO: rcu detected stall in {f}", names: "pc", trace: "needed",
  },
  {
    ...stall, starts: ["INFO: task "],
    header: /INFO: task (.{1,32}?):(\d{1,10}) (?:blocked|is blocked|<[a-z]+> blocked)[a-z ,/-]{0,80} for more than \d/y,
    kind: "hung-task", title: "INFO: task hung in {f}", names: "trace", trace: "needed",
  },
  {
    ...stall, starts: ["INFO: task "],
    header: /INFO: task (.{1,32}?):(\d{1,10}) can't die for more than \d/y,
    kind: "hung-task", title: "INFO: task can't die in {f}", names: "trace", trace: "needed",
  },
  {
    ...stall, starts: ["BUG: workqueue lockup"],
    header: /BUG: workqueue lockup - pool/y,
    kind: "soft-lockup", title: "BUG: workqueue lockup", names: "trace", trace: "none",
  },
];
