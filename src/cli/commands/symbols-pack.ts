import { existsSync, mkdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { OopscopeError, messageOf } from "../../base/index.ts";
import { visitNeeded, vmlinuxSourceRoot, vmlinuxTexts, type Needed } from "../../decode/index.ts";
import type { ElfFile } from "../../elf/index.ts";
import { closeFound, findVmlinux, noteRewritten, rewrittenSection } from "../../kernel/index.ts";
import { packImage, skeletonOf, type Stretch } from "../../symbolize/index.ts";
import { exit } from "../exit.ts";
import { readLog } from "../input.ts";
import { say } from "../output.ts";
import { saveFile } from "../savefile.ts";

/** The flags of `symbols pack`, as the command line gives them. */
export type SymbolsPackFlags = {
  readonly output: string;
  readonly for?: string;
  readonly release?: string;
  readonly quiet?: boolean;
};

/** A file to pack. `only` null: all of it. */
type Job = { readonly elf: ElfFile; readonly code: ElfFile; readonly only: readonly Stretch[] | null };

const noClues = { release: null, version: null, banner: null, buildId: null, arch: null };
const betweenReports = 1000;

export async function runSymbolsPack(files: readonly string[], flags: SymbolsPackFlags): Promise<number> {
  if (files.length === 0 && flags.for === undefined) {
    say("error", "name the files to pack: a vmlinux or modules with debug information", "oopscope symbols pack --help");
    return exit.usage;
  }
  const output = outputOf(flags.output);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  try {
    let packed = 0;
    const pack = async (job: Job): Promise<void> => {
      packed++;
      await packOne(job, output(job.code, packed), flags, stop.signal);
    };
    if (flags.for === undefined) await visitAll(files, pack);
    else await visitForLog(flags.for, files, flags, pack);
    if (packed > 0) return exit.done;
    say("error", `nothing to pack: ${flags.for} names nothing of ${files.length === 0 ? "any kernel file that was found" : files.join(", ")}`);
    return exit.failed;
  } catch (error) {
    if (stop.signal.aborted) return exit.interrupted;
    throw error;
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

async function visitAll(files: readonly string[], pack: (job: Job) => Promise<void>): Promise<void> {
  for (const file of files) {
    // Whatever it is: this opens the debug file that belongs to a stripped one.
    const found = (await findVmlinux(noClues, { vmlinux: file }))!;
    try {
      await pack({ elf: found.elf, code: found.code, only: null });
    } finally {
      closeFound(found);
    }
  }
}

/** The log tells which of the files it needs; without any the usual places have them. */
async function visitForLog(log: string, files: readonly string[], flags: SymbolsPackFlags, pack: (job: Job) => Promise<void>): Promise<void> {
  const { bytes } = await readLog(log);
  const modules: string[] = [];
  let vmlinux: string | undefined;
  for (const file of files) {
    const found = (await findVmlinux(noClues, { vmlinux: file }))!;
    closeFound(found);
    if (found.code.relocatable) modules.push(file);
    else if (vmlinux === undefined) vmlinux = file;
    else throw new OopscopeError("bad-argument", `one log is of one kernel: ${vmlinux} and ${file} are both a vmlinux`);
  }
  const named = { ...(vmlinux === undefined ? {} : { vmlinux }), modules, ...(files.length === 0 ? {} : { root: null }) };
  await visitNeeded(bytes, { ...named, ...(flags.release === undefined ? {} : { release: flags.release }) }, async ({ elf, code, only }: Needed) => pack({ elf, code, only }));
}

/** Writes the GSYM of one file, and what belongs beside it. */
export async function packOne({ elf, code, only }: Job, path: string, flags: SymbolsPackFlags, signal: AbortSignal): Promise<void> {
  const begin = Date.now();
  let told = begin;
  const { gsym, skeleton, functions, problems } = await packImage(elf, {
    ...(only === null ? {} : { only }),
    code,
    texts: vmlinuxTexts,
    sourceRoot: vmlinuxSourceRoot,
    noted: (stretches) => [{ name: rewrittenSection, bytes: noteRewritten(code, stretches) }],
    signal,
    onProgress: (units) => {
      if (flags.quiet || Date.now() - told < betweenReports) return;
      told = Date.now();
      say("note", `${elf.path}: ${units} units read`);
    },
  });
  if (!flags.output.endsWith(".gsym")) makeFolder(flags.output);
  // A GSYM that is there has what belongs to it beside it: that comes first.
  saveFile(skeletonOf(path), [skeleton]);
  saveFile(path, [gsym]);
  for (const { message } of problems.slice(0, 8)) say("warning", `not packed, since it cannot be read: ${message}`);
  if (problems.length > 8) say("warning", `not packed: ${problems.length - 8} more units of ${elf.path}`);
  if (!flags.quiet) say("note", `${path}: ${functions} functions, ${megabytes(gsym.length)}; ${basename(skeletonOf(path))}: ${megabytes(skeleton.length)}`);
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new OopscopeError("unwritable", `failed to make the folder ${path}: ${messageOf(cause).replace(/^[A-Z]+: |, mkdir .*$/g, "")}`, { file: path }, cause);
  }
}

const megabytes = (bytes: number): string => (bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** Where each file's GSYM goes: the path that was named, for one, or within the folder. */
function outputOf(named: string): (elf: ElfFile, count: number) => string {
  const isFolder = existsSync(named) && statSync(named).isDirectory();
  if (named.endsWith(".gsym") && !isFolder) {
    return (elf, count) => {
      if (count > 1) throw new OopscopeError("bad-argument", `${named} is one file, and ${elf.path} is another image: name a folder`);
      return named;
    };
  }
  return (elf) => join(named, `${basename(elf.path).replace(/\.(?:gz|xz|zst)$/, "").replace(/\.debug$/, "")}.gsym`);
}
