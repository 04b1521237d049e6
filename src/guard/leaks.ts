import type { BpfMap } from "../bpf/index.ts";

/** What guarded modules allocated at one place and nobody freed. Times are nanoseconds of CLOCK_MONOTONIC. */
export type Leak = {
  readonly object: "skb" | "slab";
  readonly count: number;
  /** As the allocator gives them; of skbs their truesize. */
  readonly bytes: bigint;
  /** The oldest. */
  readonly first: { readonly address: bigint; readonly time: bigint; readonly pid: number; readonly tid: number; readonly cpu: number; readonly comm: string };
  /** Return addresses of the allocation, innermost first; empty where the stack is not known. */
  readonly stack: readonly bigint[];
};

type Held = { time: bigint; size: bigint; object: number; stack: number; pid: number; tid: number; cpu: number; comm: string };

/** The maps `held` and `origins` of programs/guard.bpf.c as leaks, the most bytes first. */
export function leaksOf(held: BpfMap, origins: BpfMap): Leak[] {
  const groups = new Map<string, { object: "skb" | "slab"; count: number; bytes: bigint; first: Leak["first"]; origin: number }>();
  for (const [address, value] of held.entries()) {
    const { time, size, object, stack: origin, pid, tid, cpu, comm } = value as Held;
    const key = `${object} ${origin}`;
    const first = { address: address as bigint, time, pid, tid, cpu, comm };
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { object: object === 1 ? "skb" : "slab", count: 1, bytes: size, first, origin });
    else {
      group.count++;
      group.bytes += size;
      if (time < group.first.time) group.first = first;
    }
  }
  return [...groups.values()].sort((a, b) => (a.bytes > b.bytes ? -1 : 1)).map(({ origin, ...rest }) => ({ ...rest, stack: origin < 0 ? [] : stackOf(origins.get(origin)) }));
}

function stackOf(value: unknown): bigint[] {
  if (!(value instanceof Uint8Array)) return [];
  const words = new BigUint64Array(value.slice().buffer);
  const end = words.indexOf(0n);
  return [...words.subarray(0, end < 0 ? words.length : end)];
}
