import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise, type ICruiseOptions, type ICruiseResult, type IFlattenedRuleSet } from "dependency-cruiser";
import { afterEach, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const config = createRequire(import.meta.url)("../../.dependency-cruiser.cjs") as IFlattenedRuleSet & { options: ICruiseOptions };

async function lint(baseDir: string): Promise<ICruiseResult> {
  const { options, ...ruleSet } = config;
  const { output } = await cruise(["src"], { ...options, baseDir, validate: true, ruleSet });
  return output as ICruiseResult;
}

const planted: string[] = [];
afterEach(() => {
  for (const folder of planted.splice(0)) rmSync(folder, { recursive: true });
});

/** A copy of the sources with one file more. */
function withFile(path: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "oopscope-arrows-"));
  planted.push(folder);
  cpSync(join(root, "src"), join(folder, "src"), { recursive: true });
  cpSync(join(root, "tsconfig.json"), join(folder, "tsconfig.json"));
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  cpSync(join(root, "node_modules", "typescript"), join(folder, "node_modules", "typescript"), { recursive: true });
  writeFileSync(join(folder, path), text);
  return folder;
}

const names = ({ summary }: ICruiseResult) => summary.violations.map(({ rule, from }) => `${rule.name} ${from}`);

test("the lint of the arrows sees every source file and finds nothing", async () => {
  const result = await lint(root);
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts")).map((path) => `src/${path}`);
  const seen = new Set(result.modules.map(({ source }) => source));
  expect(files.filter((file) => !seen.has(file))).toEqual([]);
  expect(files.length).toBeGreaterThan(50);
  expect(names(result)).toEqual([]);
});

test.each([
  ["src/elf/planted.ts", 'import { parseLog } from "../oops/index.ts";\nexport const planted = parseLog;\n', "arrows-of-elf src/elf/planted.ts"],
  ["src/symbolize/planted.ts", 'import type { CrashReport } from "../oops/index.ts";\nexport type Planted = CrashReport;\n', "arrows-of-symbolize src/symbolize/planted.ts"],
  ["src/decode/planted.ts", 'import { Cursor } from "../base/cursor.ts";\nexport const planted = Cursor;\n', "one-door src/decode/planted.ts"],
  ["src/render/planted.ts", 'import { spawn } from "node:child_process";\nexport const planted = spawn;\n', "pure-stays-pure src/render/planted.ts"],
])("a wrong import planted in %s is rejected", async (path, text, violation) => {
  expect(names(await lint(withFile(path, text)))).toContain(violation);
});
