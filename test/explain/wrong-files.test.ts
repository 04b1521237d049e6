import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { explained, logsFolder, modulesFolder } from "../support/verdicts.ts";

const folder = mkdtempSync(join(tmpdir(), "oopscope-wrong-"));
afterAll(() => rmSync(folder, { recursive: true }));
const bytes = readFileSync(`${logsFolder}kmalloc-double-free.log`);
const verdictOf = async (modules: string[]) => {
  const { image, reports } = await explained(bytes, { modules });
  const { confidence, guilty, next } = reports[0]!.verdict!;
  return { match: image.modules.map(({ match }) => match), confidence, guilty: guilty?.function, hint: next.some(({ why }) => why.startsWith("a file that was used is of another build")) };
};

test("with the module of another build the verdict is less sure, and says what to do", async () => {
  expect(await verdictOf([`${modulesFolder}/6.1.0-56-amd64`])).toEqual({ match: ["unknown"], confidence: "high", guilty: "df_session_destroy", hint: false });
  // The same module, built for another kernel by another compiler.
  cpSync(`${modulesFolder}/5.10.0-46-amd64/kmalloc_double_free.ko.xz`, join(folder, "kmalloc_double_free.ko.xz"));
  expect(await verdictOf([folder])).toEqual({ match: ["mismatch"], confidence: "medium", guilty: "df_session_destroy", hint: true });
});
