// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The kernel's side of `oopscope guard`: remembers what was freed last and not allocated since, and tells of the second free before it happens.
 *
 *   a free that gives an object back    mark: address -> who freed it, with a stack
 *   any allocation of that address      clear the mark
 *   the begin of a free                 a mark there: an event, and the free is held until it has been written down
 *
 * An skb's end begins in skb_release_head_state, before anything of it is undone: one hook there checks and marks. It is called for live skbs, too, so that a mark is made
 * only where its caller is known to end them (`enders`). Where that does not work, free functions are checked at their entry and kfree_skbmem marks.
 *
 * Everything is preallocated. A mark lives in a ring of its processor (the oldest is replaced); a table of sets finds it by address. Nobody locks: a
 * table's entry counts only if its mark holds the same address, so a race costs a mark and never makes one up.
 *
 * To walk a stack costs more than to send a packet. So a walk is kept, by a hash of the code addresses among the stack's next words: how a stack unwinds follows from
 * its return addresses, so that those of its frames that lie in these words are the same for whoever has the same hash; what lies further out is told only of the
 * free that was walked itself.
 *
 * One kernel differs from the next in its names, so each hook is a program of its own, as fentry or fexit and as kprobe; src/guard/hooks.ts chooses.
 * Built twice: with NO_LOOP for kernels without bpf_loop and atomic exchange (before 5.17), which cannot hold.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;

#define FREED_DEPTH 24
#define EVENT_DEPTH 48
#define WAYS 4
#define SETS 8192
#define SET_SHIFT 19 /* 32 - log2(SETS) */
#define WALKS 512 /* of each processor */
#define WINDOW 12 /* words */
#define ENDERS 24
#define RANGES 16
#define USES 32
#define EVENTS 16
#define PACKET 64

/* Of the kernel's types what is read; the offsets are the running kernel's own. */
typedef struct { int counter; } atomic_t;
typedef struct refcount_struct { atomic_t refs; } __attribute__((preserve_access_index)) refcount_t;
struct net_device_ops;
struct net_device {
	char name[16];
	const struct net_device_ops *netdev_ops;
} __attribute__((preserve_access_index));
struct sk_buff {
	struct net_device *dev;
	unsigned int len, truesize;
	__be16 protocol;
	u16 network_header;
	u8 fclone : 2;
	unsigned char *head, *data;
	void (*destructor)(struct sk_buff *skb);
	refcount_t users;
} __attribute__((preserve_access_index));
struct task_struct {
	int pid, tgid;
	char comm[16];
} __attribute__((preserve_access_index));

enum kind { DOUBLE_FREE = 1, USE_AFTER_FREE = 2, INVALID_FREE = 3 };
enum object { SKB = 1, SLAB = 2 };
enum context { PROCESS = 1, SOFTIRQ = 2, HARDIRQ = 3, NMI = 4 }; /* 0: unknown */
enum interrupts { ON = 1, OFF = 2 }; /* 0: unknown */

/* What was freed and not allocated since. */
struct mark {
	u64 address; /* 0: nothing; written last */
	u64 time;
	u64 head, data; /* of an skb, as it was freed */
	u32 pid, tid, cpu;
	u32 object;
	char comm[16];
	u32 length; /* of an skb */
	u32 reported;
	u32 walk; /* which; it is this mark's only if the key is the same */
	u32 promised; /* to be freed after a grace period: that free is none of its own */
	u64 key;
	u64 stack, caller; /* where the return address of the free lay, and which it was */
};

/* A stack that was walked. */
struct walk {
	u64 key; /* 0: nothing; written last */
	u64 time; /* of the mark that it was walked for */
	u32 busy;
	s32 depth; /* bytes of stack, or an errno */
	s32 sure; /* of these, what whoever has the same key has, too */
	u32 ends; /* who called is known to end the skb */
	u64 stack[FREED_DEPTH];
};

struct key {
	u64 address;
	u32 mark;
	u32 unused;
};

struct set {
	struct key way[WAYS];
};

/* What user space is told. `sequence` is written last: its number from 1 on. */
struct event {
	u64 sequence;
	u64 time;
	u64 address;
	u32 kind, object;
	u32 pid, tid, cpu;
	u8 context, interrupts;
	u16 unused;
	char comm[16];
	char device[16];
	u32 protocol;
	u32 held; /* 0: not yet, or no hold; 1: until `level` was reached; 2: until the time was over */
	u64 waited; /* ns */
	s32 depth;
	u32 packet_size;
	u8 packet[PACKET];
	u64 stack[EVENT_DEPTH];
	struct mark freed;
	s32 freed_depth;
	u32 unused2;
	u64 freed_stack[FREED_DEPTH];
};

struct counters {
	u64 marked, cleared, forgotten, lost, changed, stackless, walked, untracked, doubtful;
};

/* What each processor has for itself, as it alone writes it. */
struct processor {
	u32 cursor;
	u32 unused;
	struct counters counters;
	u64 padding[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4096); /* set before loading: processors x ring */
	__type(key, u32);
	__type(value, struct mark);
} marks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SETS);
	__type(key, u32);
	__type(value, struct set);
} keys SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WALKS); /* set before loading: processors x WALKS */
	__type(key, u32);
	__type(value, struct walk);
} walks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set before loading: processors */
	__type(key, u32);
	__type(value, struct processor);
} processors SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, EVENTS);
	__type(key, u32);
	__type(value, struct event);
} board SEC(".maps");

/* With --leaks: what the modules allocated and nobody freed, by address, and the stacks. */
struct held {
	u64 time;
	u64 size;
	u32 object;
	s32 stack; /* of `origins`, or an errno */
	u32 pid, tid, cpu;
	u32 unused;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* set before loading */
	__type(key, u64);
	__type(value, struct held);
} held SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1); /* set before loading */
	__uint(key_size, sizeof(u32));
	__uint(value_size, 8 * FREED_DEPTH);
} origins SEC(".maps");

/* A lock for each processor, which nobody else takes: see interrupts_of. */
struct flags_lock {
	struct bpf_spin_lock lock;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set before loading: processors */
	__type(key, u32);
	__type(value, struct flags_lock);
} flags_locks SEC(".maps");

