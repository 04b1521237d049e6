/**
 * Functions that a title passes over: they report the crash, walk the stack, take the lock, copy or free the memory on behalf of the one that is
 * worth a name. A trace made of nothing else keeps its first function.
 */
const exact = new Set([
  // the report itself
  "dump_stack", "dump_stack_lvl", "__dump_stack", "show_stack", "show_regs", "dump_backtrace", "panic", "vpanic", "nmi_panic", "__warn", "__warn_printk", "report_bug", "handle_bug", "check_panic_on_warn",
  "warn_slowpath_fmt", "warn_slowpath_null", "warn_slowpath_common", "die", "__die", "__die_body", "__die_header", "die_addr", "oops_end", "oops_begin", "no_context", "bad_area_nosemaphore",
  "page_fault_oops", "kernelmode_fixup_or_oops", "__bad_area_nosemaphore", "bad_area", "exc_page_fault", "do_user_addr_fault", "do_kern_addr_fault", "do_page_fault", "__do_page_fault", "page_fault", "exc_general_protection",
  "exc_invalid_op", "do_trap", "do_error_trap", "do_invalid_op", "exc_double_fault", "do_mem_abort", "do_translation_fault", "__do_kernel_fault", "die_kernel_fault", "el1_abort", "do_trap_error", "brk_handler", "bug_handler",
  "bug_get_file_line", "trace_hardirqs_off_finish", "print_address_description", "print_report", "print_bad_pte", "bad_page", "slab_err", "object_err", "slab_bug", "slab_fix", "slab_pad_check", "check_bytes_and_report", "check_object",
  "alloc_debug_processing", "free_debug_processing", "print_trailer", "__slab_err", "ubsan_epilogue", "handle_overflow", "check_memory_region", "stack_trace_save", "save_stack_trace", "save_stack", "set_track", "set_track_prepare", "stack_depot_save",
  "warn_alloc", "dump_header", "dump_page", "out_of_memory", "oom_kill_process", "warn_bogus_irq_restore", "debug_print_object", "__stack_chk_fail", "report_cfi_failure", "__trace_hardirqs_on_caller",
  "sysrq_handle_crash", "__handle_sysrq", "nmi_cpu_backtrace", "nmi_trigger_cpumask_backtrace", "arch_trigger_cpumask_backtrace", "nmi_cpu_backtrace_handler", "rcu_dump_cpu_stacks", "sched_show_task", "trigger_single_cpu_backtrace",
  "print_cpu_stall", "check_cpu_stall", "rcu_pending", "rcu_check_callbacks", "rcu_sched_clock_irq", "update_process_times", "watchdog", "check_hung_uninterruptible_tasks",
  "unwind_next_frame", "unwind_get_return_address", "arch_stack_walk", "__unwind_start", "__save_stack_trace",
  // list, refcount and object debugging
  "__list_add_valid", "__list_add_valid_or_report", "__list_del_entry_valid", "__list_del_entry_valid_or_report", "__list_add", "__list_del_entry", "list_del_init", "__list_del", "list_del",
  "refcount_warn_saturate", "refcount_add_checked", "refcount_add_not_zero_checked", "refcount_inc_checked", "refcount_inc_not_zero_checked", "refcount_sub_and_test_checked", "refcount_dec_checked", "refcount_dec_and_test",
  "debug_object_activate", "debug_object_assert_init", "debug_object_free", "debug_object_init", "debug_check_no_obj_freed", "__debug_check_no_obj_freed", "debug_object_active_state", "debug_object_deactivate", "usercopy_abort", "__check_object_size", "__check_heap_object", "check_heap_object",
  // memory
  "memcpy", "__memcpy", "memcpy_orig", "memcpy_erms", "memmove", "__memmove", "memset", "__memset", "memset_erms", "memset_orig", "memcmp", "__memcmp", "memchr", "strlen", "strnlen", "strcpy", "strncpy", "strcmp", "strncmp", "strstr", "strchr", "strscpy", "sized_strscpy", "strlcpy", "fortify_panic", "__fortify_panic", "__fortify_report", "do_task_dead", "vsnprintf", "snprintf", "vsprintf", "sprintf", "scnprintf", "vscnprintf", "format_decode", "number", "string", "string_nocheck", "pointer", "rep_movs_alternative", "rep_stos_alternative", "clear_page_erms", "clear_page_rep", "clear_page_orig", "copy_page", "copy_page_regs", "clear_user_rep_good", "memcpy_toio", "memcpy_fromio",
  "copy_user_generic_unrolled", "copy_user_enhanced_fast_string", "copy_user_generic_string", "copy_to_user", "copy_from_user", "_copy_to_user", "_copy_from_user", "__copy_user_nocache", "__arch_copy_from_user", "__arch_copy_to_user", "copy_user_highpage",
  "kfree", "__kfree", "kvfree", "kvfree_sensitive", "kfree_sensitive", "kzfree", "vfree", "__vfree", "kmem_cache_free", "kmem_cache_free_bulk", "__slab_free", "slab_free", "do_slab_free", "slab_free_freelist_hook", "slab_free_hook", "cache_free_debugcheck", "___cache_free", "__cache_free", "set_freepointer", "free_to_partial_list", "__kmem_cache_free", "free_large_kmalloc", "kfree_rcu", "kmem_cache_destroy", "__kmem_cache_shutdown", "slab_kmem_cache_release",
  "kmalloc", "kzalloc", "kcalloc", "__kmalloc", "__kmalloc_noprof", "__kmalloc_cache_noprof", "__kmalloc_node", "__kmalloc_node_noprof", "__kmalloc_node_track_caller", "__kmalloc_node_track_caller_noprof", "__kmalloc_track_caller", "__kmalloc_large_node", "__do_kmalloc_node", "kmalloc_trace", "kmalloc_node_trace", "kmalloc_reserve", "kmalloc_large", "kmalloc_order", "kmalloc_order_trace", "kmem_cache_alloc", "kmem_cache_alloc_noprof", "kmem_cache_alloc_lru", "kmem_cache_alloc_lru_noprof", "kmem_cache_alloc_node", "kmem_cache_alloc_node_noprof", "kmem_cache_alloc_trace", "kmem_cache_alloc_node_trace", "kmem_cache_alloc_bulk", "__kmem_cache_alloc_node", "___slab_alloc", "__slab_alloc", "slab_alloc_node", "slab_post_alloc_hook", "allocate_slab", "new_slab", "kmemdup", "kmemdup_noprof", "kstrdup", "kstrdup_noprof", "kvmalloc_node", "kvmalloc_node_noprof", "__kvmalloc_node_noprof", "krealloc", "krealloc_noprof", "__do_krealloc", "kmemleak_alloc",
  "__alloc_pages", "__alloc_pages_noprof", "__alloc_pages_slowpath", "__alloc_pages_nodemask", "__alloc_frozen_pages_noprof", "alloc_pages", "alloc_pages_mpol_noprof", "alloc_pages_current", "__get_free_pages", "get_free_pages_noprof", "get_page_from_freelist", "alloc_pages_noprof", "free_pages", "__free_pages", "__free_pages_ok", "free_unref_page", "free_pages_prepare", "free_pcp_prepare", "__alloc_skb", "vmalloc", "__vmalloc", "vzalloc", "__vmalloc_node", "__vmalloc_node_range", "__vmalloc_node_range_noprof",
  "__put_user_4", "__put_user_8", "__get_user_4", "__get_user_8", "__get_user_nocheck_4", "__get_user_nocheck_8",
  "qlist_free_all", "qlink_free", "quarantine_reduce", "quarantine_put",
  // locks, waiting and scheduling
  "lock_acquire", "__lock_acquire", "lock_release", "lock_is_held_type", "lock_acquired", "check_noncircular", "check_prev_add", "check_prevs_add", "validate_chain", "print_circular_bug", "print_usage_bug", "mark_lock", "mark_lock_irq", "mark_usage", "check_deadlock", "register_lock_class", "print_deadlock_bug", "print_unlock_imbalance_bug", "valid_state", "check_irq_usage", "check_wait_context", "lockdep_rcu_suspicious", "debug_check_no_locks_freed", "debug_check_no_locks_held", "assign_lock_key", "look_up_lock_class", "lockdep_init_map", "lockdep_init_map_type", "print_bad_irq_dependency", "print_irq_inversion_bug", "check_usage_forwards", "check_usage_backwards", "lock_sys_exit", "trace_hardirqs_on", "trace_hardirqs_off", "lockdep_hardirqs_on",
  "schedule", "__schedule", "preempt_schedule", "preempt_schedule_irq", "preempt_schedule_common", "preempt_schedule_notrace", "schedule_timeout", "schedule_timeout_uninterruptible", "schedule_preempt_disabled", "schedule_hrtimeout_range", "schedule_hrtimeout_range_clock", "io_schedule", "io_schedule_timeout", "__switch_to", "__switch_to_asm", "context_switch", "__schedule_bug", "schedule_debug", "schedule_rtlock", "msleep", "usleep_range", "usleep_range_state", "__might_sleep", "___might_sleep", "__might_resched", "might_fault", "__might_fault", "__cond_resched", "_cond_resched", "__synchronize_srcu", "bit_wait", "bit_wait_io", "__wait_on_bit", "out_of_line_wait_on_bit", "wait_for_completion", "wait_for_completion_timeout", "wait_for_completion_killable", "wait_for_completion_state", "wait_for_completion_interruptible", "__wait_for_common", "do_wait_for_common", "wait_for_common", "folio_wait_bit_common", "__wait_rcu_gp", "synchronize_rcu", "synchronize_rcu_normal", "rwbase_write_lock", "rwsem_down_write_slowpath", "rwsem_down_read_slowpath", "rwsem_down_write_failed", "rwsem_down_read_failed", "call_rwsem_down_write_failed", "call_rwsem_down_read_failed", "__rwsem_down_write_failed_common", "down", "down_read", "down_write", "down_read_trylock", "down_write_killable", "down_read_killable", "down_interruptible", "__down", "__down_common", "__down_read", "__down_write", "__down_interruptible", "up", "up_read", "up_write", "rt_mutex_lock", "rt_mutex_slowlock", "rtlock_slowlock_locked", "__rt_mutex_lock", "ww_mutex_lock", "queued_spin_lock_slowpath", "native_queued_spin_lock_slowpath", "pv_queued_spin_lock_slowpath", "__pv_queued_spin_lock_slowpath", "queued_read_lock_slowpath", "queued_write_lock_slowpath", "pv_wait", "kvm_wait", "spin_bug", "rwlock_bug", "do_raw_spin_lock", "do_raw_spin_unlock", "do_raw_write_lock", "debug_spin_lock_before", "debug_spin_unlock", "debug_smp_processor_id", "__this_cpu_preempt_check", "check_preemption_disabled", "osq_lock", "mcs_spin_lock", "percpu_down_write", "rcu_read_lock_held", "percpu_rwsem_wait", "__percpu_down_read", "flush_work", "__flush_work", "flush_workqueue", "__flush_workqueue", "flush_delayed_work",
  "synchronize_srcu", "rcu_barrier", "kthread_stop",
  // entry, idle and stack helpers
  "__x86_return_thunk", "__x86_indirect_thunk_array", "return_to_handler", "ftrace_caller", "ftrace_regs_caller", "ftrace_call", "default_idle", "native_safe_halt", "native_halt", "arch_safe_halt", "pv_native_safe_halt", "acpi_safe_halt", "acpi_idle_do_entry", "arch_cpu_idle", "cpu_do_idle", "default_idle_call", "mwait_idle",
  "csd_lock_wait", "smp_call_function_many", "smp_call_function_many_cond", "smp_call_function", "smp_call_function_single", "on_each_cpu", "on_each_cpu_cond_mask", "generic_exec_single", "_nohz_idle_balance", "check_flush_dependency",
]);

