import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { OopscopeError, messageOf } from "../base/index.ts";
import { btfFromBytes, readBtfExt, type Btf, type BtfExt } from "../btf/index.ts";
import { elfFromBytesNow } from "../elf/index.ts";
import { fixedBytes, hostIsLittle, options, viewOf } from "./bytes.ts";
import { errnoText, missingTypeCause, refusalCause, systemFailure } from "./failure.ts";
import { Handle } from "./handle.ts";
import { imageWithType } from "./kernel-btf.ts";
import type { BpfLink } from "./link.ts";
import { BpfMap } from "./map.ts";
import { errno } from "./constants.ts";
import { findBound, loadBound, registerSections, type Binding } from "./bound.ts";
import type { KernelType } from "./kernel-type.ts";
import { loadNative, type Native } from "./native.ts";
import { BpfProgram, type ProgramOwner } from "./program.ts";
import { variablesOf, type BpfVariable } from "./variable.ts";
import { readVerifierLog, type VerifierVerdict } from "./verifier.ts";

type BoundProgram = { readonly program: bigint; readonly binding: Binding; readonly found: KernelType };
type Skipped = { readonly program: string; readonly why: string };

export type OpenOptions = {
  /** Stands in messages and in the names of maps; by default the file's name. */
  readonly name?: string;
};

export type LoadOptions = {
  /** Looked at before the kernel is called, which then is not interrupted: what `throwIfAborted` throws. */
  readonly signal?: AbortSignal;
  /** Programs that are bound to a function, hook or tracepoint which the running kernel has not: an error (the default), or left out. */
  readonly missingTargets?: "fail" | "skip";
};

/** Why a program was refused, for those who want more than the message: facts of an error of `load`. */
export class VerifierError extends OopscopeError {
  readonly program: string;
  readonly verdict: VerifierVerdict;
  /** All that the verifier said. */
  declare readonly log: string;

  constructor(message: string, facts: OopscopeError["facts"], program: string, verdict: VerifierVerdict, log: string) {
    super("refused", message, facts);
    this.name = "VerifierError";
    this.program = program;
    this.verdict = verdict;
    // Not among what is printed with an error: it has thousands of lines.
    Object.defineProperty(this, "log", { value: log });
  }
}

/**
 * The verifier's log of the program that is being loaded: one for all, since calls of `load` block. Kernels before 6.4 refuse a program whose log does not fit. Memory of its own: so
 * many bytes of the engine's would make it collect garbage at each start.
 */
const logSize = 1 << 24;
let log: { readonly address: bigint; readonly bytes: Uint8Array } | null = null;

/**
 * A compiled BPF program (`clang --target=bpf -g`): its programs, maps and variables. Opened, changed as need be, loaded, attached. `close` detaches and unloads
 * everything that is not pinned; afterwards all use of it and its parts throws `closed`. Calls that load and attach block: they take the kernel a tenth of a second.
 */
export class BpfObject {
  readonly name: string;
  readonly programs: ReadonlyMap<string, BpfProgram>;
  readonly maps: ReadonlyMap<string, BpfMap>;
  /** Global variables, those of constants (`const volatile`) too, which can be set until `load`. */
  readonly variables: ReadonlyMap<string, BpfVariable>;
  /** The object's own types; null without BTF (`clang` without `-g`). */
  readonly btf: Btf | null;
  readonly #native: Native;
  readonly #handle: Handle;
  readonly #links = new Set<BpfLink>();
  readonly #atClose: (() => void)[] = [];
  #state: "open" | "loaded" | "failed" | "closed" = "open";
  /** The file's bytes: for the source lines in messages. */
  readonly #source: Uint8Array;

