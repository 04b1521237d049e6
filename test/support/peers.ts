import { execFileSync } from "node:child_process";
import { sourceName, type ResolvedPlace } from "../../src/symbolize/index.ts";

/** What a tool says of one address: innermost inlined function first. `file` null and `function` null are the tool's `??`. */
export type PeerFrame = { readonly function: string | null; readonly file: string | null; readonly line: number; /** Null where the tool prints none. */ readonly column: number | null };

const run = (program: string, options: readonly string[], addresses: readonly bigint[]): string =>
  execFileSync(program, options, { input: addresses.map((address) => `0x${address.toString(16)}\n`).join(""), encoding: "latin1", maxBuffer: 1 << 30, stdio: ["pipe", "pipe", "pipe"] });

/** llvm-symbolizer, in JSON: a line for each address. */
export function llvmSymbolizer(file: string, addresses: readonly bigint[]): PeerFrame[][] {
  const lines = run("llvm-symbolizer", ["-e", file, "--output-style=JSON"], addresses).trimEnd().split("\n");
  if (lines.length !== addresses.length) throw new Error(`llvm-symbolizer answered ${lines.length} of ${addresses.length} addresses of ${file}`);
  return lines.map((line) => {
    const { Symbol: symbols } = JSON.parse(line) as { Symbol: { FunctionName: string; FileName: string; Line: number; Column: number }[] };
    return symbols.map(({ FunctionName: name, FileName: path, Line: lineNumber, Column: column }) => ({ function: name === "" ? null : name, file: path === "" ? null : path, line: lineNumber, column }));
  });
}

/** addr2line; with a section its addresses count from the section's start. */
export function addr2line(file: string, addresses: readonly bigint[], section?: string): PeerFrame[][] {
  const text = run("addr2line", [...(section === undefined ? [] : ["-j", section]), "-afi", "-e", file], addresses);
  const blocks = text.split(/^0x[0-9a-f]+\n/m).slice(1);
  if (blocks.length !== addresses.length) throw new Error(`addr2line answered ${blocks.length} of ${addresses.length} addresses of ${file}`);
  return blocks.map((block) => framesOf(block.trimEnd().split("\n"), /^(.*):(\d+|\?)(?: \(discriminator \d+\))?$/));
}

function framesOf(lines: readonly string[], place: RegExp): PeerFrame[] {
  const frames: PeerFrame[] = [];
  for (let k = 0; k + 1 < lines.length; k += 2) {
    const [, file, line, column] = place.exec(lines[k + 1]!) ?? [];
    if (file === undefined) throw new Error(`not understood: ${lines[k + 1]}`);
    frames.push({ function: lines[k] === "??" ? null : lines[k]!, file: file === "??" ? null : file, line: line === "?" ? 0 : Number(line), column: column === undefined ? null : Number(column) });
  }
  return frames;
}

/** The names that the symbol table has for the code at an address: those of the nearest place at or below it. By nm. */
export class CodeNames {
  readonly #starts: bigint[] = [];
  readonly #names: string[][] = [];

  constructor(symbols: readonly { readonly name: string; readonly address: bigint }[]) {
    for (const { name, address } of [...symbols].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))) {
      if (this.#starts.at(-1) === address) this.#names.at(-1)!.push(name);
      else {
        this.#starts.push(address);
        this.#names.push([name]);
      }
    }
  }

  /** Of a file whose symbols all have addresses of one space: a linked file, or an object with one section of code. */
  static of(file: string, nm = "nm"): CodeNames {
    const symbols = [];
    for (const line of execFileSync(nm, [file], { encoding: "latin1", maxBuffer: 1 << 30 }).split("\n")) {
      const [, address, name] = /^([0-9a-f]+) [tTwW] (.*)$/.exec(line) ?? [];
      if (address !== undefined) symbols.push({ name: name!, address: BigInt(`0x${address}`) });
    }
    return new CodeNames(symbols);
  }

  at(address: bigint): readonly string[] {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    return this.#names[low - 1] ?? [];
  }
}

/**
 * Whether a tool says the same as we do. Three liberties are taken, no more:
 * - compilers' suffixes (`.isra.0`, `.cold`, …) do not count;
 * - several symbols at the start of one function are names of that function: each tool takes another;
 * - where the tool knows neither function nor line, we must have no line, and may name the nearest symbol below as kallsyms does.
 * Columns are compared where the tool has any.
 */
export function agrees(ours: ResolvedPlace, theirs: readonly PeerFrame[], names: readonly string[]): boolean {
  if (theirs.every((frame) => frame.function === null && frame.file === null)) {
    return ours.functions.every((one) => one.file === null) && (ours.functions.length === 0 || sameName(ours.functions[0]!.function, null, names));
  }
  if (ours.functions.length !== theirs.length) return false;
  return theirs.every((frame, index) => {
    const own = ours.functions[index]!;
    const outermost = index === theirs.length - 1;
    return (
      (own.function === (frame.function ?? "??") || (frame.function !== null && sourceName(frame.function) === own.function) || (outermost && sameName(own.function, frame.function, names))) &&
      own.file === frame.file &&
      (own.line ?? 0) === frame.line &&
      (frame.column === null || (own.column ?? 0) === frame.column)
    );
  });
}

function sameName(own: string, other: string | null, names: readonly string[]): boolean {
  const sources = names.map(sourceName);
  return sources.includes(own) && (other === null || sources.includes(sourceName(other)));
}

export const shown = (frames: readonly { readonly function: string | null; readonly file: string | null; readonly line: number | null; readonly column: number | null }[]): string =>
  frames.map((frame) => `${frame.function ?? "??"} ${frame.file ?? "??"}:${frame.line ?? 0}${frame.column === null ? "" : `:${frame.column}`}`).join(" < ") || "nothing";
