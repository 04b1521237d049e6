import { closeSync } from "node:fs";
import { OopscopeError } from "../base/index.ts";
import { fixedBytes, hostIsLittle, u32, viewOf } from "./bytes.ts";
import { attachTypes, errno, linkTypes, mapTypes, nameOf, programTypes } from "./constants.ts";
import { systemFailure } from "./failure.ts";
import { loadNative, type Native } from "./native.ts";

/** What the kernel says of a program. Times are nanoseconds; run times count while statistics are on (`enableStatistics`). */
export type ProgramInfo = {
  readonly id: number;
  readonly type: string;
  readonly name: string;
  readonly tag: string;
  readonly gpl: boolean;
  readonly loaded: bigint;
  readonly uid: number;
  readonly maps: number;
  /** Bytes, after the verifier; those of machine code, 0 without a JIT. */
  readonly translatedSize: number;
  readonly compiledSize: number;
  readonly btfId: number;
  readonly runTime: bigint;
  readonly runs: bigint;
  readonly recursionMisses: bigint;
};

export type MapInfo = {
  readonly id: number;
  readonly type: string;
  readonly name: string;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly btfId: number;
  readonly keyTypeId: number;
  readonly valueTypeId: number;
};

/** Types that the kernel holds: its own (`vmlinux`) and those of modules, by name, or those of programs, nameless as a rule. `size` is in bytes. */
export type BtfInfo = { readonly id: number; readonly name: string; readonly kernel: boolean; readonly size: number };

export type LinkInfo = { readonly id: number; readonly type: string; readonly programId: number; /** Where it is attached, as far as the kernel tells. */ readonly attachType: string | null };

/** What BPF_OBJ_GET_INFO_BY_FD writes, in a buffer that is larger than what any kernel has; what an older one does not know stays zero. */
function objectInfo(native: Native, descriptor: number, what: string): DataView {
  const bytes = fixedBytes(256);
  const size = u32(bytes.length);
  const { result, said } = native.heard(() => native.libbpf.bpf_obj_get_info_by_fd(descriptor, bytes, size));
  if (result < 0) throw systemFailure(`ask for what the kernel knows of ${what}`, result, said);
  return viewOf(bytes);
}

const text = (view: DataView, at: number, size: number): string => {
  const bytes = Buffer.from(view.buffer, view.byteOffset + at, size);
  const nul = bytes.indexOf(0);
  return bytes.toString("utf8", 0, nul < 0 ? size : nul);
};

/** struct bpf_prog_info (include/uapi/linux/bpf.h). */
export function programInfo(native: Native, descriptor: number): ProgramInfo {
  const view = objectInfo(native, descriptor, "a program");
  const u = (at: number): number => view.getUint32(at, hostIsLittle);
  const wide = (at: number): bigint => view.getBigUint64(at, hostIsLittle);
  return {
    type: nameOf(programTypes, u(0)),
    id: u(4),
    tag: Buffer.from(view.buffer, view.byteOffset + 8, 8).toString("hex"),
    compiledSize: u(16),
    translatedSize: u(20),
    loaded: wide(40),
    uid: u(48),
    maps: u(52),
    name: text(view, 64, 16),
    gpl: (u(84) & 1) === 1,
    btfId: u(128),
    runTime: wide(192),
    runs: wide(200),
    recursionMisses: wide(208),
  };
}

/** struct bpf_map_info. */
export function mapInfo(native: Native, descriptor: number): MapInfo {
  const view = objectInfo(native, descriptor, "a map");
  const u = (at: number): number => view.getUint32(at, hostIsLittle);
  return { type: nameOf(mapTypes, u(0)), id: u(4), keySize: u(8), valueSize: u(12), maxEntries: u(16), flags: u(20), name: text(view, 24, 16), btfId: u(64), keyTypeId: u(68), valueTypeId: u(72) };
}

/** struct bpf_link_info; what is in its union depends on the type, and only places of attachment are read of it. */
export function linkInfo(native: Native, descriptor: number): LinkInfo {
  const view = objectInfo(native, descriptor, "a link");
  const u = (at: number): number => view.getUint32(at, hostIsLittle);
  const type = nameOf(linkTypes, u(0));
  const place: Readonly<Record<string, number>> = { tracing: 16, cgroup: 24, netns: 20, tcx: 20, netkit: 20 };
  const at = place[type];
  return { type, id: u(4), programId: u(8), attachType: at === undefined ? null : nameOf(attachTypes, u(at)) };
}

