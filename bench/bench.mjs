// Prints the comparison with the peers as Markdown: `make bench`. Ratios of one run count, not milliseconds.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { openElf } from "../dist/elf/index.js";
import { writeLongLog } from "./long-log.mjs";
import { measure, table } from "./measure.mjs";
import { writeMachine } from "./machine.mjs";
import { benchPanic } from "./panic.mjs";

const root = new URL("..", import.meta.url).pathname;
const cache = process.env.OOPSCOPE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "oopscope");
const release = readdirSync(join(cache, "kernels")).filter((name) => /^6\.1\..*-amd64$/.test(name)).sort().at(-1);
const debug = join(cache, "kernels", release, "usr/lib/debug");
const vmlinux = join(debug, "boot", `vmlinux-${release}`);
const kernel = join(debug, "lib/modules", release, "kernel");
const seed = Number(process.env.OOPSCOPE_SEED ?? Date.now() % 1_000_000_000);
const rounds = Number(process.env.OOPSCOPE_ROUNDS ?? 11);
let state = seed;
const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 0x1_0000_0000;

const work = mkdtempSync(join(tmpdir(), "oopscope-bench-"));
const has = (tool) => {
  try {
    execFileSync("sh", ["-c", `command -v ${tool}`]);
    return true;
  } catch {
    return false;
  }
};
const main = `${root}dist/cli/main.cjs`;
const node = process.execPath;

console.log(`## ${new Date().toISOString().slice(0, 10)}: ${cpus()[0].model}, ${cpus().length} processors, Node ${process.versions.node}, kernel ${release}, seed ${seed}, medians of ${rounds} rounds\n`);

const modules = [
  ["nf_conntrack", "net/netfilter/nf_conntrack.ko"],
  ["nf_tables", "net/netfilter/nf_tables.ko"],
  ["bridge", "net/bridge/bridge.ko"],
  ["veth", "drivers/net/veth.ko"],
].map(([name, path]) => ({ name, path: join(kernel, path) }));
const panic = await benchPanic(root, vmlinux, modules, random);
writeFileSync(join(work, "panic.log"), panic.log);
const files = ["--vmlinux", vmlinux, ...modules.flatMap(({ path }) => ["--modules", path])];
const hex = (address) => `0x${address.toString(16)}`;

/** No compiled code from an earlier run either. */
const anew = { NODE_DISABLE_COMPILE_CACHE: "1" };
const decoding = [
  { name: "llvm-symbolizer, one process", command: "llvm-symbolizer", args: ["-i", "-f"], input: panic.perFile.flatMap(({ file, addresses }) => addresses.map((address) => `"${file}" ${hex(address)}\n`)).join("") },
  { name: "oopscope decode --no-code", command: node, args: [main, "decode", "-q", "--no-code", ...files, join(work, "panic.log")], status: [0, 3], env: anew },
  { name: "oopscope decode", command: node, args: [main, "decode", "-q", ...files, join(work, "panic.log")], status: [0, 3], env: anew },
  { name: "addr2line, five processes", command: "sh", args: ["-c", panic.perFile.map(({ file, section, addresses }) => `addr2line -fi ${section === undefined ? "" : "-j .text "}-e ${file} ${addresses.map(hex).join(" ")}`).join("; ")] },
];
if (has("llvm-symbolizer")) console.log(table("A panic of 30 frames, vmlinux and four modules, nothing of ours cached", decoding, measure(decoding, rounds), { "oopscope decode --no-code": "≤ 1.3, ≤ 150 MB", "oopscope decode": "≤ 1.75" }));

const script = execFileSync(`${root}scripts/peers.sh`, { encoding: "utf8" }).trim();
if (existsSync(script)) {
  const scripted = [
    { name: "oopscope decode", command: node, args: [main, "decode", "-q", ...files, join(work, "panic.log")], status: [0, 3], env: anew },
    { name: "decode_stacktrace.sh", command: "bash", args: [script, vmlinux, "auto", kernel], input: panic.log },
  ];
  const results = measure(scripted, Math.max(1, Math.round(rounds / 5)));
  console.log(table("The same panic with the kernel's script", scripted, results, { "decode_stacktrace.sh": `${(results[1].cpu / results[0].cpu).toFixed(0)} × our CPU; owed: ≥ 40` }));
}

const elf = await openElf(vmlinux);
const text = elf.section(".text");
const many = Array.from({ length: 20_000 }, () => hex(elf.addressOf(Math.floor(random() * text.size)))).join("\n");
elf.close();
const bulk = [
  { name: "llvm-symbolizer", command: "llvm-symbolizer", args: ["-i", "-f", "-e", vmlinux], input: many },
  { name: "oopscope symbolize", command: node, args: [main, "symbolize", "-q", "--vmlinux", vmlinux, "-"], input: many, status: [0, 3] },
];
console.log(table("20,000 random addresses of vmlinux", bulk, measure(bulk, Math.max(1, Math.round(rounds / 3))), { "oopscope symbolize": "≤ 1, ≤ 400 MB" }));

