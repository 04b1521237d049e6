/**
 * What a function is always called by, in every kernel that has it: the ends of most call traces. arch/x86/entry, arch/arm64/kernel/entry-common.c,
 * kernel/kthread.c, kernel/workqueue.c, kernel/sched/idle.c, fs/read_write.c. Inlining and tail calls may only skip a caller for its own.
 */
const ends: Readonly<Record<string, RegExp>> = {
  process_one_work: /^(?:process_scheduled_works|worker_thread|rescuer_thread)$/,
  process_scheduled_works: /^(?:worker_thread|rescuer_thread)$/,
  worker_thread: /^kthread$/,
  rescuer_thread: /^kthread$/,
  smpboot_thread_fn: /^kthread$/,
  kthread: /^ret_from_fork(?:_asm)?$/,
  kernel_init: /^ret_from_fork(?:_asm)?$/,
  ret_from_fork: /^ret_from_fork_asm$/,
  ret_from_fork_asm: /^$/,
  ksys_read: /^(?:__\w+_sys_p?read\w*|x64_sys_call|do_syscall_64|invoke_syscall)$/,
  ksys_write: /^(?:__\w+_sys_p?write\w*|x64_sys_call|do_syscall_64|invoke_syscall)$/,
  x64_sys_call: /^do_syscall_64$/,
  do_syscall_64: /^entry_SYSCALL_64/,
  entry_SYSCALL_64_after_hwframe: /^$/,
  invoke_syscall: /^(?:el0_svc_common|do_el0_svc)/,
  do_el0_svc: /^el0_svc$/,
  el0_svc: /^el0t_64_sync_handler$/,
  el0t_64_sync_handler: /^el0t_64_sync$/,
  el0t_64_sync: /^$/,
  do_idle: /^cpu_startup_entry$/,
  cpu_startup_entry: /^(?:start_secondary|rest_init|secondary_start_kernel|arch_call_rest_init|start_kernel)$/,
};

/** The symbol, if its callers are known. */
export function knownCallee(symbol: string): string | null {
  if (Object.hasOwn(ends, symbol)) return symbol;
  return /^__(?:x64|ia32|do)_sys_\w+$/.test(symbol) ? "__x64_sys_" : null;
}

/** Whether `symbol` may stand behind `callee` in a trace of callers. */
export function mayCall(symbol: string, callee: string): boolean {
  if (callee === "__x64_sys_") return /^(?:__(?:x64|ia32|se|arm64)_sys_\w+|x64_sys_call|do_syscall_64|invoke_syscall|do_int80\w*|do_fast_syscall_32|__do_fast_syscall_32|ia32_sys_call)$/.test(symbol);
  return ends[callee]!.test(symbol);
}
