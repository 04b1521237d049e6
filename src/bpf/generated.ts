import { closeSync, readFileSync } from "node:fs";
import { OopscopeError } from "../base/index.ts";
import type { Assembler } from "./assembler.ts";
import { openPerfEvent, targetText, text, type AttachTarget } from "./attach.ts";
import { fixedBytes, hostIsLittle, u32, viewOf } from "./bytes.ts";
import { attachTypes, errno, programTypes } from "./constants.ts";
import { missingTypeCause, systemFailure } from "./failure.ts";
import { closed } from "./handle.ts";
import { functionTypes } from "./function-types.ts";
import { btfInfo, programInfo, type ProgramInfo } from "./info.ts";
import { findKernelTypes } from "./kernel-type.ts";
import { kernelBtf, moduleBtf } from "./kernel-btf.ts";
import { BpfLink, type Undo } from "./link.ts";
import { loadNative, type Native } from "./native.ts";
import { VerifierError } from "./object.ts";
import { readVerifierLog } from "./verifier.ts";

/** What a program of type tracing or LSM is bound to: a function, a hook's `bpf_lsm_NAME`, a tracepoint's `btf_trace_NAME`; in a module if it is one of a module's. */
export type TracingTarget = { readonly function: string; readonly module?: string; /** The id of its type, for who knows it: then no BTF is read. */ readonly id?: number };

export type GeneratedOptions = {
  readonly type: (typeof programTypes)[number];
  readonly attachType?: (typeof attachTypes)[number];
  /** To 15 characters. */
  readonly name?: string;
  /** Many helpers are open to programs under the GPL alone. */
  readonly license?: string;
  readonly target?: TracingTarget;
};

const logSize = 1 << 20;

/** A program of the assembler's that the kernel has accepted. It has no object: what it refers to is the caller's, who closes it. */
export class GeneratedProgram {
  readonly name: string;
  readonly type: (typeof programTypes)[number];
  readonly #native: Native;
  readonly #links = new Set<BpfLink>();
  readonly #target: TracingTarget | null;
  #descriptor: number;

  /** Gives bytecode to the kernel. Throws `VerifierError`, `not-found` for a target that is not there, `not-permitted`. */
  static async load(code: Assembler | Uint8Array, { type, attachType, name = "", license = "Dual MIT/GPL", target }: GeneratedOptions): Promise<GeneratedProgram> {
    const native = await loadNative();
    const bytes = code instanceof Uint8Array ? code : code.assemble();
    const source = fixedBytes(bytes.length);
    source.set(bytes);
    const bound = target === undefined ? null : bindTarget(native, target);
    const starts = code instanceof Uint8Array ? null : code.functionsCalledBack;
    const types = starts === null ? null : functionTypes(starts);
    // struct bpf_prog_load_opts (tools/lib/bpf/bpf.h).
    const opts = fixedBytes(104);
    const view = viewOf(opts);
    view.setBigUint64(0, BigInt(opts.length), hostIsLittle);
    if (attachType !== undefined) view.setUint32(12, attachTypes.indexOf(attachType), hostIsLittle);
    view.setUint32(32, bound?.id ?? 0, hostIsLittle);
    view.setUint32(40, bound?.object ?? 0, hostIsLittle);
    const btf = types === null ? -1 : native.libbpf.bpf_btf_load(types.btf, types.btf.length, null);
    // prog_btf_fd, func_info, func_info_cnt, func_info_rec_size. Without types it is the verifier that says what it lacks.
    if (types !== null && btf >= 0) {
      view.setUint32(16, btf, hostIsLittle);
      view.setBigUint64(56, native.addressOf(types.info), hostIsLittle);
      view.setUint32(64, types.count, hostIsLittle);
      view.setUint32(68, 8, hostIsLittle);
    }
    const load = (log: Uint8Array<ArrayBuffer> | null): { result: number; said: readonly string[] } => {
      view.setUint32(88, log === null ? 0 : 1, hostIsLittle);
      view.setUint32(92, log?.length ?? 0, hostIsLittle);
      view.setBigUint64(96, log === null ? 0n : native.addressOf(log), hostIsLittle);
      return native.heard(() => native.libbpf.bpf_prog_load(programTypes.indexOf(type), name.slice(0, 15), license, source, source.length / 8, opts));
    };
    try {
      let { result, said } = load(null);
      const log = fixedBytes(result < 0 ? logSize : 0);
      if (result < 0 && result !== -errno.EPERM) ({ result, said } = load(log));
      if (result >= 0) return new GeneratedProgram(native, name, type, target ?? null, result);
      const all = Buffer.from(log.subarray(0, log.indexOf(0))).toString("utf8");
      const verdict = readVerifierLog(all);
      if (verdict === null) throw systemFailure(`load the program ${name}`, result, said, { program: name });
      const where = verdict.instruction === null ? "" : ` at instruction ${verdict.instruction}, \`${verdict.text}\``;
      throw new VerifierError(`the verifier refused the program ${name}${where}: ${verdict.reason}`, { program: name, errno: -result }, name, verdict, all);
    } finally {
      if (bound !== null && bound.object !== 0) closeSync(bound.object);
      if (btf >= 0) closeSync(btf);
    }
  }

