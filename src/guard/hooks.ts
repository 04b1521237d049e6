/** Which of the kernel's functions are watched, by what this kernel has: nothing here asks for a version. */

/** `mark`: the object goes back where it came from. `clear`: it is allocated. `check`: a free function is entered. `both`: checks first, then marks. */
export type HookRole = "mark" | "clear" | "check" | "both";
/** How a program gets there. fentry and fexit are bound to types (BTF); kprobes work by name alone. */
export type HookWay = "fentry" | "kprobe" | "tracepoint";

type KnownHook = { readonly function: string; readonly role: HookRole; /** Of the prototype that programs/guard.bpf.c reads. */ readonly arguments: number; readonly only?: "fentry" | "kprobe"; /** Of its program; by default that of its way. */ readonly program?: string; readonly turn?: Hook["turn"] };

const at = (role: HookRole, count: number, ...functions: string[]): KnownHook[] => functions.map((name) => ({ function: name, role, arguments: count }));

/**
 * What gives skbs beside the allocator's tracepoint: clones that lie beside their original, and what is kept for a processor. Each allocation passes two programs if it can, as the kernel leaves one
 * out that is stopped on the same processor (from 5.12 on), and the skb of what stopped it may be the one that was freed. Only what is kept is given out where none can come in between.
 */
const clones = [...at("clear", 2, "__skb_clone"), { ...at("clear", 2, "skb_clone")[0]!, turn: "second" as const }];
const clonesByCallers = at("clear", 2, "skb_clone", "skb_morph").map((hook) => ({ ...hook, turn: "alone" as const }));
const kept = at("clear", 0, "napi_skb_cache_get");
const seconds = [
  ...at("clear", 4, "__alloc_skb"),
  ...at("clear", 2, "__build_skb", "build_skb"),
  ...at("clear", 1, "slab_build_skb", "alloc_skb_for_msg"),
  ...at("clear", 3, "__netdev_alloc_skb"),
].map((hook) => ({ ...hook, turn: "second" as const }));
const keptByCallers = [...at("clear", 2, "napi_build_skb", "napi_alloc_skb"), ...at("clear", 3, "__napi_alloc_skb")];
/** Many at once, and what is built where an skb lies already. */
const more: readonly KnownHook[] = [
  { function: "kmem_cache_alloc_bulk", role: "clear", arguments: 4, only: "fentry" },
  { function: "kmem_cache_alloc_bulk_noprof", role: "clear", arguments: 4, only: "fentry" },
  ...at("clear", 3, "build_skb_around"),
];

/** Where every skb's end begins, and the ends that do not pass there. */
const release = at("both", 1, "skb_release_head_state");
const pastRelease = [...at("both", 1, "__consume_stateless_skb", "napi_skb_free_stolen_head"), ...at("check", 2, "__dev_kfree_skb_irq", "dev_kfree_skb_irq_reason")];

/** The functions that end an skb by skb_release_head_state: it is called for living ones, too (skb_segment, skb_morph). */
export const enders: readonly string[] = [
  "kfree_skb", "kfree_skb_reason", "sk_skb_reason_drop", "__kfree_skb", "__kfree_skb_defer", "consume_skb", "napi_consume_skb", "__napi_kfree_skb", "kfree_skb_partial", "kfree_skb_list_reason", "skb_attempt_defer_free",
];

/** Where that cannot be: free functions as they are entered, and what gives an skb back. */
const entries = [
  ...at("check", 1, "kfree_skb", "consume_skb", "__kfree_skb", "__consume_stateless_skb", "kfree_skb_list", "skb_attempt_defer_free"),
  ...at("check", 2, "kfree_skb_reason", "kfree_skb_partial", "__dev_kfree_skb_irq", "dev_kfree_skb_irq_reason", "kfree_skb_list_reason"),
  ...at("check", 3, "sk_skb_reason_drop"),
  ...at("mark", 1, "kfree_skbmem", "napi_skb_cache_put", "__kfree_skb_defer", "napi_skb_free_stolen_head"),
  ...at("mark", 2, "__napi_kfree_skb", "napi_consume_skb"),
];

const skbTracepoints: readonly TracepointHook[] = [{ name: "kmem_cache_alloc", role: "clear" }, { name: "kmem_cache_alloc_node", role: "clear" }];
const slabTracepoints: readonly TracepointHook[] = [{ name: "kmalloc", role: "clear" }, { name: "kmalloc_node", role: "clear" }, { name: "kfree", role: "both" }, { name: "kmem_cache_free", role: "both" }];

/** Other ways to free an object, each for modules that import it. kvfree ends with a jump to kfree or vfree. */
const otherFrees: readonly (KnownHook & { readonly by: readonly string[] })[] = [
  { function: "__vmalloc_node_range", role: "clear", arguments: 0, only: "kprobe", by: ["vfree", "kvfree"] },
  { function: "__vmalloc_node_range_noprof", role: "clear", arguments: 0, only: "kprobe", by: ["vfree", "kvfree"] },
  { function: "vfree", role: "both", arguments: 1, only: "fentry", by: ["vfree", "kvfree"] },
  { function: "kvfree_call_rcu", role: "both", arguments: 2, only: "fentry", by: ["kvfree_call_rcu"] },
  { function: "kmem_cache_free_bulk", role: "both", arguments: 3, only: "fentry", by: ["kmem_cache_free_bulk", "kfree_bulk"] },
];
/** What a module calls for an skb: whoever calls one of these has it. */
const skbAllocators: readonly KnownHook[] = ([["__alloc_skb", 4], ["__netdev_alloc_skb", 3], ["__napi_alloc_skb", 3], ["napi_alloc_skb", 2], ["build_skb", 2], ["napi_build_skb", 2], ["skb_clone", 2], ["skb_copy", 2], ["skb_copy_expand", 4]] as const)
  .map(([name, count]) => ({ function: name, role: "clear", arguments: count, only: "fentry", program: `l_${name}` }));
