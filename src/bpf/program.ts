import { closeSync } from "node:fs";
import { OopscopeError } from "../base/index.ts";
import { bindingOf, findBound, type Binding } from "./bound.ts";
import { attachTo, targetText, type AttachTarget } from "./attach.ts";
import { fixedBytes, hostIsLittle, viewOf } from "./bytes.ts";
import { attachTypes, errno, nameOf, programTypes, sleepable } from "./constants.ts";
import { errnoText, systemFailure } from "./failure.ts";
import { Handle } from "./handle.ts";
import { programInfo, type ProgramInfo } from "./info.ts";
import { securityModules } from "../system/index.ts";
import { BpfLink } from "./link.ts";
import type { Native } from "./native.ts";

/** What an object keeps for its programs. */
export type ProgramOwner = { readonly handle: Handle; readonly name: string; readonly loaded: () => boolean; readonly links: Set<BpfLink> };

/** What a run on given data came to (BPF_PROG_TEST_RUN). */
export type TestRun = { readonly result: number; /** The data as the program left it. */ readonly data: Uint8Array; readonly context: Uint8Array; /** Nanoseconds a run, on average. */ readonly duration: number };

/** The kernel takes programs for its security hooks also where it never runs them. */
function requireBpfLsm(program: string): void {
  const modules = securityModules();
  if (modules === null || modules.includes("bpf")) return;
  throw new OopscopeError("missing-feature", `the program ${program} would never run: \`bpf\` is not among the kernel's security modules; boot with lsm=${modules.join(",")},bpf`, { program, modules: modules.join(",") });
}

/** A program of an object. It ends with the object; used later, it throws `closed`. */
export class BpfProgram {
  readonly name: string;
  /** Where the program stands in the object, which says what it is for: `fentry/do_unlinkat`. */
  readonly section: string;
  readonly #native: Native;
  readonly #handle: Handle;
  readonly #owner: ProgramOwner;
  /** What it is bound to when it is loaded; null for programs that are not, or were given a type. */
  #binding: Binding | null;
  /** Who finds that: this folder, or libbpf, which may have found it already. */
  #binder: "own" | "libbpf" | "libbpf, found" = "own";

  /** @internal */
  constructor(native: Native, address: bigint, owner: ProgramOwner) {
    this.#native = native;
    this.name = native.libbpf.bpf_program__name(address) ?? "";
    this.section = native.libbpf.bpf_program__section_name(address) ?? "";
    this.#handle = new Handle(`the program ${this.name} of ${owner.name}`, address, owner.handle);
    this.#owner = owner;
    this.#binding = bindingOf(this.section);
  }

  get type(): (typeof programTypes)[number] | `number ${number}` {
    const program = this.#handle.use();
    return this.#binding?.type ?? nameOf(programTypes, this.#native.libbpf.bpf_program__type(program));
  }

