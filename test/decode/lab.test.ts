import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { decode } from "../../src/decode/index.ts";
import { root } from "../support/cli.ts";

/** The truth of a lab log: places that stand in the module's source, found by their markers and not by a decoder. */
type Truth = { readonly frames: readonly { readonly logLine: number; readonly symbol: string; readonly functions: readonly { readonly function: string; readonly file: string; readonly line: number }[] }[] };

const logs = `${root}test/fixtures/logs/`;
const names = readdirSync(logs).filter((name) => name.endsWith(".expect.json")).map((name) => name.slice(0, -".expect.json".length));

test.each(names)("%s: the module's frames are at the known source lines, with no file but the module's", async (name) => {
  const truth = JSON.parse(readFileSync(`${logs}${name}.expect.json`, "utf8")) as Truth;
  const decoded = await decode(readFileSync(`${logs}${name}.log`), { modules: [`${root}test/fixtures/modules`], root: null, code: "none" });
  const frames = [...decoded.case.reports.flatMap(({ stacks }) => stacks.flatMap((stack) => stack.frames)), ...decoded.case.loose];
  const found = truth.frames.map(({ logLine, symbol }) => {
    const frame = frames.find((one) => one.logLine === logLine && one.symbol?.replace(/\..*/, "") === symbol.replace(/\..*/, ""));
    // Functions of the kernel's headers that are inlined into the module stand in the chain as well; the truth is about the module's own source.
    const own = frame?.functions.filter(({ file }) => file?.includes("lab/modules/")).map(({ function: fn, file, line }) => ({ function: fn, file: file!.replace(/^.*\/(?=lab\/modules\/)/, ""), line }));
    return { logLine, symbol, functions: own };
  });
  expect(found).toEqual(truth.frames.map(({ logLine, symbol, functions }) => ({ logLine, symbol, functions: functions.map((fn) => ({ function: fn.function, file: fn.file, line: fn.line })) })));
  expect(decoded.case.image.modules.every(({ match }) => match !== "mismatch")).toBe(true);
});
