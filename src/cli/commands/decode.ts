import { closeSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setFlagsFromString } from "node:v8";
import { decode, type DecodeOptions } from "../../decode/index.ts";
import { renderScript, renderText } from "../../render/index.ts";
import { exit } from "../exit.ts";
import { readLog, readStdin } from "../input.ts";
import { isTerminal, say, writeResult } from "../output.ts";

/** The flags of `decode`, as the command line gives them. */
export type DecodeFlags = {
  readonly vmlinux?: string;
  readonly modules?: string[];
  readonly release?: string;
  readonly basePath?: string;
  readonly returnAddresses?: boolean;
  readonly code: boolean;
  readonly format: "text" | "json" | "ndjson";
  readonly quiet?: boolean;
  readonly verbose?: boolean;
};

export async function runDecode(args: readonly string[], flags: DecodeFlags): Promise<number> {
  const [first, base, modules] = args;
  if (first !== undefined && isElf(first)) return decodeAsScript(first, base, modules, flags);
  if (base !== undefined) {
    say("error", `one log at a time: ${JSON.stringify(base)} is too many`, "oopscope decode --help");
    return exit.usage;
  }
  const { name, bytes } = await readLog(first);
  hurry(bytes);
  const decoded = await decode(bytes, { ...optionsOf(flags), name });
  talk(decoded, flags);
  switch (flags.format) {
    case "json":
      writeResult(`${JSON.stringify(decoded.case, null, 2)}\n`);
      break;
    case "ndjson":
      writeResult(`${JSON.stringify(decoded.case)}\n`);
      break;
    case "text":
      writeResult(renderText(decoded.case, decoded.log.lines, { terminated: decoded.log.terminated, onTerminal: isTerminal(1) }));
  }
  return decoded.complete ? exit.done : exit.incomplete;
}

/** Logs of up to so many bytes are decoded before optimized code would pay. */
const shortLog = 1 << 18;

/** For a short log V8's optimizing compiler costs a quarter of the processor's time and saves nothing. */
export function hurry(bytes: Uint8Array): void {
  if (bytes.length <= shortLog) setFlagsFromString("--no-opt");
}

/** `decode VMLINUX [BASE] [MODULES] < LOG`: the call and the form of scripts/decode_stacktrace.sh. */
async function decodeAsScript(vmlinux: string, base: string | undefined, modules: string | undefined, flags: DecodeFlags): Promise<number> {
  const call = `oopscope decode --vmlinux ${vmlinux} LOG`;
  if (base !== undefined && isFile(base)) {
    say("error", `with a vmlinux as the first argument the second is a base path, and ${base} is a file: the log is standard input`, call.replace("LOG", base));
    return exit.usage;
  }
  if (isTerminal(0)) {
    say("error", `${vmlinux} is an ELF file: the log is expected from standard input, which is a terminal`, call);
    return exit.usage;
  }
  const bytes = await readStdin();
  hurry(bytes);
  const wanted = base === undefined || base === "" ? "auto" : base;
  const folder = modules ?? dirname(vmlinux);
  const options: DecodeOptions = { ...optionsOf(flags), vmlinux, modules: [...(flags.modules ?? []), folder], basePath: wanted, paths: "recorded" };
  const decoded = await decode(bytes, options);
  talk(decoded, flags);
  writeResult(renderScript(decoded.case, decoded.log.lines, { base: decoded.case.image.basePath, onTerminal: isTerminal(1) }));
  return decoded.complete ? exit.done : exit.incomplete;
}

export function optionsOf(flags: Omit<DecodeFlags, "format">): DecodeOptions {
  return {
    ...(flags.vmlinux === undefined ? {} : { vmlinux: flags.vmlinux }),
    ...(flags.modules === undefined ? {} : { modules: flags.modules }),
    ...(flags.release === undefined ? {} : { release: flags.release }),
    ...(flags.basePath === undefined ? {} : { basePath: flags.basePath }),
    returnAddresses: flags.returnAddresses ? "as-printed" : "call",
    code: flags.code ? "disassemble" : "none",
    ...(flags.verbose ? { onProgress: (step: string) => say("note", step) } : {}),
  };
}

/** Beyond so many notes the JSON form is the place to read them. */
const mostNotes = 8;

export function talk({ remarks, case: found }: Awaited<ReturnType<typeof decode>>, { quiet, verbose }: Omit<DecodeFlags, "format">): void {
  for (const remark of remarks.filter(({ severity }) => severity === "warning")) say("warning", remark.text, remark.command);
  if (quiet) return;
  if (found.reports.length === 0) say("note", found.loose.length === 0 ? "the log has no crash in it" : "the log has no crash in it, only single frames");
  const notes = remarks.filter(({ severity }) => severity === "note");
  for (const note of verbose ? notes : notes.slice(0, mostNotes)) say("note", note.text, note.command);
  if (!verbose && notes.length > mostNotes) say("note", `${notes.length - mostNotes} more frames have no place; -v names them`);
  if (!verbose) return;
  const { vmlinux, modules } = found.image;
  for (const file of [...(vmlinux ? [vmlinux] : []), ...modules]) say("note", `${file.path}: ${file.match}: ${file.why}`);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isElf(path: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    return false;
  }
  try {
    const head = Buffer.alloc(4);
    return readSync(descriptor, head, 0, 4, 0) === 4 && head.readUInt32BE(0) === 0x7f454c46;
  } catch {
    return false;
  } finally {
    closeSync(descriptor);
  }
}
