import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { expectGolden } from "../support/golden.ts";
import { surfaceOf } from "./surface.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { exports: doors, version } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { exports: Record<string, { types: string; default: string }>; version: string };

test("the public API is the one that was agreed on", () => {
  const text = Object.entries(doors).map(([door, { types }]) => `# oopscope${door.slice(1)}\n\n${surfaceOf(root + types.slice(2))}\n`);
  expectGolden(text.join("\n"), new URL("api.txt", import.meta.url));
});

test.each(Object.entries(doors))("%s can be imported", async (_door, { default: path }) => {
  const module = (await import(root + path.slice(2))) as Record<string, unknown>;
  expect(module).toBeTypeOf("object");
});

test("the version of the package is the library's", async () => {
  const { version: own } = await import("../../src/base/version.ts");
  expect(own).toBe(version);
});