  /** Opens a file or its bytes; nothing reaches the kernel yet. Throws `not-found`, `unreadable`, `malformed` for what libbpf cannot read, `missing-library`. */
  static async open(file: string | Uint8Array, { name }: OpenOptions = {}): Promise<BpfObject> {
    const bytes = typeof file === "string" ? readObject(file) : Uint8Array.from(file);
    const called = name ?? (typeof file === "string" ? basename(file).replace(/(?:\.bpf)?\.o$/, "") : "object");
    const native = await loadNative();
    registerSections(native);
    const label = Buffer.from(`${called.replace(/[^\w.]/g, "_").slice(0, 60)}\0`, "utf8");
    const labelBytes = fixedBytes(label.length);
    labelBytes.set(label);
    const source = fixedBytes(bytes.length);
    source.set(bytes);
    const { result, said } = native.heard(() => {
      const object = native.libbpf.bpf_object__open_mem(source, source.length, options(["u64", native.addressOf(labelBytes)]));
      return { object, code: object === null && labelBytes.length > 0 ? native.errno() : 0 };
    });
    if (result.object === null) {
      const why = said.findLast((line) => !line.startsWith("failed to open object")) ?? errnoText(result.code);
      throw new OopscopeError("malformed", `${typeof file === "string" ? file : called} is no BPF object that libbpf ${native.version} can open: ${why.replace(/^elf: /, "")}`, { ...(typeof file === "string" ? { file } : {}), errno: result.code });
    }
    return new BpfObject(native, called, result.object, source);
  }

