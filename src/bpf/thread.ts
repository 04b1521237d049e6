import { readFileSync } from "node:fs";
import { fixedBytes, hostIsLittle, viewOf } from "./bytes.ts";
import { loadNative, type Native } from "./native.ts";

/** What a thread became. What was refused is false: it then runs as any other. */
export type ThreadHardness = { readonly pinned: boolean; readonly realtime: boolean; readonly locked: boolean };

const SCHED_FIFO = 1;
/**
 * Makes the calling thread (of a worker) one that runs whatever else does: pinned to a processor, with a real-time priority (SCHED_FIFO, 1 to 99), and the process's code locked
 * in memory as it is touched. (All of its memory cannot be: the engine ends when it may not change the permissions of what is locked.) Needs CAP_SYS_NICE and CAP_IPC_LOCK; throws only what loading the library does.
 */
export async function hardenThread({ cpu, priority }: { readonly cpu: number; readonly priority: number }): Promise<ThreadHardness> {
  const { libc } = await loadNative();
  // cpu_set_t: a bit a processor.
  const mask = fixedBytes(128);
  mask[cpu >> 3] = 1 << (cpu & 7);
  // struct sched_param.
  const parameter = fixedBytes(4);
  viewOf(parameter).setInt32(0, priority, hostIsLittle);
  return {
    pinned: cpu < 8 * mask.length && libc.sched_setaffinity(0, mask.length, mask) === 0,
    realtime: libc.sched_setscheduler(0, SCHED_FIFO, parameter) === 0,
    locked: lockCode(libc),
  };
}

/** MLOCK_ONFAULT (4.4). */
const onFault = 1;

/** Locks what is mapped of files and cannot be written: programs and libraries, which memory pressure would drop. */
function lockCode(libc: Native["libc"]): boolean {
  try {
    const maps = readFileSync("/proc/self/maps", "latin1").matchAll(/^([0-9a-f]+)-([0-9a-f]+) r-.p \S+ \S+ [1-9]\d* +\/.*$/gm);
    return [...maps].every(([, from, to]) => libc.mlock2(BigInt(`0x${from!}`), BigInt(`0x${to!}`) - BigInt(`0x${from!}`), onFault) === 0);
  } catch {
    // no /proc, or a C library without the call
    return false;
  }
}
