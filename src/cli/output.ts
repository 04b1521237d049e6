import { writeSync } from "node:fs";
import { visible } from "../render/index.ts";

/** Writes results to standard output, all of them before it returns; a reader that has gone (`| head`) is no error. */
export function writeResult(result: Buffer | string): void {
  const bytes = typeof result === "string" ? Buffer.from(result, "utf8") : result;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at, Math.min(bytes.length - at, 1 << 20));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5); // a pipe that does not block and is full
    }
  }
}

/** Talk: `oopscope: warning: …`, on standard error, safe for a terminal. */
export function say(severity: "error" | "warning" | "note", text: string, command: string | null = null): void {
  process.stderr.write(`oopscope: ${severity}: ${visible(text)}\n`);
  if (command !== null) process.stderr.write(`  try: ${visible(command)}\n`);
}