  private constructor(native: Native, name: string, address: bigint, source: Uint8Array) {
    this.#native = native;
    this.name = name;
    this.#source = source;
    const { libbpf } = native;
    const handle = (this.#handle = new Handle(`the object ${name}`, address));
    this.btf = typesOf(native, address, name);
    const owner: ProgramOwner = { handle, name, loaded: () => this.#state !== "open", links: this.#links };
    const programs = new Map<string, BpfProgram>();
    for (let at = libbpf.bpf_object__next_program(address, null); at !== null; at = libbpf.bpf_object__next_program(address, at)) {
      const program = new BpfProgram(native, at, owner);
      programs.set(program.name, program);
    }
    this.programs = programs;
    const maps = new Map<string, BpfMap>();
    const variables = new Map<string, BpfVariable>();
    for (let at = libbpf.bpf_object__next_map(address, null); at !== null; at = libbpf.bpf_object__next_map(address, at)) {
      const map = mapOf(native, at, this.btf, handle, () => this.#state);
      if (libbpf.bpf_map__is_internal(at)) for (const variable of variablesOf(native, at, map, this.btf, handle, () => this.#state, (task) => this.#atClose.push(task))) variables.set(variable.name, variable);
      // Internal maps are called `name.bss`; in C they are `.bss`.
      maps.set(map.name, map);
    }
    this.maps = maps;
    this.variables = variables;
  }

  get state(): "open" | "loaded" | "failed" | "closed" {
    return this.#state;
  }

  /** A map that must be there. Throws `bad-argument` naming those that are. */
  map(name: string): BpfMap {
    return named(this.maps, name, "map", this.name);
  }

  program(name: string): BpfProgram {
    return named(this.programs, name, "program", this.name);
  }

  variable(name: string): BpfVariable {
    return named(this.variables, name, "variable", this.name);
  }

  /** Changes how many entries a map has, before `load`. */
  setMaxEntries(name: string, count: number): void {
    const map = this.map(name);
    if (this.#state !== "open") throw new OopscopeError("bad-argument", `the map ${name} has its size since the object was loaded`, { map: name });
    let at = this.#native.libbpf.bpf_object__next_map(this.#handle.use(), null);
    while (at !== null && this.#native.libbpf.bpf_map__name(at) !== map.name) at = this.#native.libbpf.bpf_object__next_map(this.#handle.use(), at);
    const code = at === null ? -2 : this.#native.libbpf.bpf_map__set_max_entries(at, count);
    if (code < 0) throw systemFailure(`give the map ${name} room for ${count} entries`, code, [], { map: name });
  }

  /**
   * Gives programs and maps to the kernel. Names of what was left out come back. Throws `VerifierError` (`refused`) where the verifier refused a program, `not-found` where
   * a target is missing, with the reason, `not-permitted` with the capability, lockdown or sysctl; the object can only be closed then.
   */
  load({ missingTargets = "fail", signal }: LoadOptions = {}): { readonly skipped: readonly { readonly program: string; readonly why: string }[] } {
    const address = this.#handle.use();
    if (this.#state !== "open") throw new OopscopeError("bad-argument", `the object ${this.name} cannot be loaded: it ${this.#state === "loaded" ? "is loaded already" : "failed to load before"}`, {});
    signal?.throwIfAborted();
    const { libbpf } = this.#native;
    const buffer = (log ??= logMemory(this.#native));
    buffer.bytes[0] = 0;
    for (const program of this.programs.values()) libbpf.bpf_program__set_log_buf(program.address, buffer.address, logSize);
    const { bound, skipped } = this.#bind(missingTargets);
    const { result, said } = this.#native.heard(() => loadBound(bound, () => libbpf.bpf_object__load(address)));
    if (result < 0) {
      this.#state = "failed";
      const end = buffer.bytes.indexOf(0);
      throw this.#loadFailure(result, said, Buffer.from(buffer.bytes.subarray(0, end < 0 ? logSize : end)).toString("utf8"));
    }
    this.#state = "loaded";
    return { skipped };
  }

  /**
   * What programs are bound to, as the kernel has it. Where the kernel cannot be asked libbpf finds it; programs that it binds by itself (iterators) are left to it.
   * Throws as `load` does where a target is missing, with nothing loaded.
   */
  #bind(missingTargets: "fail" | "skip"): { readonly bound: readonly BoundProgram[]; readonly skipped: readonly Skipped[] } {
    const bound: BoundProgram[] = [];
    const skipped: Skipped[] = [];
    const wanted = [...this.programs.values()].flatMap((program) => {
      const { binding } = program;
      if (!program.autoload || program.binder === "libbpf, found") return [];
      const iterator = /^iter(?:\.s)?\/(.+)$/.exec(program.section)?.[1];
      if (missingTargets === "skip" && iterator !== undefined && imageWithType(`bpf_iter_${iterator}`, "func") === null) {
        program.autoload = false;
        skipped.push({ program: program.name, why: missingTypeCause(iterator, "function").text });
      }
      if (binding === null) return [];
      if (binding.name === null) throw new OopscopeError("bad-argument", `the section \`${program.section}\` of the program ${program.name} does not say what it is bound to: \`setTarget\` does`, { program: program.name });
      return [{ program, binding, name: binding.name }];
    });
    try {
      const places = findBound(this.#native, wanted);
      for (const [index, { program, binding, name }] of wanted.entries()) {
        const found = program.binder === "own" ? places[index] : undefined;
        if (found != null) {
          bound.push({ program: program.address, binding, found });
          continue;
        }
        const { result, said } = found === null ? { result: -errno.ENOENT, said: [] } : program.letLibraryBind(name);
        if (result >= 0) continue;
        if (missingTargets === "fail" || result !== -errno.ENOENT) throw this.#missingTarget(program, name, result, said);
        program.autoload = false;
        skipped.push({ program: program.name, why: missingTypeCause(name, hookOf(binding)).text });
      }
      return { bound, skipped };
    } catch (error) {
      this.#state = "failed";
      loadBound(bound, () => {});
      throw error;
    }
  }

  #missingTarget(program: BpfProgram, name: string, code: number, said: readonly string[]): OopscopeError {
    if (code === -errno.ENOENT || said.some((line) => cannotIterate.test(line))) return this.#loadFailure(code, [...said, `prog '${program.name}': failed to find kernel BTF type ID of '${name}': ${code}`], "");
    return systemFailure(`load the program ${program.name} of ${this.name}`, code, said, { object: this.name, program: program.name });
  }

  #loadFailure(code: number, said: readonly string[], log: string): OopscopeError {
    const failed = said.map((line) => /^prog '([^']+)': /.exec(line)?.[1]).find((name) => name !== undefined);
    const program = failed === undefined ? undefined : this.programs.get(failed);
    const missing = said.map((line) => /failed to find kernel BTF type ID of '([^']+)': (-?\d+)/.exec(line)).find((match) => match !== null);
    const facts = { object: this.name, ...(failed === undefined ? {} : { program: failed }), errno: Math.abs(code) };
    const what = failed === undefined ? `the object ${this.name}` : `the program ${failed} of ${this.name}`;
    // Reading the types of modules takes CAP_SYS_ADMIN; libbpf says so in these words.
    const iterate = said.some((line) => cannotIterate.test(line));
    if (iterate) {
      const cause = refusalCause(["CAP_SYS_ADMIN"]);
      return new OopscopeError("not-permitted", `failed to load ${what}: the types of modules cannot be read: ${cause?.text ?? "CAP_SYS_ADMIN is needed"}`, { ...facts, capability: "CAP_SYS_ADMIN" });
    }
    if (missing) {
      const binding = program?.binding ?? null;
      const name = missing[1]!;
      const cause = missingTypeCause(name, binding === null ? "function" : hookOf(binding));
      return new OopscopeError("not-found", `failed to load ${what}: ${cause.text}`, { ...facts, ...cause.facts });
    }
    // A program whose check was broken off by signals has a log, too.
    const verdict = code === -errno.EAGAIN ? null : readVerifierLog(log);
    if (verdict !== null && failed !== undefined) {
      const known = verdict.place ?? (verdict.instruction === null || verdict.source === null || program === undefined ? null : this.#placeOf(program, verdict.instruction, verdict.source));
      const place = known === null ? "" : `${known.file}:${known.line}`;
      const where = verdict.instruction === null ? "" : ` at instruction ${verdict.instruction}, \`${verdict.text}\``;
      // A kernel that is locked down hides the helpers that read its memory.
      const locked = /\b(?:unknown func|cannot use helper) bpf_probe_read/.test(verdict.reason) ? refusalCause([]) : null;
      const source = verdict.source === null ? "" : ` (${place === "" ? "" : `${place}: `}\`${verdict.source}\`)`;
      return new VerifierError(`the verifier refused ${what}${where}${source}: ${verdict.reason}${locked === null ? "" : `: ${locked.text}`}`, { ...facts, ...(verdict.instruction === null ? {} : { instruction: verdict.instruction }) }, failed, { ...verdict, place: known }, log);
    }
    if (program !== undefined && Math.abs(code) === errno.EINVAL && log === "" && this.#native.heard(() => this.#native.libbpf.libbpf_probe_bpf_prog_type(this.#native.libbpf.bpf_program__type(program.address), null)).result === 0) {
      return new OopscopeError("missing-feature", `failed to load ${what}: the running kernel has no programs of the kind ${program.type}`, facts);
    }
    const relevant = said.filter((line) => !/^(?:failed to load object|failed to load BPF skeleton|prog '[^']+': (?:BPF program load failed|failed to load: ))/.test(line));
    return systemFailure(`load ${what}`, code, relevant, facts);
  }

  /** Where an instruction of a program comes from: for kernels whose verifier names only the line's text, which must be the same. */
  #placeOf(program: BpfProgram, instruction: number, text: string): VerifierVerdict["place"] {
    const ext = readExt(this.name, this.#source);
    if (ext === null || this.btf === null) return null;
    const { btf } = this;
    const start = ext.functions.get(program.section)?.find(({ type }) => btf.nameOf(type) === program.name)?.offset;
    if (start === undefined) return null;
    const line = ext.lines.get(program.section)?.findLast(({ offset }) => offset <= start + 8 * instruction);
    return line?.text.trim() === text ? { file: basename(line.file), line: line.line } : null;
  }

  /** Attaches every loaded program whose section says where. Throws what the first failure is, or why `signal` was aborted, with nothing attached: it is looked at before each program. */
  attach({ signal }: { readonly signal?: AbortSignal } = {}): BpfLink[] {
    const links: BpfLink[] = [];
    try {
      for (const program of this.programs.values()) {
        if (!program.autoload || program.section === ".text") continue;
        signal?.throwIfAborted();
        links.push(program.attach());
      }
      return links;
    } catch (error) {
      for (const link of links) link.close();
      throw error;
    }
  }

  /** Links that are open, of all programs. */
  get links(): ReadonlySet<BpfLink> {
    return this.#links;
  }

  /** Detaches all, unloads all that is not pinned. A second time it does nothing. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    for (const link of [...this.#links]) link.close();
    for (const task of this.#atClose) task();
    const address = this.#handle.end();
    if (address !== null) this.#native.heard(() => this.#native.libbpf.bpf_object__close(address));
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function logMemory(native: Native): { readonly address: bigint; readonly bytes: Uint8Array } {
  // PROT_READ and PROT_WRITE, MAP_PRIVATE and MAP_ANONYMOUS.
  const address = native.libc.mmap(null, logSize, 3, 0x22, -1, 0);
  if (address === null || BigInt.asIntN(64, address) === -1n) throw systemFailure("get memory for the verifier's log", native.errno(), []);
  return { address, bytes: new Uint8Array(native.view(address, logSize)) };
}

function named<Part>(parts: ReadonlyMap<string, Part>, name: string, what: string, object: string): Part {
  const found = parts.get(name);
  if (found !== undefined) return found;
  throw new OopscopeError("bad-argument", `${object} has no ${what} \`${name}\`; it has ${[...parts.keys()].join(", ") || "none"}`, { [what]: name });
}

function readObject(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new OopscopeError(missing ? "not-found" : "unreadable", `failed to open \`${path}\`: ${missing ? "there is no such file" : messageOf(cause)}`, { file: path }, cause);
  }
}

/** What `.BTF.ext` says of source lines; null where there is none, or nothing that can be read: it is for messages alone. */
function readExt(name: string, bytes: Uint8Array): BtfExt | null {
  try {
    const elf = elfFromBytesNow(name, bytes);
    const [types, ext] = [".BTF", ".BTF.ext"].map((section) => elf.bytes(elf.section(section)!)) as [Uint8Array, Uint8Array];
    return readBtfExt(btfFromBytes(name, types), ext);
  } catch {
    return null;
  }
}

/** The object's types as libbpf has them: with the places of variables, which the compiler leaves to the linker. */
function typesOf(native: Native, object: bigint, name: string): Btf | null {
  const btf = native.libbpf.bpf_object__btf(object);
  if (btf === null) return null;
  const size = fixedBytes(4);
  const bytes = native.libbpf.btf__raw_data(btf, size);
  if (bytes === null) return null;
  const copy = fixedBytes(viewOf(size).getUint32(0, hostIsLittle));
  copy.set(new Uint8Array(native.view(bytes, copy.length)));
  return btfFromBytes(name, copy);
}

function mapOf(native: Native, address: bigint, btf: Btf | null, object: Handle, state: () => string): BpfMap {
  const { libbpf } = native;
  const name = libbpf.bpf_map__name(address) ?? "";
  const handle = new Handle(`the map ${name}`, address, object);
  const key = libbpf.bpf_map__btf_key_type_id(address);
  const value = libbpf.bpf_map__btf_value_type_id(address);
  return new BpfMap(native, {
    name,
    type: libbpf.bpf_map__type(address),
    keySize: libbpf.bpf_map__key_size(address),
    valueSize: libbpf.bpf_map__value_size(address),
    maxEntries: () => libbpf.bpf_map__max_entries(handle.use()),
    flags: libbpf.bpf_map__map_flags(address),
    types: btf === null ? null : { btf, key, value },
    descriptor: () => {
      const descriptor = libbpf.bpf_map__fd(handle.use());
      if (descriptor < 0 || state() !== "loaded") throw new OopscopeError("bad-argument", `the map ${name} is there only after its object was loaded`, { map: name });
      return descriptor;
    },
    close: () => {},
  });
}

/** What failed to be there, in the words of `missingTypeCause`. */
function hookOf({ type, kind }: Binding): "function" | "lsm hook" | "tracepoint" {
  return type === "lsm" ? "lsm hook" : kind === "typedef" ? "tracepoint" : "function";
}

/** What libbpf says where types of modules cannot be read: that takes CAP_SYS_ADMIN. */
const cannotIterate = /failed to iterate BTF objects: -1\b/;
