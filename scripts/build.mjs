// Builds dist/: the public entries as ES modules that share chunks, the command line, and the type declarations (not with --quick).
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { smallGlue } from "./iced.mjs";

const root = new URL("..", import.meta.url).pathname;
const { exports: entries } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const sources = Object.values(entries).map(({ default: out }) => out.replace(/^\.\/dist\//, "src/").replace(/\.js$/, ".ts"));

/**
 * Node's own modules as they are: an `import` of node:fs asks for each of its exports, and some of them load half of Node. commander asks for child_process
 * at once, for commands that are programs of their own; it has none here.
 */
const builtins = {
  name: "builtins",
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "builtin" }));
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => {
      const module = `process.getBuiltinModule(${JSON.stringify(path)})`;
      // Getters, not a proxy: esbuild copies the names that a module has.
      const later = () => Object.keys(process.getBuiltinModule(path)).map((name) => `get ${name}() { return ${module}.${name}; }`);
      return { contents: path === "node:child_process" ? `module.exports = { ${later().join(", ")} };` : `module.exports = ${module};` };
    });
  },
};

const glue = {
  name: "glue",
  setup(build) {
    build.onLoad({ filter: /src\/disasm\/x86\/iced\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const contents = text.replace('(import.meta.url)("iced-x86")', '(import.meta.url)("./iced.cjs")');
      if (contents === text) throw new Error(`${path} does not load iced-x86`);
      return { contents, loader: "ts" };
    });
  },
};

const common = {
  absWorkingDir: root,
  outdir: "dist",
  outbase: "src",
  bundle: true,
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
await build({ ...common, entryPoints: sources, splitting: true, format: "esm", chunkNames: "chunks/[name]-[hash]" });
// The command line is one CommonJS file: Node's loader of ES modules and each file more cost a start of 50 ms ten of them. What is loaded later in the
// sources is still run later here.
await build({
  ...common,
  entryPoints: ["src/cli/main.ts"],
  format: "cjs",
  outExtension: { ".js": ".cjs" },
  plugins: [builtins, glue],
  define: { "import.meta.url": "__url", "import.meta.dirname": "__dirname" },
  banner: { js: 'const __url = process.getBuiltinModule("node:url").pathToFileURL(__filename).href;' },
});
writeFileSync(`${root}dist/cli/iced.cjs`, smallGlue(`${root}node_modules/iced-x86/iced_x86.js`));
chmodSync(`${root}dist/cli/main.cjs`, 0o755);
copyFileSync(`${root}node_modules/commander/LICENSE`, `${root}dist/LICENSE.commander`);
if (process.argv[2] !== "--quick") execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", `${root}tsconfig.build.json`], { stdio: "inherit" });