/* Words that both sides write: 0 events begun, 1 events read by user space; from 16 on, for each place of the board, how far its event has come. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16 + EVENTS);
	__type(key, u32);
	__type(value, u64);
} words SEC(".maps");

const volatile u64 hold_time = 0; /* ns; 0: no hold */
const volatile u64 hold_level = 1; /* what to wait for */
const volatile u32 ring_size = 4096; /* marks of a processor; a power of two */
const volatile u32 freed_size = 8 * FREED_DEPTH; /* bytes of a first free's stack that are kept */
const volatile bool black_box = false;
const volatile bool cache_put = false; /* napi_skb_cache_put is a function of its own */

const volatile u64 code_from = 0, code_size = 0; /* the kernel's code and its modules' */
const volatile u8 use_argument[USES] = {}; /* which argument of a guarded module's function is the skb */

const volatile bool leaks = false;
/* Which words of a tracepoint's record tell the size: −1: that of the cache, which is the word after the address. */
const volatile s32 kmalloc_size = 3, cache_size = -1;

struct range {
	u64 from, to;
};
const volatile struct range vmalloc_bounds = {}; /* where the kernel keeps where vmalloc's memory begins, and what follows it; 0: not known */
const volatile u64 release_from = 0; /* skb_release_head_state */
const volatile struct range enders[ENDERS] = {}; /* the functions that call it and end the skb */

/* Where the guarded modules' code and data lie, as a whole and each; it changes when they are loaded again. */
struct range code, data;
struct range ranges[RANGES], data_ranges[RANGES];

/* How many marks there are. While there are none, and that is most of the time, nothing is looked up. */
u64 live;
u64 live_slab; /* of these, of objects that are no skbs */
/* What functions of a guarded module had in their hands, by a hash of the address, until its last free. */
#define TOUCHED 65536
u8 touched[TOUCHED];
bool everything; /* nothing tells which skbs a module had: remember all frees */

/* So that their types stand in the object's BTF. */
struct event *event_type __attribute__((unused));

static __always_inline struct processor *processor(u32 cpu)
{
	return bpf_map_lookup_elem(&processors, &cpu);
}

#define COUNT(member) do { struct processor *p_ = processor(bpf_get_smp_processor_id()); if (p_) p_->counters.member++; } while (0)

#ifndef NO_LOOP
/* Of each processor, where the kernel's BTF has them. The count moved into pcpu_hot (6.2) and out again (6.15). */
struct pcpu_hot {
	int preempt_count;
} __attribute__((preserve_access_index));
extern const int __preempt_count __ksym __weak;
extern const struct pcpu_hot pcpu_hot __ksym __weak;
extern const unsigned long irqsave_flags __ksym __weak;

/* include/linux/preempt.h: 8 bits of preemption, 8 of softirq (its lowest: it is being served), 4 of hardirq, 4 of NMI. The breakpoint of a kprobe looks like an NMI itself: then nothing is known. */
static __always_inline u32 context_of(bool kprobe)
{
	u32 count;

	if (&__preempt_count)
		count = *(const volatile int *)bpf_this_cpu_ptr(&__preempt_count);
	else if (&pcpu_hot)
		count = ((const struct pcpu_hot *)bpf_this_cpu_ptr(&pcpu_hot))->preempt_count;
	else
		return 0;
	if (count & 0xf00000)
		return kprobe ? 0 : NMI;
	return count & 0xf0000 ? HARDIRQ : count & 0x100 ? SOFTIRQ : PROCESS;
}
#else
static __always_inline u32 context_of(bool kprobe) { return 0; }
#endif

/*
 * Whether interrupts are on, in programs of fentry and of tracepoints with types. No helper tells, and x86-64 keeps it in a flag of the processor alone. But bpf_spin_lock saves the flags in a variable of the
 * processor (kernel/bpf/helpers.c, irqsave_flags), and while it is held nobody else on this processor writes there. An NMI may have come in the middle of that, so it takes no lock.
 */
static __always_inline u32 interrupts_of(void)
{
#if !defined(NO_LOOP) && defined(__TARGET_ARCH_x86)
	u32 cpu = bpf_get_smp_processor_id(), context = context_of(false);
	struct flags_lock *own = bpf_map_lookup_elem(&flags_locks, &cpu);
	const volatile unsigned long *saved;
	u64 flags;

	if (!own || !context || context == NMI || !&irqsave_flags)
		return 0;
	saved = bpf_this_cpu_ptr(&irqsave_flags);
	bpf_spin_lock(&own->lock);
	flags = *saved;
	bpf_spin_unlock(&own->lock);
	/* RFLAGS: bit 1 is always set, what lies above bit 21 never; bit 9 lets interrupts in. */
	return !(flags & 2) || flags >> 22 ? 0 : flags & 0x200 ? ON : OFF;
#else
	return 0;
#endif
}

/* The same at a kprobe, which has the flags; the highest bit says that it is one. */
#define KPROBE 0x80
#ifdef __TARGET_ARCH_x86
#define INTERRUPTS_OF_KPROBE(regs) (KPROBE | (((struct pt_regs *)(regs))->eflags & 0x200 ? ON : OFF))
#else
#define INTERRUPTS_OF_KPROBE(regs) KPROBE
#endif

/* To the verifier the address of an fentry program is a pointer: a copy of its lower half is a number. */
static __always_inline u32 low(u64 address)
{
	u32 half = address;

	asm volatile("%0 = %1" : "=w"(half) : "w"(half));
	return half;
}

static __always_inline struct set *set_of(u64 address)
{
	u32 index = (low(address) >> 3) * 0x9e3779b1u >> SET_SHIFT;

	return bpf_map_lookup_elem(&keys, &index);
}

static __always_inline struct mark *mark_of(struct key *key, u64 address)
{
	struct mark *mark;
	u32 index = key->mark;

	if (key->address != address)
		return NULL;
	mark = bpf_map_lookup_elem(&marks, &index);
	return mark && mark->address == address ? mark : NULL;
}

static __always_inline struct mark *find(u64 address)
{
	struct set *set = set_of(address);
	struct mark *mark;

	if (!set)
		return NULL;
#pragma unroll
	for (int way = 0; way < WAYS; way++) {
		mark = mark_of(&set->way[way], address);
		if (mark)
			return mark;
	}
	return NULL;
}

