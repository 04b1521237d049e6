import { spawn } from "node:child_process";
import { open, unlink, type FileHandle } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { OopscopeError, messageOf } from "../base/index.ts";
import { controlWords } from "./init.ts";
import { qemuCommand, type Machine } from "./qemu.ts";

/** How a guest ended. `console` is all that its serial console said, byte for byte. */
export type GuestEnd = {
  readonly outcome: "finished" | "panicked" | "timed-out" | "did-not-boot" | "stopped" | "flooded";
  /** The script's exit status, where it came to its end. */
  readonly status: number | null;
  /** Why, in a sentence, for every outcome but `finished`. */
  readonly why: string | null;
  readonly console: Buffer;
  /** Milliseconds on the host's clock from the start of QEMU: to the first command in the guest, and to the end. */
  readonly bootTime: number | null;
  readonly time: number;
};

export type GuestOptions = {
  readonly machine: Machine;
  readonly initramfs: Uint8Array;
  /** Milliseconds until the guest is ended; null: no limit. */
  readonly timeout: number | null;
  /** Bytes of console after which the guest is ended. */
  readonly consoleLimit?: number;
  readonly onConsole?: (bytes: Uint8Array) => void;
  readonly onReady?: () => void;
  readonly signal?: AbortSignal;
  /** The terminal is the guest's console (`lab boot`): nothing is captured. */
  readonly interactive?: boolean;
};

/**
 * Boots one guest and waits for its end. Nothing outlives this call: the initramfs is a file without a name from the start, QEMU dies with this
 * process even if it is killed (PR_SET_PDEATHSIG, by setpriv), and the guest writes nothing to the host.
 */
export async function runGuest(options: GuestOptions): Promise<GuestEnd> {
  if (options.signal?.aborted === true) throw aborted(options.signal);
  const initramfs = await namelessFile(options.initramfs);
  try {
    return await watch(options, initramfs);
  } finally {
    await initramfs.close();
  }
}

function aborted(signal: AbortSignal | undefined): OopscopeError {
  return new OopscopeError("aborted", "the guest was ended before its time", {}, signal?.reason);
}

/** A file that is on no directory any more, for a program that wants a path: /dev/fd/N opens it. */
async function namelessFile(content: Uint8Array): Promise<FileHandle> {
  const path = join(tmpdir(), `oopscope-${randomBytes(8).toString("hex")}`);
  const file = await open(path, "wx+", 0o600).catch((cause: unknown) => {
    throw new OopscopeError("unreadable", `cannot make a temporary file in \`${tmpdir()}\`: ${messageOf(cause)}`, { folder: tmpdir() }, cause);
  });
  try {
    await unlink(path);
    await file.writeFile(content);
    return file;
  } catch (cause) {
    await file.close();
    const size = content.length;
    throw new OopscopeError("unreadable", `cannot write the guest's ${size} bytes of initramfs to \`${tmpdir()}\`: ${messageOf(cause)}`, { folder: tmpdir(), size }, cause);
  }
}

