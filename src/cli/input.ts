import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { OopscopeError } from "../base/index.ts";
import { isTerminal } from "./output.ts";

/** The largest log that is read whole: in memory it takes eight times that. */
const largestLog = 1 << 28;

/** A log's bytes and the name that the case gives it. `-` or nothing is standard input. */
export async function readLog(path: string | undefined): Promise<{ name: string; bytes: Uint8Array }> {
  if (path === undefined || path === "-") {
    if (path === undefined && isTerminal(0)) throw new OopscopeError("bad-argument", "no log was named, and standard input is a terminal");
    return { name: "-", bytes: await readStdin() };
  }
  try {
    return { name: path, bytes: readWhole(path) };
  } catch (cause) {
    if (cause instanceof OopscopeError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "it is a folder" : code === "EACCES" ? "permission denied" : (cause as Error).message;
    throw new OopscopeError(code === "ENOENT" ? "not-found" : "unreadable", `failed to read ${path}: ${why}`, { file: path }, cause);
  }
}

/** Also of pipes and devices, whose end is not known. */
function readWhole(path: string): Uint8Array {
  const descriptor = openSync(path, "r");
  try {
    const status = fstatSync(descriptor);
    if (status.isFile()) {
      if (status.size > largestLog) throw tooLarge(path);
      return readFileSync(descriptor);
    }
    const parts: Buffer[] = [];
    for (let size = 0, read = -1; read !== 0; size += read) {
      if (size > largestLog) throw tooLarge(path);
      const part = Buffer.allocUnsafe(1 << 16);
      read = readSync(descriptor, part);
      parts.push(part.subarray(0, read));
    }
    return Buffer.concat(parts);
  } finally {
    closeSync(descriptor);
  }
}

function tooLarge(name: string): OopscopeError {
  return new OopscopeError("over-budget", `${name} has more than ${largestLog >> 20} MB: cut out the part that holds the crash`, { file: name });
}

export async function readStdin(): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    parts.push(part as Buffer);
    size += (part as Buffer).length;
    if (size > largestLog) throw tooLarge("standard input");
  }
  return Buffer.concat(parts);
}
