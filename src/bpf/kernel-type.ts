import { closeSync } from "node:fs";
import { Assembler, r0, r1, r10, r2, r3, r4, r6, reg } from "./assembler.ts";
import { fixedBytes, hostIsLittle, viewOf } from "./bytes.ts";
import { errno, programTypes, sleepable } from "./constants.ts";
import type { Native } from "./native.ts";

/** A type as programs are bound to it: its id, and a descriptor of the module's BTF that it is in, which whoever asked closes; 0 for the kernel's own. */
export type KernelType = { readonly id: number; readonly object: number };

/** Kinds that something is bound to (include/uapi/linux/btf.h): functions, and the typedefs `btf_trace_NAME` of tracepoints. */
const kinds = { func: 12, typedef: 8 } as const;
export type BoundKind = keyof typeof kinds;

/** bpf_btf_find_by_name_kind (5.14). */
const findByNameKind = 167;
/** Bytes of a name with the NUL and what fills it up; on the program's stack, which has 512. */
const nameSize = 256;
/** What the program is run on: the result, the kind, the name. */
const resultAt = 0, kindAt = 8, nameAt = 16;

/**
 * Asks the kernel itself for types by name, by a program of type syscall that is run once a name: a search of its own in what it has in memory, which takes a fifth of the time of reading
 * /sys/kernel/btf/vmlinux. It looks through the kernel's types first, then those of modules, and needs no more than CAP_BPF for both. Null where neither the kernel nor a module has such
 * a type; undefined where the kernel cannot be asked (before 5.14) or refuses.
 */
export function findKernelTypes(native: Native, wanted: readonly { readonly name: string; readonly kind: BoundKind }[]): (KernelType | null | undefined)[] {
  if (wanted.length === 0) return [];
  const program = loadFinder(native);
  if (program < 0) return wanted.map(() => undefined);
  try {
    return wanted.map(({ name, kind }) => find(native, program, name, kind));
  } finally {
    closeSync(program);
  }
}

function find(native: Native, program: number, name: string, kind: BoundKind): KernelType | null | undefined {
  const bytes = Buffer.from(name, "utf8");
  if (bytes.length === 0 || bytes.length >= nameSize || bytes.includes(0)) return undefined;
  const context = fixedBytes(nameAt + nameSize);
  context.set(bytes, nameAt);
  const view = viewOf(context);
  view.setBigUint64(kindAt, BigInt(kinds[kind]), hostIsLittle);
  // struct bpf_test_run_opts: ctx_in and ctx_size_in alone, since this type of program knows no other.
  const opts = fixedBytes(88);
  const settings = viewOf(opts);
  settings.setBigUint64(0, 88n, hostIsLittle);
  settings.setBigUint64(32, native.addressOf(context), hostIsLittle);
  settings.setUint32(48, context.length, hostIsLittle);
  const code = native.libbpf.bpf_prog_test_run_opts(program, opts);
  const result = view.getBigInt64(resultAt, hostIsLittle);
  if (code < 0 || result <= 0n) return code >= 0 && result === BigInt(-errno.ENOENT) ? null : undefined;
  return { id: Number(result & 0xffff_ffffn), object: Number(result >> 32n) };
}

/** The program's descriptor, or a negative error. */
function loadFinder(native: Native): number {
  const code = new Assembler().mov(r6, reg(r1));
  for (let at = 0; at < nameSize; at += 8) code.load(8, r0, r6, nameAt + at).store(8, r10, at - nameSize, reg(r0));
  code.mov(r1, reg(r10)).alu("add", r1, -nameSize).mov(r2, nameSize).load(8, r3, r6, kindAt).mov(r4, 0).call(findByNameKind);
  code.store(8, r6, resultAt, reg(r0)).mov(r0, 0).exit();
  const bytes = code.assemble();
  // struct bpf_prog_load_opts: prog_flags.
  const opts = fixedBytes(104);
  viewOf(opts).setBigUint64(0, 104n, hostIsLittle);
  viewOf(opts).setUint32(20, sleepable, hostIsLittle);
  return native.heard(() => native.libbpf.bpf_prog_load(programTypes.indexOf("syscall"), "oopscope_types", "GPL", bytes, bytes.length / 8, opts)).result;
}
