/**
 * Which frames are exact: the address of an instruction that was running (or trapped), not one that a call returns to. The source line of an exact
 * address is looked up as it is, that of a return address one byte before; to take one for the other gives a wrong line.
 *
 * Exact are:
 *
 * 1. Program counters shown by name: `RIP:`, `EIP:`, `pc :`, `epc :`, `NIP`, `PC is at`. (`lr` and `ra` are return addresses.)
 * 2. What the kernel marks: arm64's `(P)` since 6.13 (arch/arm64/kernel/stacktrace.c KUNWIND_SOURCE_REGS_PC), powerpc's `--- interrupt: … at`
 *    and arm's `__irq_svc from f+…` (both print the registers' own pc).
 * 3. A frame that repeats the pc of its report or stack. arm64 and riscv begin the trace of a fault with it (dump_backtrace, walk_stackframe start at
 *    regs->pc); x86 before 4.9, and 6.4 and newer with their longer scan, show the saved regs->ip on the stack as `? f+0x1/0x2`.
 * 4. The first frame after an exception entry, where the unwinder hands out the interrupted pc as if it were a caller:
 *    - arm64: after `el1h_64_irq` and its kind. kernel_entry (arch/arm64/kernel/entry.S) builds a frame record of x29 and ELR.
 *    - riscv: after `ret_from_exception` or `handle_exception` (walk_stackframe then takes regs->epc).
 *    - x86, but only in stacks that were saved as addresses (KASAN's, lockdep's, kmemleak's, …): after `asm_exc_*`, `asm_sysvec_*`,
 *      `asm_common_interrupt`. There arch_stack_walk passes on unwind_get_return_address(), which for a frame with registers is regs->ip
 *      (arch/x86/kernel/unwind_orc.c, UNWIND_HINT_TYPE_REGS).
 * 5. The first frame of KFENCE's own stack for a fault (`Use-after-free read at 0x…`): stack_trace_save_regs begins with regs->ip
 *    (mm/kfence/report.c). s390's last branch, too, is an instruction of its own.
 *
 * A symbol that another line mentions is exact if it repeats an exact frame of its report (finish.ts).
 *
 * In an x86 `Call Trace:` rule 4 does not hold: __show_trace_log_lvl (arch/x86/kernel/dumpstack.c) prints the registers of such a frame as a `RIP:`
 * line within the trace, and passes over their ip ("Don't print regs->ip again"). The next frame is the interrupted function's caller: a return address.
 */
import type { RawFrame } from "./frames.ts";
import type { Arch } from "./types.ts";

/**
 * How a stack came about. `walked`: printed by the architecture's show_stack while it unwinds; on x86 that shows the registers of an interrupted
 * frame as `RIP:` and passes over its address. `saved`: an array of addresses (stack_trace_save), in which the interrupted address is an entry like the
 * others. `faulting`: saved, and it begins with the faulting instruction itself. `branch`: a single address of a branch instruction.
 */
export type StackWay = "walked" | "saved" | "faulting" | "branch";

const x86Entry = /^(?:asm_(?:exc|sysvec|common_interrupt|spurious_interrupt|fred)\w*|end_repeat_nmi|(?:apic_timer|common|reschedule|call_function|call_function_single|irq_work|threshold|thermal)_interrupt|ret_from_intr|(?:async_)?page_fault|general_protection|invalid_op|divide_error|stack_segment|int3|nmi)$/;
const arm64Entry = /^el1(?:[ht]_64)?_(?:sync|irq|fiq|error|da|ia|sp_pc|undef|dbg)$/;
const riscvEntry = /^(?:ret_from_exception|handle_exception)$/;

/** `symbol+offset [module]` of a pc, as rule 3 compares it. */
export function placeOf(frame: Pick<RawFrame, "symbol" | "offset" | "module">): string | null {
  return frame.symbol === null || frame.offset === null ? null : `${frame.symbol}+${frame.offset} ${frame.module ?? ""}`;
}

/** Rules 1 to 5 for the frames of one stack, in their order. Fed line by line it knows at each frame what can be known by then. */
export class ExactRules {
  readonly #way: StackWay;
  readonly #arch: Arch | null;
  readonly #pcs: Set<string>;
  #afterEntry: boolean;

  /** `pcs` are the places (placeOf) of the program counters that this stack may repeat; those within the stack are added as they come. */
  constructor(way: StackWay, arch: Arch | null, pcs: Iterable<string> = []) {
    this.#way = way;
    this.#arch = arch;
    this.#pcs = new Set(pcs);
    this.#afterEntry = way === "faulting";
  }

  next(frame: RawFrame): boolean {
    const place = placeOf(frame);
    if (frame.role === "pc") {
      if (place !== null && !frame.user) this.#pcs.add(place);
      return true;
    }
    if (frame.role === "lr") return false;
    // A symbol that is shown for another reason at offset 0 is the function itself: nothing returns there.
    if (frame.role === "register") return (place !== null && this.#pcs.has(place)) || frame.offset === 0;
    const exact = frame.marked || this.#way === "branch" || (place !== null && this.#pcs.has(place)) || (this.#afterEntry && frame.reliable);
    if (frame.reliable) this.#afterEntry = frame.symbol !== null && isEntry(frame.symbol, this.#way, this.#arch);
    return exact;
  }
}

function isEntry(symbol: string, way: StackWay, arch: Arch | null): boolean {
  switch (arch) {
    case "x86_64":
    case "i386":
      return way !== "walked" && x86Entry.test(symbol);
    case "arm64":
      return arm64Entry.test(symbol);
    case "riscv64":
      return riscvEntry.test(symbol);
    case null:
      return arm64Entry.test(symbol) || (way !== "walked" && /^asm_(?:exc|sysvec)_/.test(symbol));
    case "arm":
    case "ppc64":
    case "s390x":
    case "mips":
    case "loongarch64":
      return false;
  }
}