const { openBtf } = await import("../dist/btf/index.js");
const types = (await openBtf(vmlinux)).btf;
const typesFile = join(work, "vmlinux.btf");
writeFileSync(typesFile, types.bytes);
const ask = `import(${JSON.stringify(`file://${root}dist/btf/index.js`)}).then(async ({ openBtf, prototypeText }) => { const { btf } = await openBtf(${JSON.stringify(typesFile)}); console.log(prototypeText(btf, btf.find("tcp_sendmsg", "func"))); })`;
// Both write to a file: through a pipe bpftool, which writes line by line, waits for who reads.
const typing = [
  { name: "node -e 0", command: node, args: ["-e", "0"] },
  { name: "one prototype, by the library", command: node, args: ["-e", ask] },
  ...(has("bpftool") ? [{ name: "bpftool btf dump file … format c", command: "sh", args: ["-c", `exec bpftool btf dump file ${typesFile} format c > ${join(work, "header.h")}`] }] : []),
  { name: "oopscope btf dump", command: "sh", args: ["-c", `exec ${node} ${main} btf dump -q ${typesFile} > ${join(work, "header.h")}`] },
];
const typed = measure(typing, rounds * 2);
console.log(table(`BTF of vmlinux: ${types.endId - 1} types, ${(types.bytes.length / 1e6).toFixed(1)} MB`, typing, typed, {
  "one prototype, by the library": `${(typed[1].wall - typed[0].wall).toFixed(0)} ms beyond Node's start; owed: ≤ 30`,
  ...(typed.length === 4 ? { "oopscope btf dump": `${(typed[3].wall / typed[2].wall).toFixed(2)} × bpftool; owed: ≤ 1.5` } : {}),
}));

const gsymutil = ["llvm-gsymutil", "llvm-gsymutil-14"].find(has);
const symbols = join(work, "symbols");
const needed = join(work, "needed");
const example = join(root, "examples/null-chain/panic.log");
const packing = [
  ...(gsymutil ? [{ name: `${gsymutil} --convert`, command: gsymutil, args: ["--quiet", "--convert", vmlinux, "--out-file", join(work, "llvm.gsym")] }, { name: `${gsymutil} --convert --num-threads=1`, command: gsymutil, args: ["--quiet", "--num-threads=1", "--convert", vmlinux, "--out-file", join(work, "llvm1.gsym")] }] : []),
  { name: "oopscope symbols pack", command: node, args: [main, "symbols", "pack", "-q", vmlinux, join(root, "examples/null-chain/null_chain.ko"), "-o", symbols] },
  { name: "oopscope symbols pack --for LOG", command: node, args: [main, "symbols", "pack", "-q", "--for", example, vmlinux, join(root, "examples/null-chain/null_chain.ko"), "-o", needed] },
];
console.log(table("GSYM of the whole vmlinux", packing, measure(packing, Math.max(1, Math.round(rounds / 3))), { "oopscope symbols pack": "≤ 2" }));
const sizes = (folder) => readdirSync(folder).filter((name) => name.startsWith("vmlinux")).map((name) => `${name}: ${(statSync(join(folder, name)).size / 1e6).toFixed(2)} MB (${((100 * statSync(join(folder, name)).size) / statSync(vmlinux).size).toFixed(2)}%)`);
console.log(`Sizes, of a vmlinux of ${(statSync(vmlinux).size / 1e6).toFixed(0)} MB (owed: ≤ 6%)\n\n${[...(gsymutil ? [`${gsymutil}: ${(statSync(join(work, "llvm.gsym")).size / 1e6).toFixed(2)} MB`] : []), ...sizes(symbols), ...sizes(needed).map((one) => `for one log: ${one}`)].map((line) => `- ${line}`).join("\n")}\n`);
const packed = [
  { name: "node -e 0", command: node, args: ["-e", "0"] },
  { name: "decode --no-code, no symbols", command: node, args: [main, "decode", "-q", "--no-code", "--release", "0", example], status: [0, 3] },
  { name: "decode --no-code, packed for the log", command: node, args: [main, "decode", "-q", "--no-code", "--symbols", needed, example] },
  { name: "decode --no-code, whole vmlinux packed", command: node, args: [main, "decode", "-q", "--no-code", "--symbols", symbols, example] },
  { name: "decode, packed for the log", command: node, args: [main, "decode", "-q", "--symbols", needed, example] },
  { name: "decode, whole vmlinux packed", command: node, args: [main, "decode", "-q", "--symbols", symbols, example] },
];
const fast = "≤ 1.3, and 30 ms";
console.log(table("Decoding from GSYM", packed, measure(packed, rounds * 2), { "decode --no-code, packed for the log": fast, "decode --no-code, whole vmlinux packed": fast }));