/* Once, if several do so at a time: `live` must not come to be too low, or nothing would be cleared. */
static __always_inline void forget(struct mark *mark)
{
	u32 object = mark->object;

#ifdef NO_LOOP
	mark->address = 0;
#else
	u64 address = mark->address;

	if (!address || __sync_val_compare_and_swap(&mark->address, address, 0) != address)
		return;
#endif
	if (object == SLAB)
		__sync_fetch_and_add(&live_slab, -1ull);
	__sync_fetch_and_add(&live, -1ull);
}

static __always_inline void release(u64 address)
{
	if (leaks)
		bpf_map_delete_elem(&held, &address);
}

static __always_inline int clear(u64 address)
{
	struct mark *mark;

	if (!*(volatile u64 *)&live || address < 4096)
		return 0;
	mark = find(address);
	if (mark) {
		forget(mark);
		COUNT(cleared);
	}
	return 0;
}

static __always_inline u8 *touch_of(u64 address)
{
	/* skbs lie at least 64 bytes apart. */
	return &touched[(low(address) >> 6) * 0x9e3779b1u >> 16];
}

/* Enters a mark that is complete; the way of the same address first, then one that nothing stands behind. */
static __always_inline void enter(u64 address, u32 index)
{
	struct set *set = set_of(address);
	struct key *chosen = NULL;
	struct mark *mark;
	u32 other;

	if (!set)
		return;
#pragma unroll
	for (int way = 0; way < WAYS; way++)
		if (!chosen && set->way[way].address == address)
			chosen = &set->way[way];
#pragma unroll
	for (int way = 0; way < WAYS; way++) {
		if (chosen)
			continue;
		other = set->way[way].mark;
		mark = bpf_map_lookup_elem(&marks, &other);
		if (!mark || mark->address != set->way[way].address || !mark->address)
			chosen = &set->way[way];
	}
	if (!chosen) {
		chosen = &set->way[index & (WAYS - 1)];
		COUNT(forgotten);
	}
	chosen->address = 0;
	chosen->mark = index;
	chosen->address = address;
}

/* From the return address of the function that a hook is at, so many words of its stack. */
struct window {
	u64 words[WINDOW];
};

static __always_inline u64 key_of(struct window *window)
{
	u64 key = 1, from = code_from, size = code_size;

#pragma unroll
	for (int index = 0; index < WINDOW; index++)
		if (window->words[index] - from < size)
			key = (key ^ window->words[index]) * 0x9e3779b97f4a7c15ull;
	return key;
}

/* A function that the verifier looks at once, not at each call: before 5.12 those take no pointers. */
#ifdef NO_LOOP
#define GLOBAL static __noinline
#define MANY 8
#else
#define GLOBAL __noinline
#define MANY 64
#endif

/* How many bytes of the stack lie in the window, in their order. What the tracing itself adds to the stack, four frames at most, stands before. */
GLOBAL int sure_of(struct walk *walk, struct window *window)
{
	u32 next = FREED_DEPTH, word, first;

	if (!walk || !window)
		return 0;
	for (first = 0; first < 5 && next == FREED_DEPTH; first++)
		for (word = 0; word < WINDOW; word++)
			if (next == FREED_DEPTH && window->words[word] == walk->stack[first])
				next = first;
	if (next == FREED_DEPTH)
		return 0;
	for (word = 0; word < WINDOW; word++)
		if (next < FREED_DEPTH && window->words[word] == walk->stack[next])
			next++;
	return 8 * next;
}

GLOBAL int ends(u64 caller)
{
	for (u32 index = 0; index < ENDERS; index++)
		if (caller > enders[index].from && caller <= enders[index].to)
			return 1;
	return 0;
}

/* The walk of this stack: the one that is kept, or a new one. */
static __always_inline struct walk *walk_of(void *ctx, struct window *window, u64 caller, u64 time, u32 cpu, u64 *key, u32 *index)
{
	struct walk *walk = NULL, *other;
	u32 from, place;

	*key = (key_of(window) ^ caller) | 1;
	from = cpu * WALKS + ((*key >> 40) & (WALKS - WAYS));
	/* The one that was walked first is replaced. */
#pragma unroll
	for (int way = 0; way < WAYS; way++) {
		place = from + way;
		other = bpf_map_lookup_elem(&walks, &place);
		if (!other)
			return NULL;
		if (other->key == *key) {
			*index = place;
			return other;
		}
		if (!walk || other->time < walk->time) {
			walk = other;
			*index = place;
		}
	}
	if (walk->busy)
		return walk;
	walk->busy = 1;
	walk->key = 0;
	walk->time = time;
	walk->ends = ends(caller);
	walk->depth = freed_size ? bpf_get_stack(ctx, walk->stack, freed_size, 0) : 0;
	walk->sure = walk->depth > 0 ? sure_of(walk, window) : 0;
	if (walk->sure > walk->depth)
		walk->sure = walk->depth;
	*(volatile u64 *)&walk->key = *key;
	walk->busy = 0;
	COUNT(walked);
	return walk;
}

static __always_inline void who(struct mark *mark)
{
#ifdef NO_LOOP
	u64 both = bpf_get_current_pid_tgid();

	mark->pid = both >> 32;
	mark->tid = both;
	bpf_get_current_comm(mark->comm, sizeof(mark->comm));
#else
	struct task_struct *task = bpf_get_current_task_btf();

	mark->pid = task->tgid;
	mark->tid = task->pid;
	((u64 *)mark->comm)[0] = ((u64 *)task->comm)[0];
	((u64 *)mark->comm)[1] = ((u64 *)task->comm)[1];
#endif
}

/* Reads a field: at once where the verifier knows what the pointer is. */
#define READ(typed, pointer, field) ((typed) ? (pointer)->field : BPF_CORE_READ(pointer, field))

/* What a hook has in its hands besides its argument. */
struct place {
	void *ctx;
	void *stack; /* where the return addresses begin */
	u64 caller; /* who frees, where that is known; else 0 */
	bool typed;
	bool ending; /* the caller counts only if it is one of `enders` */
};

