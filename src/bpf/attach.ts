import { closeSync, openSync } from "node:fs";
import { OopscopeError, messageOf } from "../base/index.ts";
import { fixedBytes, hostIsLittle, options, viewOf } from "./bytes.ts";
import { errno } from "./constants.ts";
import { systemFailure } from "./failure.ts";
import type { Undo } from "./link.ts";
import type { Native } from "./native.ts";

/** Where a program is attached, if its section does not say it, or says it otherwise. A `cookie` is what `bpf_get_attach_cookie` gives in the program (5.15). */
export type AttachTarget =
  /** At a function's first instruction or, with an offset, at that one; `return`: when it returns. */
  | { readonly kind: "kprobe"; readonly function: string; /** Where the function is, which its name may leave open (generated programs). */ readonly address?: bigint; readonly offset?: number; readonly return?: boolean; readonly cookie?: bigint }
  /** At all of these functions at once (5.18, CONFIG_FPROBE); the program's section is `kprobe.multi`. */
  | { readonly kind: "kprobe.multi"; readonly functions: readonly string[]; /** Where they are: then nothing is looked up by name. Of generated programs. */ readonly addresses?: readonly bigint[]; readonly return?: boolean; readonly cookies?: readonly bigint[] }
  | { readonly kind: "tracepoint"; readonly category: string; readonly name: string; readonly cookie?: bigint }
  | { readonly kind: "raw-tracepoint"; readonly name: string }
  /** In a program or library, at a function of its symbols or at an offset in the file; pid −1 (the default) is every process. */
  | { readonly kind: "uprobe"; readonly path: string; readonly function?: string; readonly offset?: number; readonly return?: boolean; readonly pid?: number; readonly cookie?: bigint }
  /** Every so many events or times a second: type and config as perf_event_open(2) has them; the default is the CPU clock. */
  | { readonly kind: "perf-event"; readonly cpu: number; readonly pid?: number; readonly frequency?: number; readonly period?: bigint; readonly type?: number; readonly config?: bigint }
  | { readonly kind: "iterator" }
  /** On a network device, by name (5.9 and newer: earlier ones have no links for XDP). */
  | { readonly kind: "xdp"; readonly device: string }
  | { readonly kind: "tc"; readonly device: string; readonly direction: "ingress" | "egress"; readonly priority?: number; readonly handle?: number }
  /** On a cgroup (v2), by its folder. */
  | { readonly kind: "cgroup"; readonly path: string }
  /** On a hook of netfilter (6.4): family 2 is IPv4, 10 is IPv6; hooks as in <linux/netfilter.h>. */
  | { readonly kind: "netfilter"; readonly family: number; readonly hook: number; readonly priority: number };

/** The target in words, for messages. */
export function targetText(target: AttachTarget): string {
  switch (target.kind) {
    case "kprobe":
      return `${target.return === true ? "kretprobe" : "kprobe"} ${target.function}${target.offset ? `+0x${target.offset.toString(16)}` : ""}`;
    case "kprobe.multi":
      return `${target.return === true ? "kretprobe.multi" : "kprobe.multi"} of ${target.functions.length} functions`;
    case "tracepoint":
      return `tracepoint ${target.category}:${target.name}`;
    case "raw-tracepoint":
      return `raw tracepoint ${target.name}`;
    case "uprobe":
      return `${target.return === true ? "uretprobe" : "uprobe"} ${target.path}:${target.function ?? ""}${target.offset ? `+0x${target.offset.toString(16)}` : ""}`;
    case "perf-event":
      return `perf event of CPU ${target.cpu}`;
    case "iterator":
      return "iterator";
    case "xdp":
      return `xdp ${target.device}`;
    case "tc":
      return `tc ${target.device} ${target.direction}`;
    case "cgroup":
      return `cgroup ${target.path}`;
    case "netfilter":
      return `netfilter family ${target.family} hook ${target.hook}`;
  }
}

