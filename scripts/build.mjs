// Builds dist/: the command line and the public entries as ES modules that share chunks, and the type declarations.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const root = new URL("..", import.meta.url).pathname;
const { exports: entries } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const sources = Object.values(entries).map(({ default: out }) => out.replace(/^\.\/dist\//, "src/").replace(/\.js$/, ".ts"));

rmSync(`${root}dist`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: ["src/cli/main.ts", ...sources],
  outdir: "dist",
  outbase: "src",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  chunkNames: "chunks/[name]-[hash]",
  // Loaded from node_modules when needed: WebAssembly beside their own files.
  external: ["iced-x86", "xz-decompress", "fzstd", "zod"],
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: "none",
  // Modules of CommonJS within the bundle (commander) ask for Node's own modules.
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
  logLevel: "warning",
});
chmodSync(`${root}dist/cli/main.js`, 0o755);
copyFileSync(`${root}node_modules/commander/LICENSE`, `${root}dist/LICENSE.commander`);
if (process.argv[2] !== "--quick") {
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", `${root}tsconfig.build.json`], { stdio: "inherit" });
}
