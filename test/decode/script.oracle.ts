import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { oopscope, root } from "../support/cli.ts";
import { debianKernel } from "../support/kernel.ts";

const script = execFileSync(`${root}scripts/peers.sh`, { encoding: "utf8" }).trim();
const { vmlinux } = debianKernel();

/** Lines where the script is wrong, and what it does there. Everything else must be the same, byte for byte. */
function scriptIsWrong(theirs: string): string | null {
  // It lets addr2line say that it knows nothing, and prints that as a place.
  if (/ \(\?\?:\?\) /.test(theirs)) return "nothing as a place";
  // It looks modules' symbols up without regard to their section, and gives up on symbols that nm lists with another letter.
  if (/\+0x[0-9a-f]+\/0x[0-9a-f]+ /.test(theirs)) return "left as it was";
  return null;
}

/** With debuginfod at hand the script looks for a build id in the line that names the task, and forgets to print it. */
const losesTask = spawnSync("sh", ["-c", "command -v debuginfod-find"]).status === 0;

test.each(["null-chain", "skb-double-free", "kmalloc-double-free"])("called as decode_stacktrace.sh on %s: its exact form", (name) => {
  const log = readFileSync(`${root}test/fixtures/logs/${name}.log`);
  const modules = `${root}test/fixtures/modules`;
  const theirs = spawnSync("bash", [script, vmlinux, "auto", modules], { input: log, maxBuffer: 1 << 26 }).stdout.toString("latin1").split("\n");
  // The script looks return addresses up as they are printed.
  const ours = oopscope(["decode", "--return-addresses", vmlinux, "auto", modules], log).bytes.toString("latin1").split("\n").filter((line) => !(losesTask && /PID: \d+ Comm: /.test(line)));
  expect(ours.length).toBe(theirs.length);
  const different: string[] = [];
  const excused: string[] = [];
  for (const [index, line] of theirs.entries()) {
    if (line === ours[index]) continue;
    // A pointer to the start of a function that happens to follow another: the script names the one before it.
    const pointer = /^(.* \? )(\S+) (\(\S+\)) $/.exec(line)?.[3];
    const why = scriptIsWrong(line) ?? (pointer !== undefined && ours[index]!.includes(` ${pointer} `) ? "pointer to a start" : null);
    if (why === null) different.push(`- ${line}`, `+ ${ours[index]}`);
    else excused.push(`${why}: ${line}`);
  }
  expect(different).toEqual([]);
  expect(theirs.filter((line) => /\(\S+:\d+/.test(line)).length).toBeGreaterThan(excused.length * 3);
});
