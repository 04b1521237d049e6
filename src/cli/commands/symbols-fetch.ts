import { existsSync } from "node:fs";
import { OopscopeError } from "../../base/index.ts";
import { decode } from "../../decode/index.ts";
import { fetchPackage, isStorable, storeSize, trimStore } from "../../fetch/index.ts";
import { debugPackage, type KernelClues } from "../../kernel/index.ts";
import { symbolsFolder } from "../../system/index.ts";
import { exit } from "../exit.ts";
import { readLog } from "../input.ts";
import { interruptible } from "../interrupt.ts";
import { say, writeResult } from "../output.ts";
import { packDebugFile } from "../packer.ts";
import { progressLine } from "../progress.ts";

/** The flags of `symbols fetch`, as the command line gives them. */
export type SymbolsFetchFlags = {
  readonly gsym?: boolean;
  readonly module?: string[];
  readonly from?: string;
  readonly quiet?: boolean;
};

export async function runSymbolsFetch(target: string, flags: SymbolsFetchFlags): Promise<number> {
  const wanted = await wantedOf(target);
  const modules = [...new Set([...wanted.modules, ...(flags.module ?? [])])];
  const folder = symbolsFolder();
  const line = progressLine(flags.quiet === true);
  try {
    return await interruptible(async (signal) => {
      const fetched = await fetchPackage(wanted.clues, {
        folder,
        modules,
        ...(flags.gsym ? { pack: (from: string, to: string) => packDebugFile(from, to, signal) } : {}),
        ...(flags.from === undefined ? {} : { from: flags.from }),
        archives: (process.env["OOPSCOPE_ARCHIVES"] ?? "").split(/\s+/).filter((archive) => archive !== ""),
        signal,
        onProgress: line.show,
        onNote: (text) => {
          line.done();
          if (!flags.quiet) say("note", text);
        },
      });
      line.done();
      const { release } = wanted.clues;
      if (!flags.quiet && fetched.how === "there") say("note", "it is there already");
      if (fetched.absent.length > 0) say("warning", `${fetched.note.package} has no module ${fetched.absent.join(", ")}: out-of-tree modules are found by --modules DIR`);
      const { releases, bytes } = trimStore(folder, storeSize(), release);
      if (!flags.quiet && releases.length > 0) say("note", `${(bytes / 1e6).toFixed(0)} MB of ${releases.join(", ")}, used the longest time ago, made room for it`);
      writeResult(`${fetched.folder}\n`);
      return exit.done;
    });
  } catch (error) {
    line.done();
    const command = error instanceof OopscopeError ? commandFor(error, wanted.clues) : null;
    if (command === null) throw error;
    say("error", (error as OopscopeError).message, command);
    return exit.failed;
  }
}

/** What a person can do instead. */
function commandFor({ code }: OopscopeError, clues: KernelClues): string | null {
  if (code === "unwritable") return "oopscope cache clear";
  if (code === "not-found" || code === "unsupported") return debugPackage(clues)?.command ?? null;
  return null;
}

/** A file is a log, also where it is named like a release. */
async function wantedOf(target: string): Promise<{ clues: KernelClues; modules: string[] }> {
  if (target !== "-" && !existsSync(target)) {
    if (!isStorable(target)) throw new OopscopeError("not-found", `${JSON.stringify(target)} is neither a log nor a kernel release`, { file: target });
    return { clues: { release: target, version: null, banner: null, buildId: null, arch: null }, modules: [] };
  }
  const { name, bytes } = await readLog(target);
  // Without any file: what the log itself tells.
  const { case: found, lacking } = await decode(bytes, { name, root: null, code: "none" });
  const { release, version, arch } = found.kernel;
  if (release === null) throw new OopscopeError("not-found", `${name} does not tell its kernel's release: name that instead of the log`, { file: name });
  return { clues: { release, version, banner: null, buildId: null, arch }, modules: lacking.flatMap(({ module }) => module ?? []) };
}
