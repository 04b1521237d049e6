import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { OopscopeError } from "../base/index.ts";

export type ProgramResult = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

/** The path of a program of PATH, or null. */
export function findProgram(name: string, env: NodeJS.ProcessEnv = process.env): string | null {
  for (const folder of (env["PATH"] ?? "").split(delimiter)) {
    if (folder === "") continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // not in this folder
    }
  }
  return null;
}

const largestOutput = 1 << 24;

/**
 * Runs a program to its end, in English and without a terminal. Throws `missing-tool` where it is not installed, `over-budget` where it writes more than 16 MB
 * or runs longer than `timeout` milliseconds, and the signal's reason where that aborts it.
 */
export async function runProgram(program: string, args: readonly string[], { signal, timeout = 120_000, env = {}, cwd }: { signal?: AbortSignal; timeout?: number; env?: Readonly<Record<string, string>>; cwd?: string } = {}): Promise<ProgramResult> {
  signal?.throwIfAborted();
  // Loaded here: it brings half of Node's network code, and most commands start nothing.
  const { spawn } = await import("node:child_process");
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, LC_ALL: "C", ...env }, cwd });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let size = 0;
    let failure: Error | null = null;
    const stop = (why: Error) => {
      failure ??= why;
      child.kill("SIGKILL");
      // What it started may live on, with the same pipes.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const onAbort = () => stop(signal!.reason as Error);
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(() => stop(new OopscopeError("over-budget", `${program} ${args.join(" ")} ran for more than ${timeout / 1000} s`, { program })), timeout);
    const gather = (parts: Buffer[]) => (part: Buffer) => {
      size += part.length;
      if (size > largestOutput) stop(new OopscopeError("over-budget", `${program} wrote more than ${largestOutput >> 20} MB`, { program }));
      else parts.push(part);
    };
    child.stdout.on("data", gather(out));
    child.stderr.on("data", gather(err));
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    child.on("error", (cause: NodeJS.ErrnoException) => {
      done();
      reject(cause.code === "ENOENT" ? new OopscopeError("missing-tool", `the program ${program} is not installed`, { program }, cause) : cause);
    });
    child.on("close", (status) => {
      done();
      if (failure !== null) reject(failure);
      else resolve({ status, stdout: Buffer.concat(out).toString("utf8"), stderr: Buffer.concat(err).toString("utf8") });
    });
  });
}
