import type { Draft } from "./draft.ts";
import type { CrashReport } from "./types.ts";

const softirqEntry = /^(?:__do_softirq|handle_softirqs|do_softirq|__local_bh_enable_ip|run_ksoftirqd|net_rx_action|tasklet_action_common|run_timer_softirq|rcu_core|call_timer_fn)/;
const hardirqEntry = /^(?:asm_sysvec_|sysvec_|__sysvec_|asm_common_interrupt|common_interrupt|do_IRQ|__handle_irq_event_percpu|handle_irq_event|generic_handle_|el1h_64_irq|el1_irq|el0t_64_irq|gic_handle_irq|do_interrupt_handler|riscv_intc_irq|handle_IPI|apic_timer_interrupt|smp_apic_timer_interrupt)/;
const nmiEntry = /^(?:exc_nmi|asm_exc_nmi|default_do_nmi|do_nmi|end_repeat_nmi|nmi_handle)/;

/** Who ran where when it happened. */
export function contextOf(draft: Draft): CrashReport["context"] {
  const { cpuLine, task } = draft;
  const said = saidByHeader(draft);
  const taint = cpuLine?.taint ?? draft.kernelLine?.taint ?? null;
  const words = draft.taintWords;
  return {
    cpu: said.cpu ?? cpuLine?.cpu ?? draft.cpu,
    pid: said.pid ?? cpuLine?.pid ?? task?.pid ?? null,
    comm: said.comm ?? cpuLine?.comm ?? task?.comm ?? null,
    mode: draft.mode ?? modeOf(draft),
    taint: taint === null || words === null ? taint : { flags: taint.flags, words },
  };
}

/** Some headers name the task or processor that the report is about; the CPU line then shows who noticed. */
function saidByHeader(draft: Draft): { cpu: number | null; pid: number | null; comm: string | null } {
  for (const { header } of draft.headers) {
    const { input } = header.match;
    const from = header.match.index;
    const text = input.slice(from, from + 512);
    const hung = /^INFO: task (.{1,32}?):(\d{1,10}) /.exec(text);
    if (hung !== null) return { cpu: null, pid: Number(hung[2]), comm: hung[1]! };
    const lockup = /BUG: soft lockup - CPU#(\d{1,5}) stuck for \d{1,10}s! \[(.{0,32}?):(\d{1,10})\]/.exec(text);
    if (lockup !== null) return { cpu: Number(lockup[1]), pid: Number(lockup[3]), comm: lockup[2]! };
    const hard = /LOCKUP on cpu ?(\d{1,5})/.exec(text);
    if (hard !== null) return { cpu: Number(hard[1]), pid: null, comm: null };
    const warned = /, CPU#(\d{1,5}): (.{0,32}?)\/(\d{1,10})\s*$/.exec(text);
    if (warned !== null && text.startsWith("WARNING: ")) return { cpu: Number(warned[1]), pid: Number(warned[3]), comm: warned[2]! };
    const atomic = /^BUG: scheduling while atomic: (.{0,32}?)\/(\d{1,10})\/0x/.exec(text);
    if (atomic !== null) return { cpu: null, pid: Number(atomic[2]), comm: atomic[1]! };
    const bad = /^BUG: Bad page (?:state|map) in process (.{1,32}?) {1,2}p(?:fn|te):/.exec(text);
    if (bad !== null) return { cpu: null, pid: null, comm: bad[1]! };
  }
  return { cpu: null, pid: null, comm: null };
}

/** What the processor was doing for whom, as the call trace shows it: what the innermost entry below the crash was. */
function modeOf(draft: Draft): CrashReport["context"]["mode"] {
  const stack = draft.stacks.find(({ name }) => name === "call trace") ?? draft.stacks.find(({ name }) => name.startsWith("backtrace of cpu"))
    // KCSAN shows last what this processor did.
    ?? draft.stacks.findLast(({ name }) => /^(?:read|write|access) by$/.test(name));
  if (stack === undefined || stack.frames.length === 0) return null;
  if (stack.firstMarker === "NMI") return "nmi";
  for (const { raw } of stack.frames) {
    if (raw.symbol === null || !raw.reliable || raw.role !== "call") continue;
    if (softirqEntry.test(raw.symbol)) return "softirq";
    if (nmiEntry.test(raw.symbol)) return "nmi";
    if (hardirqEntry.test(raw.symbol)) return "hardirq";
  }
  if (stack.firstMarker === "SOFTIRQ") return "softirq";
  return stack.firstMarker === "IRQ" ? "hardirq" : "process";
}
