/**
 * Lines that belong to a report though they hold neither frame nor register: what sanitizers, lockdep, SLUB, the watchdogs and the architectures add.
 * Their words are common ones, so each family's count only within its own reports.
 */
import type { CrashKind } from "./types.ts";

type Family = "memory" | "lock" | "stall" | "exhausted";

const families: Readonly<Record<Family | "all", readonly string[]>> = {
  all: [
    "Hardware name: ", "Tainted: \\[", "Workqueue: ", "Stopper: ", "Sched_ext: ", "Thread overran stack", "Stack:", "Process ", "Modules linked in", "Disabling lock debugging", "note: ", "INFO: lockdep is turned off",
    "Kernel Offset: ", "Rebooting in ", "SMP: (?:stopping|failed)", "Shutting down cpus", "Dumping ftrace", "\\(ftrace buffer empty\\)", "Kernel memory", "Memory Limit", "PHYS_OFFSET", "Bad RIP value", "Fixing recursive fault", "Not tainted ", "CPU: \\d",
    // x86
    "#PF: ", "PGD ", "P4D ", "\\*pd", "\\*pgd", "IP: ", "task: [0-9a-f]{8,16} ", "[0-9a-f]{16}(?: [0-9a-f]{16}){1,3}\\s*$", "KASAN: ", "unable to execute userspace", "kernel tried to execute",
    // arm64, arm
    "\\[[0-9a-f]{8,16}\\] (?:\\*?p[gum4]d|address between|user address)", "pgd = ", "Mem abort info", "Data abort info", "(?:ESR|EC|SET|EA|FSC|ISV|CM|GCS|TnD) = ", "CPU features: ", "(?:swapper|user|kernel) pgtable", "pstate: ", "sp : ", "Exception stack\\(", "Flags: ", "Control: ", "psr: ", "Register [rRx]", "[0-9a-f]{4}: (?:[0-9a-f]{8} ?){1,8}",
    // powerpc, s390, loongarch
    "Faulting instruction address", "[LB]E PAGE_SIZE", "Failing address: ", "Fault in ", "AS:", "Krnl ", "GPR\\d\\d: ", "REGS: ", "CRMD|PRMD|ECFG|ESTAT|EUEN|BADV|PRID", "Instruction dump", "(?:XXXXXXXX|<?[0-9a-f]{8}>?)(?: (?:XXXXXXXX|<?[0-9a-f]{8}>?)){3,9} *$", "[# >]{0,2}[0-9a-f]{16}: [0-9a-f]{4,12}\\s", "Stack *: ", "Cause *: ", "Status: ", "8<--- cut here",
  ],
  memory: [
    "Context: (?:process|softirq|hardirq|nmi), interrupts ", "(?:Read|Write|Free|Access) (?:of size|of addr|at addr)", "The buggy address", "which belongs to", "and is located", "(?:freed|allocated) \\d", "\\d+-byte region", "Memory state around", ">?[0-9a-f]{8,16}: (?:[0-9a-f]{2} ?){4}", "\\^\\s*$", "page[: ]", "head[: ]", "flags: 0x", "page_type: ", "raw: ", "page dumped because", "aops:", "anon flags", "Address \\S+ ", "This frame has", "\\[\\d+, \\d+\\) '", "addr \\S+ is located", "This memory was",
    "kfence-#", "Bytes? \\d", "Memory access of size", "Data copied to", "value changed: ", "Reported by Kernel", "<Zero or more", "\\(stack is not available\\)", "index -?\\d", "shift exponent", "(?:un)?signed integer overflow", "-?\\d+ [-+*] -?\\d+ cannot", "load of value", "member access", "division by zero", "left shift of",
    "(?:Redzone|Object|Padding|Bytes b4|Right Redzone|Left Redzone|Poison|FP) +(?:\\([0-9a-f]+\\)|[0-9a-f]{8,16}:|\\S+)", "Slab 0x", "INFO: (?:Slab|Object|Allocated|Freed|Freeing)", "0x[0-9a-f]{8,16}-0x[0-9a-f]{8,16} @offset", "FIX ", "-{20}", "slab ", "comm \"", "hex dump", "[0-9a-f]{2}(?: [0-9a-f]{2}){7} ",
  ],
  lock: [
    "in_atomic\\(\\)", "preempt_count", "RCU nest depth", "no locks? held", "\\d+ locks? held by", "#\\d+: ", "irq event stamp", "(?:hard|soft)irqs last", "the code is fine", "turning off the locking", "you didn't initialize", "other info that might", "Possible unsafe", "Possible interrupt", "\\*\\*\\* DEADLOCK", "CPU\\d( |\\s*$)", "----", "lock\\(", "rlock\\(", "<Interrupt>", "local_irq_disable", "but task is already", "but this (?:task|new)", "is trying to", "which lock already", "which would create", "May be due to missing", "inconsistent \\{", "context-\\{", "and (?:this task|interrupts|the lock)", "\\S{1,32} is (?:trying|exiting)", "[0-9a-f]{16} \\(", "Chain exists of", "\\S+ --> ", ".{1,32}/\\d+ (?:is|takes|\\[HC)", "lock: ", "caller is", "rcu_scheduler_active", "Call Trace", "\\S+:\\d+ suspicious",
  ],
  stall: [
    "\"echo 0 > ", "task:", "Showing (?:all locks|busy|backtrace)", "rcu: ", "\\d+-[.?!]{4}", "\\(t=\\d+ ", "\\(detected by", "Tasks blocked on", "Sending NMI", "NMI backtrace", "Future hung task", "workqueue ", "pwq ", "in-flight", "pending: ", "pool ", "CPU#\\d", "#\\d+: ", "\\d+ locks? held by", "blocked by", "INFO: task .{1,40}blocked by",
  ],
  exhausted: [
    "Mem-Info", "(?:active|inactive)_(?:anon|file):", "unevictable:", "slab_reclaimable:", "mapped:", "sec_pagetables:", "kernel_misc", "free:", "Node \\d", "lowmem_reserve", "\\d+ (?:total pagecache )?pages", "(?:Free|Total) swap", "Unreclaimable slab", "Name +Used", "\\S+ {2,}\\d+KB +\\d+KB", "\\[ +(?:pid|\\d+) *\\] +", "Tasks state", "oom-kill:", "Out of memory", "oom_reaper", "Memory cgroup",
  ],
};

