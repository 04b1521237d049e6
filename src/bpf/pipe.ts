import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { OopscopeError, messageOf } from "../base/index.ts";
import { readTraceLine, type TraceLine, type TraceLost } from "./tracepipe.ts";

const folders = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];
/** Milliseconds between two looks at a pipe that was empty. */
const pause = 20;

/** What `readTracePipe` gives: lines as they were, with what is known of them. */
export type PipeLine = { readonly text: string; readonly line: TraceLine | TraceLost | null };

/** The clock that times of trace_pipe are of (`local` unless somebody chose another one); null where nobody tells. */
export function traceClock(): string | null {
  for (const folder of folders) {
    try {
      return /\[(\w+)\]/.exec(readFileSync(`${folder}/trace_clock`, "utf8"))?.[1] ?? null;
    } catch {
      // the other one
    }
  }
  return null;
}

/**
 * Lines of trace_pipe as they come, of which every one is given to one reader only: another reader takes them away. Ends with an abort. Throws `missing-feature` where tracefs is not
 * mounted, `not-permitted`.
 */
export async function* readTracePipe({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<PipeLine[], void, void> {
  const pipe = openPipe();
  const room = Buffer.alloc(1 << 16);
  let rest = Buffer.alloc(0);
  try {
    while (signal?.aborted !== true) {
      const got = readSome(pipe, room);
      if (got === 0) {
        await sleep(pause, signal);
        continue;
      }
      const all = Buffer.concat([rest, room.subarray(0, got)]);
      const end = all.lastIndexOf(0x0a) + 1;
      // A line without an end is cut: the kernel's own are at most a page.
      rest = end === 0 && all.length > 1 << 16 ? Buffer.alloc(0) : Buffer.from(all.subarray(end));
      const lines = all.toString("utf8", 0, end).split("\n").slice(0, -1);
      if (lines.length > 0) yield lines.map((text) => ({ text, line: readTraceLine(text) }));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  } finally {
    closeSync(pipe);
  }
}

function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** Without waiting: a read that waits could not be ended. */
function openPipe(): number {
  let failure: NodeJS.ErrnoException | null = null;
  for (const folder of folders) {
    try {
      return openSync(`${folder}/trace_pipe`, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      failure = error as NodeJS.ErrnoException;
      if (failure.code !== "ENOENT") break;
    }
  }
  if (failure?.code === "ENOENT") throw new OopscopeError("missing-feature", "tracefs is not mounted at /sys/kernel/tracing", { file: `${folders[0]}/trace_pipe` }, failure);
  if (failure?.code === "EBUSY") throw new OopscopeError("refused", "another program is reading trace_pipe", {}, failure);
  throw new OopscopeError(failure?.code === "EACCES" || failure?.code === "EPERM" ? "not-permitted" : "unreadable", `trace_pipe cannot be read: ${messageOf(failure)}`, { file: `${folders[0]}/trace_pipe` }, failure);
}

function readSome(pipe: number, room: Buffer): number {
  try {
    return readSync(pipe, room);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EAGAIN" || code === "EINTR") return 0;
    throw new OopscopeError("unreadable", `trace_pipe cannot be read: ${messageOf(error)}`, {}, error);
  }
}
