import { closeSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { casePieces } from "../../case/index.ts";
import { StreamDecoder, casesOf, decode, decodeWhole, type Decoded, type DecodeOptions, type Piece } from "../../decode/index.ts";
import { renderScript, renderText } from "../../render/index.ts";
import { changeFlag } from "../code-cache.ts";
import { exit } from "../exit.ts";
import { fetchedPlaces, noteUsed, withDebuginfod } from "../fetched.ts";
import { openLog, readLog, readStdin, statusOf } from "../input.ts";
import { isTerminal, say, writePieces, writeResult } from "../output.ts";

/** What may be said of a log and its files, whatever is done with it. */
export type LogFlags = {
  readonly vmlinux?: string;
  readonly modules?: string[];
  readonly symbols?: string[];
  readonly release?: string;
  readonly basePath?: string;
  readonly returnAddresses?: boolean;
  readonly code: boolean;
  readonly debuginfod?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
};

/** The flags of `decode`, as the command line gives them. */
export type DecodeFlags = LogFlags & { readonly format: "text" | "json" | "ndjson"; readonly follow?: boolean };

export async function runDecode(args: readonly string[], flags: DecodeFlags): Promise<number> {
  const [first, base, modules] = args;
  if (first !== undefined && isElf(first)) return decodeAsScript(first, base, modules, flags);
  if (base !== undefined) {
    say("error", `one log at a time: ${JSON.stringify(base)} is too many`, "oopscope decode --help");
    return exit.usage;
  }
  if (flags.follow) return follow(first, flags);
  return flags.format === "json" ? decodeToJson(first, flags) : decodeInPieces(first, flags);
}

/** The whole log as one case. */
async function decodeToJson(log: string | undefined, flags: DecodeFlags): Promise<number> {
  const { name, bytes, damage } = await readLog(log);
  tuneFor(bytes);
  const decoded = await decode(bytes, await withDebuginfod(bytes, { ...optionsOf(flags), name }, flags));
  await noteUsed(decoded.case);
  talk(decoded, flags);
  writePieces(casePieces(decoded.case));
  return statusOf(damage, decoded.complete);
}

/** A short log as one piece, a long one in many. */
async function decodeInPieces(log: string | undefined, flags: DecodeFlags): Promise<number> {
  const { name, head, rest, damage } = await openLog(log);
  // Of a long log its beginning tells what to fetch.
  const options = await withDebuginfod(head, { ...optionsOf(flags), name }, flags);
  const writer = new PieceWriter(flags);
  if (rest === null) {
    tuneFor(head);
    const piece = await decodeWhole(head, options);
    await noteUsed(piece.decoded.case);
    talk(piece.decoded, flags);
    writer.write(piece);
    return statusOf(damage(), piece.decoded.complete);
  }
  // A terminal is shown no bytes as they are.
  const stream = new StreamDecoder(options, flags.format === "text" && isTerminal(1) ? "bulk" : "sieve");
  const take = async (pieces: AsyncIterable<Piece>): Promise<boolean> => {
    for await (const piece of pieces) if (!writer.write(piece)) return false;
    return true;
  };
  let wanted = await take(stream.push(head));
  if (wanted) for await (const bytes of rest) if (!(wanted = await take(stream.push(bytes)))) break;
  if (wanted) await take(stream.end());
  writer.talk();
  return statusOf(damage(), writer.complete);
}

/** So many milliseconds without a word end a report. */
const quiet = 1000;

/** Decodes a log that is still being written: each report when it is complete, or when the log has been silent for a while. */
async function follow(log: string | undefined, flags: DecodeFlags): Promise<number> {
  if (flags.format === "json") {
    say("error", "--follow has no end, and json is one object: take ndjson, one case a line", "oopscope decode --follow --format ndjson LOG");
    return exit.usage;
  }
  if (flags.debuginfod) {
    say("error", "--follow decodes at once, and does not wait for files: fetch them before", "oopscope symbols fetch RELEASE");
    return exit.usage;
  }
  const name = log ?? "-";
  const stop = new AbortController();
  const interrupted = (): void => stop.abort();
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  const { followed, heard } = await import("../follow.ts");
  const stream = new StreamDecoder({ ...optionsOf(flags), name }, "live");
  const writer = new PieceWriter(flags);
  const take = async (pieces: AsyncIterable<Piece>): Promise<void> => {
    for await (const piece of pieces) {
      if (!writer.write(piece)) stop.abort();
      writer.talk();
    }
  };
  for await (const said of heard(followed(name, stop.signal), quiet, stop.signal)) {
    if (said === "end") await take(stream.end());
    else await take(said === "silence" ? stream.flush() : stream.push(said.bytes));
  }
  if (stop.signal.aborted && !writer.gone) return exit.interrupted;
  return writer.complete ? exit.done : exit.incomplete;
}

/** Writes pieces in the form that was asked for, and gathers what there is to say of them: each sentence once. */
class PieceWriter {
  readonly #flags: DecodeFlags;
  readonly #onTerminal = isTerminal(1);
  readonly #said = new Set<string>();
  #waiting: Decoded["remarks"][number][] = [];
  #seen: "nothing" | "frames" | "reports" = "nothing";
  #complete = true;
  #gone = false;

  constructor(flags: DecodeFlags) {
    this.#flags = flags;
  }

  get complete(): boolean {
    return this.#complete;
  }

  /** Nobody reads the results any more. */
  get gone(): boolean {
    return this.#gone;
  }

  /** False if nobody reads the results any more. */
  write({ lines, terminated, bytes, decoded }: Piece): boolean {
    if (decoded !== null) {
      this.#complete &&= decoded.complete;
      this.#seen = decoded.case.reports.length > 0 || this.#seen === "reports" ? "reports" : "frames";
      for (const remark of decoded.remarks) {
        if (this.#said.has(remark.text) || this.#said.size >= mostSaid) continue;
        this.#said.add(remark.text);
        this.#waiting.push(remark);
      }
    }
    if (this.#flags.format === "text") {
      const unchanged = decoded === null && !this.#onTerminal ? bytes : null;
      for (const part of unchanged ?? [renderText(decoded?.case ?? null, lines, { terminated, onTerminal: this.#onTerminal })]) this.#gone ||= !writeResult(part);
    } else if (decoded !== null) {
      for (const found of casesOf(decoded)) this.#gone ||= !writeResult(`${JSON.stringify(found)}\n`);
    }
    return !this.#gone;
  }

  /** Says what is new. */
  talk(): void {
    const { quiet: silent, verbose, follow: live } = this.#flags;
    const waiting = this.#waiting;
    this.#waiting = [];
    sayRemarks(waiting, this.#flags);
    if (!silent && !verbose && !live && this.#seen !== "reports") sayNoCrash(this.#seen === "frames");
  }
}

/** Sentences that are remembered as said. */
const mostSaid = 4096;

/** Logs of up to so many bytes are decoded before optimized code would pay. */
const shortLog = 1 << 18;

/**
 * For a short log V8's optimizing compiler costs a quarter of the processor's time and saves nothing. For a long one its heap would grow to four times of what is
 * held before garbage is collected, which is a tenth more memory and no less time.
 */
export function tuneFor(bytes: Uint8Array): void {
  if (bytes.length <= shortLog) changeFlag("--no-opt", "--opt");
  else changeFlag("--heap-growing-percent=40", "--heap-growing-percent=0");
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
  tuneFor(bytes);
  const wanted = base === undefined || base === "" ? "auto" : base;
  const folder = modules ?? dirname(vmlinux);
  const options: DecodeOptions = { ...optionsOf(flags), vmlinux, modules: [...(flags.modules ?? []), folder], basePath: wanted, paths: "recorded" };
  const decoded = await decode(bytes, await withDebuginfod(bytes, options, flags));
  await noteUsed(decoded.case);
  talk(decoded, flags);
  writeResult(renderScript(decoded.case, decoded.log.lines, { base: decoded.case.image.basePath, onTerminal: isTerminal(1) }));
  return decoded.complete ? exit.done : exit.incomplete;
}

export function optionsOf(flags: LogFlags): DecodeOptions {
  return {
    ...(flags.vmlinux === undefined ? {} : { vmlinux: flags.vmlinux }),
    ...(flags.modules === undefined ? {} : { modules: flags.modules }),
    ...(flags.symbols === undefined ? {} : { symbols: flags.symbols }),
    ...(flags.release === undefined ? {} : { release: flags.release }),
    ...(flags.basePath === undefined ? {} : { basePath: flags.basePath }),
    also: fetchedPlaces(),
    returnAddresses: flags.returnAddresses ? "as-printed" : "call",
    code: flags.code ? "disassemble" : "none",
    ...(flags.verbose ? { onProgress: (step: string) => say("note", step) } : {}),
  };
}

/** Beyond so many notes the JSON form is the place to read them. */
const mostNotes = 8;

export function talk({ remarks, case: found }: Decoded, flags: LogFlags): void {
  if (found.reports.length === 0 && !flags.quiet) {
    sayRemarks(remarks.filter(({ severity }) => severity === "warning"), flags);
    sayNoCrash(found.loose.length > 0);
    sayRemarks(remarks.filter(({ severity }) => severity === "note"), flags);
  } else sayRemarks(remarks, flags);
  if (flags.quiet || !flags.verbose) return;
  const { vmlinux, modules } = found.image;
  for (const file of [...(vmlinux ? [vmlinux] : []), ...modules]) say("note", `${file.path}: ${file.match}: ${file.why}`);
}

function sayNoCrash(frames: boolean): void {
  say("note", frames ? "the log has no crash in it, only single frames" : "the log has no crash in it");
}

function sayRemarks(remarks: Decoded["remarks"], { quiet: silent, verbose }: LogFlags): void {
  for (const remark of remarks) if (remark.severity === "warning") say("warning", remark.text, remark.command);
  if (silent) return;
  const notes = remarks.filter(({ severity }) => severity === "note");
  for (const note of verbose ? notes : notes.slice(0, mostNotes)) say("note", note.text, note.command);
  if (!verbose && notes.length > mostNotes) say("note", `${notes.length - mostNotes} more frames have no place; -v names them`);
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
