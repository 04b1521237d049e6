// Builds dist/: the public entries as ES modules that share chunks, the command line, and the type declarations (not with --quick).
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, readFileSync, rmSync } from "node:fs";
import { build } from "esbuild";

const root = new URL("..", import.meta.url).pathname;
const { exports: entries } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const sources = Object.values(entries).map(({ default: out }) => out.replace(/^\.\/dist\//, "src/").replace(/\.js$/, ".ts"));

const common = {
  absWorkingDir: root,
  outdir: "dist",
  outbase: "src",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  // Loaded from node_modules when needed: WebAssembly beside their own files.
  external: ["iced-x86", "xz-decompress", "fzstd"],
  minify: true,
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "none",
  logLevel: "warning",
};

rmSync(`${root}dist`, { recursive: true, force: true });
await build({ ...common, entryPoints: sources, chunkNames: "chunks/[name]-[hash]" });
// The command line on its own: split only where it loads something later, since every file that a start reads costs a millisecond.
await build({
  ...common,
  entryPoints: ["src/cli/main.ts"],
  chunkNames: "cli/[name]-[hash]",
  // Modules of CommonJS within the bundle (commander) ask for Node's own modules.
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
});
chmodSync(`${root}dist/cli/main.js`, 0o755);
copyFileSync(`${root}node_modules/commander/LICENSE`, `${root}dist/LICENSE.commander`);
if (process.argv[2] !== "--quick") execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", `${root}tsconfig.build.json`], { stdio: "inherit" });
