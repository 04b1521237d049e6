import { OopscopeError } from "../base/index.ts";
import type { Btf, BtfKind } from "../btf/index.ts";
import { findProgram, runProgram } from "./program.ts";

/** pahole, which makes BTF of DWARF, and the objcopy that it needs to put it into a file. */
export type Pahole = { readonly path: string; /** 124 for 1.24. */ readonly version: number };

/** Throws `missing-tool` where one of the two is not installed, or is too old to continue a base (1.20). */
export async function findPahole(signal?: AbortSignal): Promise<Pahole> {
  const path = findProgram("pahole");
  if (path === null) throw new OopscopeError("missing-tool", "BTF is made of debug information by pahole, which is not installed", { program: "pahole" });
  if (findProgram("objcopy") === null) throw new OopscopeError("missing-tool", "pahole puts BTF into a file by objcopy, which is not installed", { program: "objcopy" });
  const { stdout } = await runProgram(path, ["--version"], { timeout: 10_000, ...(signal ? { signal } : {}) });
  const [, major, minor] = /v?(\d+)\.(\d+)/.exec(stdout) ?? [];
  const version = major === undefined ? 0 : 100 * Number(major) + Number(minor);
  if (version < 120) throw new OopscopeError("missing-tool", `pahole ${stdout.trim()} cannot continue a base: that takes 1.20`, { program: "pahole" });
  return { path, version };
}

/**
 * Adds BTF to a module's file, in place, of its debug information; it continues that of `baseFile`, whose kinds it keeps to: what the kernel's own encoder left out,
 * the kernel may not know. Throws `unwritable` with what pahole says where that fails.
 */
export async function runPahole(pahole: Pahole, file: string, baseFile: string, base: Btf, { distilled, signal }: { readonly distilled: boolean; readonly signal?: AbortSignal }): Promise<void> {
  const has = (kind: BtfKind): boolean => !base.idsOfKind(kind).next().done;
  const args = ["-J", "--btf_base", baseFile];
  if (pahole.version >= 126) {
    // The kernel's scripts/Makefile.btf from 6.10 on.
    const features = ["encode_force", "var", ...(has("float") ? ["float"] : []), ...(has("enum64") ? ["enum64"] : []), ...(has("decl_tag") ? ["decl_tag", "decl_tag_kfuncs"] : []), ...(has("type_tag") ? ["type_tag"] : []), "optimized_func", "consistent_func", ...(distilled ? ["distilled_base"] : [])];
    args.push(`--btf_features=${features.join(",")}`);
  } else {
    // scripts/pahole-flags.sh before that.
    if (pahole.version >= 121 && has("float")) args.push("--btf_gen_floats");
    if (pahole.version >= 124 && !has("enum64")) args.push("--skip_encoding_btf_enum64");
    if (pahole.version >= 123 && !has("type_tag")) args.push("--skip_encoding_btf_type_tag");
    if (pahole.version >= 123 && !has("decl_tag")) args.push("--skip_encoding_btf_decl_tag");
    if (pahole.version >= 125) args.push("--skip_encoding_btf_inconsistent_proto", "--btf_gen_optimized");
  }
  const { status, stdout, stderr } = await runProgram(pahole.path, [...args, file], signal ? { signal } : {});
  const said = `${stderr}${stdout}`.trim();
  if (status !== 0) throw new OopscopeError("unwritable", `pahole ended with ${status}${said === "" ? "" : `: ${said.split("\n").slice(0, 5).join("; ")}`}`, { file, program: "pahole" });
}

/** Takes sections out of a file, in place. */
export async function removeSections(file: string, names: readonly string[], signal?: AbortSignal): Promise<void> {
  const { status, stderr } = await runProgram("objcopy", [...names.map((name) => `--remove-section=${name}`), file], signal ? { signal } : {});
  if (status !== 0) throw new OopscopeError("unwritable", `objcopy ended with ${status}: ${stderr.trim()}`, { file, program: "objcopy" });
}
