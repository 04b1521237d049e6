import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { chunksOf, named } from "./input.ts";
import { say } from "./output.ts";

/** How often a file is looked at, in milliseconds: no event tells of writes on network file systems. */
const look = 200;
const chunkSize = 1 << 18;

/**
 * A log as it comes: of a pipe or device until it ends, of a file beyond its end until `signal`. A file that was cut short is read from its beginning, one
 * that another took the place of (rotation) to its end and then the new one from its beginning.
 */
export async function* followed(name: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (name === "-" || !named(name, () => statSync(name).isFile())) {
    yield* chunksOf(name);
    return;
  }
  let descriptor = named(name, () => openSync(name, "r"));
  let at = 0;
  // A line that the old file does not end is none of the new one's.
  const lineFeed = Buffer.from("\n");
  let ended = true;
  try {
    while (!signal.aborted) {
      const part = Buffer.allocUnsafe(chunkSize);
      const read = readSync(descriptor, part, 0, chunkSize, at);
      if (read > 0) {
        at += read;
        ended = part[read - 1] === 0x0a;
        yield part.subarray(0, read);
        continue;
      }
      const own = fstatSync(descriptor);
      if (own.size < at) {
        say("note", `${name} was cut short: reading it from its beginning`);
        at = 0;
        if (!ended) yield lineFeed;
        continue;
      }
      const now = statSync(name, { throwIfNoEntry: false });
      if (now !== undefined && (now.ino !== own.ino || now.dev !== own.dev)) {
        // What was written before the rename, but after the last look.
        if (fstatSync(descriptor).size > at) continue;
        closeSync(descriptor);
        descriptor = openSync(name, "r");
        at = 0;
        if (!ended) yield lineFeed;
        say("note", `${name} is a new file: reading it from its beginning`);
        continue;
      }
      await sleep(look, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** What comes next: bytes, silence (for `quiet` milliseconds), or the end. */
export type Heard = { readonly bytes: Uint8Array } | "silence" | "end";

/** Tells bytes and silences apart. A silence is told once. */
export async function* heard(chunks: AsyncIterable<Uint8Array>, quiet: number, signal: AbortSignal): AsyncGenerator<Heard> {
  const iterator = chunks[Symbol.asyncIterator]();
  const stopped = new Promise<"end">((resolve) => {
    if (signal.aborted) resolve("end");
    signal.addEventListener("abort", () => resolve("end"), { once: true });
  });
  let next = iterator.next();
  for (let silent = false; ; ) {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<"silence">((resolve) => {
      if (!silent) timer = setTimeout(() => resolve("silence"), quiet);
    });
    const told = await Promise.race([next, silence, stopped]);
    clearTimeout(timer);
    if (told === "end" || (told !== "silence" && told.done === true)) {
      yield "end";
      return;
    }
    if (told === "silence") {
      silent = true;
      yield "silence";
      continue;
    }
    silent = false;
    next = iterator.next();
    yield { bytes: told.value };
  }
}
