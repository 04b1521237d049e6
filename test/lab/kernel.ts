import { execFileSync } from "node:child_process";

/** Release of the kernel that the guest tests boot; fetched into the cache if it is not there. */
export function testKernel(): string {
  return execFileSync("scripts/kernels.sh", process.env["OOPSCOPE_TEST_SUITE"] === undefined ? [] : ["--suite", process.env["OOPSCOPE_TEST_SUITE"]], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
}

/** Processes of `qemu-system-*` whose parent is `parent`, or any parent if null and their command line has `mark`. */
export function guestsOf(parent: number | null, mark = ""): number[] {
  const rows = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).trim().split("\n");
  return rows.flatMap((row) => {
    const [, pid, ppid, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row)!;
    return args!.startsWith("qemu-system-") && args!.includes(mark) && (parent === null || Number(ppid) === parent) ? [Number(pid)] : [];
  });
}

/** Waits until `condition` holds, for at most a minute. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  for (let left = 600; left > 0; left--) {
    if (condition()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`a minute went by without this: ${what}`);
}