const families: readonly RegExp[] = [
  /^(?:__)?(?:asan|hwasan|kasan|kfence|kcsan|kmsan|tsan|msan|ubsan|lockdep|kmemleak|sanitizer)_/,
  /^__(?:asan|hwasan|tsan|msan|ubsan|sanitizer)/,
  /^(?:__)?_?raw_(?:spin|read|write)_/,
  /^(?:__)?_?(?:spin|read|write)_(?:lock|unlock|trylock)/,
  /^(?:__)?mutex_(?:lock|unlock|trylock|spin)/, /^_mutex_/,
  /^rt_(?:spin|read|write|mutex)_/,
  /^(?:asm_)?(?:exc|sysvec)_/, /^el[01][th]?_/, /^el1h_64_/,
  /^__x86_indirect_thunk_/,
  /^__pfx_/,
  /^bpf_(?:trampoline_|prog_|trace_run)/,
  /^(?:atomic|atomic64|arch_atomic|raw_atomic|instrument)_/,
  /^(?:print|dump)_(?:stack|trace|lock|usage)/,
  /^panic_/,
];

/** The name without what the compiler hung on it. */
export function plainName(symbol: string): string {
  return symbol.replace(/(?:\.(?:isra|constprop|part|cold|llvm|lto_priv)(?:\.\d+)*|\.cold|\.\d+)+$/, "");
}

export function isPassedOver(symbol: string): boolean {
  const name = plainName(symbol);
  return exact.has(name) || families.some((family) => family.test(name));
}
