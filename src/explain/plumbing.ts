/**
 * Who is never to blame: functions that serve others (allocator, locks, lists, skbs, strings, printing, tracing) and the machinery that calls others
 * (system call entry, workqueues, timers, interrupts). By source path where it is known, else by name. Only the kernel's own code is so excused: in a module
 * every function may be guilty, but for what it takes from the kernel's headers.
 */
import type { CaseFrame, CaseFunction } from "../case/index.ts";
import { isPassedOver, plainName } from "../oops/index.ts";

/** `helper`: serves its caller. `machinery`: calls whoever registered. `own`: may be to blame. */
export type Role = "own" | "helper" | "machinery";

/** The kernel's headers: include/linux/list.h, arch/x86/include/asm/…; a module may have folders of that name, but not with these below. */
const header = /(?:^|\/)(?:include\/(?:linux|net|asm|asm-generic|uapi|vdso|trace|generated|crypto|drm|sound|scsi|rdma|media|target|xen|acpi|kunit|ras|kvm|keys|soc|ufs|cxl|video|pcmcia|memory|misc|clocksource)\/|arch\/\w+\/include\/)/;

const helperPath = /(?:^|\/)(?:(?:mm|lib|kernel\/(?:locking|printk|trace|bpf|kcsan|rcu|dma|debug|cgroup))\/|net\/core\/(?:skbuff|sock|gen_stats|gro)\.c$|kernel\/(?:panic|kprobes|notifier|resource|watchdog|watchdog_hld|hung_task|kallsyms|stacktrace|cfi|iomem|jump_label|static_call|softirq_debug)\.c$|arch\/\w+\/lib\/|arch\/\w+\/mm\/|arch\/\w+\/kernel\/(?:dumpstack|traps|stacktrace|unwind_\w+|ftrace|kprobes\/\w+|alternative|static_call|jump_label|cpu\/mce\/\w+|hw_breakpoint|callthunks|cfi)\.[cS]$)/;

const machineryPath = /(?:^|\/)(?:kernel\/(?:time|irq|sched|entry|module)\/|kernel\/(?:workqueue|kthread|softirq|smp|smpboot|stop_machine|task_work|exit|fork|params|module|signal|cpu|reboot|async|irq_work)\.c$|init\/main\.c$|arch\/\w+\/(?:entry|kernel\/cpu)\/|arch\/\w+\/kernel\/(?:irq\w*|apic\/\w+|process\w*|head\w*|smp\w*|signal\w*|entry[\w-]*|syscall|nmi|idt|kvm|time\w*)\.[cS]$|arch\/\w+\/kvm\/|drivers\/(?:cpuidle|irqchip|clocksource)\/)/;

const helperName: readonly RegExp[] = [
  // network buffers
  /^_{0,3}(?:skb_|pskb_|kfree_skb|consume_skb|napi_consume_skb|napi_skb_|dev_kfree_skb|dev_consume_skb|skbuff_|build_skb|alloc_skb|netdev_alloc_|napi_alloc_|sk_skb_reason_drop|sock_[wreo]+free|sock_def_|sk_stream_|sk_free|sk_destruct|tcp_wfree|nf_reset)/,
  // counts, lists, trees, strings
  /^_{0,2}(?:refcount_|kref_|kobject_(?:put|get|cleanup|release|del)|put_device|get_device|fortify_|list_|hlist_|llist_|klist_|rb_|xa_|xas_|idr_|ida_|radix_tree_|mas_|mtree_|rhashtable_|rht_|bitmap_|find_(?:next|first|last)_|sg_|iov_iter_|csum_|crc\d|hex_|kstrto|sscanf|vsscanf|kmemdup|kasprintf|kvasprintf|kstrdup|sort|bsearch|kfifo_|percpu_|pcpu_|mempool_|memparse|print_hex|seq_buf_|str(?:len|cpy|ncpy|lcpy|scpy|cmp|ncmp|cat|chr|str|sep|im)|mem(?:cpy|move|set|cmp|chr|scan|dup|zero))/,
  // memory
  /^_*(?:kasan_|slab_|slub_|kmem_|kmalloc|kzalloc|kcalloc|krealloc|kfree|kvfree|kvmalloc|vmalloc|vfree|vunmap|vmap|free_(?:page|slab|large|nonslab|unref|to_partial|one|frozen|kmem|vm)|alloc_page|alloc_pages|alloc_slab|allocate_slab|get_partial|put_cpu_partial|unfreeze_partials|get_page|put_page|folio_|page_|discard_slab|deactivate_slab|devm_k|dma_|object_err|check_object|check_slab|check_bytes|memcg_|obj_cgroup|oom_|rmqueue|rcu_free_slab|handle_mm_fault|do_fault)/,
  // locks, waiting, waking, deferring
  /^_{0,3}(?:mutex_|rwsem_|down_|up_|rt_mutex|ww_mutex|spin_|read_lock|write_lock|raw_spin|queued_|native_queued|seqlock|completion|complete(?:$|_all|_on|_with)|wait_|wake_|wakeup|prepare_to_wait|finish_wait|swake_|try_to_wake|ttwu_|schedule|msleep|usleep|fsleep|might_|cond_resched|rcu_|srcu_|call_rcu|synchronize_|mod_timer|add_timer|del_timer|timer_|try_to_del|detach_|enqueue_timer|debug_timer|hrtimer_|queue_work|queue_delayed|queue_rcu|mod_delayed|insert_work|cancel_|try_to_grab|flush_|drain_work|kthread_|tasklet_|irq_work_|debug_object|debug_check|lock_|lockdep|lock\b|percpu_down|percpu_up|atomic_|down$|up$)/,
  // talking, tracing, probing
  /^_{0,2}(?:printk|_printk|vprintk|dev_(?:printk|err|warn|info|vprintk)|netdev_(?:err|warn|info|printk)|console_|vt_console|serial8250_con|trace_|ftrace|function_trace|perf_|bpf_|kprobe|kretprobe|opt_pre|optimized_callback|fprobe|rethook|arch_ftrace|prepare_ftrace|__probestub|warn_|bug_|report_bug|report_cfi|die(?:$|_)|oops_|exc_|asm_exc_|handle_bug|do_trap|do_error|do_int3|int3|kernelmode_fixup|fixup_|search_ex|el1h_64_sync|el1_sync|el1h_64_sync_handler|el1_abort|el1_dbg|el1_undef|do_mem_abort|do_translation|do_page_fault|do_alignment|do_sea|do_debug_exception|call_break_hook|brk_|bug_handler|__stack_chk|restore_regs|error_entry|page_fault|general_protection|invalid_op|return_to_handler|sanitizer)/,
  // to and from user space
  /^_{0,3}(?:copy_(?:to|from|in)_user|_copy_|arch_copy|copy_user|get_user|put_user|clear_user|strncpy_from_user|strnlen_user|check_object_size|check_heap_object|usercopy|raw_copy|rep_movs|rep_stos|simple_(?:read|write)_)/,
];

