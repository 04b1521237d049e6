import { expect, test } from "vitest";
import { renderTerminal } from "../../src/render/terminal.ts";
import { widthOf } from "../../src/render/width.ts";
import { expectGolden } from "../support/golden.ts";
import { attack, commanding, hostileCase, savedCase } from "./cases.ts";

const found = savedCase("null-chain");

test("narrow, and with colours and links", () => {
  expectGolden(renderTerminal(found, { columns: 60 }), new URL("goldens/null-chain.60.txt", import.meta.url));
  const coloured = renderTerminal(found, { columns: 100, colour: true, linkOf: (file) => (file.endsWith("null_chain.c") ? `file:///src/${encodeURI(file)}` : null) });
  expectGolden(coloured.replaceAll("\x1b", "\\e"), new URL("goldens/null-chain.colour.txt", import.meta.url));
  // Colours and links are all that is added.
  expect(coloured.replaceAll(/\x1b\[[\d;]*m|\x1b\]8;;[\x21-\x7e]*\x1b\\/g, "").replaceAll(/ +$/gm, "")).toBe(renderTerminal(found, { columns: 100 }));
});

test("the source is cut to the terminal, and what is underlined stays underlined, with tabs and wide characters", () => {
  const line = "\tif (名前[i].長さ > limit) { \treturn kfree(名前 + 12345678901234567890); }";
  const source = { file: "lab/modules/null_chain/null_chain.c", first: 65, lines: [line] };
  const verdict = { ...found.reports[0]!.verdict!, fault: { ...found.reports[0]!.verdict!.fault!, expression: "名前[i].長さ", variable: null, type: null } };
  const drawn = (columns: number) => renderTerminal({ ...found, sources: [source], reports: [{ ...found.reports[0]!, verdict }] }, { columns }).split("\n").filter((row) => /^ *(?:65)? \||^65 \|/.test(row));
  expect(drawn(80)).toEqual([
    "   |",
    "65 | if (名前[i].長さ > limit) {     return kfree(名前 + 12345678901234567890...",
    "   |     ^^^^^^^^^^^^ `名前[i].長さ` is 0x0",
    "   |",
  ]);
  expect(drawn(40)).toEqual(["   |", "65 | if (名前[i].長さ > limit) {     ...", "   |     ^^^^^^^^^^^^", "   |     `名前[i].長さ` is 0x0", "   |"]);
});

test("at no width is a source or a log line longer than the terminal", () => {
  for (const columns of [40, 57, 80, 133]) {
    const rows = renderTerminal(savedCase("skb-double-free"), { columns }).split("\n");
    const cut = rows.filter((row) => /^ *\d+ \| |^ {2}line +\d/.test(row));
    expect(cut.length).toBeGreaterThan(20);
    expect(cut.filter((row) => widthOf(row) > columns)).toEqual([]);
  }
});

test("a hostile log commands nothing", () => {
  for (const columns of [null, 40, 100]) {
    expect(renderTerminal(hostileCase(), { columns })).not.toMatch(commanding);
    const coloured = renderTerminal(hostileCase(), { columns, colour: true, linkOf: () => attack });
    expect(coloured.replaceAll(/\x1b\[[\d;]*m/g, "")).not.toMatch(commanding);
  }
});
