import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { root } from "../support/cli.ts";

const work = mkdtempSync(join(tmpdir(), "oopscope-pack-"));
afterAll(() => rmSync(work, { recursive: true }));

// The package as npm would publish it, beside its dependencies. --ignore-scripts: dist/ is built already.
const [{ filename, files }] = JSON.parse(execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", work], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })) as [{ filename: string; files: { path: string }[] }];
mkdirSync(join(work, "node_modules", "oopscope"), { recursive: true });
execFileSync("tar", ["-xzf", join(work, filename), "-C", join(work, "node_modules", "oopscope"), "--strip-components=1"]);
for (const name of ["iced-x86", "fzstd", "xz-decompress"]) symlinkSync(join(root, "node_modules", name), join(work, "node_modules", name));

test("the package holds what a user needs and nothing else", () => {
  const others = files.map(({ path }) => path).filter((path) => !/^dist\/|^docs\/(?:explain\/)?[^/]+\.md$|^docs\/(?:case|trace)\.schema\.json$|^lab\/modules\/(?:README\.md|\w+\/(?:Kbuild|\w+\.[ch]))$|^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE)$/.test(path));
  expect(others).toEqual([]);
  expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(["dist/cli/main.cjs", "dist/index.js", "dist/types/index.d.ts", "dist/LICENSE.commander", "dist/LICENSE.zod", "dist/LICENSE.iced-x86", "docs/case.schema.json", "docs/explain/double-free-skb.md"]));
});

test("it runs and is imported from where it is installed", () => {
  const installed = join(work, "node_modules", "oopscope");
  expect(execFileSync(process.execPath, [join(installed, "dist/cli/main.cjs"), "--version"], { encoding: "utf8" })).toBe("0.1.0\n");
  expect(execFileSync(process.execPath, [join(installed, "dist/cli/main.cjs"), "explain", "double-free-skb"], { encoding: "utf8" })).toContain("# Double free of an skb");
  writeFileSync(
    join(work, "use.mjs"),
    `import { decode } from "oopscope";
import { disassemble } from "oopscope/disasm";
const { case: found } = await decode(Buffer.from("no crash\\n"), { root: null });
console.log(JSON.stringify(found.reports), (await disassemble(Uint8Array.of(0x0f, 0x0b), "x86_64"))[0].text);
`,
  );
  expect(execFileSync(process.execPath, [join(work, "use.mjs")], { cwd: work, encoding: "utf8" })).toBe("[] ud2\n");
});
