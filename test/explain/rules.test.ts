import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { ruleNames } from "../../src/explain/index.ts";
import { root } from "../support/cli.ts";
import { explained, logNames, judged } from "../support/verdicts.ts";

// Reports of which no guest has given us a log yet, written after the kernel's own printk; and variants that a rule must tell apart.

type Report = { readonly head: readonly string[]; readonly pc?: string; readonly trace?: readonly string[]; readonly registers?: Readonly<Record<string, string>>; readonly modules?: string; readonly taint?: string; readonly tail?: readonly string[]; readonly closed?: false };

/** An x86-64 report as the kernel prints it. */
function text({ head, pc, trace = [], registers = {}, modules = "own(OE) tree", taint = "G           OE     ", tail = [], closed }: Report): string {
  const rows = Object.entries(registers).map(([name, value]) => `${name.toUpperCase()}: ${value}`);
  return [
    ...head,
    `CPU: 0 PID: 91 Comm: script Tainted: ${taint} 6.1.0-56-amd64 #1 Debian 6.1.192-2`,
    "Hardware name: QEMU",
    ...(pc === undefined ? [] : [`RIP: 0010:${pc}`]),
    ...rows,
    "Call Trace:",
    " <TASK>",
    ...trace.map((frame) => ` ${frame}`),
    " </TASK>",
    ...(closed === false ? [] : [`Modules linked in: ${modules}`, "---[ end trace 0000000000000000 ]---"]),
    ...tail,
    "",
  ].join("\n");
}

async function verdict(report: Report) {
  const { reports } = await explained(Buffer.from(text(report)), { modules: [] });
  expect(reports.map(({ corrupted }) => corrupted)).toEqual([null]);
  const { kind, verdict: found } = reports[0]!;
  return { kind, rule: found!.rule, confidence: found!.confidence, guilty: found!.guilty?.function ?? null, suspects: found!.suspects.map(({ function: name }) => name), earlier: found!.earlier.map(({ function: name }) => name), evidence: found!.evidence, summary: found!.summary };
}

const gpf = (address: string) => [`general protection fault, probably for non-canonical address 0x${address}: 0000 [#1] PREEMPT SMP NOPTI`];
const fault = (address: string, code = "0000") => [`BUG: unable to handle page fault for address: ${address}`, "#PF: supervisor read access in kernel mode", `#PF: error_code(0x${code}) - ${code === "0003" ? "permissions violation" : "not-present page"}`, `Oops: ${code} [#1] PREEMPT SMP NOPTI`];
const tail = ["param_attr_store+0x94/0xe0", "vfs_write+0x235/0x3f0", "ksys_write+0x6b/0xf0", "do_syscall_64+0x5d/0xb0", "entry_SYSCALL_64_after_hwframe+0x6e/0xd8"];
const inOwn = ["own_step+0x15/0x40 [own]", "own_set+0x3a/0x5f [own]", ...tail];
const slub = (what: string) => ["=============================================================================", `BUG kmalloc-64 (Tainted: G           OE     ): ${what}`, "-----------------------------------------------------------------------------", ""];

