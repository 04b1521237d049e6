import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { btfFromBytes, headerText, rawText, verifyBtf, type Btf } from "../../src/btf/index.ts";
import { OopscopeError } from "../../src/base/index.ts";
import { allKinds } from "../support/allkinds.ts";
import { writeBtf } from "../support/btfwriter.ts";
import { mutated } from "../support/mutations.ts";
import { randomForTest } from "../support/seed.ts";

const work = mkdtempSync(join(tmpdir(), "oopscope-btf-"));
afterAll(() => rmSync(work, { recursive: true }));
const rounds = 400;

function unless<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (error instanceof OopscopeError) return null;
    throw error;
  }
}

test(`${rounds} damaged ones: bpftool says the same where the kernel would take them`, () => {
  const random = randomForTest("btf bpftool");
  const bytes = writeBtf({ types: allKinds });
  const { strings } = btfFromBytes("whole", bytes).header;
  const path = join(work, "mutated.btf");
  const bpftool = (...args: string[]): string | null => {
    const { status, stdout } = spawnSync("bpftool", ["btf", "dump", "file", path, ...args], { encoding: "latin1", timeout: 10_000, maxBuffer: 1 << 28 });
    return status === 0 ? stdout : null;
  };
  let raw = 0;
  let c = 0;
  for (let round = 0; round < rounds; round++) {
    const damaged = mutated(bytes, random, [{ from: 24, to: strings.offset }], bytes);
    // bpftool writes names as they are; ours are escaped.
    if (damaged.length === bytes.length) damaged.set(bytes.subarray(strings.offset), strings.offset);
    const btf: Btf | null = unless(() => btfFromBytes("fuzzed", damaged));
    if (!btf || verifyBtf(btf).length > 0) continue;
    writeFileSync(path, damaged);
    const ours = unless(() => [...rawText(btf)].join(""));
    const theirs = bpftool();
    expect(theirs, `round ${round}`).not.toBeNull();
    // A name that is there and empty is `''` to bpftool.
    expect(ours, `round ${round}`).toBe(theirs!.replaceAll("''", "'(anon)'"));
    raw++;
    const header = unless(() => Buffer.concat([...headerText([btf])]).toString("latin1"));
    const other = header === null ? null : bpftool("format", "c");
    // What bpftool 7.1 gets wrong (docs/btf.md), or numbers in another way where one of the twins is empty.
    if (other === null || theirs!.includes("''") || /mode\(|packed|___2|union[^}]*\t(?:long|int|short|char): /.test(header!)) continue;
    expect(header, `round ${round}`).toBe(other);
    c++;
  }
  expect(raw).toBeGreaterThan(rounds / 20);
  expect(c).toBeGreaterThan(rounds / 40);
});
