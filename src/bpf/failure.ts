import { readFileSync } from "node:fs";
import { getSystemErrorMap } from "node:util";
import { OopscopeError, type ErrorCode, type ErrorFacts } from "../base/index.ts";
import { capabilities, lockdown, sysctl, type Capability } from "../system/index.ts";
import { errno } from "./constants.ts";
import { imageWithType, kernelBtf, modulesWithBtf } from "./kernel-btf.ts";

/** `EBUSY (resource busy or locked)`. */
export function errnoText(code: number): string {
  const positive = Math.abs(code);
  // libuv's own words for this one are about sockets.
  if (positive === errno.EOPNOTSUPP) return "EOPNOTSUPP (operation not supported)";
  if (positive === errno.ENOTSUPP) return "ENOTSUPP (operation not supported)";
  const known = getSystemErrorMap().get(-positive);
  return known === undefined ? `error ${positive}` : `${known[0]} (${known[1]})`;
}

/** A sentence on why the system said no, where this machine tells; null where it does not. */
export function refusalCause(needed: readonly Capability[]): { readonly text: string; readonly capability: Capability | null } | null {
  const own = capabilities();
  // CAP_SYS_ADMIN stands for all of them, but for CAP_SYSLOG's part of addresses.
  const missing = own === null || own.has("CAP_SYS_ADMIN") ? [] : needed.filter((name) => !own.has(name));
  if (missing.length > 0) {
    const unprivileged = sysctl("kernel.unprivileged_bpf_disabled");
    const also = unprivileged === null || unprivileged === "0" ? "" : ` (kernel.unprivileged_bpf_disabled is ${unprivileged})`;
    return { text: `this process lacks ${missing.join(" and ")}${also}`, capability: missing[0]! };
  }
  const locked = lockdown();
  if (locked === "confidentiality") return { text: "the kernel is locked down (confidentiality), which forbids programs that read its memory", capability: null };
  if (locked === "integrity") return { text: "the kernel is locked down (integrity), which forbids programs that change what it does", capability: null };
  return null;
}

/** An error about a call of libbpf that failed: what was done, the system's code, and the cause as far as this machine tells. */
export function systemFailure(action: string, code: number, said: readonly string[], facts: ErrorFacts = {}, needed: readonly Capability[] = ["CAP_BPF", "CAP_PERFMON"]): OopscopeError {
  const positive = Math.abs(code);
  const numbers = { ...facts, errno: positive };
  const make = (kind: ErrorCode, why: string): OopscopeError => new OopscopeError(kind, `failed to ${action}: ${errnoText(positive)}${why === "" ? "" : `: ${why}`}`, numbers);
  if (positive === errno.EPERM || positive === errno.EACCES) {
    const cause = refusalCause(needed);
    return make("not-permitted", cause?.text ?? lastWord(said));
  }
  const kinds: Readonly<Record<number, ErrorCode>> = { [errno.EOPNOTSUPP]: "missing-feature", [errno.ENOTSUPP]: "missing-feature", [errno.ENOSYS]: "missing-feature", [errno.EBUSY]: "refused", [errno.EINVAL]: "refused", [errno.ENOENT]: "not-found", [errno.ENODEV]: "not-found" };
  return make(kinds[positive] ?? "refused", lastWord(said));
}

/** The last thing libbpf said that is more than that something failed. */
function lastWord(said: readonly string[]): string {
  return said.findLast((line) => !/^(?:failed to load object|failed to auto-attach|prog '[^']+': failed to attach: [A-Z])/.test(line)) ?? "";
}

/**
 * Why the kernel's types have no function of this name, of the three reasons that libbpf's "failed to find kernel BTF type ID of … : -3" stands for: the module has no
 * valid BTF, the compiler left no such function, or there is none of this name.
 */
export function missingTypeCause(name: string, hook: "function" | "lsm hook" | "tracepoint"): { readonly text: string; readonly facts: ErrorFacts } {
  if (kernelBtf() === null) return { text: "the running kernel has no BTF (CONFIG_DEBUG_INFO_BTF)", facts: { function: name } };
  if (hook === "lsm hook") return { text: `the running kernel has no LSM hook \`${name}\`${imageWithType("bpf_lsm_file_open", "func") === null ? ", since it has no BPF LSM (CONFIG_BPF_LSM)" : ""}`, facts: { hook: name } };
  if (hook === "tracepoint") return { text: `the running kernel has no tracepoint \`${name}\` with a type`, facts: { tracepoint: name } };
  const symbols = symbolsLike(name);
  const exact = symbols.find((symbol) => symbol.name === name);
  if (exact?.module != null && !modulesWithBtf().includes(exact.module)) {
    return { text: `\`${name}\` is in the module ${exact.module}, which has no BTF that this kernel accepted`, facts: { function: name, module: exact.module } };
  }
  if (exact !== undefined) return { text: `\`${name}\` is a symbol of ${exact.module ?? "the kernel"} that its BTF leaves out: it is not a function of C, or several of this name differ; a kprobe still works`, facts: { function: name } };
  const renamed = symbols.filter((symbol) => symbol.name.startsWith(`${name}.`));
  if (renamed.length > 0) return { text: `the compiler renamed \`${name}\` to \`${renamed[0]!.name}\`, of which there is no type; a kprobe on that name still works`, facts: { function: name, renamed: renamed[0]!.name } };
  return { text: `neither the kernel nor a loaded module has a function \`${name}\`: it is misspelt, its module is not loaded, or the compiler inlined it everywhere`, facts: { function: name } };
}

/** Symbols of the running kernel with this name, or with a compiler's suffix to it. */
function symbolsLike(name: string): { name: string; module: string | null }[] {
  let text: string;
  try {
    text = readFileSync("/proc/kallsyms", "latin1");
  } catch {
    return [];
  }
  const escaped = name.replace(/[^\w]/g, "\\$&");
  return [...text.matchAll(new RegExp(`^[0-9a-f]+ [tTwW] (${escaped}(?:\\.[\\w.]+)?)(?:\\t\\[(\\w+)\\])?$`, "gm"))].map(([, symbol, module]) => ({ name: symbol!, module: module ?? null }));
}
