import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { CaseVerdict } from "../../../src/case/index.ts";
import { decode } from "../../../src/decode/index.ts";
import { DeepLook, explain } from "../../../src/explain/index.ts";
import type { Truth } from "../../../src/lab/truth.ts";
import { SourceFolders } from "../../../src/source/index.ts";
import { expectGolden } from "../../support/golden.ts";

const root = new URL("../../../", import.meta.url).pathname;
const logs = `${root}test/fixtures/logs/`;
const names = readdirSync(logs).filter((name) => name.endsWith(".expect.json")).map((name) => name.slice(0, -".expect.json".length));

type Row = { readonly name: string; readonly fault: CaseVerdict["fault"]; readonly faultUnknown: CaseVerdict["faultUnknown"]; readonly right: boolean | null; readonly earlier: boolean | null };

async function rowOf(name: string, sources: SourceFolders | null): Promise<Row> {
  const truth = JSON.parse(readFileSync(`${logs}${name}.expect.json`, "utf8")) as Truth;
  const { case: found } = await decode(readFileSync(`${logs}${name}.log`), { modules: [`${root}test/fixtures/modules/${truth.release}`], root: null, name, code: "none" });
  const look = new DeepLook(found, sources ? { sources } : {});
  const { reports } = await explain(found, { deepen: (step) => look.deepen(step) });
  look.close();
  const report = reports.find(({ lines }) => lines[0] <= truth.logLine && lines[1] >= truth.logLine);
  const { fault, faultUnknown, earlier } = report!.verdict!;
  return {
    name,
    fault,
    faultUnknown,
    right: truth.fault.length > 0 ? fault !== null && truth.fault.includes(fault.expression) : fault === null ? null : false,
    earlier: report!.kind === "double-free" && truth.earlier.length > 0 ? earlier[0]?.function === truth.earlier[0]!.function && earlier[0].line === truth.earlier[0]!.line : null,
  };
}

const word = (right: boolean | null): string => (right === null ? "-" : right ? "right" : "MISS");

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ name, fault, faultUnknown, right, earlier }) => {
    const shown = fault === null ? `unknown, ${faultUnknown?.reason}: ${faultUnknown?.why}` : `${fault.expression}  [${fault.variable ?? "?"}: ${fault.type ?? "?"} = ${fault.value ?? "?"}${fault.register === null ? "" : ` in ${fault.register}`}]`;
    return `${name.padEnd(53)} ${word(right).padEnd(6)} ${word(earlier).padEnd(6)} ${shown}`.trimEnd();
  });
  const count = (of: (row: Row) => boolean | null): string => `${rows.filter((row) => of(row) === true).length} of ${rows.filter((row) => of(row) !== null).length}`;
  return `${"scenario".padEnd(53)} fault  before expression\n${lines.join("\n")}\n\nexpressions right: ${count(({ right }) => right)}; earlier frees right: ${count(({ earlier }) => earlier)}\n`;
}

describe("what the scenarios' failing instructions access, against their sources", () => {
  for (const [what, sources, file] of [["with the sources", new SourceFolders([root]), "scenarios.txt"], ["without", null, "scenarios-without-sources.txt"]] as const) {
    test(what, async () => {
      const rows: Row[] = [];
      for (const name of names) rows.push(await rowOf(name, sources));
      expectGolden(table(rows), new URL(file, import.meta.url));
      const asked = rows.filter(({ right }) => right !== null);
      if (sources) expect(asked.filter(({ right }) => right === true).length / asked.length).toBeGreaterThanOrEqual(0.9);
      expect(rows.filter(({ earlier }) => earlier === false)).toEqual([]);
    }, 120_000);
  }
});
