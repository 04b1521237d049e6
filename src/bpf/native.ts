import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import type * as KoffiModule from "koffi";
import { isMainThread } from "node:worker_threads";
import { OopscopeError } from "../base/index.ts";
import { fixedBytes } from "./bytes.ts";

/**
 * The functions of libbpf and libc that are used, with the types that C gives them. A `void *` result is an address or null; arguments of that type are an address,
 * null, or bytes, whose memory is passed itself. Nothing outside of this folder sees an address.
 */
const prototypes = {
  libbpf_major_version: ["uint32", []],
  libbpf_minor_version: ["uint32", []],
  libbpf_set_print: ["void *", ["void *"]],
  libbpf_num_possible_cpus: ["int", []],
  libbpf_probe_bpf_prog_type: ["int", ["int", "void *"]],
  libbpf_probe_bpf_map_type: ["int", ["int", "void *"]],
  libbpf_probe_bpf_helper: ["int", ["int", "int", "void *"]],
  libbpf_find_vmlinux_btf_id: ["int", ["str", "int"]],
  libbpf_register_prog_handler: ["int", ["str", "int", "int", "void *"]],
  bpf_object__open_mem: ["void *", ["void *", "size_t", "void *"]],
  bpf_object__load: ["int", ["void *"]],
  bpf_object__close: ["void", ["void *"]],
  bpf_object__btf: ["void *", ["void *"]],
  bpf_object__next_program: ["void *", ["void *", "void *"]],
  bpf_object__next_map: ["void *", ["void *", "void *"]],
  btf__raw_data: ["void *", ["void *", "void *"]],
  bpf_program__name: ["str", ["void *"]],
  bpf_program__section_name: ["str", ["void *"]],
  bpf_program__type: ["int", ["void *"]],
  bpf_program__set_type: ["int", ["void *", "int"]],
  bpf_program__expected_attach_type: ["int", ["void *"]],
  bpf_program__set_expected_attach_type: ["int", ["void *", "int"]],
  bpf_program__set_attach_target: ["int", ["void *", "int", "str"]],
  bpf_program__autoload: ["bool", ["void *"]],
  bpf_program__set_autoload: ["int", ["void *", "bool"]],
  bpf_program__insns: ["void *", ["void *"]],
  bpf_program__insn_cnt: ["size_t", ["void *"]],
  bpf_program__fd: ["int", ["void *"]],
  bpf_program__flags: ["uint32", ["void *"]],
  bpf_program__set_flags: ["int", ["void *", "uint32"]],
  bpf_program__pin: ["int", ["void *", "str"]],
  bpf_program__unpin: ["int", ["void *", "str"]],
  bpf_program__set_log_buf: ["int", ["void *", "void *", "size_t"]],
  bpf_program__set_log_level: ["int", ["void *", "uint32"]],
  bpf_program__attach: ["void *", ["void *"]],
  bpf_program__attach_trace: ["void *", ["void *"]],
  bpf_program__attach_lsm: ["void *", ["void *"]],
  bpf_program__attach_kprobe_opts: ["void *", ["void *", "str", "void *"]],
  bpf_program__attach_kprobe_multi_opts: ["void *", ["void *", "void *", "void *"]],
  bpf_program__attach_uprobe_opts: ["void *", ["void *", "int", "str", "size_t", "void *"]],
  bpf_program__attach_tracepoint_opts: ["void *", ["void *", "str", "str", "void *"]],
  bpf_program__attach_raw_tracepoint: ["void *", ["void *", "str"]],
  bpf_program__attach_perf_event_opts: ["void *", ["void *", "int", "void *"]],
  bpf_program__attach_iter: ["void *", ["void *", "void *"]],
  bpf_program__attach_xdp: ["void *", ["void *", "int"]],
  bpf_program__attach_cgroup: ["void *", ["void *", "int"]],
  bpf_program__attach_trace_opts: ["void *", ["void *", "void *"]],
  bpf_program__attach_netfilter: ["void *", ["void *", "void *"]],
  bpf_tc_hook_create: ["int", ["void *"]],
  bpf_tc_hook_destroy: ["int", ["void *"]],
  bpf_tc_attach: ["int", ["void *", "void *"]],
  bpf_tc_detach: ["int", ["void *", "void *"]],
  bpf_link__open: ["void *", ["str"]],
  bpf_link__fd: ["int", ["void *"]],
  bpf_link__pin: ["int", ["void *", "str"]],
  bpf_link__unpin: ["int", ["void *"]],
  bpf_link__detach: ["int", ["void *"]],
  bpf_link__destroy: ["int", ["void *"]],
  bpf_iter_create: ["int", ["int"]],
  bpf_map__name: ["str", ["void *"]],
  bpf_map__fd: ["int", ["void *"]],
  bpf_map__type: ["int", ["void *"]],
  bpf_map__key_size: ["uint32", ["void *"]],
  bpf_map__value_size: ["uint32", ["void *"]],
  bpf_map__max_entries: ["uint32", ["void *"]],
  bpf_map__set_max_entries: ["int", ["void *", "uint32"]],
  bpf_map__map_flags: ["uint32", ["void *"]],
  bpf_map__btf_key_type_id: ["uint32", ["void *"]],
  bpf_map__btf_value_type_id: ["uint32", ["void *"]],
  bpf_map__is_internal: ["bool", ["void *"]],
  bpf_map__initial_value: ["void *", ["void *", "void *"]],
  bpf_map__set_autocreate: ["int", ["void *", "bool"]],
  bpf_map__set_pin_path: ["int", ["void *", "str"]],
  bpf_map__set_inner_map_fd: ["int", ["void *", "int"]],
  bpf_map_create: ["int", ["int", "str", "uint32", "uint32", "uint32", "void *"]],
  bpf_map_lookup_elem: ["int", ["int", "void *", "void *"]],
  bpf_map_update_elem: ["int", ["int", "void *", "void *", "uint64"]],
  bpf_map_delete_elem: ["int", ["int", "void *"]],
  bpf_map_lookup_and_delete_elem: ["int", ["int", "void *", "void *"]],
  bpf_map_get_next_key: ["int", ["int", "void *", "void *"]],
  bpf_map_lookup_batch: ["int", ["int", "void *", "void *", "void *", "void *", "void *", "void *"]],
  bpf_map_update_batch: ["int", ["int", "void *", "void *", "void *", "void *"]],
  bpf_map_delete_batch: ["int", ["int", "void *", "void *", "void *"]],
  bpf_map_freeze: ["int", ["int"]],
  bpf_btf_load: ["int", ["void *", "size_t", "void *"]],
  bpf_prog_load: ["int", ["int", "str", "str", "void *", "size_t", "void *"]],
  bpf_prog_test_run_opts: ["int", ["int", "void *"]],
  bpf_raw_tracepoint_open: ["int", ["str", "int"]],
  bpf_link_create: ["int", ["int", "int", "int", "void *"]],
  bpf_link_detach: ["int", ["int"]],
  bpf_enable_stats: ["int", ["int"]],
  bpf_obj_pin: ["int", ["int", "str"]],
  bpf_obj_get: ["int", ["str"]],
  bpf_obj_get_info_by_fd: ["int", ["int", "void *", "void *"]],
  bpf_prog_get_next_id: ["int", ["uint32", "void *"]],
  bpf_map_get_next_id: ["int", ["uint32", "void *"]],
  bpf_link_get_next_id: ["int", ["uint32", "void *"]],
  bpf_btf_get_next_id: ["int", ["uint32", "void *"]],
  bpf_prog_get_fd_by_id: ["int", ["uint32"]],
  bpf_map_get_fd_by_id: ["int", ["uint32"]],
  bpf_link_get_fd_by_id: ["int", ["uint32"]],
  bpf_btf_get_fd_by_id: ["int", ["uint32"]],
} as const;

