import { defineConfig } from "vitest/config";

// unit: the inner loop, no guest, no debug package. package: the built package, its public API and its command line.
// (OOPSCOPE_BRIEF leaves the random ones and lint out: scripts/nodes.sh.)
// oracle: against the peers on a real vmlinux. guest: boots QEMU. `make test` runs all four.
const project = (name: string, include: string[], testTimeout: number, left: string[] = []) =>
  ({ extends: true as const, test: { name, include, testTimeout, hookTimeout: testTimeout, exclude: ["node_modules/**", "dist/**", ...left] } });

export default defineConfig({
  test: {
    projects: [
      project("unit", ["test/**/*.test.ts"], 30_000, process.env["OOPSCOPE_BRIEF"] ? ["test/**/fuzz.test.ts", "test/lint/**"] : []),
      project("package", ["test/**/*.package.ts"], 120_000),
      project("oracle", ["test/**/*.oracle.ts"], 600_000),
      project("guest", ["test/**/*.guest.ts"], 300_000),
    ],
  },
});