/** struct bpf_btf_info, without the types themselves. */
export function btfInfo(native: Native, descriptor: number): BtfInfo {
  const label = fixedBytes(64);
  const bytes = fixedBytes(32);
  const view = viewOf(bytes);
  view.setBigUint64(16, native.addressOf(label), hostIsLittle);
  view.setUint32(24, label.length, hostIsLittle);
  const { result, said } = native.heard(() => native.libbpf.bpf_obj_get_info_by_fd(descriptor, bytes, u32(bytes.length)));
  if (result < 0) throw systemFailure("ask for what the kernel knows of types", result, said);
  return { id: view.getUint32(12, hostIsLittle), name: text(viewOf(label), 0, label.length), kernel: view.getUint32(28, hostIsLittle) === 1, size: view.getUint32(8, hostIsLittle) };
}

async function listOf<Info>(next: "bpf_prog_get_next_id" | "bpf_map_get_next_id" | "bpf_link_get_next_id" | "bpf_btf_get_next_id", open: "bpf_prog_get_fd_by_id" | "bpf_map_get_fd_by_id" | "bpf_link_get_fd_by_id" | "bpf_btf_get_fd_by_id", read: (native: Native, descriptor: number) => Info): Promise<Info[]> {
  const native = await loadNative();
  const found: Info[] = [];
  const id = u32(0);
  for (;;) {
    const { result, said } = native.heard(() => native.libbpf[next](viewOf(id).getUint32(0, hostIsLittle), id));
    if (result === -errno.ENOENT) return found;
    if (result < 0) throw systemFailure("list what is loaded", result, said, {}, ["CAP_SYS_ADMIN"]);
    const descriptor = native.libbpf[open](viewOf(id).getUint32(0, hostIsLittle));
    // One that went away meanwhile is not there any more; that is all.
    if (descriptor === -errno.ENOENT) continue;
    if (descriptor < 0) throw systemFailure("open what is loaded", descriptor, [], {}, ["CAP_SYS_ADMIN"]);
    try {
      found.push(read(native, descriptor));
    } finally {
      closeSync(descriptor);
    }
  }
}

/** All programs that the running kernel has loaded, whoever loaded them. Needs CAP_SYS_ADMIN. */
export const listPrograms = (): Promise<ProgramInfo[]> => listOf("bpf_prog_get_next_id", "bpf_prog_get_fd_by_id", programInfo);
/** All maps. Needs CAP_SYS_ADMIN. */
export const listMaps = (): Promise<MapInfo[]> => listOf("bpf_map_get_next_id", "bpf_map_get_fd_by_id", mapInfo);
/** All links. Needs CAP_SYS_ADMIN. */
export const listLinks = (): Promise<LinkInfo[]> => listOf("bpf_link_get_next_id", "bpf_link_get_fd_by_id", linkInfo);
/** All types: those of the kernel and its modules, and of programs. Needs CAP_SYS_ADMIN. */
export const listBtf = (): Promise<BtfInfo[]> => listOf("bpf_btf_get_next_id", "bpf_btf_get_fd_by_id", btfInfo);

/** Switches the counting of runs and run times on (5.8 and newer), until what is returned is closed. It costs every program some 20 ns a run. */
export async function enableStatistics(): Promise<Disposable> {
  const native = await loadNative();
  const { result, said } = native.heard(() => native.libbpf.bpf_enable_stats(0));
  if (result < 0) throw systemFailure("switch the statistics of programs on", result, said, {}, ["CAP_SYS_ADMIN"]);
  let open = true;
  return {
    [Symbol.dispose]() {
      if (open) closeSync(result);
      open = false;
    },
  };
}

/** Whether the running kernel has a kind of program, a kind of map, or a helper (by number) for a kind of program; tried, not inferred from its version. */
export async function hasProgramType(name: (typeof programTypes)[number]): Promise<boolean> {
  return probe((native) => native.libbpf.libbpf_probe_bpf_prog_type(programTypes.indexOf(name), null), `programs of the kind ${name}`);
}
export async function hasMapType(name: (typeof mapTypes)[number]): Promise<boolean> {
  return probe((native) => native.libbpf.libbpf_probe_bpf_map_type(mapTypes.indexOf(name), null), `maps of the kind ${name}`);
}
export async function hasHelper(program: (typeof programTypes)[number], helper: number): Promise<boolean> {
  return probe((native) => native.libbpf.libbpf_probe_bpf_helper(programTypes.indexOf(program), helper, null), `helper ${helper}`);
}

async function probe(ask: (native: Native) => number, what: string): Promise<boolean> {
  const native = await loadNative();
  const { result, said } = native.heard(() => ask(native));
  if (result === 1 || result === 0) return result === 1;
  if (result === -errno.EOPNOTSUPP) throw new OopscopeError("unsupported", `the installed libbpf ${native.version} cannot find out whether the kernel has ${what}`, { library: native.version });
  throw systemFailure(`find out whether the kernel has ${what}`, result, said);
}
