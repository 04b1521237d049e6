import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { compile, everyAccess, promises } from "./compiled.ts";

const source = new URL("expressions.c", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "oopscope-expressions-"));
afterAll(() => rmSync(folder, { recursive: true }));

const promised = promises(source);
/** Anything that some line promises: compilers move accesses from one line to another, and there they are still called so. */
const anywhere = new Set([...promised.values()].flatMap(({ must, may }) => [...must, ...may]));

describe("what compiled accesses are called, against their source lines", () => {
  for (const compiler of [["gcc", "-O2", "-g"], ["gcc", "-O2", "-g", "-fno-omit-frame-pointer"], ["gcc", "-O1", "-gdwarf-4"], ["gcc", "-Os", "-g"], ["clang", "-O2", "-g"], ["clang", "-O2", "-gdwarf-4"], ["aarch64-linux-gnu-gcc", "-O2", "-g"], ["aarch64-linux-gnu-gcc", "-Os", "-g"], ["aarch64-linux-gnu-gcc", "-O1", "-gdwarf-4"], ["clang", "--target=aarch64-linux-gnu", "-O2", "-g"]]) {
    test(compiler.join(" "), async () => {
      const object = join(folder, `${compiler.join("")}.o`);
      compile(source, compiler, object);
      const said = await everyAccess(object);
      // Nothing that is said with types is wrong.
      expect(said.filter(({ text, how }) => how === "typed" && !anywhere.has(text))).toEqual([]);
      const lines = [...promised].filter(([line]) => said.some((one) => one.line === line));
      expect(lines.length).toBeGreaterThan(55);
      const missed = lines.filter(([line, { must }]) => !said.some((one) => must.includes(one.text) && Math.abs(one.line - line) < 12)).map(([line, { must }]) => `${line}: ${must[0]!}`);
      // clang leaves variables that other files define out of debug information; what a loop made of recursion counts with has no name.
      expect(missed.filter((one) => !/foreign_device|slots\[depth\]/.test(one))).toEqual([]);
    });
  }
});
