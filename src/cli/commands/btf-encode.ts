import { chmodSync, chownSync, closeSync, copyFileSync, existsSync, fsyncSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { OopscopeError, messageOf } from "../../base/index.ts";
import { btfAbilities, type Btf } from "../../btf/index.ts";
import { compressionOf, openElf, unfoldFile } from "../../elf/index.ts";
import { findPahole, removeSections, runPahole } from "../../system/index.ts";
import { judgeModule } from "../btf-module.ts";
import { exit } from "../exit.ts";
import { say } from "../output.ts";

/** The flags of `btf encode`, as the command line gives them. */
export type BtfEncodeFlags = { readonly base?: string; readonly output?: string; readonly quiet?: boolean };

/** How a signed module ends (include/linux/module_signature.h). */
const signatureMark = Buffer.from("~Module signature appended~\n");

export async function runBtfEncode(path: string, flags: BtfEncodeFlags): Promise<number> {
  const { verdict, release, base } = await judgeModule(path, flags.base);
  const say1 = (text: string): void => {
    if (!flags.quiet) say("note", text);
  };
  if (verdict.state === "not-taken") {
    say("error", `${path}: ${verdict.why}`);
    return exit.missingPrivilege;
  }
  const target = flags.output ?? path;
  if (verdict.state === "good") {
    say1(`${path}: ${verdict.why}; it is left as it is`);
    if (target !== path) replace(path, target, path);
    return exit.done;
  }
  const bytes = readFileSync(path);
  const compression = compressionOf(bytes.subarray(0, 6));
  if (compression !== null && (flags.output === undefined || /\.(?:gz|xz|zst)$/.test(flags.output))) {
    throw new OopscopeError("bad-argument", `${path} is compressed (${compression}), and BTF goes into a plain module, which the kernel loads as well: name it with -o ${basename(path).replace(/\.(?:gz|xz|zst)$/, "")}`, { file: path });
  }
  await requireDebugInformation(path);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  // In the target's own folder, since it is to be renamed; a folder of its own, since pahole and objcopy leave files beside theirs.
  const work = makeWork(target);
  try {
    const copy = join(work, basename(target));
    writeFileSync(copy, compression === null ? bytes : await unfoldFile(path, bytes, compression), { mode: 0o600 });
    if (verdict.state !== "missing") await removeSections(copy, [".BTF", ".BTF.base"], stop.signal);
    const pahole = await findPahole(stop.signal);
    await runPahole(pahole, copy, rawBase(work, base.btf), base.btf, { distilled: pahole.version >= 126 && btfAbilities(base.btf).distilled, signal: stop.signal });
    const made = await judgeModule(copy, base.path);
    if (made.verdict.state !== "good") throw new OopscopeError("malformed", `what pahole made for ${path} is not what the kernel takes, and was thrown away: ${made.verdict.why}`, { file: path });
    const signed = bytes.length > signatureMark.length && bytes.subarray(-signatureMark.length).equals(signatureMark);
    replace(copy, target, path);
    say1(`${target}: ${made.verdict.types} types added${verdict.state === "missing" ? "" : `, in the place of BTF that the kernel would refuse (${verdict.state})`}, ${made.verdict.distilled ? "on a distilled base" : `after those of ${base.path}`}; for kernel ${release ?? "of that file"}`);
    if (signed) say("warning", `${target}: the module's signature is lost, as it is with any change: where the kernel demands one, sign it again (scripts/sign-file)`);
    return exit.done;
  } catch (error) {
    if (stop.signal.aborted) return exit.interrupted;
    if (error instanceof OopscopeError && error.code === "missing-tool") {
      say("error", error.message, `apt install ${error.facts["program"] === "objcopy" ? "binutils" : "pahole"}`);
      return exit.failed;
    }
    throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

async function requireDebugInformation(path: string): Promise<void> {
  const elf = await openElf(path);
  try {
    const section = elf.section(".debug_info") ?? elf.section(".zdebug_info");
    if (!section || elf.sizeOf(section) === 0) {
      throw new OopscopeError("missing-section", `${path} has no debug information, of which BTF is made: build the module with -g (CONFIG_DEBUG_INFO), or take the file before it was stripped`, { file: path, section: ".debug_info" });
    }
  } finally {
    elf.close();
  }
}

function makeWork(target: string): string {
  try {
    return mkdtempSync(join(dirname(target), `.${basename(target)}.`));
  } catch (cause) {
    throw new OopscopeError("unwritable", `failed to write beside ${target}: ${messageOf(cause).replace(/^[A-Z]+: |, mkdtemp .*$/g, "")}`, { file: target }, cause);
  }
}

/** The base as a file of its own: pahole would look for it through all of a vmlinux. */
function rawBase(work: string, base: Btf): string {
  const path = join(work, "base.btf");
  writeFileSync(path, base.bytes);
  return path;
}

/** Puts a file in the place of another at once, with the mode and owner of `like`. */
function replace(from: string, target: string, like: string): void {
  const { mode, uid, gid } = statSync(existsSync(target) ? target : like);
  const partial = join(dirname(target), `.${basename(target)}.${process.pid}.partial`);
  try {
    copyFileSync(from, partial);
    const descriptor = openSync(partial, "r+");
    try {
      chmodAndOwn(partial, mode, uid, gid);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(partial, target);
  } catch (cause) {
    rmSync(partial, { force: true });
    throw new OopscopeError("unwritable", `failed to write ${target}: ${messageOf(cause).replace(/^[A-Z]+: |, [a-z]+ '.*$/g, "")}`, { file: target }, cause);
  }
}

function chmodAndOwn(path: string, mode: number, uid: number, gid: number): void {
  try {
    chownSync(path, uid, gid);
  } catch {
    // Only root may give files away: then it is the caller's.
  }
  chmodSync(path, mode & 0o7777);
}