const libcPrototypes = {
  mmap: ["void *", ["void *", "size_t", "int", "int", "int", "int64"]],
  munmap: ["int", ["void *", "size_t"]],
  ioctl: ["int", ["int", "ulong", "long"]],
  vsnprintf: ["int", ["void *", "size_t", "void *", "void *"]],
  getpagesize: ["int", []],
  poll: ["int", ["void *", "ulong", "int"]],
  if_nametoindex: ["uint32", ["str"]],
  syscall: ["long", ["long", "void *", "long", "long", "long", "long"]],
  sched_setaffinity: ["int", ["int", "size_t", "void *"]],
  sched_setscheduler: ["int", ["int", "int", "void *"]],
  mlock2: ["int", ["void *", "size_t", "int"]],
  fopen: ["void *", ["str", "str"]],
  fread: ["size_t", ["void *", "size_t", "size_t", "void *"]],
  ferror: ["int", ["void *"]],
  fclose: ["int", ["void *"]],
} as const;

/** An address, or bytes whose memory is passed. */
export type Memory = bigint | Uint8Array | null;
type ArgumentOf<T> = T extends "void *" ? Memory : T extends "str" ? string | null : T extends "bool" ? boolean : number | bigint;
type ResultOf<T> = T extends "void" ? void : T extends "void *" ? bigint | null : T extends "str" ? string | null : T extends "bool" ? boolean : T extends "uint64" | "int64" | "long" ? number | bigint : number;
type Named<T> = T extends readonly [infer First, ...infer Rest] ? [ArgumentOf<First>, ...Named<Rest>] : [];
type Bound<Table> = { readonly [Name in keyof Table]: Table[Name] extends readonly [infer Result, infer Arguments] ? (...values: Named<Arguments>) => ResultOf<Result> : never };

