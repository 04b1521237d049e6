import { closeSync } from "node:fs";
import { hostIsLittle, options } from "./bytes.ts";
import { attachTypes, programTypes, sleepable, type AttachType, type ProgramType } from "./constants.ts";
import { findKernelTypes, type KernelType } from "./kernel-type.ts";
import type { Native } from "./native.ts";

/**
 * Programs that are bound to a type of the kernel when they are loaded.
 *
 * libbpf reads and indexes all of the kernel's types to find the one id that such a program needs: most of the time from start to attached. So these sections are ours
 * (libbpf_register_prog_handler): in libbpf's eyes their programs are raw tracepoints, which need no types, and before one is given to the kernel our handler says what it is,
 * with the id that the kernel itself found (kernel-type.ts). An object that needs the types for another reason (CO-RE, kfuncs) has libbpf read them as ever. Where the kernel cannot be
 * asked, libbpf finds the id (`bpf_program__set_attach_target`).
 */
type Section = { readonly type: ProgramType; readonly attachType: AttachType; readonly prefix: string; readonly kind: "func" | "typedef"; readonly sleepable: boolean };

const tracing = (attachType: AttachType, sleepable: boolean): Section => ({ type: "tracing", attachType, prefix: "", kind: "func", sleepable });
const lsm = (sleepable: boolean): Section => ({ type: "lsm", attachType: "lsm-mac", prefix: "bpf_lsm_", kind: "func", sleepable });
const sections: Readonly<Record<string, Section>> = {
  fentry: tracing("trace-fentry", false),
  "fentry.s": tracing("trace-fentry", true),
  fexit: tracing("trace-fexit", false),
  "fexit.s": tracing("trace-fexit", true),
  fmod_ret: tracing("modify-return", false),
  "fmod_ret.s": tracing("modify-return", true),
  tp_btf: { type: "tracing", attachType: "trace-raw-tp", prefix: "btf_trace_", kind: "typedef", sleepable: false },
  lsm: lsm(false),
  "lsm.s": lsm(true),
};

/** What a section's programs are bound to; `name` is null where the section does not say it (`SEC("fentry")`). */
export type Binding = Section & { readonly name: string | null };

/** Null for other sections. */
export function bindingOf(section: string): Binding | null {
  const slash = section.indexOf("/");
  const found = sections[slash < 0 ? section : section.slice(0, slash)];
  return found === undefined ? null : { ...found, name: slash < 0 ? null : section.slice(slash + 1) };
}

/** What the handler says of programs, by their address, while their object is loaded. */
const pending = new Map<bigint, { readonly binding: Binding; readonly found: KernelType }>();
const registered = new WeakSet<Native>();

/** Makes the sections ours, before the first object is opened: libbpf keeps pointers to its table of sections. */
export function registerSections(native: Native): void {
  if (registered.has(native)) return;
  registered.add(native);
  const prepare = native.prepareLoad((program, opts) => {
    const bound = pending.get(program);
    if (bound === undefined) return 0;
    // struct bpf_prog_load_opts: prog_flags, attach_btf_id, attach_btf_obj_fd.
    const view = new DataView(native.view(opts, 48));
    if (bound.binding.sleepable) view.setUint32(20, view.getUint32(20, hostIsLittle) | sleepable, hostIsLittle);
    view.setUint32(32, bound.found.id, hostIsLittle);
    view.setUint32(40, bound.found.object, hostIsLittle);
    return native.libbpf.bpf_program__set_type(program, programTypes.indexOf(bound.binding.type));
  });
  // struct libbpf_prog_handler_opts: cookie, prog_setup_fn, prog_prepare_load_fn, prog_attach_fn.
  const opts = options(["u64", 0], ["u64", 0], ["u64", prepare], ["u64", 0]);
  for (const [section, { attachType }] of Object.entries(sections)) native.libbpf.libbpf_register_prog_handler(`${section}+`, programTypes.indexOf("raw-tracepoint"), attachTypes.indexOf(attachType), opts);
}

/** Runs `load` while the handler knows what these programs are bound to. Descriptors of modules' types are closed in the end. */
export function loadBound<T>(bound: readonly { readonly program: bigint; readonly binding: Binding; readonly found: KernelType }[], load: () => T): T {
  for (const { program, ...rest } of bound) pending.set(program, rest);
  try {
    return load();
  } finally {
    for (const { program, found } of bound) {
      pending.delete(program);
      if (found.object > 0) closeSync(found.object);
    }
  }
}

/** Where the kernel has what these are bound to. */
export function findBound(native: Native, wanted: readonly { readonly binding: Binding; readonly name: string }[]): (KernelType | null | undefined)[] {
  return findKernelTypes(native, wanted.map(({ binding: { prefix, kind }, name }) => ({ name: prefix + name, kind })));
}
