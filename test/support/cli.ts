import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs the built command line, in the root of the checkout. */
export function oopscope(args: readonly string[], input: string | Uint8Array = ""): { status: number | null; stdout: string; stderr: string; bytes: Buffer } {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [`${root}dist/cli/main.cjs`, ...args], { cwd: root, input, timeout: 120_000, maxBuffer: 1 << 28, env: { ...process.env, NO_COLOR: "1" } });
  if (error) throw error;
  return { status, stdout: stdout.toString("utf8"), stderr: stderr.toString("utf8"), bytes: stdout };
}