type Koffi = typeof KoffiModule;
export type PollHandle = InstanceType<Koffi["node"]["PollHandle"]>;

/** libbpf as this process has it: loaded once, functions bound when they are first called. */
export type Native = {
  readonly version: string;
  /** Bytes of a page of memory. */
  readonly pageSize: number;
  readonly libbpf: Bound<typeof prototypes>;
  readonly libc: Bound<typeof libcPrototypes>;
  /** Whether this libbpf has a function. */
  readonly has: (name: keyof typeof prototypes) => boolean;
  /** errno of the last call that failed. */
  readonly errno: () => number;
  /** Memory at an address. Whoever asks keeps it from outliving what it belongs to. */
  readonly view: (address: bigint, size: number) => ArrayBuffer;
  readonly addressOf: (bytes: Uint8Array) => bigint;
  readonly textAt: (address: bigint) => string;
  /** Reads a file on another thread, by one call: what the kernel makes while it is read comes a page at a time, and each would cost a turn of Node's. Null where it cannot be read. */
  readonly readAside: (path: string) => Promise<Uint8Array | null>;
  /** Calls back when a descriptor has something to read, until it is closed. */
  readonly poll: (descriptor: number, readable: () => void) => PollHandle;
  /** The address of a function as libbpf calls it before it gives a program to the kernel (`libbpf_prog_prepare_load_fn_t`): program, options, cookie. It is there for good. */
  readonly prepareLoad: (prepare: (program: bigint, options: bigint) => number) => bigint;
  /** Runs a task and gives what libbpf had to say meanwhile, a line each, without its own prefix. */
  readonly heard: <T>(task: () => T) => { readonly result: T; readonly said: readonly string[] };
};

let loaded: Promise<Native> | null = null;

/**
 * koffi and libbpf.so.1, loaded at the first call. Throws `missing-library` naming the package where one of the two is not installed, and `unsupported` where libbpf
 * is older than 1.0.
 */
export function loadNative(): Promise<Native> {
  loaded ??= new Promise<Native>((resolve) => resolve(load())).catch((error: unknown) => {
    loaded = null;
    throw error;
  });
  return loaded;
}

/** A file in whole, read on another thread; null where it cannot be read. Throws `missing-library` as all of this folder does. */
export async function readAside(path: string): Promise<Uint8Array | null> {
  return (await loadNative()).readAside(path);
}

const soname = "libbpf.so.1";
/** Bytes of a file that are read at once aside: more than the list of a usual kernel's symbols has. */
const asideSize = 1 << 24;

