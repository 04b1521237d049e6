import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { decode } from "../../src/decode/index.ts";
import { sourceName } from "../../src/symbolize/index.ts";
import { root } from "../support/cli.ts";
import { debianKernel } from "../support/kernel.ts";
import { addr2line, type PeerFrame } from "../support/peers.ts";

// Every frame of every log of Debian's 6.1, its address worked out here from nm, readelf and the raw text of the log, and asked of addr2line.

const { vmlinux, release } = debianKernel();
const logs = `${root}test/fixtures/logs/`;
const modules = `${root}test/fixtures/modules/${release}`;
const names = readdirSync(logs).filter((name) => name.endsWith(".log") && readFileSync(`${logs}${name}`, "latin1").includes(` ${release} #1`));

type Symbol = { readonly address: bigint; readonly section: string };

/** The functions of a file by name, as readelf lists them. */
function symbolsOf(file: string): Map<string, Symbol[]> {
  const lines = (options: string) => execFileSync("readelf", [options, file], { encoding: "latin1", maxBuffer: 1 << 30 }).split("\n");
  const sections = new Map<string, string>();
  for (const line of lines("-SW")) {
    const [, index, name] = /^\s*\[\s*(\d+)\]\s+(\S+)/.exec(line) ?? [];
    if (index !== undefined) sections.set(index, name!);
  }
  const symbols = new Map<string, Symbol[]>();
  for (const line of lines("-sW")) {
    const [, address, index, name] = /^\s*\d+: ([0-9a-f]+)\s+\S+\s+(?:FUNC|NOTYPE)\s+\S+\s+\S+\s+(\d+) (\S+)$/.exec(line) ?? [];
    if (address === undefined) continue;
    const list = symbols.get(name!) ?? [];
    if (!list.some((one) => one.address === BigInt(`0x${address}`))) list.push({ address: BigInt(`0x${address}`), section: sections.get(index!)! });
    symbols.set(name!, list);
  }
  return symbols;
}

/** Whether a call ends at an address: by objdump. */
function callEndsAt(file: string, section: string, address: bigint): boolean {
  const from = address > 16n ? address - 16n : 0n;
  const text = execFileSync("objdump", ["-d", "-j", section, `--start-address=0x${from.toString(16)}`, `--stop-address=0x${address.toString(16)}`, file], { encoding: "latin1" });
  // Decoding may begin within an instruction: the last one is right after a few.
  return /\tcall/.test(text.trimEnd().split("\n").at(-1)!);
}

type Wanted = { readonly line: number; readonly text: string; readonly file: string; readonly symbol: Symbol; readonly at: bigint };

/** The frames of a log, by its text alone. Which addresses are exact: RIP's, and what repeats it. */
function framesOf(log: string, tables: Map<string, Map<string, Symbol[]>>): Wanted[] {
  const lines = log.split("\n");
  const exact = new Set([...log.matchAll(/RIP: 0010:(\S+(?: \[\w+\])?)/g)].map(([, place]) => place!));
  const wanted: Wanted[] = [];
  for (const [index, line] of lines.entries()) {
    for (const [text, name, offset, size, module] of line.matchAll(/([A-Za-z_][\w.]*)\+0x([0-9a-f]+)\/0x([0-9a-f]+)(?: \[(\w+)\])?/g)) {
      const file = module === undefined ? vmlinux : `${modules}/${module}.ko`;
      const found = tables.get(file)?.get(name!) ?? [];
      // Names that stand for several functions: duplicates.oracle.ts.
      if (found.length !== 1) continue;
      const [symbol] = found as [Symbol];
      const address = symbol.address + BigInt(`0x${offset}`);
      const pointer = offset === size && !callEndsAt(file, symbol.section, address);
      wanted.push({ line: index + 1, text, file, symbol, at: exact.has(text) || pointer || offset === "0" ? address : address - 1n });
    }
  }
  return wanted;
}

test(`every frame of ${names.length} logs of ${release} is what addr2line says of its address`, async () => {
  const tables = new Map([vmlinux, ...readdirSync(modules).map((name) => `${modules}/${name}`)].map((file) => [file, symbolsOf(file)]));
  const asked = new Map<string, { wanted: Wanted; ours: PeerFrame[] }[]>();
  const missing: string[] = [];
  let frames = 0;
  for (const name of names) {
    const log = readFileSync(`${logs}${name}`, "latin1");
    const wanted = framesOf(log, tables);
    const { case: found } = await decode(Buffer.from(log, "latin1"), { vmlinux, modules: [modules], code: "none", basePath: "none" });
    const all = [...found.reports.flatMap(({ stacks }) => stacks.flatMap((stack) => stack.frames)), ...found.loose];
    for (const one of wanted) {
      const frame = all.find(({ logLine, text }) => logLine === one.line && text === one.text);
      frames++;
      if (!frame) missing.push(`${name}:${one.line}: ${one.text}`);
      else {
        const key = one.file === vmlinux ? vmlinux : `${one.file} ${one.symbol.section}`;
        const list = asked.get(key) ?? [];
        list.push({ wanted: one, ours: frame.functions.map((fn) => ({ function: fn.function, file: fn.file, line: fn.line ?? 0, column: null })) });
        asked.set(key, list);
      }
    }
  }
  const different: string[] = [];
  for (const [key, list] of asked) {
    const [file, section] = key.split(" ") as [string, string | undefined];
    for (const [index, theirs] of addr2line(file, list.map(({ wanted }) => wanted.at), section).entries()) {
      const { wanted, ours } = list[index]!;
      const theirsText = theirs.map((fn) => `${sourceName(fn.function ?? "??")} ${fn.file}:${fn.line}`).join(" < ");
      const oursText = ours.map((fn) => `${fn.function} ${fn.file}:${fn.line}`).join(" < ");
      if (theirsText !== oursText) different.push(`${wanted.line}: ${wanted.text}\n- ${theirsText}\n+ ${oursText}`);
    }
  }
  console.log(`${frames} frames compared`);
  expect({ missing, different }).toEqual({ missing: [], different: [] });
  expect(frames).toBeGreaterThan(500);
});
