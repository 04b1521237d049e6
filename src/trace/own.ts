/**
 * Functions that a program of a trace calls, or the kernel while it runs one: a probe there would be hit by itself. fentry programs are kept from recursion each for itself only, and
 * some of these hold locks. Names of Linux 5.10 to 7.x.
 */
const own = /^(?:_?_?bpf_|__htab_|htab_|alloc_htab_elem|lookup_nulls_elem_raw|pcpu_freelist_|___pcpu_freelist|(?:__)?ringbuf_|array_map_|percpu_array_map_|trace_call_bpf|kprobe_(?:ftrace|dispatcher|perf)|kretprobe_|rethook_|arch_rethook|opt_pre_handler|aggr_pre_handler|perf_trace_run_bpf|copy_from_kernel_nofault|strncpy_from_kernel_nofault|ktime_get_mono_fast_ns|_?_raw_(?:read_|write_)?(?:spin_)?(?:try)?(?:un)?lock|do_raw_spin|queued_spin|native_queued_spin|irq_work_|__irq_work|arch_irq_work|get_perf_callchain|get_callchain|put_callchain|perf_callchain_|unwind_|__unwind_|orc_|stack_access_ok|rcu_(?:is_watching|read_lock|read_unlock)|__rcu_|migrate_|preempt_count_|debug_smp_processor_id|ftrace_|__fentry__|x86_get_ftrace|prepare_ftrace|function_trace)/;

/** Why a function is not traced though the kernel might take the probe; null for most. */
export function ownReason(module: string | null, name: string): string | null {
  return module === null && own.test(name) ? "tracing itself calls it: a probe there would be hit by every event" : null;
}