function load(): Native {
  if (process.platform !== "linux") throw new OopscopeError("unsupported", `eBPF is a part of Linux; this is ${process.platform}`, { platform: process.platform });
  const koffi = loadKoffi();
  const open = (name: string | null): ReturnType<Koffi["load"]> => {
    try {
      return koffi.load(name);
    } catch (cause) {
      throw new OopscopeError("missing-library", `the library ${name ?? "libc"} cannot be loaded: ${(cause as Error).message.replace(/^Failed to load shared library: /, "")}`, { library: name ?? "libc", package: "libbpf1" }, cause);
    }
  };
  const library = open(soname);
  const bound = <Table extends Readonly<Record<string, readonly [string, readonly string[]]>>>(from: ReturnType<Koffi["load"]>, table: Table): Bound<Table> => {
    const functions = {};
    for (const [name, [result, parameters]] of Object.entries(table)) {
      Object.defineProperty(functions, name, {
        configurable: true,
        enumerable: true,
        get() {
          const call = bind(from, name, result, parameters);
          Object.defineProperty(functions, name, { value: call });
          return call;
        },
      });
    }
    return functions as Bound<Table>;
  };
  const bind = (from: ReturnType<Koffi["load"]>, name: string, result: string, parameters: readonly string[]): ((...values: unknown[]) => unknown) => {
    try {
      return from.func(name, result, [...parameters]) as (...values: unknown[]) => unknown;
    } catch (cause) {
      throw new OopscopeError("missing-feature", `the installed libbpf has no ${name}; a newer one is needed`, { library: soname, function: name }, cause);
    }
  };
  const libbpf = bound(library, prototypes);
  const libc = bound(open(null), libcPrototypes);
  let said: string[] | null = null;
  const line = new Uint8Array(new ArrayBuffer(4096));
  // The list of arguments is passed on as the address that it is, on x86-64 and on arm64 (where a structure above 16 bytes is passed by address).
  const hear = (level: number, format: bigint, values: bigint): number => {
    if (said === null || level > 1) return 0;
    libc.vsnprintf(line, line.length, format, values);
    const text = Buffer.from(line.subarray(0, line.indexOf(0))).toString("utf8");
    for (const part of text.split("\n")) if (part !== "" && said.length < 2000) said.push(part.replace(/^libbpf: /, ""));
    return 0;
  };
  // One for the whole process: a call to it from the main thread would wait for a worker that may itself be waiting.
  if (isMainThread) libbpf.libbpf_set_print(koffi.register(hear, koffi.pointer(koffi.proto("int", ["int", "void *", "void *"]))));
  return {
    version: `${libbpf.libbpf_major_version()}.${libbpf.libbpf_minor_version()}`,
    pageSize: libc.getpagesize(),
    libbpf,
    libc,
    has: (name) => {
      try {
        return typeof libbpf[name] === "function";
      } catch {
        return false;
      }
    },
    errno: () => koffi.errno(),
    view: (address, size) => koffi.view(address, size),
    addressOf: (bytes) => koffi.address(bytes),
    textAt: (address) => koffi.decode.string(address),
    readAside: async (path) => {
      const file = libc.fopen(path, "r");
      if (file === null) return null;
      const read = libc.fread as unknown as { readonly async: (...values: unknown[]) => void };
      const parts: Uint8Array[] = [];
      try {
        for (;;) {
          // Memory that is not written costs nothing.
          const part = fixedBytes(asideSize);
          const count = await new Promise<number>((resolve, reject) => read.async(part, 1, part.length, file, (error: Error | null, result: number | bigint) => (error === null ? resolve(Number(result)) : reject(error))));
          parts.push(part.subarray(0, count));
          if (libc.ferror(file) !== 0) return null;
          if (count < part.length) return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
        }
      } finally {
        libc.fclose(file);
      }
    },
    poll: (descriptor, readable) => koffi.node.poll(descriptor, { readable: true }, readable),
    prepareLoad: (prepare) => koffi.register(prepare, koffi.pointer(koffi.proto("int", ["void *", "void *", "long"]))),
    heard: (task) => {
      const outer = said;
      const mine: string[] = [];
      said = mine;
      try {
        return { result: task(), said: mine };
      } finally {
        said = outer;
      }
    },
  };
}

/**
 * As CommonJS: half the time of `import`. First the build for this machine itself, where npm has put it and the C library is glibc: koffi's own search for it takes as long as all else that
 * is done until a program is loaded.
 */
function loadKoffi(): Koffi {
  const require = createRequire(import.meta.filename);
  if (process.platform === "linux" && !existsSync(`/lib/ld-musl-${process.arch === "x64" ? "x86_64" : "aarch64"}.so.1`)) {
    try {
      const native = require(`@koromix/koffi-linux-${process.arch}/linux_${process.arch}/koffi.node`) as Koffi & { readonly version: string };
      if (native.version.startsWith("3.")) return native;
    } catch {
      // koffi knows more places, and says what is amiss
    }
  }
  try {
    return require("koffi") as Koffi;
  } catch (cause) {
    throw new OopscopeError("missing-library", "the package koffi, which calls libbpf, is not installed or has no build for this machine: it is an optional dependency of oopscope", { library: "koffi" }, cause);
  }
}