static __always_inline void remember(struct place *place, struct sk_buff *object, u32 type)
{
	void *ctx = place->ctx;
	u64 address = (u64)object;
	u32 cpu = bpf_get_smp_processor_id();
	struct processor *here = processor(cpu);
	struct window window;
	struct walk *walk;
	struct mark *mark;
	u32 index, which;
	u64 key, time, caller = place->caller;

	if (!here || bpf_probe_read_kernel(&window, sizeof(window), place->stack))
		return;
	if (place->ending) {
		/* As caller_of does it; a kprobe has no trampoline. */
		caller = window.words[!place->typed ? 0 : window.words[1] - release_from <= 16 ? 2 : 1];
	}
	time = bpf_ktime_get_ns();
	walk = walk_of(ctx, &window, caller, time, cpu, &key, &which);
	if (!walk || (place->ending && !(walk->key == key && walk->ends)))
		return;
	here->cursor++;
	index = cpu * ring_size + (here->cursor & (ring_size - 1));
	mark = bpf_map_lookup_elem(&marks, &index);
	if (!mark)
		return;
	if (mark->address) {
		here->counters.forgotten++;
		forget(mark);
	}
	mark->time = time;
	mark->head = 0;
	mark->data = 0;
	mark->length = 0;
	if (type == SKB) {
		mark->head = (u64)READ(place->typed, object, head);
		mark->data = (u64)READ(place->typed, object, data);
		mark->length = READ(place->typed, object, len);
	}
	who(mark);
	mark->cpu = cpu;
	mark->object = type;
	mark->stack = (u64)place->stack;
	mark->caller = window.words[0];
	mark->reported = 0;
	mark->promised = 0;
	mark->walk = which;
	mark->key = key;
	if (walk->key != key || walk->depth < 0)
		here->counters.stackless++;
	mark->address = address;
	__sync_fetch_and_add(&live, 1);
	if (type == SLAB)
		__sync_fetch_and_add(&live_slab, 1);
	enter(address, index);
	here->counters.marked++;
}

#ifndef NO_LOOP
struct wait {
	u64 until, level;
	u32 word, over;
};

static long step(u32 index, struct wait *wait)
{
	u32 word = wait->word;
	volatile u64 *level = bpf_map_lookup_elem(&words, &word);

	if (!level || *level >= wait->level)
		return 1;
	if (bpf_ktime_get_ns() >= wait->until) {
		wait->over = 1;
		return 1;
	}
	return 0;
}

/* Waits here, whatever this processor was doing, until user space has the event. Several rounds, as one (8 million looks) may be over sooner than the time is. */
static __always_inline void hold(struct event *event, u32 place)
{
	u64 begun = bpf_ktime_get_ns();
	struct wait wait = { .until = begun + hold_time, .level = hold_level, .word = 16 + place };

	if (bpf_loop(1 << 23, step, &wait, 0) == 1 << 23 && bpf_loop(1 << 23, step, &wait, 0) == 1 << 23 && bpf_loop(1 << 23, step, &wait, 0) == 1 << 23)
		wait.over = 1;
	event->waited = bpf_ktime_get_ns() - begun;
	event->held = wait.over ? 2 : 1;
}
#endif

static __noinline int print_stack(u64 *stack, s32 depth)
{
	if (!stack)
		return 0;
	for (u32 index = 0; index < FREED_DEPTH; index++) {
		if ((s32)(8 * index) >= depth)
			break;
		bpf_printk(" %pB", stack[index]);
	}
	return 0;
}

/* The same words that src/guard/text.ts writes: src/oops reads both. */
static __always_inline void print_event(struct event *event)
{
	bpf_printk("==================================================================");
	if (event->kind == INVALID_FREE)
		bpf_printk("BUG: oopscope-guard: invalid-free of an object at 0x%lx", event->address);
	else if (event->kind == USE_AFTER_FREE)
		bpf_printk("BUG: oopscope-guard: use-after-free of %s at 0x%lx", event->object == SKB ? "an skb" : "an object", event->address);
	else
		bpf_printk("BUG: oopscope-guard: double-free of %s at 0x%lx", event->object == SKB ? "an skb" : "an object", event->address);
	bpf_printk("CPU: %d PID: %d Comm: %s", event->cpu, event->tid, event->comm);
	if (event->context)
		bpf_printk("Context: %s, interrupts %s", event->context == PROCESS ? "process" : event->context == SOFTIRQ ? "softirq" : event->context == HARDIRQ ? "hardirq" : "nmi", event->interrupts == OFF ? "off" : event->interrupts ? "on" : "unknown");
	bpf_printk("Call Trace:");
	print_stack(event->stack, event->depth);
	if (event->freed.address) {
		bpf_printk("Freed by task %d on cpu %d:", event->freed.tid, event->freed.cpu);
		print_stack(event->freed_stack, event->freed_depth);
	}
	bpf_printk("==================================================================");
}

/* `mark` is null for what was never freed, and should not be. `interrupts` is of interrupts_of, or INTERRUPTS_OF_KPROBE. */
static __noinline int report(void *ctx, struct mark *mark, u64 address, u32 kind, u32 interrupts)
{
	u32 zero = 0, one = 1, place, word;
	volatile u64 *begun = bpf_map_lookup_elem(&words, &zero);
	volatile u64 *read = bpf_map_lookup_elem(&words, &one);
	struct event *event;
	struct walk *walk;
	volatile u64 *level;
	u64 sequence, who;

	if (!ctx || !begun || !read)
		return 0;
	if (mark)
		mark->reported = 1;
	if (*begun - *read >= EVENTS) {
		COUNT(lost);
		return 0;
	}
#ifdef NO_LOOP
	sequence = *begun;
	*begun = sequence + 1;
#else
	sequence = __sync_fetch_and_add(begun, 1);
#endif
	place = sequence & (EVENTS - 1);
	event = bpf_map_lookup_elem(&board, &place);
	word = 16 + place;
	level = bpf_map_lookup_elem(&words, &word);
	if (!event || !level)
		return 0;
	event->sequence = 0;
	*level = 0;
	event->time = bpf_ktime_get_ns();
	event->address = address;
	event->kind = kind;
	event->object = mark ? mark->object : SLAB;
	who = bpf_get_current_pid_tgid();
	event->pid = who >> 32;
	event->tid = who;
	event->cpu = bpf_get_smp_processor_id();
	event->context = context_of(interrupts & KPROBE);
	/* An interrupt's handler runs with interrupts off. */
	event->interrupts = interrupts & ~KPROBE ? interrupts & ~KPROBE : event->context >= HARDIRQ ? OFF : 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	event->held = 0;
	event->waited = 0;
	event->device[0] = 0;
	event->packet_size = 0;
	event->protocol = 0;
	event->depth = bpf_get_stack(ctx, event->stack, sizeof(event->stack), 0);
	if (event->object == SKB) {
		struct sk_buff *skb = (void *)address;
		struct net_device *device = BPF_CORE_READ(skb, dev);

		if (device)
			bpf_probe_read_kernel_str(event->device, sizeof(event->device), &device->name);
		event->protocol = BPF_CORE_READ(skb, protocol);
		if (!bpf_probe_read_kernel(event->packet, PACKET, BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header)))
			event->packet_size = PACKET;
	}
	event->freed.address = 0;
	event->freed_depth = 0;
	walk = NULL;
	if (mark) {
		__builtin_memcpy(&event->freed, mark, sizeof(event->freed));
		word = mark->walk;
		walk = bpf_map_lookup_elem(&walks, &word);
	}
	if (mark && walk && walk->key == mark->key) {
		__builtin_memcpy(event->freed_stack, walk->stack, sizeof(event->freed_stack));
		event->freed_depth = walk->time == mark->time ? walk->depth : walk->sure;
		if (*(volatile u64 *)&walk->key != mark->key)
			event->freed_depth = 0;
	}