const formOf = (...lists: (readonly string[])[]): RegExp => new RegExp(`\\s{0,40}(?:${lists.flat().join("|")})`, "y");
const forms: Readonly<Record<Family | "all", RegExp>> = {
  all: formOf(families.all),
  memory: formOf(families.all, families.memory),
  lock: formOf(families.all, families.lock),
  stall: formOf(families.all, families.stall),
  exhausted: formOf(families.all, families.exhausted),
};

function familyOf(kind: CrashKind): Family | "all" {
  switch (kind) {
    case "use-after-free": case "double-free": case "invalid-free": case "out-of-bounds": case "uninitialized": case "memory-corruption": case "undefined-behaviour": case "data-race": case "leak": case "bad-access": case "null-dereference": case "user-access":
      return "memory";
    case "deadlock": case "lock-misuse": case "sleep-in-atomic":
      return "lock";
    case "soft-lockup": case "hard-lockup": case "rcu-stall": case "hung-task":
      return "stall";
    case "out-of-memory":
      return "exhausted";
    case "general-protection": case "list-corruption": case "refcount": case "stack-overflow": case "stack-corruption": case "bug": case "warning": case "divide-error": case "invalid-opcode": case "boot-failure": case "panic": case "cfi": case "hardware": case "other":
      return "all";
  }
}

/** Whether this line belongs to a report of that kind. */
export function isDetail(text: string, start: number, kind: CrashKind): boolean {
  const form = forms[familyOf(kind)];
  form.lastIndex = start;
  return form.test(text);
}
