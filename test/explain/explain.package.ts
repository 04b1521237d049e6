import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Case } from "../../src/case/index.ts";
import { ruleNames } from "../../src/explain/index.ts";
import { oopscope, root } from "../support/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "oopscope-explain-"));
afterAll(() => rmSync(folder, { recursive: true }));
const modules = ["--modules", "test/fixtures/modules/6.1.0-56-amd64"];
const log = "test/fixtures/logs/kmalloc-double-free.log";

test("a log, to be read on a terminal", () => {
  const { status, stdout } = oopscope(["explain", "-q", ...modules, log]);
  expect(status).toBe(3);
  expect(stdout.split("\n").slice(0, 4)).toEqual([
    "kernel BUG in df_session_destroy",
    "double free: `df_session_destroy` (lab/modules/kmalloc_double_free/kmalloc_double_free.c:47) frees",
    "an object that was freed before",
    "  kind double-free | rule double-free-slab | high confidence",
  ]);
  expect(oopscope(["explain", "-q", ...modules, "-"], readFileSync(`${root}${log}`, "utf8")).stdout).toBe(stdout);
});

test("a saved case is drawn again, byte for byte, without any of the files", () => {
  const first = oopscope(["explain", "-q", "--format", "json", ...modules, log]);
  const found = JSON.parse(first.stdout) as Case;
  expect(found.reports[0]!.verdict).toMatchObject({ rule: "double-free-slab", guilty: { function: "df_session_destroy", line: 47 } });
  const saved = join(folder, "case.json");
  writeFileSync(saved, first.stdout);
  expect(oopscope(["explain", "--format", "json", saved])).toMatchObject({ status: 0, stdout: first.stdout, stderr: "" });
  // What decode wrote has no verdicts yet.
  writeFileSync(saved, oopscope(["decode", "-q", "--format", "json", ...modules, log]).stdout);
  expect((JSON.parse(oopscope(["explain", "--format", "json", saved]).stdout) as Case).reports[0]!.verdict!.rule).toBe("double-free-slab");
});

test("a rule's page", () => {
  for (const name of ruleNames) expect(oopscope(["explain", name])).toMatchObject({ status: 0, stdout: readFileSync(`${root}docs/explain/${name}.md`, "utf8"), stderr: "" });
});

test("what is no case is said in one sentence", () => {
  const saved = join(folder, "broken.json");
  const said = (text: string) => {
    writeFileSync(saved, text);
    const { status, stdout, stderr } = oopscope(["explain", saved]);
    return { status, stdout, stderr: stderr.replaceAll(folder, "FOLDER") };
  };
  expect(said('{"schema":"oopscope.case/9"}')).toEqual({ status: 1, stdout: "", stderr: 'oopscope: error: FOLDER/broken.json is no case that this version reads: its schema is "oopscope.case/9", and not "oopscope.case/1"\n' });
  expect(said('{"schema":"oopscope.case/1"}')).toMatchObject({ status: 1, stdout: "", stderr: "oopscope: error: FOLDER/broken.json: tool must be an object, not missing, and 7 more\n" });
  expect(said('{"schema":"oopscope.case/1"')).toMatchObject({ status: 1, stdout: "", stderr: expect.stringMatching(/^oopscope: error: FOLDER\/broken\.json is no JSON: .*\n$/) as string });
  expect(oopscope(["explain", join(folder, "nothing.log")]).status).toBe(1);
  expect(oopscope(["explain"], "no crash\n")).toMatchObject({ status: 0, stdout: "" });
});