#ifndef NO_LOOP
	/* An exchange is a full barrier: who sees the number sees the event. */
	__sync_lock_test_and_set(&event->sequence, sequence + 1);
#else
	*(volatile u64 *)&event->sequence = sequence + 1;
#endif
	if (black_box)
		print_event(event);
#ifndef NO_LOOP
	if (hold_time)
		hold(event, place);
#endif
	return 0;
}

/* Whether this is what was freed: another skb that lies there now has other buffers. A kernel that wipes what is free (init_on_free, poison) left no buffer at all. */
static __always_inline bool same(struct mark *mark, u64 address)
{
	struct sk_buff *skb = (void *)address;
	u64 head;

	if (mark->object != SKB)
		return true;
	head = (u64)BPF_CORE_READ(skb, head);
	if (!head || head == 0x6b6b6b6b6b6b6b6bull)
		return true;
	return head == mark->head && (u64)BPF_CORE_READ(skb, data) == mark->data;
}

/* Whether the free that made the mark is still under way on this very stack: what it calls may have the object in its hands. */
static __always_inline bool under_way(void *ctx, struct mark *mark)
{
	u64 word;

	return mark->tid == (u32)bpf_get_current_pid_tgid() && (u64)ctx < mark->stack && !bpf_probe_read_kernel(&word, sizeof(word), (void *)mark->stack) && word == mark->caller;
}

#ifndef NO_LOOP
/*
 * A program is left out where it is at work on the processor already, stopped by an interrupt or by another task, and the kernel counts that (struct bpf_prog_stats, misses). An skb's allocation passes two
 * programs that clear, so that it is seen unless both are stopped; an object's passes one, as everybody's allocations pass there. So a mark proves nothing if a clear was left out since it was made, of an
 * skb's if one of either was. These are the counts, for each processor.
 */
#define CLEARERS 16
typedef struct { u64 v; } u64_stats_t;
struct bpf_prog_stats { u64_stats_t misses; } __attribute__((preserve_access_index));
struct bpf_prog_aux { u32 id; } __attribute__((preserve_access_index));
struct bpf_prog {
	struct bpf_prog_aux *aux;
	struct bpf_prog_stats *stats;
} __attribute__((preserve_access_index));
struct bpf_iter__bpf_prog { struct bpf_prog *prog; } __attribute__((preserve_access_index));

const volatile u64 per_cpu_offset = 0; /* the kernel's __per_cpu_offset; 0: not known */
const volatile u32 possible = 1; /* processors */
/* The programs that see an allocation first, and those that see an skb's again. */
struct clearers {
	u32 numbers[CLEARERS];
	u64 known, changed; /* as user space last had them counted, and when they were others than before */
} clearers[2];
u64 miss_counters[2 * CLEARERS];

SEC("iter/bpf_prog") int find_clearers(struct bpf_iter__bpf_prog *ctx)
{
	struct bpf_prog *prog = ctx->prog;
	u32 id;

	if (!prog || !bpf_core_field_exists(struct bpf_prog_stats, misses))
		return 0;
	id = prog->aux->id;
	for (u32 time = 0; time < 2; time++)
		for (u32 index = 0; index < CLEARERS; index++)
			if (id && clearers[time].numbers[index] == id)
				miss_counters[time * CLEARERS + index] = (u64)BPF_CORE_READ(prog, stats) + bpf_core_field_offset(struct bpf_prog_stats, misses);
	return 0;
}

struct misses {
	u64 sum;
	u32 time;
};

static long add_misses(u32 index, struct misses *misses)
{
	u32 at = misses->time * CLEARERS + index % CLEARERS;
	u64 counter, offset, count;

	/* Not before, where the compiler would have it: the verifier wants it here. */
	asm volatile("%0 &= 31" : "+r"(at));
	counter = miss_counters[at];
	if (counter && !bpf_probe_read_kernel(&offset, sizeof(offset), (void *)per_cpu_offset + 8 * (index / CLEARERS)) && !bpf_probe_read_kernel(&count, sizeof(count), (void *)counter + offset))
		misses->sum += count;
	return 0;
}

static __noinline u64 misses_of(u32 time)
{
	struct misses misses = { .time = time };

	if (per_cpu_offset)
		bpf_loop(possible * CLEARERS, add_misses, &misses, 0);
	return misses.sum;
}

/* User space runs it now and then. */
SEC("raw_tp") int count_misses(void *ctx)
{
	for (u32 time = 0; time < 2; time++) {
		u64 sum = misses_of(time);

		if (sum != clearers[time].known) {
			clearers[time].changed = bpf_ktime_get_ns();
			clearers[time].known = sum;
		}
	}
	return 0;
}

static __noinline bool left_out_since(u64 when, u32 time)
{
	return when < *(volatile u64 *)&clearers[time & 1].changed || misses_of(time) != *(volatile u64 *)&clearers[time & 1].known;
}