const cases: readonly (readonly [string, Report, Readonly<Record<string, unknown>>])[] = [
  ["an error pointer", { head: fault("fffffffffffffff4"), pc: inOwn[0]!, trace: inOwn.slice(1) }, { rule: "error-pointer", guilty: "own_step", confidence: "high", summary: "`own_step` of module own follows the error pointer -12 (ENOMEM) as if it were a pointer to an object: IS_ERR() was not asked" }],
  ["a member of what an error pointer points to", { head: fault("fffffffffffffffc"), pc: inOwn[0]!, trace: inOwn.slice(1), registers: { rax: "fffffffffffffff4" } }, { rule: "error-pointer", summary: "`own_step` of module own follows the error pointer -12 (ENOMEM) as if it were a pointer to an object: IS_ERR() was not asked" }],
  ["list poison followed", { head: gpf("dead000000000108"), pc: inOwn[0]!, trace: inOwn.slice(1) }, { kind: "list-corruption", rule: "list-poison", guilty: "own_step", confidence: "high" }],
  ["text in place of a pointer", { head: gpf("6f6f7073636f7065"), pc: inOwn[0]!, trace: inOwn.slice(1) }, { rule: "overwritten-pointer", guilty: "own_step", confidence: "medium", summary: "`own_step` of module own follows a pointer that was overwritten: it is the text \"epocspoo\"; the object was overrun, or freed and used again" }],
  ["a fault within a copy to user space", { head: fault("ffffb3f400123000"), pc: "copy_user_generic_string+0x31/0x40", trace: ["_copy_to_user+0x20/0x40", ...inOwn] }, { rule: "user-copy-fault", guilty: "own_step", confidence: "medium" }],
  ["a work item that is gone", { head: fault("ffffb3f400123000"), pc: "process_one_work+0x1a4/0x3b0", trace: ["worker_thread+0x4d/0x380", "kthread+0xda/0x100", "ret_from_fork+0x22/0x30"] }, { rule: "bad-access" }],
  ["a work item of freed memory", { head: gpf("6b6b6b6b6b6b6b6b"), pc: "process_one_work+0x1a4/0x3b0", trace: ["worker_thread+0x4d/0x380", "kthread+0xda/0x100", "ret_from_fork+0x22/0x30"] }, { kind: "use-after-free", rule: "work-after-free", confidence: "low" }],
  ["skb_push() without headroom", { head: ["skbuff: skb_under_panic: text:ffffffffc0a61234 len:78 put:14 head:ffff888100000000 data:ffff8880fffffff2 tail:0x40 end:0xc0 dev:eth0", "------------[ cut here ]------------", "kernel BUG at net/core/skbuff.c:112!", "invalid opcode: 0000 [#1] PREEMPT SMP NOPTI"], pc: "skb_panic+0x4a/0x4c", trace: ["skb_push.cold+0x14/0x14", ...inOwn] }, { rule: "skb-overrun", guilty: "own_step", confidence: "high", summary: "`own_step` of module own puts more before the data of an skb than it has room for (skb_push())" }],
  ["bytes that are no instruction", { head: ["invalid opcode: 0000 [#1] PREEMPT SMP NOPTI"], pc: inOwn[0]!, trace: inOwn.slice(1) }, { kind: "invalid-opcode", rule: "invalid-opcode", guilty: "own_step" }],
  ["code of a module that is gone", { head: ["BUG: unable to handle page fault for address: ffffffffc0a5f010", "#PF: supervisor instruction fetch in kernel mode", "#PF: error_code(0x0010) - not-present page", "Oops: 0010 [#1] PREEMPT SMP NOPTI"], pc: "0xffffffffc0a5f010", trace: ["call_timer_fn+0x27/0x130", "__run_timers+0x222/0x2c0"], modules: "tree [last unloaded: own(OE)]" }, { rule: "unloaded-code", guilty: "cleanup_module", confidence: "medium" }],
  ["a jump into the heap, by a module", { head: ["kernel tried to execute NX-protected page - exploit attempt? (uid: 0)", "BUG: unable to handle page fault for address: ffff888102345678", "#PF: supervisor instruction fetch in kernel mode", "#PF: error_code(0x0011) - permissions violation", "Oops: 0011 [#1] PREEMPT SMP NOPTI"], pc: "0xffff888102345678", trace: inOwn }, { rule: "jump-to-data", guilty: "own_step" }],
  ["a freed object was written to", { head: [...slub("Poison overwritten"), "0xffff888102345678-0xffff88810234567f @offset=1656. First byte 0x1 instead of 0x6b", "Allocated in own_open+0x35/0x80 [own] age=12 cpu=0 pid=91", " kmalloc_trace+0x26/0x90", " own_open+0x35/0x80 [own]", "Freed in own_close+0x22/0x30 [own] age=3 cpu=0 pid=91", " __kmem_cache_free+0x1/0x2a0", " own_close+0x22/0x30 [own]", " own_set+0x3a/0x5f [own]"], trace: ["dump_stack_lvl+0x44/0x5c", "check_bytes_and_report.cold+0x6d/0x97", "check_object+0x1a1/0x280", "alloc_debug_processing+0x71/0x160", "___slab_alloc+0x379/0x990", "__kmalloc+0x49/0x150", "tree_alloc+0x10/0x20 [tree]", ...tail] }, { kind: "use-after-free", rule: "use-after-free-poison", guilty: "own_close", earlier: ["own_close", "own_open"] }],
  ["object padding", { head: slub("Object corrupt"), trace: ["dump_stack_lvl+0x44/0x5c", "check_object+0x1a1/0x280", "kfree+0x70/0x120", ...inOwn] }, { kind: "memory-corruption", rule: "memory-corruption", guilty: "own_step", confidence: "low" }],
  ["an unlock too many", { head: ["", "=====================================", "WARNING: bad unlock balance detected!", "6.1.0 #1 Tainted: G           O      ", "-------------------------------------", "script/91 is trying to release lock (own_lock) at:", "[<ffffffffc0a61234>] own_step+0x15/0x40 [own]", "but there are no more locks to release!"], trace: ["dump_stack_lvl+0x44/0x5c", "print_unlock_imbalance_bug.cold+0x10/0x20", "lock_release+0x200/0x300", "__mutex_unlock_slowpath+0x30/0x200", ...inOwn] }, { kind: "lock-misuse", rule: "lock-misuse", guilty: "own_step", summary: "`own_step` of module own releases a lock that it does not hold" }],
  ["a hard lockup", { head: ["watchdog: Watchdog detected hard LOCKUP on cpu 0"], pc: inOwn[0]!, trace: inOwn.slice(1) }, { kind: "hard-lockup", rule: "hard-lockup", guilty: "own_step" }],
  ["no init", { head: ["Kernel panic - not syncing: No working init found.  Try passing init= option to kernel."], trace: ["dump_stack_lvl+0x44/0x5c", "panic+0x118/0x2f4", "kernel_init+0x120/0x130", "ret_from_fork+0x22/0x30"] }, { kind: "boot-failure", rule: "no-init", guilty: null, confidence: "high" }],
  ["a panic by policy, its warning lost", { head: ["Kernel panic - not syncing: kernel: panic_on_warn set ..."], trace: ["dump_stack_lvl+0x44/0x5c", "panic+0x118/0x2f4", "check_panic_on_warn.cold+0x10/0x10", "__warn+0x80/0xe0", "report_bug+0x10e/0x1b0", "handle_bug+0x3c/0x70", "exc_invalid_op+0x17/0x70", "asm_exc_invalid_op+0x16/0x20", ...inOwn] }, { rule: "panic-by-policy", guilty: "own_step", confidence: "low" }],
  ["a panic of a module", { head: ["Kernel panic - not syncing: own: no ring"], trace: ["dump_stack_lvl+0x44/0x5c", "panic+0x118/0x2f4", ...inOwn] }, { kind: "panic", rule: "panic", guilty: "own_step", confidence: "medium" }],
  ["what no rule knows", { head: ["odd trap: 0007 [#1] PREEMPT SMP"], pc: inOwn[0]!, trace: inOwn.slice(1) }, { kind: "other", rule: "other", guilty: "own_step", confidence: "low" }],
  // whom to blame
  ["an out-of-tree module weighs more than the kernel's function nearer to the crash", { head: fault("0000000000000018"), pc: "tree_walk+0x18/0x60", trace: inOwn }, { kind: "null-dereference", guilty: "own_step", suspects: ["tree_walk", "own_set"] }],
  ["and than a module of the tree", { head: fault("0000000000000018"), pc: "tree_walk+0x18/0x60 [tree]", trace: inOwn }, { guilty: "own_step", confidence: "medium", suspects: ["tree_walk", "own_set"] }],
  ["without one, the first function that is no helper", { head: fault("0000000000000018"), pc: "strlen+0x4/0x30", trace: ["kstrdup+0x10/0x60", "kobject_set_name_vargs+0x20/0x80", "dev_set_name+0x4e/0x70", ...tail], modules: "tree", taint: "G        W        " }, { guilty: "kobject_set_name_vargs" }],
  ["a left-over pointer is not guilty", { head: fault("0000000000000018"), pc: "tree_walk+0x18/0x60", trace: ["? own_step+0x15/0x40 [own]", ...tail] }, { guilty: "tree_walk" }],
  ["nor what an interrupt interrupted", { head: fault("0000000000000018"), pc: "tree_irq+0x18/0x60", trace: ["__handle_irq_event_percpu+0x40/0x190", "handle_irq_event+0x34/0x70", "asm_common_interrupt+0x22/0x40", ...inOwn] }, { guilty: "tree_irq" }],
  ["what RCU freed counts for who handed it over", { closed: false, head: ["==================================================================", "BUG: KASAN: slab-use-after-free in own_use+0x15/0x40 [own]", "Read of size 8 at addr ffff888102345678 by task script/91", ""], trace: ["dump_stack_lvl+0x44/0x5c", "print_report+0x193/0x4a3", "kasan_report+0xc0/0xf0", "own_use+0x15/0x40 [own]", ...tail], tail: ["Allocated by task 91:", " kasan_save_stack+0x20/0x40", " own_open+0x35/0x80 [own]", "", "Freed by task 0:", " kasan_save_stack+0x20/0x40", " __kmem_cache_free+0x1/0x2a0", " rcu_do_batch+0x1a0/0x5b0", " rcu_core+0x1b0/0x3c0", "", "Last potentially related work creation:", " kasan_save_stack+0x20/0x40", " __kasan_record_aux_stack+0x8e/0xa0", " kvfree_call_rcu+0x50/0x300", " own_close+0x22/0x30 [own]", " own_set+0x3a/0x5f [own]", "", "The buggy address belongs to the object at ffff888102345600", " which belongs to the cache kmalloc-256 of size 256"] }, { rule: "use-after-free", guilty: "own_close", suspects: ["own_use"], earlier: ["own_close", "own_open"] }],
  ["a use whose free is not in the report", { closed: false, head: ["==================================================================", "BUG: KASAN: slab-use-after-free in own_use+0x15/0x40 [own]", "Read of size 8 at addr ffff888102345678 by task script/91", ""], trace: ["dump_stack_lvl+0x44/0x5c", "kasan_report+0xc0/0xf0", "own_use+0x15/0x40 [own]", ...tail] }, { rule: "use-after-free", confidence: "medium", guilty: "own_use" }],
  ["a loop in a softirq, seen by the watchdog", { head: ["watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [swapper/0:0]"], pc: "_raw_spin_lock_bh+0x13/0x30", trace: ["own_rx+0x21/0x40 [own]", "__napi_poll+0x28/0x1b0", "net_rx_action+0x142/0x390", "handle_softirqs+0xd7/0x280", "__irq_exit_rcu+0xac/0xe0", "sysvec_apic_timer_interrupt+0x6e/0x90", "asm_sysvec_apic_timer_interrupt+0x16/0x20", "default_idle_call+0x38/0xf0", "do_idle+0x206/0x2b0"] }, { kind: "soft-lockup", rule: "spin-deadlock", guilty: "own_rx" }],
  ["tracing and its trampolines are passed over", { head: fault("0000000000000018"), pc: "bpf_prog_6deef7357e7b4530_on_entry+0x1a/0x40", trace: ["bpf_trampoline_6442512345_0+0x47/0x1000", ...inOwn] }, { guilty: "own_step" }],
];

test.each(cases)("%s", async (_name, report, expected) => {
  expect(await verdict(report)).toMatchObject(expected);
});

test("every rule explains at least one log", async () => {
  const seen = new Set<string>();
  for (const [, report] of cases) seen.add((await verdict(report)).rule);
  for (const name of logNames) seen.add((await judged(name)).verdict.rule);
  for (const name of readdirSync(`${root}test/explain`, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".txt"))) {
    for (const [, rule] of readFileSync(`${root}test/explain/${name}`, "utf8").matchAll(/^([a-z-]+), (?:high|medium|low): /gm)) seen.add(rule!);
  }
  expect(ruleNames.filter((name) => !seen.has(name))).toEqual([]);
});

test("every rule has its page, and every page its rule", () => {
  expect(readdirSync(`${root}docs/explain`).map((name) => name.replace(".md", "")).sort()).toEqual(ruleNames);
});