  get expectedAttachType(): (typeof attachTypes)[number] | `number ${number}` {
    return nameOf(attachTypes, this.#native.libbpf.bpf_program__expected_attach_type(this.#handle.use()));
  }

  /** Whether `load` loads it. */
  get autoload(): boolean {
    return this.#native.libbpf.bpf_program__autoload(this.#handle.use());
  }

  set autoload(wanted: boolean) {
    this.#beforeLoad("switched on or off");
    this.#native.libbpf.bpf_program__set_autoload(this.#handle.use(), wanted);
  }

  /** Another function, hook or tracepoint than the section names, for programs that are bound when they are loaded: fentry, fexit, fmod_ret, tp_btf, LSM. */
  setTarget(name: string): void {
    this.#beforeLoad("given a target");
    if (this.#binding !== null) {
      const [found] = this.#binder === "own" ? findBound(this.#native, [{ binding: this.#binding, name }]) : [];
      if (found != null) {
        if (found.object > 0) closeSync(found.object);
        this.#binding = { ...this.#binding, name };
        return;
      }
    }
    const { result, said } = this.#native.heard(() => this.#letLibraryBind(name));
    if (result < 0) throw systemFailure(`give the program ${this.name} the target \`${name}\``, result, said, { program: this.name, target: name });
  }

  /** Says what it is where the section does not. */
  setType(type: (typeof programTypes)[number], attachType?: (typeof attachTypes)[number]): void {
    this.#beforeLoad("given a type");
    const program = this.#handle.use();
    this.#binding = null;
    this.#native.libbpf.bpf_program__set_type(program, programTypes.indexOf(type));
    if (attachType !== undefined) this.#native.libbpf.bpf_program__set_expected_attach_type(program, attachTypes.indexOf(attachType));
  }

  #beforeLoad(what: string): void {
    this.#handle.use();
    if (this.#owner.loaded()) throw new OopscopeError("bad-argument", `the program ${this.name} can be ${what} only before its object is loaded`, { program: this.name });
  }

  /** Its descriptor, which stays the program's own. Throws `bad-argument` before it is loaded. */
  get descriptor(): number {
    const descriptor = this.#native.libbpf.bpf_program__fd(this.#handle.use());
    if (descriptor < 0) throw new OopscopeError("bad-argument", `the program ${this.name} is not loaded${this.#owner.loaded() && !this.autoload ? ": it was left out" : ""}`, { program: this.name });
    return descriptor;
  }

  info(): ProgramInfo {
    return programInfo(this.#native, this.descriptor);
  }

  /**
   * Attaches it, where its section says, or to a target. The link lives until it is closed, or the object is. Throws `bad-argument` where the section says too little,
   * `not-found`, `refused`, `missing-feature` or `not-permitted` with what the system said.
   */
  attach(target?: AttachTarget): BpfLink {
    const { descriptor } = this;
    const program = this.#handle.use();
    const where = target === undefined ? this.section : targetText(target);
    if (this.type === "lsm") requireBpfLsm(this.name);
    const { result, said } = this.#native.heard(() => {
      const link = target === undefined ? this.#attachWhereItSays(program) : attachTo(this.#native, program, descriptor, target);
      return { link, code: link === null ? this.#native.errno() : 0 };
    });
    if (result.link === null) throw this.#attachFailure(where, result.code, said, target);
    const link = new BpfLink(this.#native, where, result.link, () => this.#owner.links.delete(link));
    this.#owner.links.add(link);
    return link;
  }

  #attachWhereItSays(program: bigint): bigint | null {
    const { libbpf } = this.#native;
    if (this.#binding === null) return libbpf.bpf_program__attach(program);
    return this.#binding.type === "lsm" ? libbpf.bpf_program__attach_lsm(program) : libbpf.bpf_program__attach_trace(program);
  }

  #attachFailure(where: string, code: number, said: readonly string[], target: AttachTarget | undefined): OopscopeError {
    const facts = { program: this.name, place: where, errno: code };
    const action = `attach the program ${this.name} (${where})`;
    const say = (kind: OopscopeError["code"], why: string): OopscopeError => new OopscopeError(kind, `failed to ${action}: ${errnoText(code)}: ${why}`, facts);
    const kprobe = target === undefined ? /^k(?:ret)?probe\//.test(this.section) : target.kind === "kprobe";
    if (target === undefined && code === errno.EOPNOTSUPP && said.length === 0) {
      // The library says something where it is the kernel that cannot.
      return new OopscopeError("bad-argument", `the section \`${this.section}\` of the program ${this.name} does not say where it is to be attached`, facts);
    }
    if (target === undefined && code === errno.EINVAL && this.type === "unspecified") return new OopscopeError("bad-argument", `the section \`${this.section}\` of the program ${this.name} is not one that libbpf ${this.#native.version} knows`, facts);
    if (code === errno.EBUSY && this.type === "tracing") return say("refused", "the kernel cannot patch the function's entry: it is notrace, or something else than ftrace has patched it");
    if (kprobe && code === errno.ENOENT) return say("not-found", "neither the kernel nor a loaded module has a function of this name");
    if (kprobe && code === errno.EINVAL) return say("refused", "the function is on the kernel's list of those that must not be probed, or the offset is not the start of an instruction");
    if (kprobe && code === errno.EADDRNOTAVAIL) return say("refused", "several functions of this name exist, or the offset is outside of the function");
    if (kprobe && code === 84) return say("refused", "the offset is not the start of an instruction");
    return systemFailure(action, code, said, facts, this.type === "xdp" || this.type === "sched-cls" || this.type.startsWith("cgroup") ? ["CAP_BPF", "CAP_NET_ADMIN"] : ["CAP_BPF", "CAP_PERFMON"]);
  }

  /** Runs it on given data, without attaching it: for kinds that the kernel can run so (XDP, TC, raw tracepoints, tracing, syscall). */
  testRun({ data, context, repeat = 1 }: { readonly data?: Uint8Array; readonly context?: Uint8Array; readonly repeat?: number } = {}): TestRun {
    const copy = (from: Uint8Array | undefined, room: number): Uint8Array<ArrayBuffer> => {
      const bytes = fixedBytes((from?.length ?? 0) + room);
      if (from) bytes.set(from);
      return bytes;
    };
    const dataIn = copy(data, 0);
    const dataOut = copy(data, data === undefined ? 0 : 256);
    const contextIn = copy(context, 0);
    const contextOut = copy(context, 0);
    // struct bpf_test_run_opts (tools/lib/bpf/bpf.h).
    const opts = fixedBytes(88);
    const view = viewOf(opts);
    const pointer = (at: number, bytes: Uint8Array): void => view.setBigUint64(at, bytes.length === 0 ? 0n : this.#native.addressOf(bytes), hostIsLittle);
    view.setBigUint64(0, 88n, hostIsLittle);
    pointer(8, dataIn);
    pointer(16, dataOut);
    view.setUint32(24, dataIn.length, hostIsLittle);
    view.setUint32(28, dataOut.length, hostIsLittle);
    pointer(32, contextIn);
    pointer(40, contextOut);
    view.setUint32(48, contextIn.length, hostIsLittle);
    view.setUint32(52, contextOut.length, hostIsLittle);
    // Tracing and raw tracepoints run once, and know no repeat.
    view.setInt32(60, repeat === 1 ? 0 : repeat, hostIsLittle);
    const { result, said } = this.#native.heard(() => this.#native.libbpf.bpf_prog_test_run_opts(this.descriptor, opts));
    if (result < 0) throw systemFailure(`run the program ${this.name} on test data`, result, said, { program: this.name });
    return {
      result: view.getUint32(56, hostIsLittle),
      data: dataOut.slice(0, Math.min(dataOut.length, view.getUint32(28, hostIsLittle))),
      context: contextOut.slice(0, Math.min(contextOut.length, view.getUint32(52, hostIsLittle))),
      duration: view.getUint32(64, hostIsLittle) + (dataIn.length + contextIn.length) * 0,
    };
  }

  /** Keeps it beyond this process, under a path of bpffs. */
  pin(path: string): void {
    const { result, said } = this.#native.heard(() => this.#native.libbpf.bpf_program__pin(this.#handle.use(), path));
    if (result < 0) throw systemFailure(`pin the program ${this.name} at \`${path}\``, result, said, { file: path });
  }

  unpin(path: string): void {
    const { result, said } = this.#native.heard(() => this.#native.libbpf.bpf_program__unpin(this.#handle.use(), path));
    if (result < 0) throw systemFailure(`unpin the program ${this.name} from \`${path}\``, result, said, { file: path });
  }

  /** What it is bound to when it is loaded. @internal */
  get binding(): Binding | null {
    return this.#binding;
  }

  /** @internal */
  get binder(): "own" | "libbpf" | "libbpf, found" {
    return this.#binder;
  }

  /** Has libbpf find what it is bound to: a number below 0 if it does not. @internal */
  letLibraryBind(name: string): { readonly result: number; readonly said: readonly string[] } {
    return this.#native.heard(() => this.#letLibraryBind(name));
  }

  #letLibraryBind(name: string): number {
    const { libbpf } = this.#native;
    const program = this.#handle.use();
    if (this.#binding !== null && this.#binder === "own") {
      libbpf.bpf_program__set_type(program, programTypes.indexOf(this.#binding.type));
      if (this.#binding.sleepable) libbpf.bpf_program__set_flags(program, libbpf.bpf_program__flags(program) | sleepable);
      this.#binder = "libbpf";
    }
    const code = libbpf.bpf_program__set_attach_target(program, 0, name);
    if (code >= 0) this.#binder = "libbpf, found";
    return code;
  }

  /** @internal */
  get address(): bigint {
    return this.#handle.use();
  }
}
