import { readFileSync } from "node:fs";
import { OopscopeError } from "../base/index.ts";
import { isTerminal } from "./output.ts";

/** The largest log that is read whole. */
const largestLog = 1 << 30;

/** A log's bytes and the name that the case gives it. `-` or nothing is standard input. */
export async function readLog(path: string | undefined): Promise<{ name: string; bytes: Uint8Array }> {
  if (path === undefined || path === "-") {
    if (path === undefined && isTerminal(0)) throw new OopscopeError("bad-argument", "no log was named, and standard input is a terminal");
    return { name: "-", bytes: await readStdin() };
  }
  try {
    return { name: path, bytes: readFileSync(path) };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "it is a folder" : code === "EACCES" ? "permission denied" : (cause as Error).message;
    throw new OopscopeError(code === "ENOENT" ? "not-found" : "unreadable", `failed to read ${path}: ${why}`, { file: path }, cause);
  }
}

export async function readStdin(): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    parts.push(part as Buffer);
    size += (part as Buffer).length;
    if (size > largestLog) throw new OopscopeError("over-budget", `standard input has more than ${largestLog} bytes`);
  }
  return Buffer.concat(parts);
}
