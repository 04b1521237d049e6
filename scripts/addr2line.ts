// A second witness of the fixtures' truth: binutils' addr2line on the modules' files. It shares no code with oopscope.
import { execFileSync } from "node:child_process";
import { isExact, type Truth } from "../src/lab/index.ts";

const run = (program: string, ...args: string[]): string[] => execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim().split("\n");

/** The frames of `truth` that addr2line resolves to other places than the marks in the source say; one sentence each. */
export function disagreements(truth: Truth, log: string, ko: string): string[] {
  const prefix = truth.arch === "arm64" ? "aarch64-linux-gnu-" : "";
  const names = new Map(sections(ko));
  const symbols = new Map(run("readelf", "-sW", ko).map((line) => line.trim().split(/\s+/)).map((words) => [words[7] ?? "", { value: parseInt(words[1] ?? "", 16), section: words[6] ?? "" }]));
  const lines = log.split("\n");
  return truth.frames.flatMap((frame) => {
    const text = lines[frame.logLine - 1]!;
    const offset = parseInt(/\+0x([0-9a-f]+)\/0x/.exec(text)![1]!, 16);
    const symbol = symbols.get(frame.symbol);
    const section = symbol === undefined ? undefined : names.get(symbol.section);
    if (symbol === undefined || section === undefined) return [`${frame.symbol}: not a symbol of ${ko}`];
    const exact = isExact(lines, frame.logLine);
    const address = symbol.value + offset - (exact ? 0 : 1);
    const said = run(`${prefix}addr2line`, "-fi", "-j", section, "-e", ko, `0x${address.toString(16)}`);
    const places: string[] = [];
    for (let at = 0; at + 1 < said.length; at += 2) places.push(`${said[at]} ${said[at + 1]!.replace(/^.*\/(lab\/modules\/)/, "$1").replace(/ \(.*/, "")}`);
    const wanted = frame.functions.map((place) => `${place.function} ${place.file}:${place.line}`);
    const own = places.filter((place) => place.includes(" lab/modules/"));
    return own.join(", ") === wanted.join(", ") ? [] : [`${frame.symbol}+0x${offset.toString(16)}: marked ${wanted.join(", ")}; addr2line says ${places.join(", ")}`];
  });
}

function sections(ko: string): [string, string][] {
  return run("readelf", "-SW", ko).flatMap((line) => {
    const match = /^\s*\[ *(\d+)\] (\S+)/.exec(line);
    return match === null ? [] : [[match[1]!, match[2]!] as [string, string]];
  });
}
