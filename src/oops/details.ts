/** Lines that belong to a report though they hold neither frame nor register: what sanitizers, lockdep, slub and the architectures add. */
const details = new RegExp(
  "\\s{0,40}(?:" +
    [
      "Hardware name: ", "Tainted: \\[", "Workqueue: ", "Stopper: ", "Sched_ext: ", "Thread overran stack", "Stack: ?$", "Stack: ", "Process ",
      "#PF: ", "PGD ", "P4D ", "\\*pd", "\\*pgd", "\\[[0-9a-f]{8,16}\\] \\*?p[gum4]?[dt]", "pgd = ", "IP: ", "PF: ", "Thumb ", "Mem abort info", "Data abort info", "ESR = ", "EC = ", "SET = ", "EA = ", "FSC = ", "ISV = ", "CM = ", "GCS = ", "TnD = ", "CPU features: ", "swapper pgtable", "user pgtable", "kernel pgtable", "address between user and kernel",
      "pstate: ", "sp : ", "Exception stack\\(", "Flags: ", "Control: ", "psr: ", "Register [rRx]", "Faulting instruction address", "LE PAGE_SIZE|BE PAGE_SIZE", "Failing address: ", "Fault in ", "AS:", "Krnl ", "CRMD|PRMD|ERA|ECFG|ESTAT",
      "KASAN: ", "(?:Read|Write|Free|Access) (?:of size|of addr|at addr)", "The buggy address", " ?which belongs to", "(?:The )?[a-z ]*(?:buggy|freed|allocated) (?:memory|physical page|address)", "\\d+-byte region", "Memory state around", ">?[0-9a-f]{8,16}: (?:[0-9a-f]{2} ?){4,}", ">?[0-9a-f]{8,16}: ", "\\^\\s*$", "page[: ]", "flags: 0x", "raw: ", "page dumped because", "head: ", "anon flags", "Address \\S+ ", "This frame has", "\\[\\d+, \\d+\\) '", "addr \\S+ is located", "This memory was", "kasan: ",
      "kfence-#", "CPU: \\d", "Bytes? \\d", "Memory access of size", "value changed: ", "Reported by Kernel", "==+$", "index -?\\d", "shift exponent", "signed integer overflow", "unsigned integer overflow", "load of ", "member access", "division by zero", "load of value",
      "(?:Redzone|Object|Padding|Bytes b4|Right Redzone|Left Redzone|Poison|FP) +(?:\\([0-9a-f]+\\)|[0-9a-f]{8,16}:|\\S+)", "Slab 0x", "INFO: (?:Slab|Object|Allocated|Freed|lockdep is turned off|Freeing)", "0x[0-9a-f]{8,16}-0x[0-9a-f]{8,16} @offset", "FIX ", "Disabling lock debugging", "-{20,}", "slab ",
      "comm \"", "hex dump", "[0-9a-f]{2}(?: [0-9a-f]{2}){7} ", "in_atomic\\(\\)", "preempt_count", "RCU nest depth", "no locks held", "\\d+ locks? held by", "#\\d+: ", "irq event stamp", "(?:hard|soft)irqs last", "(?:INFO: )?lockdep is turned off", "the code is fine", "turning off the locking", "other info that might", "Possible unsafe", "Possible interrupt", "\\*\\*\\* DEADLOCK", "CPU0 +CPU1", "CPU0\\s*$", "lock\\(", "<Interrupt>", "but task is already", "but this (?:task|new)", "is trying to", "which lock already", "\\*\\*\\*|stack backtrace", "the existing dep", "May be due to missing", "inconsistent \\{", "context-\\{", "and (?:this task|interrupts)", "hold", "ffff[0-9a-f]{12} \\(", "and the lock comes",
      "Not tainted ", "\"echo 0 > ", "task:", "Showing (?:all locks|busy|backtrace)", "rcu: ", "\\(t=\\d+ jiffies", "\\(detected by", "Tasks blocked on", "Sending NMI", "NMI backtrace", "Future hung task", "blocker", "workqueue ", "pwq ", "in-flight", "pending: ", "pool ",
      "Mem-Info", "(?:active|inactive)_(?:anon|file):", "unevictable:", "slab_reclaimable:", "mapped:", "sec_pagetables:", "kernel_misc", "free:", "Node \\d", "\\d+ (?:total pagecache )?pages", "(?:Free|Total) swap", "Unreclaimable slab", "Name +Used", "\\S+ {2,}\\d+KB +\\d+KB", "\\[ +(?:pid|\\d+) *\\] +", "Tasks state", "lowmem_reserve", "oom-kill:", "Out of memory", "oom_reaper", "Tasks state",
      "Kernel Offset: ", "Rebooting in ", "SMP: ", "Shutting down cpus", "Dumping ftrace", "\\(ftrace buffer empty\\)", "note: ", "Kernel memory", "Memory Limit", "PHYS_OFFSET", "Bad RIP value", "Fixing recursive fault", "kernel tried to execute", "unable to execute userspace", "SMAP|SMEP", "debug_locks", "Stack dump", "Unwind", "invoked oom",
    ].join("|") +
    ")",
  "y",
);

export function isDetail(text: string, start: number): boolean {
  details.lastIndex = start;
  return details.test(text);
}
