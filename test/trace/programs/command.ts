import { spawn } from "node:child_process";
import { say } from "./watch.ts";

/** The command line of the build: the program's first argument. */
export const cli = process.argv[2]!;

export type Said = { readonly status: number | null; readonly out: string; readonly talk: string };

/** Starts the command, acts when it is attached, and ends it by a signal. */
export async function traced(args: readonly string[], act: () => void | Promise<void>, signal: NodeJS.Signals = "SIGINT"): Promise<Said> {
  const child = spawn(process.execPath, [cli, "trace", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, talk] = ["", ""];
  child.stdout.on("data", (part: Buffer) => (out += part.toString()));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const attached = new Promise<void>((resolve) => {
    child.stderr.on("data", (part: Buffer) => {
      talk += part.toString();
      if (talk.includes("attached")) resolve();
    });
  });
  await Promise.race([attached, ended]);
  if (child.exitCode === null) {
    await act();
    await new Promise((done) => setTimeout(done, 1500));
    child.kill(signal);
  }
  return { status: await ended, out, talk };
}

/** Without what differs from run to run. */
export const plain = (text: string): string =>
  text.replaceAll(/0x[0-9a-f]{9,16}\b/g, "0x…").replaceAll(/ *\b[\d.]+ (?:ns|µs|ms)\b/g, " (time)").replaceAll(/"(time|duration|pid|tid)":\d+/g, "\"$1\":0").replaceAll(/^ +\d+\.\d{6} \[\d\] sh-\d+ */gm, "(when) [0] sh ").replaceAll(/^( {6}\S+)\+0x[0-9a-f]+/gm, "$1").replaceAll(/^\d\d:\d\d:\d\d\.\d+ /gm, "").replaceAll(/first seen at [\d.]+/g, "first seen").replaceAll(/^(#\d+) .*?\[\d\] sh-\d+ +/gm, "$1 ");

/** Says what a trace wrote, and how it ended. */
export async function step(args: readonly string[], act: () => void | Promise<void>, signal?: NodeJS.Signals): Promise<void> {
  const { status, out, talk } = await traced(args, act, signal);
  say([args, status, plain(out), plain(talk)]);
}
