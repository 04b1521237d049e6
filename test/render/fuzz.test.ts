import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { OopscopeError } from "../../src/base/index.ts";
import { readCase, writeCase, type Case } from "../../src/case/index.ts";
import { decode } from "../../src/decode/index.ts";
import { explain } from "../../src/explain/index.ts";
import { rendererOf, renderFormats } from "../../src/render/index.ts";
import { root } from "../support/cli.ts";
import { randomForTest } from "../support/seed.ts";
import { attack, commanding, savedCase } from "./cases.ts";

const renderers = await Promise.all(renderFormats.map(async (format) => ({ format, render: await rendererOf(format) })));

/** Every form is drawn, and none of them commands anything. */
function drawAll(found: Case, name: string): void {
  for (const { format, render } of renderers) {
    for (const options of format === "terminal" ? [{}, { columns: 40, colour: false }] : [{}]) {
      const text = render(found, options);
      if (commanding.test(text)) expect.fail(`${name} as ${format}: ${JSON.stringify(text.slice(Math.max(0, text.search(commanding) - 40)).slice(0, 80))}`);
    }
  }
}

test("the cases of all logs among the fixtures", async () => {
  for (const folder of ["test/fixtures/logs", "test/fixtures/forms", "test/oops/logs"]) {
    for (const name of readdirSync(root + folder).filter((file) => file.endsWith(".log"))) {
      const { case: found } = await decode(readFileSync(`${root}${folder}/${name}`), { root: null, name, modules: [`${root}test/fixtures/modules/6.1.0-56-amd64`] });
      const explained = await explain(found);
      drawAll(explained, name);
    }
  }
}, 180_000);

test("saved cases with values changed at random: an error that names the key, or drawn", async () => {
  const random = randomForTest("render fuzz");
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  const values = [null, 0, -1, 1, 2 ** 53 - 1, 1e300, 0.5, "", "x", attack, "0x0", `0x${"f".repeat(32)}`, "`", [], {}, [null], true, false];
  const originals = ["null-chain", "skb-double-free", "article"].map((name) => JSON.stringify(savedCase(name)));
  let drawn = 0;
  for (let round = 0; round < 500; round++) {
    const whole = JSON.parse(pick(originals)) as Record<string, unknown>;
    const holders: { holder: Record<string, unknown>; key: string }[] = [];
    const walk = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        holders.push({ holder: value as Record<string, unknown>, key });
        walk(inner);
      }
    };
    walk({ reports: whole["reports"], sources: whole["sources"], kernel: whole["kernel"] });
    for (let change = 0; change < 2; change++) {
      const { holder, key } = pick(holders);
      // Of the same kind mostly, so that many are read.
      const same = values.filter((value) => typeof value === typeof holder[key] && Array.isArray(value) === Array.isArray(holder[key]));
      holder[key] = pick(same.length > 0 && random.below(5) > 0 ? same : values);
    }
    let found: Case;
    try {
      found = await readCase(JSON.stringify(whole), "case.json");
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      expect(error.message).toMatch(/^case\.json: (?:reports|sources|kernel)\S* must be /);
      continue;
    }
    drawn++;
    drawAll(found, `round ${round}`);
    expect(await readCase(writeCase(found), "again")).toEqual(found);
  }
  expect(drawn).toBeGreaterThan(100);
}, 60_000);
