// Builds dist/: the public entries as ES modules that share chunks, the command line, and the type declarations (not with --quick).
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { build, transformSync } from "esbuild";
import { throughDoors } from "./doors.mjs";
import { smallEngine, smallGlue } from "./iced.mjs";
import { packed } from "./pieces.mjs";

const root = new URL("..", import.meta.url).pathname;
const { exports: entries } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
// What worker threads begin with is a file of its own.
const threads = ["src/guard/reader-thread.ts", "src/bpf/ring-thread.ts"];
const sources = Object.values(entries).map(({ default: out }) => out.replace(/^\.\/dist\//, "src/").replace(/\.js$/, ".ts"));

/** commander asks for child_process at once, for commands that are programs of their own: it has none here. */
const later = {
  name: "later",
  setup(build) {
    build.onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) => (importer.includes("/commander/") ? { path, namespace: "later" } : undefined));
    build.onLoad({ filter: /.*/, namespace: "later" }, () => ({ contents: "export const spawn = null; export default { spawn };" }));
  },
};

/** Node's own brings more than the one function that is used. */
const v8 = { name: "v8", setup: (build) => build.onResolve({ filter: /^node:v8$/ }, () => ({ path: `${root}src/cli/v8.ts` })) };

const glue = {
  name: "glue",
  setup(build) {
    build.onLoad({ filter: /src\/disasm\/x86\/iced\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const contents = text.replace('(import.meta.filename)("iced-x86")', '(import.meta.filename)("./iced.cjs")');
      if (contents === text) throw new Error(`${path} does not load iced-x86`);
      return { contents, loader: "ts" };
    });
  },
};

const doors = {
  name: "doors",
  setup(build) {
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({ contents: throughDoors(path, readFileSync(path, "utf8")), loader: "ts" }));
  },
};

/** What looks after compiled code is one file, in which the command line's start and its pieces meet. */
const apart = ["code-cache.cjs"];
/** Files by the commands that need all of what is in them. */
const packs = [["program", "program"], ["files", "decode", "btf-dump"], ["files", "decode", "bpf-run"], ["decode", "decode"], ["types", "btf-dump", "bpf-run"], ["bpf", "bpf-run", "trace"], ["bpf-run", "bpf-run"], ["trace", "trace"], ["dwarf", "dwarf"]];
const codeCache = { name: "code-cache", setup: (build) => build.onResolve({ filter: /\/code-cache\.ts$/ }, ({ kind }) => (kind === "entry-point" ? undefined : { path: "./code-cache.cjs", external: true })) };

const common = {
  absWorkingDir: root,
  outdir: "dist",
  outbase: "src",
  bundle: true,
  platform: "node",
  target: "node20.19",
  // Loaded from node_modules when needed: WebAssembly beside their own files.
  external: ["iced-x86", "xz-decompress", "fzstd", "koffi"],
  minify: true,
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "none",
  logLevel: "warning",
};