/** Attaches: a link's address or how to undo it, or null with errno set. `descriptor` is the program's. */
export function attachTo(native: Native, program: bigint, descriptor: number, target: AttachTarget): bigint | Undo | null {
  const { libbpf } = native;
  switch (target.kind) {
    case "kprobe":
      return libbpf.bpf_program__attach_kprobe_opts(program, target.function, options(["u64", target.cookie ?? 0n], ["u64", target.offset ?? 0], ["u32", target.return === true ? 1 : 0]));
    case "kprobe.multi":
      return attachMany(native, program, target);
    case "tracepoint":
      return libbpf.bpf_program__attach_tracepoint_opts(program, target.category, target.name, options(["u64", target.cookie ?? 0n]));
    case "raw-tracepoint":
      return libbpf.bpf_program__attach_raw_tracepoint(program, target.name);
    case "uprobe": {
      const name = target.function === undefined ? null : text(target.function);
      const opts = options(["u64", 0], ["u64", target.cookie ?? 0n], ["u32", target.return === true ? 1 : 0], ["u64", name === null ? 0n : native.addressOf(name)]);
      const link = libbpf.bpf_program__attach_uprobe_opts(program, target.pid ?? -1, target.path, target.offset ?? 0, opts);
      // `opts` holds the address of `name`, which must live until here.
      return name !== null && name.length === 0 ? null : link;
    }
    case "perf-event":
      return attachPerfEvent(native, program, target);
    case "iterator":
      return libbpf.bpf_program__attach_iter(program, null);
    case "xdp":
      return libbpf.bpf_program__attach_xdp(program, deviceIndex(native, target.device));
    case "tc":
      return attachTc(native, descriptor, target);
    case "cgroup": {
      const folder = open(target.path);
      try {
        return libbpf.bpf_program__attach_cgroup(program, folder);
      } finally {
        closeSync(folder);
      }
    }
    case "netfilter":
      if (!native.has("bpf_program__attach_netfilter")) throw new OopscopeError("missing-feature", `the installed libbpf ${native.version} cannot attach to netfilter; 1.3 and newer can`, { library: native.version });
      // struct bpf_netfilter_opts: pf, hooknum, priority, flags.
      return libbpf.bpf_program__attach_netfilter(program, options(["u32", target.family], ["u32", target.hook], ["u32", target.priority >>> 0], ["u32", 0]));
  }
}

/** Text with its NUL, where C may read it. */
export function text(value: string): Uint8Array<ArrayBuffer> {
  const encoded = Buffer.from(value, "utf8");
  const bytes = fixedBytes(encoded.length + 1);
  bytes.set(encoded);
  return bytes;
}

function attachMany(native: Native, program: bigint, target: AttachTarget & { kind: "kprobe.multi" }): bigint | null {
  const { functions, cookies } = target;
  if (functions.length === 0) throw new OopscopeError("bad-argument", "no function to attach to", {});
  if (cookies !== undefined && cookies.length !== functions.length) throw new OopscopeError("bad-argument", `${functions.length} functions and ${cookies.length} cookies`, {});
  const names = text(functions.join("\0"));
  const base = native.addressOf(names);
  const table = fixedBytes(8 * functions.length);
  let at = 0;
  for (const [index, name] of functions.entries()) {
    viewOf(table).setBigUint64(8 * index, base + BigInt(at), hostIsLittle);
    at += Buffer.byteLength(name, "utf8") + 1;
  }
  const values = cookies === undefined ? null : fixedBytes(8 * cookies.length);
  for (const [index, cookie] of (cookies ?? []).entries()) viewOf(values!).setBigUint64(8 * index, BigInt.asUintN(64, cookie), hostIsLittle);
  const opts = options(["u64", native.addressOf(table)], ["u64", 0], ["u64", values === null ? 0n : native.addressOf(values)], ["u64", functions.length], ["u32", target.return === true ? 1 : 0]);
  const link = native.libbpf.bpf_program__attach_kprobe_multi_opts(program, null, opts);
  // What `opts` points to must live until here.
  return names.length + table.length + (values?.length ?? 0) > 0 ? link : null;
}

/** perf_event_open(2), by its number on this processor. */
const perfEventOpen: Readonly<Record<string, number>> = { x64: 298, arm64: 241, riscv64: 241 };
/** The attribute PERF_FLAG_FD_CLOEXEC. */
const closeOnExec = 8;

export type PerfEvent = {
  readonly type: number;
  readonly config: bigint;
  readonly sample: bigint;
  readonly sampleType?: number;
  readonly frequency?: boolean;
  readonly wakeup?: number;
  /** config1 and config2: of a kprobe the name's address and the offset. */
  readonly more?: readonly [bigint, bigint];
};

