// Prints how the verdicts on the lab's logs stand against the truth, as Markdown: `node scripts/verdicts.mjs`. See scripts/verdicts.ts.
import { mkdirSync, rmSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const folder = "node_modules/.cache";
const outfile = `${folder}/verdicts-${process.pid}.mjs`;
mkdirSync(folder, { recursive: true });
try {
  await build({ entryPoints: ["scripts/verdicts.ts"], outfile, bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "warning" });
  await import(pathToFileURL(outfile).href);
} finally {
  rmSync(outfile, { force: true });
}