writeFileSync(join(work, "short.log"), panic.log.split("\n").slice(0, 30).join("\n"));
const starts = [
  { name: "node -e 0", command: node, args: ["-e", "0"] },
  { name: "oopscope --version", command: node, args: [main, "--version"] },
  { name: "oopscope --help", command: node, args: [main, "--help"] },
  { name: "decode of 30 lines without symbols", command: node, args: [main, "decode", "-q", "--no-code", "--release", "0", join(work, "short.log")], status: [0, 3] },
  { name: "the same, compiled anew", command: node, args: [main, "decode", "-q", "--no-code", "--release", "0", join(work, "short.log")], status: [0, 3], env: anew },
];
console.log(table("Start-up", starts, measure(starts, rounds * 2), { "oopscope --version": "≤ 1.3", "oopscope --help": "≤ 1.5", "decode of 30 lines without symbols": "≤ 1.6" }));

const fixtures = `${root}test/fixtures/logs/`;
const crashes = readdirSync(fixtures).filter((name) => name.endsWith(".log")).map((name) => readFileSync(fixtures + name));
const thousand = join(work, "thousand.log");
writeFileSync(thousand, Buffer.concat(Array.from({ length: 9 }, () => crashes).flat()));
const { decode } = await import("../dist/index.js");
const reports = (await decode(readFileSync(thousand), { root: null, code: "none" })).case.reports.length;
const explaining = [
  { name: "oopscope decode", command: node, args: [main, "decode", "-q", "--release", "0", "--format", "json", thousand], status: [0, 3] },
  { name: "oopscope explain", command: node, args: [main, "explain", "-q", "--release", "0", "--format", "json", thousand], status: [0, 3] },
  { name: "decode of the panic above", command: node, args: [main, "decode", "-q", "--format", "json", ...files, join(work, "panic.log")], status: [0, 3] },
  { name: "explain of the panic above", command: node, args: [main, "explain", "-q", "--format", "json", ...files, join(work, "panic.log")], status: [0, 3] },
];
const explained = measure(explaining, Math.max(1, Math.round(rounds / 3)));
console.log(table(`A log of ${reports} reports, without debug files`, explaining, explained, { "oopscope explain": `${((reports / explained[1].wall) * 1000).toFixed(0)} reports/s; owed: ≥ 500/s`, "explain of the panic above": `${(explained[3].wall / explained[2].wall).toFixed(2)} × decode; owed: ≤ 1.5, ≤ 200 MB` }));

// A machine of 100,000 symbols: those of vmlinux, with ftrace's sites as the kernel has them before it prunes them, and modules for the rest.
const machine = join(work, "machine");
const counted = writeMachine(machine, await openElf(vmlinux), join(debug, "boot", `System.map-${release}`), release, 100_000);
const listing = [
  { name: "node -e 0", command: node, args: ["-e", "0"] },
  { name: "oopscope functions", command: "sh", args: ["-c", `OOPSCOPE_ROOT=${machine} exec ${node} ${main} functions -q > /dev/null`] },
  { name: "oopscope functions --format json", command: "sh", args: ["-c", `OOPSCOPE_ROOT=${machine} exec ${node} ${main} functions -q --format json > /dev/null`] },
  { name: "oopscope functions 'tcp_*'", command: "sh", args: ["-c", `OOPSCOPE_ROOT=${machine} exec ${node} ${main} functions -q 'tcp_*' > /dev/null`] },
];
console.log(table(`What can be traced, of ${counted.symbols} symbols, ${counted.functions} of them functions`, listing, measure(listing, rounds), { "oopscope functions": "≤ 0.5 s" }));

const size = 1e9;
const long = join(work, "long.log");
writeLongLog(long, size, 1000, `${root}test/oops/logs/article.log`);
const reading = [
  { name: "grep -c +0x", command: "grep", args: ["-c", "+0x", long] },
  { name: "oopscope decode", command: "sh", args: ["-c", `exec ${node} ${main} decode -q --release 0 ${long} > /dev/null`], status: [3] },
];
const read = measure(reading, Math.max(1, Math.round(rounds / 5)));
console.log(table("A log of 1 GB with 1,000 reports to text, without symbol files", reading, read, { "oopscope decode": `${(size / 1e3 / read[1].wall).toFixed(0)} MB/s; owed: ≥ 100 MB/s, ≤ 250 MB` }));
rmSync(work, { recursive: true });