function watch(options: GuestOptions, initramfs: FileHandle): Promise<GuestEnd> {
  const limit = options.consoleLimit ?? 32 << 20;
  const interactive = options.interactive === true;
  // Descriptors of QEMU: 0 to 2 the console and its own complaints, 3 the control line (ttyS1), 4 the initramfs.
  const { program, args } = qemuCommand({ ...options.machine, initrd: "/dev/fd/4", controlDescriptor: 3, interactive });
  const started = performance.now();
  const qemu = spawn("setpriv", ["--pdeathsig", "KILL", program, ...args], {
    stdio: [interactive ? "inherit" : "ignore", interactive ? "inherit" : "pipe", interactive ? "inherit" : "pipe", "pipe", initramfs.fd],
  });

  return new Promise((done, failed) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let complaints = "";
    let control = "";
    let bootTime: number | null = null;
    let ended: "timed-out" | "flooded" | "aborted" | null = null;
    const end = (why: NonNullable<typeof ended>): void => {
      ended ??= why;
      // On the user's terminal QEMU gets the chance to give it back as it was.
      qemu.kill(interactive ? "SIGTERM" : "SIGKILL");
    };
    const abort = (): void => end("aborted");
    const timer = options.timeout === null ? undefined : setTimeout(() => end("timed-out"), options.timeout);
    options.signal?.addEventListener("abort", abort, { once: true });

    qemu.stdout?.on("data", (chunk: Buffer) => {
      if (size >= limit) return;
      chunks.push(chunk);
      size += chunk.length;
      options.onConsole?.(chunk);
      if (size >= limit) end("flooded");
    });
    qemu.stderr?.setEncoding("utf8").on("data", (text: string) => {
      if (complaints.length < 64 << 10) complaints += text;
    });
    const line = qemu.stdio[3] as Readable;
    line.on("error", () => undefined);
    line.setEncoding("latin1").on("data", (text: string) => {
      if (control.length < 64 << 10) control += text;
      if (bootTime === null && wordsOf(control).ready) {
        bootTime = performance.now() - started;
        options.onReady?.();
      }
    });

    const finish = (): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
    };
    qemu.on("error", (cause) => {
      finish();
      const what = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "`setpriv` (of util-linux) is not installed" : messageOf(cause);
      failed(new OopscopeError("missing-tool", `cannot start QEMU: ${what}`, { program }, cause));
    });
    qemu.on("close", (code) => {
      finish();
      if (ended === "aborted") {
        failed(aborted(options.signal));
        return;
      }
      if (code === 127 || (code !== 0 && size === 0 && bootTime === null && ended === null)) {
        const missing = /No such file or directory/.test(complaints) && complaints.includes("setpriv");
        const why = missing ? `\`${program}\` is not installed; on Debian and Ubuntu: apt-get install ${options.machine.kernel.arch === "arm64" ? "qemu-system-arm" : "qemu-system-x86"}` : complaints.trim();
        failed(new OopscopeError(missing ? "missing-tool" : "unsupported", `QEMU did not start: ${why}`, { program, status: code ?? undefined }));
        return;
      }
      const text = Buffer.concat(chunks);
      done({ ...judge(text, wordsOf(control), ended, options.timeout ?? 0, limit), console: text, bootTime, time: performance.now() - started });
    });
  });
}

type Words = { readonly ready: boolean; readonly status: number | null; readonly failed: string | null };

/** What the guest said on its control line. Only whole lines count. */
function wordsOf(control: string): Words {
  const lines = control.split("\n").slice(0, -1);
  const after = (word: string): string | null => lines.find((line) => line === word || line.startsWith(`${word} `))?.slice(word.length + 1) ?? null;
  const status = after(controlWords.exit);
  return { ready: after(controlWords.ready) !== null, status: status === null ? null : Number(status), failed: after(controlWords.failed) };
}

const panicLine = /Kernel panic - not syncing:[^\r\n]*/;

function judge(console: Buffer, words: Words, ended: "timed-out" | "flooded" | null, timeout: number, limit: number): Pick<GuestEnd, "outcome" | "status" | "why"> {
  const { status } = words;
  const panic = panicLine.exec(console.toString("latin1"))?.[0];
  if (words.failed !== null && words.ready) return { outcome: "finished", status: 1, why: `in the guest this failed: ${words.failed}` };
  if (words.failed !== null) return { outcome: "did-not-boot", status, why: `in the guest this failed: ${words.failed}` };
  if (!words.ready && panic !== undefined) return { outcome: "did-not-boot", status, why: `the kernel panicked before it ran the first program: ${panic}` };
  if (ended === "flooded") return { outcome: "flooded", status, why: `the console passed its limit of ${limit} bytes` };
  if (!words.ready && ended === "timed-out") return { outcome: "did-not-boot", status, why: `no program ran within ${timeout / 1000} s` };
  if (!words.ready) return { outcome: "did-not-boot", status, why: "the guest ended before it ran the first program" };
  if (panic !== undefined) return { outcome: "panicked", status, why: panic };
  if (ended === "timed-out") return { outcome: "timed-out", status, why: `the guest had not ended within ${timeout / 1000} s` };
  if (status === null) return { outcome: "stopped", status, why: "the guest went down before the script's end" };
  return { outcome: "finished", status, why: null };
}
