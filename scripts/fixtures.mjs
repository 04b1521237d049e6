// Runs scripts/fixtures.ts (see there), with the kernel from the cache: `node scripts/fixtures.mjs [--kernel RELEASE] [--jobs N] [SCENARIO...]`.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

if (!process.argv.includes("--kernel")) {
  const release = execFileSync("scripts/kernels.sh", { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  process.argv.splice(2, 0, "--kernel", release);
}
const folder = "node_modules/.cache";
const outfile = `${folder}/fixtures-${process.pid}.mjs`;
mkdirSync(folder, { recursive: true });
try {
  await build({ entryPoints: ["scripts/fixtures.ts"], outfile, bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "warning" });
  await import(pathToFileURL(outfile).href);
} finally {
  rmSync(outfile, { force: true });
}