rmSync(`${root}dist`, { recursive: true, force: true });
await build({ ...common, entryPoints: [...sources, ...threads], plugins: [doors], splitting: true, format: "esm", chunkNames: "chunks/[name]-[hash]" });
// The command line is CommonJS: Node's loader of ES modules costs a fifth of an empty start. esbuild splits only ES modules into what each command needs,
// so they are split first and turned into CommonJS then, piece by piece. What is loaded later in the sources is loaded later here.
const { outputFiles } = await build({
  ...common,
  entryPoints: ["src/cli/main.ts"],
  format: "esm",
  splitting: true,
  chunkNames: "cli/[name]-[hash]",
  outExtension: { ".js": ".cjs" },
  plugins: [later, v8, glue, codeCache, doors],
  define: { "import.meta.filename": "__filename", "import.meta.dirname": "__dirname" },
  sourcemap: false,
  write: false,
});
mkdirSync(`${root}dist/cli`, { recursive: true });
const pieces = new Map(outputFiles.map(({ path, text }) => {
  const { code } = transformSync(text.replace(/^#!.*\n/, ""), { format: "cjs", minify: true, platform: "node", target: common.target, supported: { "dynamic-import": false } });
  return [basename(path), code.replace(/^"use strict";/, "")];
}));
// What starts it takes nothing of the pieces with it: they are loaded when there is a place for their compiled code.
const program = [...pieces.keys()].find((name) => /^program-[A-Z0-9]{8}\.cjs$/.test(name));
const toProgram = { name: "program", setup: (build) => build.onResolve({ filter: /^\.\/program\.ts$/ }, () => ({ path: `./${program}`, external: true })) };
for (const [name, plugins, define] of [["code-cache", [], { __build: JSON.stringify(createHash("sha256").update([...pieces.values()].join("\0")).digest("hex").slice(0, 16)) }], ["main", [codeCache, toProgram], {}]]) {
  const { outputFiles: [file] } = await build({ ...common, entryPoints: [`src/cli/${name}.ts`], format: "cjs", plugins, define: { ...define, "import.meta.dirname": "__dirname" }, supported: { "dynamic-import": false }, sourcemap: false, write: false });
  pieces.set(`${name}.cjs`, file.text.replace(/^#!.*\n/, "").replace(/^"use strict";/, ""));
}
for (const [name, text] of packed(pieces, packs, apart)) {
  // src/cli/code-cache.ts reads them as such.
  if (!/^[\0-\x7f]*$/.test(text)) throw new Error(`${name} is not ASCII`);
  writeFileSync(`${root}dist/cli/${name}`, `${name === "main.cjs" ? "#!/usr/bin/env node\n" : ""}"use strict";${text}`);
}
const icedGlue = smallGlue(`${root}node_modules/iced-x86/iced_x86.js`, `${root}src/disasm`);
writeFileSync(`${root}dist/cli/iced.cjs`, icedGlue);
writeFileSync(`${root}dist/cli/iced.wasm`, smallEngine(`${root}node_modules/iced-x86/iced_x86_bg.wasm`, icedGlue));
chmodSync(`${root}dist/cli/main.cjs`, 0o755);
copyFileSync(`${root}node_modules/iced-x86/LICENSE.txt`, `${root}dist/LICENSE.iced-x86`);
for (const name of ["commander", "zod"]) copyFileSync(`${root}node_modules/${name}/LICENSE`, `${root}dist/LICENSE.${name}`);
buildPrograms();
if (process.argv[2] !== "--quick") execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", `${root}tsconfig.build.json`], { stdio: "inherit" });

/** The BPF programs of programs/, each also for kernels without bpf_loop. Without clang the rest is whole, and what needs them says that they are not there. */
function buildPrograms() {
  const names = { x64: ["x86", "x86_64-linux-gnu"], arm64: ["arm64", "aarch64-linux-gnu"] };
  const [arch, headers] = names[process.arch] ?? [];
  const has = (program) => spawnSync(program, ["--version"]).status === 0;
  if (arch === undefined || !has("clang") || !existsSync("/usr/include/bpf/bpf_helpers.h")) {
    process.stderr.write("build: no clang or no libbpf headers (on Debian: clang, libbpf-dev): dist/programs is left out, and `oopscope guard` will not work\n");
    return;
  }
  mkdirSync(`${root}dist/programs`, { recursive: true });
  // The lines of the source are in the BTF; what else clang writes of them is three quarters of the file.
  const strip = ["llvm-strip", "llvm-strip-14"].find(has);
  for (const [out, flags] of [["guard.bpf.o", []], ["guard-noloop.bpf.o", ["-DNO_LOOP"]]]) {
    const file = `${root}dist/programs/${out}`;
    execFileSync("clang", ["--target=bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Werror", `-D__TARGET_ARCH_${arch}`, "-idirafter", `/usr/include/${headers}`, ...flags, "-c", `${root}programs/guard.bpf.c`, "-o", file], { stdio: ["ignore", "inherit", "inherit"] });
    if (strip !== undefined) execFileSync(strip, ["-g", file]);
  }
}