  private constructor(native: Native, name: string, type: (typeof programTypes)[number], target: TracingTarget | null, descriptor: number) {
    this.#native = native;
    this.name = name === "" ? `(${type})` : name;
    this.type = type;
    this.#target = target;
    this.#descriptor = descriptor;
  }

  get descriptor(): number {
    if (this.#descriptor < 0) throw closed(`the program ${this.name}`);
    return this.#descriptor;
  }

  info(): ProgramInfo {
    return programInfo(this.#native, this.descriptor);
  }

  /** Attaches it: to what it was bound to, or to a kprobe, a list of them, a tracepoint, a raw tracepoint or a perf event. */
  attach(target?: Extract<AttachTarget, { kind: "kprobe" | "kprobe.multi" | "tracepoint" | "raw-tracepoint" }>): BpfLink {
    const what = target === undefined ? `${this.type} ${this.#target?.function ?? ""}` : targetText(target);
    const link = new BpfLink(this.#native, what, this.#attached(what, target), () => this.#links.delete(link));
    this.#links.add(link);
    return link;
  }

  #attached(what: string, target: Parameters<GeneratedProgram["attach"]>[0]): Undo {
    const { libbpf } = this.#native;
    if (target === undefined) return this.#linkOf(what, () => libbpf.bpf_raw_tracepoint_open(null, this.descriptor));
    switch (target.kind) {
      case "raw-tracepoint":
        return this.#linkOf(what, () => libbpf.bpf_raw_tracepoint_open(target.name, this.descriptor));
      case "kprobe.multi":
        return this.#many(what, target);
      case "kprobe": {
        const name = text(target.function);
        const offset = BigInt(target.offset ?? 0);
        const more = target.address === undefined ? ([this.#native.addressOf(name), offset] as const) : ([0n, target.address + offset] as const);
        const event = openPerfEvent(this.#native, { type: sourceType("kprobe"), config: target.return === true ? 1n : 0n, sample: 0n, more }, -1, 0, `${what} (${name.length - 1} characters)`);
        return this.#onEvent(what, event, target.cookie);
      }
      case "tracepoint":
        return this.#onEvent(what, openPerfEvent(this.#native, { type: 2, config: tracepointId(target.category, target.name), sample: 1n }, -1, 0, what), target.cookie);
    }
  }

  #linkOf(what: string, open: () => number): Undo {
    const { result, said } = this.#native.heard(open);
    if (result < 0) throw systemFailure(`attach the program ${this.name} (${what})`, result, said, { program: this.name, place: what });
    return { descriptor: result, detach: () => closeSync(result) };
  }

  /** Runs on a perf event: by ioctl, which every kernel has (PERF_EVENT_IOC_SET_BPF, PERF_EVENT_IOC_ENABLE); with a cookie by a link (5.15). */
  #onEvent(what: string, event: number, cookie: bigint | undefined): Undo {
    try {
      const { libc, libbpf } = this.#native;
      let link: Undo | null = null;
      if (cookie !== undefined) {
        // struct bpf_link_create_opts: flags, iter_info, iter_info_len, target_btf_id, perf_event.bpf_cookie.
        const opts = fixedBytes(40);
        viewOf(opts).setBigUint64(0, 40n, hostIsLittle);
        viewOf(opts).setBigUint64(32, BigInt.asUintN(64, cookie), hostIsLittle);
        link = this.#linkOf(what, () => libbpf.bpf_link_create(this.descriptor, event, attachTypes.indexOf("perf-event"), opts));
      } else if (libc.ioctl(event, 0x4004_2408, this.descriptor) < 0) throw systemFailure(`attach the program ${this.name} (${what})`, this.#native.errno(), []);
      if (libc.ioctl(event, 0x2400, 0) < 0) throw systemFailure(`switch ${what} on`, this.#native.errno(), []);
      return {
        ...(link?.descriptor === undefined ? {} : { descriptor: link.descriptor }),
        detach: () => {
          link?.detach();
          closeSync(event);
        },
      };
    } catch (error) {
      closeSync(event);
      throw error;
    }
  }

  #many(what: string, { functions, addresses, cookies, return: atReturn }: Extract<AttachTarget, { kind: "kprobe.multi" }>): Undo {
    if (functions.length === 0) throw new OopscopeError("bad-argument", "no function to attach to", {});
    const names = text(functions.join("\0"));
    const table = fixedBytes(8 * functions.length);
    const values = fixedBytes(8 * functions.length);
    let at = this.#native.addressOf(names);
    for (const [index, name] of functions.entries()) {
      viewOf(table).setBigUint64(8 * index, addresses === undefined ? at : BigInt.asUintN(64, addresses[index] ?? 0n), hostIsLittle);
      viewOf(values).setBigUint64(8 * index, BigInt.asUintN(64, cookies?.[index] ?? 0n), hostIsLittle);
      at += BigInt(Buffer.byteLength(name, "utf8") + 1);
    }
    // struct bpf_link_create_opts: …, kprobe_multi: flags, cnt, syms, addrs, cookies.
    const opts = fixedBytes(64);
    const view = viewOf(opts);
    view.setBigUint64(0, 64n, hostIsLittle);
    view.setUint32(32, atReturn === true ? 1 : 0, hostIsLittle);
    view.setUint32(36, functions.length, hostIsLittle);
    view.setBigUint64(addresses === undefined ? 40 : 48, this.#native.addressOf(table), hostIsLittle);
    view.setBigUint64(56, cookies === undefined ? 0n : this.#native.addressOf(values), hostIsLittle);
    return this.#linkOf(what, () => (names.length > 0 && table.length > 0 && values.length > 0 ? this.#native.libbpf.bpf_link_create(this.descriptor, 0, attachTypes.indexOf("trace-kprobe-multi"), opts) : -errno.EINVAL));
  }

  /** Detaches and unloads it. A second time it does nothing. */
  close(): void {
    if (this.#descriptor < 0) return;
    for (const link of [...this.#links]) link.close();
    closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The number of a dynamic source of perf events (/sys/bus/event_source). */
function sourceType(name: string): number {
  try {
    return Number(readFileSync(`/sys/bus/event_source/devices/${name}/type`, "utf8"));
  } catch (cause) {
    throw new OopscopeError("missing-feature", `the running kernel has no perf events of type ${name}`, { source: name }, cause);
  }
}

function tracepointId(category: string, name: string): bigint {
  for (const folder of ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"]) {
    if (!/^[\w-]+$/.test(category) || !/^[\w-]+$/.test(name)) break;
    try {
      return BigInt(readFileSync(`${folder}/events/${category}/${name}/id`, "utf8").trim());
    } catch {
      // the other one, or none
    }
  }
  throw new OopscopeError("not-found", `there is no tracepoint ${category}:${name}, or tracefs is not mounted or not readable`, { tracepoint: `${category}:${name}` });
}

/** The id of a function's type, and a descriptor of the module's BTF, which the caller closes; 0 for the kernel's own. */
function bindTarget(native: Native, { function: name, module, id: known }: TracingTarget): { id: number; object: number } {
  if (known !== undefined) return { id: known, object: module === undefined ? 0 : moduleObject(native, module.replaceAll("-", "_")) };
  const kind = name.startsWith("btf_trace_") ? "typedef" : "func";
  const [found] = findKernelTypes(native, [{ name, kind }]);
  if (found != null) {
    // The kernel gives the first of this name, its own before those of modules.
    if (module === undefined ? found.object === 0 : found.object > 0 && moduleOfBtf(native, found.object) === module.replaceAll("-", "_")) return found;
    if (found.object > 0) closeSync(found.object);
  }
  const btf = module === undefined ? kernelBtf() : moduleBtf(module);
  const id = btf?.idsOf(name, kind).findLast((candidate) => module === undefined || candidate >= btf.firstId) ?? null;
  if (id === null) {
    const cause = missingTypeCause(name, "function");
    throw new OopscopeError("not-found", cause.text, cause.facts);
  }
  return { id, object: module === undefined ? 0 : moduleObject(native, module.replaceAll("-", "_")) };
}

/** Whose types a BTF object of the kernel has; null for those of programs. */
function moduleOfBtf(native: Native, descriptor: number): string | null {
  const { kernel, name } = btfInfo(native, descriptor);
  return kernel ? name : null;
}

function moduleObject(native: Native, module: string): number {
  const next = u32(0);
  for (;;) {
    const code = native.libbpf.bpf_btf_get_next_id(viewOf(next).getUint32(0, hostIsLittle), next);
    if (code === -errno.ENOENT) break;
    if (code < 0) throw systemFailure(`find the BTF of the module ${module}`, code, [], { module }, ["CAP_SYS_ADMIN"]);
    const descriptor = native.libbpf.bpf_btf_get_fd_by_id(viewOf(next).getUint32(0, hostIsLittle));
    if (descriptor === -errno.ENOENT) continue;
    if (descriptor < 0) throw systemFailure(`read the BTF of the module ${module}`, descriptor, [], { module }, ["CAP_SYS_ADMIN"]);
    if (moduleOfBtf(native, descriptor) === module) return descriptor;
    closeSync(descriptor);
  }
  throw new OopscopeError("not-found", `the module ${module} has no BTF that this kernel accepted`, { module });
}
