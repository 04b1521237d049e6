import { readFileSync, readdirSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { toJSONSchema } from "zod/mini";
import { readCase, writeCase } from "../../src/case/index.ts";
import { caseShape } from "../../src/case/shape.ts";
import { decode } from "../../src/decode/index.ts";
import { root } from "../support/cli.ts";
import { expectGolden } from "../support/golden.ts";

test("the published schema is the shape that cases are read by", () => {
  const schema = { title: "oopscope.case/1", description: "What a Linux crash log says, and what follows. Keys are only ever added.", ...toJSONSchema(caseShape, { reused: "inline" }) };
  expectGolden(`${JSON.stringify(schema, null, 1)}\n`, new URL("../../docs/case.schema.json", import.meta.url));
});

// ajv and not the reader: another one's opinion.
const valid = new Ajv2020({ allErrors: true }).compile(JSON.parse(readFileSync(`${root}docs/case.schema.json`, "utf8")) as object);
const logs = ["test/fixtures/logs", "test/fixtures/forms", "test/oops/logs"].flatMap((folder) => readdirSync(root + folder).filter((name) => /\.log$/.test(name)).map((name) => `${folder}/${name}`));

test("the case of every log among the fixtures is valid, is read, and is written again byte for byte", async () => {
  const modules = [`${root}test/fixtures/modules/6.1.0-56-amd64`];
  for (const name of logs) {
    const { case: found } = await decode(readFileSync(root + name), { root: null, name, modules });
    const json = writeCase(found);
    expect(valid(JSON.parse(json)), `${name}: ${JSON.stringify(valid.errors?.slice(0, 3))}`).toBe(true);
    const again = await readCase(json, name);
    expect(again).toEqual(found);
    expect(writeCase(again) === json).toBe(true);
  }
}, 120_000);

const saved = readdirSync(`${root}test/fixtures/cases`).filter((name) => name.endsWith(".json"));

test.each(saved)("%s is valid", async (name) => {
  const json = readFileSync(`${root}test/fixtures/cases/${name}`, "utf8");
  expect({ valid: valid(JSON.parse(json)), errors: valid.errors }).toEqual({ valid: true, errors: null });
  expect(await readCase(json, name)).toEqual(JSON.parse(json));
});
