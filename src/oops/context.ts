/** Who ran where: the lines of dump_stack_print_info (lib/dump_stack.c) and what stands in its place in other reports. */
import type { Arch } from "./types.ts";

/** `TAINT_FLAGS` of kernel/panic.c, as 6.10 and newer print them in words. */
const taintWords: Readonly<Record<string, string>> = {
  G: "", P: "PROPRIETARY_MODULE", F: "FORCED_MODULE", S: "CPU_OUT_OF_SPEC", R: "FORCED_RMMOD", M: "MACHINE_CHECK", B: "BAD_PAGE", U: "USER", D: "DIE",
  A: "OVERRIDDEN_ACPI_TABLE", W: "WARN", C: "CRAP", I: "FIRMWARE_WORKAROUND", O: "OOT_MODULE", E: "UNSIGNED_MODULE", L: "SOFTLOCKUP", K: "LIVEPATCH",
  X: "AUX", T: "RANDSTRUCT", N: "TEST", J: "FWCTL",
};

export type CpuLine = {
  readonly cpu: number;
  readonly pid: number;
  readonly comm: string | null;
  readonly taint: { readonly flags: string; readonly words: readonly string[] } | null;
  readonly release: string | null;
  readonly version: string | null;
  readonly buildId: string | null;
};

const cpuHead = /\s{0,8}CPU: (\d{1,5}) (?:UID: \d{1,10} )?P[Ii][Dd]: (\d{1,10}),? [Cc]omm: /y;
// dump_stack_print_info prints at most 20 characters of the task's name, which may hold anything: what follows is found from its end.
const cpuTail = /(?:Not tainted|Tainted: ([A-Z][-A-Z ]{0,63}?)) +(\S{1,64}) +(#.{0,256})/y;

/** `CPU: 3 PID: 191301 Comm: nrf Tainted: G           OE     5.4.0-131-generic #147-Ubuntu`. */
export function readCpuLine(text: string, start: number): CpuLine | null {
  cpuHead.lastIndex = start;
  const head = cpuHead.exec(text);
  if (head === null) return null;
  const from = cpuHead.lastIndex;
  const base = { cpu: Number(head[1]), pid: Number(head[2]) };
  for (let at = Math.min(from + 24, text.length); at > from; at--) {
    if (text.charCodeAt(at - 1) !== 0x20) continue;
    cpuTail.lastIndex = at;
    const tail = cpuTail.exec(text);
    if (tail === null) continue;
    const version = tail[3]!.trimEnd().replace(/ +/g, " ");
    const build = / ([0-9a-f]{40})$/.exec(version);
    return {
      ...base,
      comm: text.slice(from, at - 1).replace(/ Kdump: loaded$/, ""),
      taint: readTaint(tail[1]),
      release: tail[2]!,
      version: build === null ? version : version.slice(0, build.index).trimEnd(),
      buildId: build?.[1] ?? null,
    };
  }
  const cut = /^(.{0,20}?) (?:Kdump: |Not tainted|Tainted: )/.exec(text.slice(from, from + 64));
  return { ...base, comm: cut?.[1] ?? (text.length - from <= 20 ? text.slice(from).trimEnd() : null), taint: null, release: null, version: null, buildId: null };
}

/** `G           OE` to the flags without blanks and their words; undefined for `Not tainted`. RHEL shows flags of its own, unset ones as dashes: `OE  ------------ T`. */
export function readTaint(letters: string | undefined): { flags: string; words: string[] } | null {
  if (letters === undefined) return null;
  const flags = letters.replace(/[ -]/g, "");
  return { flags, words: [...flags].map((flag) => taintWords[flag] ?? `unknown (${flag})`).filter((name) => name !== "") };
}

export type KernelLine = Pick<CpuLine, "taint" | "release" | "version">;

const hungLine = /\s{1,8}(?:Not tainted|Tainted: ([A-Z][-A-Z ]{0,63}?)) +(\d\S{1,64}) +(#.{0,256})/y;
const lockdepLine = /(\d\S{1,64}) (#\S{1,64}) (?:Not tainted|Tainted: ([A-Z][-A-Z ]{0,63}?))\s*$/y;

/** The kernel alone: `      Tainted: G           O       6.1.0 #1` of a hung task, `6.1.0 #3 Not tainted` of lockdep. */
export function readKernelLine(text: string, start: number): KernelLine | null {
  hungLine.lastIndex = start;
  const hung = hungLine.exec(text);
  if (hung !== null) return { taint: readTaint(hung[1]), release: hung[2]!, version: hung[3]!.trimEnd() };
  lockdepLine.lastIndex = start;
  const lockdep = lockdepLine.exec(text);
  return lockdep === null ? null : { taint: readTaint(lockdep[3]), release: lockdep[1]!, version: lockdep[2]! };
}

const old = /\s{0,8}(?:Process|Pid: ?(\d{1,10}), comm: )\s{0,4}(.{1,32}?)(?: \(pid: (\d{1,10}),| (?:Not tainted|Tainted: ([A-Z][-A-Z ]{0,63}?)) +\(?(\S{1,64}?)[) ])/y;

/** Kernels before 3.x: `Pid: 1234, comm: modprobe Tainted: G 2.6.32 #1`, `Process modprobe (pid: 1234, threadinfo …)`. */
export function readOldTaskLine(text: string, start: number): { pid: number; comm: string; release: string | null } | null {
  old.lastIndex = start;
  const match = old.exec(text);
  const pid = match?.[1] ?? match?.[3];
  return match === null || pid === undefined ? null : { pid: Number(pid), comm: match[2]!.trim(), release: match[5] ?? null };
}

const banner = /Linux version (\S{1,128}) [^#]{0,1024}(#\d.{0,200})/y;

/** The kernel's first line: `Linux version 6.1.0-56-amd64 (…) (gcc…) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-…)`. */
export function readBanner(text: string, start: number): { release: string; version: string } | null {
  if (!text.startsWith("Linux version ", start)) return null;
  banner.lastIndex = start;
  const match = banner.exec(text);
  if (match !== null) return { release: match[1]!, version: match[2]!.trimEnd() };
  const short = /Linux version (\S{1,128})/y;
  short.lastIndex = start;
  const head = short.exec(text);
  return head === null ? null : { release: head[1]!, version: "" };
}

const offset = /Kernel Offset: (0x[0-9a-f]{1,16}|disabled)/y;

/** `Kernel Offset: 0x1c000000 from 0xffffffff81000000 (relocation range: …)`; `disabled` is an offset of 0. */
export function readKernelOffset(text: string, start: number): string | null {
  offset.lastIndex = start;
  const match = offset.exec(text);
  return match === null ? null : match[1] === "disabled" ? "0x0" : match[1]!;
}

const archClues: readonly { readonly form: RegExp; readonly arch: Arch }[] = [
  { form: /RIP: |\bRAX: [0-9a-f]{16}|\bR10: [0-9a-f]{16}|ORIG_RAX/, arch: "x86_64" },
  { form: /EIP: |EIP is at|\bEAX: [0-9a-f]{8}/, arch: "i386" },
  { form: /\bentry_SYSCALL_64|\basm_(?:exc|sysvec)_/, arch: "x86_64" },
  { form: /\bx29: [0-9a-f]{16}|pstate: [0-9a-f]{8}|el1h_64_|\bx2[0-9] ?: ?[0-9a-f]{16}/, arch: "arm64" },
  { form: /\bepc : |status: [0-9a-f]{16} badaddr/, arch: "riscv64" },
  { form: /PC is at |\bpsr: ?[0-9a-f]{8}|__irq_svc|__dabt_svc/, arch: "arm" },
  { form: /^\s*NIP[: ]|\bGPR\d\d: /, arch: "ppc64" },
  { form: /Krnl PSW|Krnl Code|Krnl GPRS/, arch: "s390x" },
  { form: /\bepc {3}: |Cp0|\$ ?\d+ {0,3}: [0-9a-f]{8}/, arch: "mips" },
  { form: /\bERA: |\bCRMD: |\bestat: /i, arch: "loongarch64" },
];

/** The processor family that a line of a report gives away. */
export function archOf(text: string): Arch | null {
  return archClues.find(({ form }) => form.test(text))?.arch ?? null;
}
