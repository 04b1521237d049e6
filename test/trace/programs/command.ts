import { spawn } from "node:child_process";
import { say } from "./watch.ts";

/** The command line of the build: the program's first argument. */
export const cli = process.argv[2]!;

export type Said = { readonly status: number | null; readonly out: string; readonly talk: string };

/** Waits for a text of the command's talk. */
export type Until = (text: string) => Promise<void>;
/** What is done while the command traces. */
export type Act = (until: Until) => void | Promise<void>;

/** Starts the command, acts when it is attached, and ends it by a signal at once: what happened until then must be in what it writes. With --limit it ends by itself. */
export async function traced(args: readonly string[], act: Act, signal: NodeJS.Signals = "SIGINT"): Promise<Said> {
  const child = spawn(process.execPath, [cli, "trace", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, talk] = ["", ""];
  child.stdout.on("data", (part: Buffer) => (out += part.toString()));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  let heard = (): void => {};
  child.stderr.on("data", (part: Buffer) => {
    talk += part.toString();
    heard();
  });
  const until: Until = (text) => Promise.race([ended, new Promise<void>((resolve) => {
    heard = () => {
      if (talk.includes(text)) resolve();
    };
    heard();
  })]).then(() => {});
  await until("attached");
  if (child.exitCode === null) {
    await act(until);
    const late = setTimeout(() => child.kill(signal), args.includes("--limit") ? 60_000 : 0);
    void ended.then(() => clearTimeout(late));
  }
  return { status: await ended, out, talk };
}

/** Without what differs from run to run. */
export const plain = (text: string): string =>
  text.replaceAll(/0x[0-9a-f]{9,16}\b/g, "0x…").replaceAll(/ *\b[\d.]+ (?:ns|µs|ms)\b/g, " (time)").replaceAll(/"(time|duration|pid|tid)":\d+/g, "\"$1\":0").replaceAll(/^ +\d+\.\d{6} \[\d\] sh-\d+ */gm, "(when) [0] sh ").replaceAll(/^( {6}\S+)\+0x[0-9a-f]+/gm, "$1").replaceAll(/^\d\d:\d\d:\d\d\.\d+ /gm, "").replaceAll(/first seen at [\d.]+/g, "first seen").replaceAll(/^(#\d+) .*?\[\d\] sh-\d+ +/gm, "$1 ");

/** Says what a trace wrote, and how it ended. */
export async function step(args: readonly string[], act: Act, signal?: NodeJS.Signals): Promise<void> {
  const { status, out, talk } = await traced(args, act, signal);
  say([args, status, plain(out), plain(talk)]);
}