static __always_inline bool doubtful(struct mark *mark)
{
	return left_out_since(mark->time, 0) && (mark->object == SLAB || left_out_since(mark->time, 1));
}
#else
/* The kernel leaves out nothing (before 5.12), or does not at tracepoints (before 6.1). */
static __always_inline bool doubtful(struct mark *mark) { return false; }
#endif

/* `typed`: in a program of fentry or of a tracepoint with types; else of a kprobe. */
static __always_inline int check(void *ctx, u64 address, u32 kind, u32 object, bool typed)
{
	struct mark *mark;

	if (!*(volatile u64 *)&live || address < 4096)
		return 0;
	mark = find(address);
	if (!mark || mark->reported || mark->object != object)
		return 0;
	if (kind == USE_AFTER_FREE && under_way(ctx, mark))
		return 0;
	if (!same(mark, address)) {
		/* The use that comes too late may have written there, but so may an allocation that nobody saw: that is no proof. */
		forget(mark);
		COUNT(changed);
		return 0;
	}
	if (doubtful(mark)) {
		forget(mark);
		COUNT(doubtful);
		return 0;
	}
	return report(ctx, mark, address, kind, typed ? interrupts_of() : INTERRUPTS_OF_KPROBE(ctx));
}

static __always_inline int skb_check(struct place place, struct sk_buff *skb)
{
	return check(place.ctx, (u64)skb, DOUBLE_FREE, SKB, place.typed);
}

static __always_inline int used(void *ctx, u64 address, bool typed)
{
	if (!ctx || address < 4096)
		return 0;
	check(ctx, address, USE_AFTER_FREE, SKB, typed);
	*touch_of(address) = 1;
	return 0;
}

static __noinline int skb_use(void *ctx, u64 address) { return used(ctx, address, true); }
static __noinline int skb_use_by_kprobe(void *ctx, u64 address) { return used(ctx, address, false); }

static __always_inline bool within(struct range *all, struct range *list, u64 address)
{
	if (address < all->from || address >= all->to)
		return false;
	for (u32 index = 0; index < RANGES; index++)
		if (address >= list[index].from && address < list[index].to)
			return true;
	return false;
}

/* Whether a guarded module has to do with it: it had it in its hands, or it is of one of its devices. */
static __always_inline bool involved(struct sk_buff *skb, bool typed)
{
	u8 *touch = touch_of((u64)skb);
	struct net_device *device;

	if (*touch) {
		*touch = 0;
		return true;
	}
	if (*(volatile bool *)&everything)
		return true;
	device = READ(typed, skb, dev);
	return device && within(&data, data_ranges, (u64)READ(typed, device, netdev_ops));
}

/* The last word of a free: the skb goes back where it came from. */
static __always_inline int skb_mark(struct place place, struct sk_buff *skb)
{
	if ((u64)skb < 4096)
		return 0;
	skb_check(place, skb);
	release((u64)skb);
	if (involved(skb, place.typed))
		remember(&place, skb, SKB);
	return 0;
}

/* What skb_release_head_state does not see, where that is watched; elsewhere kfree_skbmem comes and marks. */
static __always_inline int skb_stateless(struct place place, struct sk_buff *skb)
{
	return release_from ? skb_mark(place, skb) : skb_check(place, skb);
}

/* The begin of the end: skb_release_head_state. */
static __always_inline int skb_end(struct place place, struct sk_buff *skb)
{
	place.ending = true;
	return skb_mark(place, skb);
}

/* napi_consume_skb(skb, budget) keeps for its processor what nobody else has and is no clone; what it does not keep, it gives to __kfree_skb. */
static __always_inline int skb_napi(struct place place, struct sk_buff *skb, u64 budget)
{
	if ((u64)skb < 4096)
		return 0;
	if (!cache_put && (u32)budget && READ(place.typed, skb, users.refs.counter) == 1 && BPF_CORE_READ_BITFIELD_PROBED(skb, fclone) == 0)
		return skb_mark(place, skb);
	return skb_check(place, skb);
}

/* These give to the processor's cache of skbs, by a function of its own or by themselves. */
static __always_inline int skb_gone(struct place place, struct sk_buff *skb)
{
	return cache_put ? skb_check(place, skb) : skb_mark(place, skb);
}

/* Where the return addresses begin: on x86-64 a trampoline keeps the arguments, its caller's frame pointer and the return address into the function, in this order. */
#define AT_FENTRY(ctx, arguments) ((struct place){ .ctx = ctx, .stack = ctx + arguments + 1, .typed = true })
#define AT_KPROBE(ctx) ((struct place){ .ctx = ctx, .stack = (void *)PT_REGS_SP(ctx) })

