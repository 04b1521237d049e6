import { fstatSync, writeSync } from "node:fs";
import { OopscopeError, messageOf } from "../base/index.ts";
import { visible } from "../render/index.ts";

/** Writes results to standard output, all of them before it returns. False if the reader has gone (`| head`), which is no error. */
export function writeResult(result: Uint8Array | string): boolean {
  return writeAll(1, typeof result === "string" ? Buffer.from(result, "utf8") : result);
}

/** Writes a long result as it comes; small pieces go out together. False if the reader has gone. */
export function writePieces(pieces: Iterable<string>): boolean {
  for (const bytes of gathered(pieces)) if (!writeAll(1, bytes)) return false;
  return true;
}

/** Pieces of text as bytes, many small ones in one. */
export function* gathered(pieces: Iterable<string>): Generator<Uint8Array, void, undefined> {
  let waiting: string[] = [];
  let length = 0;
  for (const piece of pieces) {
    waiting.push(piece);
    if ((length += piece.length) < gatheredLength) continue;
    yield Buffer.from(waiting.join(""), "utf8");
    waiting = [];
    length = 0;
  }
  if (length > 0) yield Buffer.from(waiting.join(""), "utf8");
}

const gatheredLength = 1 << 16;

/** Whether a descriptor is a terminal. Node has its network code and its streams behind the question, so it is not asked of what can be none: files, pipes, /dev/null. */
export function isTerminal(descriptor: 0 | 1 | 2): boolean {
  try {
    const status = fstatSync(descriptor);
    return status.isCharacterDevice() && status.rdev >>> 8 !== memoryDevices && process.getBuiltinModule("node:tty").isatty(descriptor);
  } catch {
    return false;
  }
}

/** The major number of /dev/null and /dev/zero (Documentation/admin-guide/devices.txt of Linux). */
const memoryDevices = 1;

/** The width of the terminal that is standard output. Serial consoles say 0, or nothing. */
export function terminalColumns(): number {
  return process.stdout.columns || 80;
}

function writeAll(descriptor: 1 | 2, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at, Math.min(bytes.length - at, 1 << 20));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Nor is it one that there is nobody to talk to.
      if (code === "EPIPE" || (code !== "EAGAIN" && descriptor === 2)) return false;
      if (code !== "EAGAIN") throw new OopscopeError("unwritable", `failed to write to standard output: ${messageOf(error).replace(/^[A-Z0-9]+: |, write$/g, "")}`, {}, error);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5); // a pipe that does not block and is full
    }
  }
  return true;
}

/** Talk that is no sentence: a line that is written over. The caller makes it safe for a terminal. */
export function writeTalk(text: string): void {
  writeAll(2, Buffer.from(text, "utf8"));
}

/** Talk: `oopscope: warning: …`, on standard error, safe for a terminal. */
export function say(severity: "error" | "warning" | "note", text: string, command: string | null = null): void {
  writeAll(2, Buffer.from(`oopscope: ${severity}: ${visible(text)}\n${command === null ? "" : `  try: ${visible(command)}\n`}`, "utf8"));
}