/** A perf event's descriptor. struct perf_event_attr: type, size, config, period or frequency, sample_type, read_format, flags, wakeup, bp_type, config1, config2. */
export function openPerfEvent(native: Native, attr: PerfEvent, pid: number, cpu: number, what = `a perf event on CPU ${cpu}`): number {
  const number = perfEventOpen[process.arch];
  if (number === undefined) throw new OopscopeError("unsupported", `perf_event_open on ${process.arch} is unknown`, { arch: process.arch });
  const bytes = fixedBytes(112);
  const view = viewOf(bytes);
  view.setUint32(0, attr.type, hostIsLittle);
  view.setUint32(4, bytes.length, hostIsLittle);
  view.setBigUint64(8, attr.config, hostIsLittle);
  view.setBigUint64(16, attr.sample, hostIsLittle);
  view.setBigUint64(24, BigInt(attr.sampleType ?? 0), hostIsLittle);
  // The bits `disabled` (0) and `freq` (10).
  view.setBigUint64(40, attr.frequency === true ? 1n << 10n : 0n, hostIsLittle);
  view.setUint32(48, attr.wakeup ?? 0, hostIsLittle);
  view.setBigUint64(56, attr.more?.[0] ?? 0n, hostIsLittle);
  view.setBigUint64(64, attr.more?.[1] ?? 0n, hostIsLittle);
  const descriptor = Number(native.libc.syscall(number, bytes, pid, cpu, -1, closeOnExec));
  if (descriptor < 0) throw systemFailure(`open ${what}`, native.errno(), [], {}, ["CAP_PERFMON"]);
  return descriptor;
}

function attachPerfEvent(native: Native, program: bigint, target: AttachTarget & { kind: "perf-event" }): bigint | null {
  const frequency = target.period === undefined;
  // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK.
  const event = openPerfEvent(native, { type: target.type ?? 1, config: target.config ?? 0n, sample: target.period ?? BigInt(target.frequency ?? 99), frequency }, target.pid ?? -1, target.cpu);
  const link = native.libbpf.bpf_program__attach_perf_event_opts(program, event, null);
  // The link owns the event from now on; without one nobody does.
  if (link === null) {
    const code = native.errno();
    closeSync(event);
    throw systemFailure(`attach to the perf event of CPU ${target.cpu}`, code, []);
  }
  return link;
}

function deviceIndex(native: Native, device: string): number {
  const index = native.libc.if_nametoindex(device);
  if (index === 0) throw new OopscopeError("not-found", `there is no network device \`${device}\``, { device });
  return index;
}

/** The classifier's filter on a clsact queue, made if it is not there and left in place, since others may use it. */
function attachTc(native: Native, descriptor: number, target: AttachTarget & { kind: "tc" }): Undo {
  const { libbpf } = native;
  // struct bpf_tc_hook: ifindex, attach_point (1 ingress, 2 egress), parent.
  const hook = options(["u32", deviceIndex(native, target.device)], ["u32", target.direction === "ingress" ? 1 : 2], ["u32", 0]);
  const made = native.heard(() => libbpf.bpf_tc_hook_create(hook));
  if (made.result < 0 && made.result !== -errno.EEXIST) throw systemFailure(`make a classifier's queue on ${target.device}`, made.result, made.said, { device: target.device }, ["CAP_NET_ADMIN"]);
  // struct bpf_tc_opts: prog_fd, flags, prog_id, handle, priority; the kernel's choice of the last two is written back.
  const opts = options(["u32", descriptor], ["u32", 0], ["u32", 0], ["u32", target.handle ?? 0], ["u32", target.priority ?? 0]);
  const { result, said } = native.heard(() => libbpf.bpf_tc_attach(hook, opts));
  if (result < 0) throw systemFailure(`attach to ${target.device}, ${target.direction}`, result, said, { device: target.device }, ["CAP_NET_ADMIN"]);
  return {
    detach: () => {
      const view = viewOf(opts);
      // Detaching wants these three to be zero.
      for (const at of [8, 12, 16]) view.setUint32(at, 0, hostIsLittle);
      native.heard(() => libbpf.bpf_tc_detach(hook, opts));
    },
  };
}

function open(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new OopscopeError("not-found", `the cgroup \`${path}\` cannot be opened: ${messageOf(cause)}`, { file: path }, cause);
  }
}
