/** Panics (kernel/panic.c, init/do_mounts.c, kernel/exit.c, arch/x86/kernel/cpu/mce/core.c and many more). */
import { literal, type CrashFormat } from "../format.ts";
import type { CrashKind } from "../types.ts";

/** What the panic's own words say. `closing` is the end of another report, which it joins if that stands before it. */
type Reason = { readonly says: RegExp; readonly kind: CrashKind; readonly title: string | null; readonly closing: boolean };

const reasons: readonly Reason[] = [
  { says: /^(?:Fatal exception|Aiee, killing interrupt handler|Fatal hardware error|Oops|Unrecoverable|fatal exception)/, kind: "panic", title: null, closing: true },
  { says: /panic_on_warn set|system warned too often/, kind: "panic", title: "kernel panic: panic_on_warn set", closing: true },
  { says: /^softlockup: hung tasks/, kind: "soft-lockup", title: "BUG: soft lockup in {f}", closing: true },
  { says: /hung_task: blocked tasks/, kind: "hung-task", title: "INFO: task hung in {f}", closing: true },
  { says: /RCU Stall|RCU stall/, kind: "rcu-stall", title: "INFO: rcu detected stall in {f}", closing: true },
  { says: /hard LOCKUP|Hard LOCKUP/, kind: "hard-lockup", title: "BUG: hard lockup in {f}", closing: true },
  { says: /Attempted to kill init|Attempted to kill the idle task/, kind: "panic", title: null, closing: true },
  { says: /^scheduling while atomic/, kind: "sleep-in-atomic", title: "BUG: scheduling while atomic in {f}", closing: true },
  { says: /stack is corrupted in/, kind: "stack-corruption", title: "kernel panic: stack is corrupted in {f}", closing: false },
  { says: /^corrupted stack end/, kind: "stack-overflow", title: "kernel panic: corrupted stack end in {f}", closing: false },
  { says: /[kK]ernel stack overflow/, kind: "stack-overflow", title: "kernel stack overflow in {f}", closing: true },
  { says: /VFS: Unable to mount root|No working init found|Requested init .{1,200} failed|VFS: PARTUUID|Initramfs|initramfs|No init found/, kind: "boot-failure", title: null, closing: false },
  { says: /out of memory|Out of memory|System is deadlocked on memory/i, kind: "out-of-memory", title: null, closing: true },
  { says: /machine check|Machine check|SError|hardware|NMI: IOCK|PCIe|external abort/, kind: "hardware", title: null, closing: false },
];

export function reasonOfPanic(says: string): Reason {
  return reasons.find((reason) => reason.says.test(says)) ?? { says: /^/, kind: "panic", title: null, closing: false };
}

/** Numbers and names that differ from machine to machine leave the title. */
function general(says: string): string {
  return says
    .replace(/\s+in: .*$/, "")
    .replace(/exitcode=0x[0-9a-f]+/, "exitcode")
    .replace(/ ?exitcode$/, "")
    .replace(/unknown-block\(.*$/, "unknown-block")
    .replace(/\b0x[0-9a-f]+\b/g, "ADDR")
    .replace(/\s+$/, "")
    .slice(0, 120);
}

export const panicFormats: readonly CrashFormat[] = [
  {
    starts: ["Kernel panic - not syncing"],
    header: /Kernel panic - not syncing: ?([^\n\r]{0,400})/y,
    stage: "panic", weight: 4, names: "header", trace: "none",
    kind: (match) => reasonOfPanic(match[1]!).kind,
    title: (match) => reasonOfPanic(match[1]!).title ?? `kernel panic: ${literal(general(match[1]!))}`,
    alt: (match) => `Kernel panic - not syncing: ${match[1]!.trim()}`,
  },
];