const machineryName = /^(?:asm_)?_{0,3}(?:do_syscall|do_fast_syscall|x64_sys_|ia32_sys_|se_sys_|do_sys_(?:init_module|finit_module|delete_module)|arm64_sys_|riscv_sys_|invoke_syscall|el0|el1h_64_irq|do_el0|entry_|ret_from_|kthread$|worker_thread|process_one_work|process_scheduled_works|call_timer_fn|run_timer|__run_timer|expire_timers|run_hrtimer|hrtimer_run|hrtimer_interrupt|handle_softirqs|do_softirq|irq_exit|softirq_|run_ksoftirqd|tasklet_action|net_rx_action|napi_poll|__napi_poll|rcu_core|rcu_do_batch|rcu_process|do_one_initcall|do_init_module|load_module|init_module|idempotent_init|finit_module|delete_module|free_module|do_initcalls|do_basic_setup|kernel_init|do_idle|cpu_idle|cpu_startup|default_idle|native_safe_halt|mwait_|intel_idle|acpi_(?:idle|safe)|amd_e400|cpuidle|pv_native_safe|arch_cpu_idle|poll_idle|start_kernel|arch_call_rest|rest_init|secondary_start|start_secondary|x86_64_start|smpboot_|common_startup|primary_|cpu_stopper|stop_machine|multi_cpu_stop|migration_cpu|sysvec_|common_interrupt|common_irq|handle_(?:irq|edge|level|fasteoi|percpu|domain|simple|nested)|generic_handle|do_IRQ|gic_|call_on_irq|irq_(?:exit|enter|work|thread)|do_interrupt|apic_(?:timer|send)|smp_(?:apic|call|reschedule|send|irq)|update_process|tick_|update_wall|nmi|do_nmi|default_do_nmi|end_repeat|exc_nmi|watchdog(?:$|_timer|_overflow|_hardlockup|_check)|soft_lockup|is_softlockup|exit_to_user|syscall_exit|syscall_enter|task_work|do_exit|do_group_exit|make_task_dead|rewind_stack|do_task_dead|get_signal|do_signal|arch_do_signal|param_attr_store|param_set|module_attr_store|irqentry|bpf_trampoline|bpf_prog_|__bpf_prog|bpf_dispatcher|pick_next|finish_task|context_switch|scheduler_tick|schedule_tail|flush_smp_call|generic_smp|__sysvec)/;

/** Whether a file is a kernel header or one of those whose functions serve others. */
export function isServing(file: string): boolean {
  return header.test(file) || helperPath.test(file);
}

/** What a function of a frame is there for. `fn` is null for a frame without a place. */
export function roleOf(frame: CaseFrame, fn: CaseFunction | null): Role {
  const file = fn?.file ?? null;
  if (file !== null && header.test(file)) return "helper";
  if (frame.module !== null && frame.module !== "bpf") return "own";
  const name = plainName(fn?.function ?? frame.symbol ?? "");
  if (frame.module === "bpf" || name.startsWith("bpf_prog_") || name.startsWith("bpf_trampoline_")) return "helper";
  if (file !== null) {
    if (helperPath.test(file)) return "helper";
    if (machineryPath.test(file)) return "machinery";
  }
  if (isPassedOver(name) || helperName.some((form) => form.test(name))) return "helper";
  return machineryName.test(name) ? "machinery" : "own";
}

/** Where a trace leaves what the crash belongs to: below stands what an interrupt or softirq interrupted. */
export const entry = /^(?:asm_)?(?:__)?(?:sysvec_|common_interrupt|do_IRQ|ret_from_intr|call_on_irq_stack|el1h_64_irq|el1_irq|el0t_64_irq|el0_irq|__irq_svc|__irq_usr|gic_handle_irq|handle_softirqs|__do_softirq|do_softirq|do_softirq_own_stack|asm_exc_nmi|exc_nmi|end_repeat_nmi|nmi|apic_timer_interrupt|reschedule_interrupt|hardware_interrupt_common|decrementer_common|do_irq|handle_arch_irq|riscv_intc_irq|irq_exit_rcu|irq_exit)/;
