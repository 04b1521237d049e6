import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { unwritable } from "./save.ts";

/** A holder that lives shows it this often; one that does not for so long has lost the lock (milliseconds). */
const beat = 5_000;
const silence = 120_000;

/**
 * Runs a task while nobody else, of this process or another one, holds the lock at `path`: a file with the process's id. Waits for a holder, and tells `onWait`
 * once; takes over from one that is gone.
 */
export async function withLock<T>(path: string, { signal, onWait }: { readonly signal?: AbortSignal; readonly onWait?: (pid: number) => void }, task: () => Promise<T>): Promise<T> {
  const mine = `${process.pid} ${randomUUID()}\n`;
  let told = false;
  for (;;) {
    signal?.throwIfAborted();
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, mine, { flag: "wx" });
      break;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw unwritable(path, cause);
    }
    const holder = holderOf(path);
    if (typeof holder === "string") {
      removeStale(path, holder);
      continue;
    }
    if (!told && holder !== null) onWait?.(holder);
    told = true;
    await sleep(100, undefined, signal ? { signal } : {}).catch(() => {});
  }
  const timer = setInterval(() => {
    try {
      utimesSync(path, new Date(), new Date());
    } catch {
      // someone has taken it for dead; the task's own checks decide
    }
  }, beat);
  timer.unref();
  try {
    return await task();
  } finally {
    clearInterval(timer);
    try {
      if (readFileSync(path, "utf8") === mine) rmSync(path, { force: true });
    } catch {
      // gone already
    }
  }
}

/** Whether a process of this machine lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The process that holds a lock, null where that is just being settled; what stands in the lock of one that is gone. */
function holderOf(path: string): number | string | null {
  try {
    const text = readFileSync(path, "utf8");
    const pid = Number.parseInt(text, 10);
    const age = Date.now() - statSync(path).mtimeMs;
    if (age > silence || (Number.isInteger(pid) && !isAlive(pid))) return text;
    // Between the creation of the file and its first byte.
    if (!Number.isInteger(pid)) return age > beat ? text : null;
    return pid;
  } catch {
    return null;
  }
}

/** Two who wait may find the same lock stale: it is taken away under a name of one's own, and put back if it turns out to be a new one. */
function removeStale(path: string, text: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (readFileSync(aside, "utf8") !== text) linkSync(aside, path);
  } catch {
    // another one was faster
  }
  rmSync(aside, { force: true });
}
