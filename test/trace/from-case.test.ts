import { expect, test } from "vitest";
import type { Case, CaseFrame, CaseReport, CaseVerdict } from "../../src/case/index.ts";
import { probesOfCase } from "../../src/trace/from-case.ts";

const frame = (symbol: string, module: string | null, ...inlined: readonly string[]): CaseFrame => ({
  logLine: 1, column: 0, text: symbol, symbol, offset: 1, size: 2, module, address: null, section: null, reliable: true, exact: false, candidates: [], note: null, unresolved: null,
  functions: [...inlined.map((name) => ({ function: name, file: "dev.c", line: 5, column: null, discriminator: null, inlined: true })), { function: symbol.replace(/\..*/, ""), file: "dev.c", line: 1, column: null, discriminator: null, inlined: false }],
});

function found(frames: readonly CaseFrame[], ...verdicts: readonly Partial<CaseVerdict>[]): Case {
  const reports = verdicts.map((verdict): CaseReport => ({
    title: "", altTitles: [], kind: "double-free", corrupted: null, lines: [1, 1], context: { cpu: null, pid: null, comm: null, mode: null, taint: null }, modules: [], registers: {}, instructions: null, moreInstructions: [],
    stacks: [{ name: "call trace", frames }],
    verdict: { rule: "double-free-skb", confidence: "high", summary: "", guilty: null, earlier: [], suspects: [], evidence: [], fault: null, objects: [], next: [], ...verdict },
  }));
  return { schema: "oopscope.case/1", tool: { version: "0" }, log: { name: "log", lines: [] }, kernel: { release: null, version: null, arch: null, hardware: null }, image: { vmlinux: null, basePath: null, modules: [] }, sources: [], reports, loose: [], events: [] };
}

const place = (module: string | null, name: string, file: string | null = null) => ({ module, function: name, file, line: null });
const earlier = (name: string, file: string | null = null) => ({ role: "first free", function: name, file, line: null, path: [] });

test("guilty, earlier, suspects, in this order, each once", () => {
  const frames = [frame("st_drop", "skb_zoo"), frame("st_xmit", "skb_zoo")];
  const first: Partial<CaseVerdict> = { guilty: place("skb_zoo", "st_xmit"), earlier: [earlier("st_drop"), earlier("st_gone")], suspects: [{ ...place("skb_zoo", "st_drop"), why: "" }, { ...place(null, "kfree_skb"), why: "" }] };
  expect(probesOfCase(found(frames, first, { guilty: place("skb_zoo", "st_xmit") }))).toEqual([
    { probe: "skb_zoo:st_xmit", function: "st_xmit", why: "guilty", within: null },
    { probe: "skb_zoo:st_drop", function: "st_drop", why: "first free", within: null },
    { probe: "st_gone", function: "st_gone", why: "first free", within: null },
    { probe: "vmlinux:kfree_skb", function: "kfree_skb", why: "suspect", within: null },
  ]);
});

test("an inlined function is traced by the one that contains it, by the symbol's name", () => {
  const frames = [frame("st_xmit.cold", "skb_zoo", "st_drop"), frame("st_send.isra.0", "skb_zoo", "st_free", "st_put"), frame("ip_output", null, "st_drop")];
  expect(probesOfCase(found(frames, { guilty: place("skb_zoo", "st_free", "dev.c"), earlier: [earlier("st_drop", "dev.c"), earlier("st_drop", "other.c")] }))).toEqual([
    { probe: "skb_zoo:st_send.isra.0", function: "st_free", why: "guilty", within: "st_send" },
    { probe: "skb_zoo:st_xmit", function: "st_drop", why: "first free", within: "st_xmit" },
    { probe: "st_drop", function: "st_drop", why: "first free", within: null },
  ]);
});

test("a case that blames no function, and one without verdicts", () => {
  expect(probesOfCase(found([frame("st_xmit", "skb_zoo")], {}))).toEqual([]);
  expect(probesOfCase(found([]))).toEqual([]);
});