/** Those of `otherFrees` without which what was freed would look held. */
const unheard: readonly string[] = ["kvfree_call_rcu", "kmem_cache_free_bulk"];
type TracepointHook = { readonly name: string; readonly role: HookRole };

/** A program to attach. `turn`: of those that clear an skb's mark, it is the `first` to see an allocation, the `second`, or `alone`. */
export type Hook = { readonly program: string; readonly function: string; readonly role: HookRole; readonly way: HookWay; readonly turn: "first" | "second" | "alone" };

/** What a kernel has. */
export type KernelNames = {
  /** How many arguments a function of vmlinux has by its type; null for one without a type. */
  readonly argumentsOf: (name: string) => number | null;
  /** Whether a function stands in kallsyms, once. */
  readonly hasFunction: (name: string) => boolean;
  readonly hasTracepoint: (name: string) => boolean;
};

export type HookWishes = {
  /** One hook at the begin of an skb's end, where the kernel has it: it takes a trampoline whose layout is known, and memory that is not wiped when it is free, as what looks referenced is not ended a second time. */
  readonly release: boolean;
  /** Objects of kmalloc and of caches as well: these hooks are on everybody's way. */
  readonly slab: boolean;
  /** Whether a guarded module may call this function of the kernel. */
  readonly calls: (name: string) => boolean;
  /** What is allocated and not freed, too. */
  readonly leaks: boolean;
};

export type HookPlan = {
  /** In the order of attachment: nothing is marked before what clears it is in place. */
  readonly hooks: readonly Hook[];
  /** Functions of the table that are there and are not watched, with why. */
  readonly left: readonly { readonly function: string; readonly role: HookRole; readonly why: string }[];
  /** skb_release_head_state is watched, and no free function by itself. */
  readonly release: boolean;
  /** `napi_skb_cache_put` is a function of its own: then only it marks what goes to a processor's cache. */
  readonly cachePut: boolean;
};

/** The hooks for a kernel. */
export function planHooks(kernel: KernelNames, wishes: HookWishes): HookPlan {
  const hooks: Hook[] = [];
  const left: { function: string; role: HookRole; why: string }[] = [];
  const typed = ({ function: name, arguments: count }: KnownHook): boolean => kernel.argumentsOf(name) === count;
  for (const { name, role } of [...skbTracepoints, ...(wishes.slab || wishes.leaks ? slabTracepoints : [])]) if (kernel.hasTracepoint(name)) hooks.push({ program: `t_${name}`, function: name, role, way: "tracepoint", turn: "first" });
  const released = wishes.release && release.every(typed);
  const others = otherFrees.filter(({ function: name, by }) => by.some((one) => wishes.calls(one)) || (wishes.leaks && unheard.includes(name)));
  // napi_build_skb came with what is kept and given out again, and that a program is left out at times (5.12).
  const keeps = kernel.hasFunction("napi_build_skb");
  const wanted = [...(typed(clones[0]!) ? clones : clonesByCallers), ...(keeps ? seconds : []), ...(kept.every(typed) ? kept : keeps ? keptByCallers : []), ...more, ...(released ? [...release, ...pastRelease] : entries), ...others, ...(wishes.leaks ? skbAllocators : [])];
  for (const hook of wanted) {
    const { function: name, role, arguments: count, only, program, turn = "first" } = hook;
    const found = kernel.argumentsOf(name);
    if (only === "kprobe") {
      if (kernel.hasFunction(name)) hooks.push({ program: `k_${name}`, function: name, role, way: "kprobe", turn });
    } else if (typed(hook)) hooks.push({ program: program ?? `f_${name}`, function: name, role, way: "fentry", turn });
    else if (kernel.hasFunction(name) && only === undefined && found === null) hooks.push({ program: `k_${name}`, function: name, role, way: "kprobe", turn });
    else if (found !== null) left.push({ function: name, role, why: `it takes ${found} arguments, and ${count} are known` });
    else if (kernel.hasFunction(name)) left.push({ function: name, role, why: "it has no type in the kernel's BTF" });
  }
  const order: Readonly<Record<HookRole, number>> = { clear: 0, check: 1, mark: 2, both: 3 };
  hooks.sort((a, b) => order[a.role] - order[b.role]);
  return { hooks, left, release: released, cachePut: hooks.some(({ function: name }) => name === "napi_skb_cache_put") };
}

/** What of the watch would be missing without these: `null` if it can be trusted. */
export function missingRole(hooks: readonly Hook[]): string | null {
  const has = (name: string): boolean => hooks.some((hook) => hook.function === name);
  if (!has("kmem_cache_alloc")) return "the allocation of objects (the tracepoint kmem_cache_alloc) cannot be watched";
  if (has("skb_release_head_state")) return null;
  if (!has("kfree_skbmem")) return "the end of a free (kfree_skbmem) cannot be watched";
  if (!has("consume_skb")) return "the begin of a free (consume_skb) cannot be watched";
  return null;
}
