// The arrows of the house (ARCHITECTURE.md): for each folder of src/, the folders it may import. Anything else is an error.
const arrows = {
  base: [],
  case: ["base"],
  elf: ["base"],
  dwarf: ["base", "elf"],
  gsym: ["base", "elf"],
  btf: ["base", "elf"],
  symbolize: ["base", "elf", "dwarf", "gsym"],
  kernel: ["base", "elf"],
  disasm: ["base"],
  oops: ["base"],
  decode: ["base", "case", "elf", "disasm", "oops", "kernel", "symbolize"],
  explain: ["base", "case", "elf", "dwarf", "disasm", "symbolize", "kernel", "oops", "source"],
  source: ["base"],
  render: ["base", "case"],
  system: ["base", "elf", "btf", "kernel"],
  fetch: ["base", "elf", "kernel", "system"],
  bpf: ["base", "elf", "btf", "system"],
  probe: ["base", "elf", "dwarf", "btf", "kernel", "system"],
  guard: ["base", "elf", "btf", "kernel", "system", "probe", "bpf"],
  doctor: ["base", "kernel", "system"],
  trace: ["base", "case", "elf", "btf", "dwarf", "gsym", "symbolize", "kernel", "system", "probe", "bpf", "render"],
  lab: ["base", "elf", "kernel", "case", "decode", "render", "system"],
  cli: ["base", "case", "elf", "dwarf", "gsym", "btf", "symbolize", "kernel", "disasm", "oops", "decode", "explain", "source", "render", "system", "fetch", "bpf", "probe", "trace", "guard", "doctor", "lab"],
};
const folders = Object.keys(arrows);
const pure = ["base", "case", "elf", "dwarf", "gsym", "btf", "symbolize", "kernel", "disasm", "oops", "decode", "explain", "source", "render"];

module.exports = {
  forbidden: [
    ...folders.map((from) => ({
      name: `arrows-of-${from}`,
      severity: "error",
      from: { path: `^src/${from}/` },
      to: { path: "^src/", pathNot: [`^src/(${[from, ...arrows[from]].join("|")})/`, ...(from === "cli" ? ["^src/[^/]+[.]ts$"] : [])] },
    })),
    {
      name: "one-door",
      comment: "A folder is entered through its index.ts (or types.ts for types alone).",
      severity: "error",
      from: { path: "^src/([^/]+)/" },
      to: { path: "^src/([^/]+)/(?!index[.]ts$)", pathNot: "^src/$1/" },
    },
    { name: "known-folders", severity: "error", from: { path: "^src/", pathNot: [`^src/(${folders.join("|")})/`, "^src/[^/]+[.]ts$"] }, to: {} },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "pure-stays-pure",
      comment: "Pure folders touch no processes, sockets or the kernel.",
      severity: "error",
      from: { path: `^src/(${pure.join("|")})/` },
      to: { dependencyTypes: ["core"], path: "^(node:)?(child_process|net|http|https|http2|dgram|tls|dns|cluster|worker_threads|os)$" },
    },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    { name: "no-dev-in-src", severity: "error", from: { path: "^src/" }, to: { dependencyTypes: ["npm-dev"], pathNot: "node_modules/(commander|zod|@types)/" } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