#define FENTRY(name, arguments, argument, action) \
	SEC("fentry/" #name) int f_##name(u64 *ctx) { return action(AT_FENTRY(ctx, arguments), (void *)ctx[argument]); } \
	SEC("kprobe/" #name) int k_##name(struct pt_regs *ctx) { return action(AT_KPROBE(ctx), (void *)ARGUMENT_##argument(ctx)); }
#define FEXIT(name, arguments) \
	SEC("fexit/" #name) int f_##name(u64 *ctx) { return clear(ctx[arguments]); } \
	SEC("kretprobe/" #name) int k_##name(struct pt_regs *ctx) { return clear(PT_REGS_RC(ctx)); }
#define ARGUMENT_0(ctx) PT_REGS_PARM1(ctx)
#define ARGUMENT_1(ctx) PT_REGS_PARM2(ctx)
#define clear_argument(place, skb) clear((u64)skb)

FENTRY(skb_release_head_state, 1, 0, skb_end)
FENTRY(kfree_skb, 1, 0, skb_check)
FENTRY(kfree_skb_reason, 2, 0, skb_check)
FENTRY(sk_skb_reason_drop, 3, 1, skb_check)
FENTRY(consume_skb, 1, 0, skb_check)
FENTRY(__kfree_skb, 1, 0, skb_check)
FENTRY(__consume_stateless_skb, 1, 0, skb_stateless)
FENTRY(kfree_skb_partial, 2, 0, skb_check)
FENTRY(__dev_kfree_skb_irq, 2, 0, skb_check)
FENTRY(dev_kfree_skb_irq_reason, 2, 0, skb_check)
FENTRY(kfree_skb_list, 1, 0, skb_check)
FENTRY(kfree_skb_list_reason, 2, 0, skb_check)
FENTRY(skb_attempt_defer_free, 1, 0, skb_check)

FENTRY(kfree_skbmem, 1, 0, skb_mark)
FENTRY(napi_skb_cache_put, 1, 0, skb_mark)
FENTRY(__kfree_skb_defer, 1, 0, skb_gone)
FENTRY(napi_skb_free_stolen_head, 1, 0, skb_gone)
FENTRY(__napi_kfree_skb, 2, 0, skb_gone)
SEC("fentry/napi_consume_skb") int f_napi_consume_skb(u64 *ctx) { return skb_napi(AT_FENTRY(ctx, 2), (void *)ctx[0], ctx[1]); }
SEC("kprobe/napi_consume_skb") int k_napi_consume_skb(struct pt_regs *ctx) { return skb_napi(AT_KPROBE(ctx), (void *)PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx)); }

FEXIT(__alloc_skb, 4)
FEXIT(__build_skb, 2)
FEXIT(build_skb, 2)
FEXIT(napi_build_skb, 2)
FEXIT(slab_build_skb, 1)
FEXIT(__netdev_alloc_skb, 3)
FEXIT(__napi_alloc_skb, 3)
FEXIT(napi_alloc_skb, 2)
FEXIT(alloc_skb_for_msg, 1)
FEXIT(skb_clone, 2)
FENTRY(__skb_clone, 2, 0, clear_argument)
FENTRY(build_skb_around, 3, 0, clear_argument)
FENTRY(skb_morph, 2, 0, clear_argument)
FEXIT(napi_skb_cache_get, 0)

/* Objects that many are allocated of at once come without a tracepoint. The verifier lets no program have a `void **` argument itself. */
static __always_inline int clear_many(u64 *ctx)
{
	u64 *list, address;
	u32 count = ctx[4];

	if (bpf_probe_read_kernel(&list, sizeof(list), &ctx[3]))
		return 0;
	for (u32 index = 0; index < 64; index++) {
		if (index >= count || bpf_probe_read_kernel(&address, sizeof(address), &list[index]))
			break;
		clear(address);
	}
	return 0;
}

SEC("fexit/kmem_cache_alloc_bulk") int f_kmem_cache_alloc_bulk(u64 *ctx) { return clear_many(ctx); }
SEC("fexit/kmem_cache_alloc_bulk_noprof") int f_kmem_cache_alloc_bulk_noprof(u64 *ctx) { return clear_many(ctx); }

/* Who has what: for --leaks. `size` is in bytes. */
static __noinline int hold_on(void *ctx, u64 address, u64 size, u32 object)
{
	struct held value = { .time = bpf_ktime_get_ns(), .size = size, .object = object, .cpu = bpf_get_smp_processor_id() };
	u64 both = bpf_get_current_pid_tgid();

	if (!ctx || address < 4096)
		return 0;
	value.pid = both >> 32;
	value.tid = both;
	bpf_get_current_comm(value.comm, sizeof(value.comm));
	value.stack = bpf_get_stackid(ctx, &origins, 0);
	if (bpf_map_update_elem(&held, &address, &value, BPF_ANY))
		COUNT(untracked);
	return 0;
}

struct kmem_cache {
	unsigned int object_size;
} __attribute__((preserve_access_index));

/* The tracepoints of the allocator: call site, address, and where `size` says the size. */
static __always_inline int slab_allocated(struct bpf_raw_tracepoint_args *ctx, s32 size)
{
	clear(ctx->args[1]);
	if (leaks && within(&code, ranges, ctx->args[0]))
		hold_on(ctx, ctx->args[1], size < 0 ? BPF_CORE_READ((struct kmem_cache *)ctx->args[2], object_size) : size == 3 ? ctx->args[3] : ctx->args[4], SLAB);
	return 0;
}

SEC("raw_tp/kmalloc") int t_kmalloc(struct bpf_raw_tracepoint_args *ctx) { return slab_allocated(ctx, kmalloc_size); }
SEC("raw_tp/kmalloc_node") int t_kmalloc_node(struct bpf_raw_tracepoint_args *ctx) { return slab_allocated(ctx, kmalloc_size); }
SEC("raw_tp/kmem_cache_alloc") int t_kmem_cache_alloc(struct bpf_raw_tracepoint_args *ctx) { return slab_allocated(ctx, cache_size); }
SEC("raw_tp/kmem_cache_alloc_node") int t_kmem_cache_alloc_node(struct bpf_raw_tracepoint_args *ctx) { return slab_allocated(ctx, cache_size); }

/* The first free by a guarded module counts, the second by anybody. */
static __noinline int slab_end(void *ctx, u64 address, u64 caller, void *stack)
{
	bool guarded = within(&code, ranges, caller);
	struct place place = { .ctx = ctx, .stack = stack, .caller = caller };
	struct mark *mark;

	if (!ctx || !stack || address < 4096)
		return 0;
	release(address);
	mark = guarded || *(volatile u64 *)&live_slab ? find(address) : NULL;
	/* An skb on its way back, which has hooks of its own. Its last call is often a jump: the call site is then a guarded module's. */
	if (mark && mark->object == SKB)
		return 0;
	if (mark && mark->promised && !guarded) {
		mark->promised = 0;
		return 0;
	}
	if (mark)
		check(ctx, address, DOUBLE_FREE, SLAB, true);
	if (guarded)
		remember(&place, (void *)address, SLAB);
	return guarded;
}

/* kfree(call site, object) and kmem_cache_free(call site, object, …), before the object is free. */
static __always_inline bool of_vmalloc(u64 address)
{
	u64 from, to;

	return vmalloc_bounds.from && vmalloc_bounds.to && !bpf_probe_read_kernel(&from, sizeof(from), (void *)vmalloc_bounds.from) && !bpf_probe_read_kernel(&to, sizeof(to), (void *)vmalloc_bounds.to) && address >= from && address < to;
}

static __always_inline int slab_free(u64 *ctx, bool kmalloc)
{
	u64 address;

	if (!leaks && !*(volatile u64 *)&live_slab && !(ctx[0] >= code.from && ctx[0] < code.to))
		return 0;
	/* A `const void *`, which the verifier lets no program have by itself. */
	if (bpf_probe_read_kernel(&address, sizeof(address), &ctx[1]))
		return 0;
	if (kmalloc && within(&code, ranges, ctx[0]) && of_vmalloc(address))
		return report(ctx, NULL, address, INVALID_FREE, interrupts_of());
	slab_end(ctx, address, ctx[0], ctx);
	return 0;
}

/* With types, unlike those of allocations: a raw tracepoint's program may take no lock (interrupts_of). */
SEC("tp_btf/kfree") int t_kfree(u64 *ctx) { return slab_free(ctx, true); }
SEC("tp_btf/kmem_cache_free") int t_kmem_cache_free(u64 *ctx) { return slab_free(ctx, false); }

/*
 * Who called the function that an fentry or fexit program is at. `stack`: ctx behind the arguments and one word more. Where any program is at the function's exit, its result comes first; and such a
 * trampoline is jumped to on newer kernels (7.x), so that there is no return address into the function.
 */
static __always_inline u64 caller_of(void *ctx, void *stack)
{
	u64 words[3];

	if (bpf_probe_read_kernel(words, sizeof(words), stack))
		return 0;
#ifdef NO_LOOP
	return words[0] - code_from < code_size ? words[1] : words[2];
#else
	u64 from = bpf_get_func_ip(ctx);

	return words[1] - from <= 16 ? words[2] : words[1];
#endif
}

SEC("fentry/vfree") int f_vfree(u64 *ctx)
{
	void *stack = ctx + 2;
	u64 address;

	if (bpf_probe_read_kernel(&address, sizeof(address), ctx))
		return 0;
	slab_end(ctx, address, caller_of(ctx, stack), stack);
	return 0;
}

/* Of kvfree_call_rcu's two arguments the second is the object, or in earlier kernels the offset of its head, which is the first. */
SEC("fentry/kvfree_call_rcu") int f_kvfree_call_rcu(u64 *ctx)
{
	void *stack = ctx + 3;
	struct mark *mark;
	u64 words[2], address;

	if (bpf_probe_read_kernel(words, sizeof(words), ctx))
		return 0;
	address = words[1] < 4096 ? words[0] - words[1] : words[1];
	if (slab_end(ctx, address, caller_of(ctx, stack), stack)) {
		mark = find(address);
		if (mark)
			mark->promised = 1;
	}
	return 0;
}

SEC("fentry/kmem_cache_free_bulk") int f_kmem_cache_free_bulk(u64 *ctx)
{
	void *stack = ctx + 4;
	u64 words[3], address, caller = caller_of(ctx, stack);

	if (bpf_probe_read_kernel(words, sizeof(words), ctx))
		return 0;
	for (u32 index = 0; index < MANY; index++) {
		if (index >= words[1] || bpf_probe_read_kernel(&address, sizeof(address), (void *)words[2] + 8 * index))
			break;
		slab_end(ctx, address, caller, stack);
	}
	if (words[1] > MANY && leaks)
		COUNT(untracked);
	return 0;
}

SEC("kretprobe/__vmalloc_node_range") int k___vmalloc_node_range(struct pt_regs *ctx) { return clear(PT_REGS_RC(ctx)); }
SEC("kretprobe/__vmalloc_node_range_noprof") int k___vmalloc_node_range_noprof(struct pt_regs *ctx) { return clear(PT_REGS_RC(ctx)); }

/* What gives skbs, if a guarded module called it. */
static __always_inline int skb_allocated(u64 *ctx, u32 arguments)
{
	struct sk_buff *skb = (void *)ctx[arguments];
	u64 address;

	if (bpf_probe_read_kernel(&address, sizeof(address), ctx + arguments))
		return 0;
	if (within(&code, ranges, caller_of(ctx, ctx + arguments + 1)))
		hold_on(ctx, address, skb ? BPF_CORE_READ(skb, truesize) : 0, SKB);
	return 0;
}

#define ALLOCATES(name, arguments) SEC("fexit/" #name) int l_##name(u64 *ctx) { return skb_allocated(ctx, arguments); }
ALLOCATES(__alloc_skb, 4)
ALLOCATES(__netdev_alloc_skb, 3)
ALLOCATES(__napi_alloc_skb, 3)
ALLOCATES(napi_alloc_skb, 2)
ALLOCATES(build_skb, 2)
ALLOCATES(napi_build_skb, 2)
ALLOCATES(skb_clone, 2)
ALLOCATES(skb_copy, 2)
ALLOCATES(skb_copy_expand, 4)

/* At functions of a guarded module that take an skb: which of their arguments it is. */
SEC("kprobe") int use_0(struct pt_regs *ctx) { return skb_use_by_kprobe(ctx, PT_REGS_PARM1(ctx)); }
SEC("kprobe") int use_1(struct pt_regs *ctx) { return skb_use_by_kprobe(ctx, PT_REGS_PARM2(ctx)); }
SEC("kprobe") int use_2(struct pt_regs *ctx) { return skb_use_by_kprobe(ctx, PT_REGS_PARM3(ctx)); }
SEC("kprobe") int use_3(struct pt_regs *ctx) { return skb_use_by_kprobe(ctx, PT_REGS_PARM4(ctx)); }
SEC("kprobe") int use_4(struct pt_regs *ctx) { return skb_use_by_kprobe(ctx, PT_REGS_PARM5(ctx)); }

/* fentry programs are of one function each. Which argument it is is known when they are loaded: the verifier leaves the other ways out. */
static __always_inline int entered(u64 *ctx, u32 number)
{
	switch (use_argument[number]) {
	case 0:
		return skb_use(ctx, ctx[0]);
	case 1:
		return skb_use(ctx, ctx[1]);
	case 2:
		return skb_use(ctx, ctx[2]);
	case 3:
		return skb_use(ctx, ctx[3]);
	default:
		return skb_use(ctx, ctx[4]);
	}
}

#define ENTRY(number) SEC("fentry") int entry_##number(u64 *ctx) { return entered(ctx, 0##number); }
#define ENTRIES(eight) ENTRY(eight##0) ENTRY(eight##1) ENTRY(eight##2) ENTRY(eight##3) ENTRY(eight##4) ENTRY(eight##5) ENTRY(eight##6) ENTRY(eight##7)
ENTRIES(0) ENTRIES(1) ENTRIES(2) ENTRIES(3)

char LICENSE[] SEC("license") = "Dual MIT/GPL";
