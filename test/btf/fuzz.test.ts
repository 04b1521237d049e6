import { expect, test } from "vitest";
import { OopscopeError } from "../../src/base/index.ts";
import { btfFromBytes, headerText, jsonText, memberAt, prototypeText, rawText, readBtfExt, sizeOf, typeText, verifyBtf, type Btf } from "../../src/btf/index.ts";
import { allKinds } from "../support/allkinds.ts";
import { writeBtf } from "../support/btfwriter.ts";
import { mutated } from "../support/mutations.ts";
import { randomForTest } from "../support/seed.ts";

// Damaged BTF: every question has an answer or an OopscopeError that names file and section, and none takes long.

const mutations = 3000;
const codes = ["malformed", "unsupported", "over-budget", "bad-argument"];

/** Whether it was answered. */
function asked(question: () => unknown): boolean {
  try {
    question();
    return true;
  } catch (error) {
    if (!(error instanceof OopscopeError)) throw error;
    expect(codes).toContain(error.code);
    if (error.code !== "bad-argument") expect(error.message).toContain("fuzzed");
    return false;
  }
}

function drain(pieces: Generator<unknown>): void {
  for (const piece of pieces) expect(piece).toBeDefined();
}

function opened(bytes: Uint8Array, base: Btf | null): Btf | null {
  try {
    return btfFromBytes("fuzzed", bytes, base);
  } catch (error) {
    if (!(error instanceof OopscopeError)) throw error;
    expect(codes).toContain(error.code);
    return null;
  }
}

test.each(["alone", "split"])(`${mutations} damaged ones, %s`, (how) => {
  const random = randomForTest(`btf ${how}`);
  const base = how === "alone" ? null : btfFromBytes("base", writeBtf({ types: allKinds }));
  const bytes = [true, false].map((little) => (base === null ? writeBtf({ types: allKinds, little }) : writeBtf({ types: [{ kind: "struct", name: "own", size: 16, members: [{ name: "dev", type: 7, offset: 0 }, { type: 9, offset: 64 }] }, { kind: "func", name: "own_xmit", type: 19 }], baseStrings: base.strings })));
  let read = 0;
  let good = 0;
  for (let round = 0; round < mutations; round++) {
    const from = bytes[round % 2]!;
    const btf = opened(mutated(from, random, [{ from: 24, to: from.length }], bytes[1 - (round % 2)]!), base);
    if (!btf) continue;
    read++;
    for (let id = btf.firstId; id < btf.endId; id++) {
      asked(() => btf.type(id));
      asked(() => sizeOf(btf, id));
      asked(() => typeText(btf, id, "name"));
    }
    for (const name of ["sk_buff", "xmit", "u32", "own", "net_device", "jiffies"]) asked(() => btf.idsOf(name));
    asked(() => prototypeText(btf, btf.find("xmit", "func") ?? 27));
    asked(() => memberAt(btf, 5, "inner[0].deep[1]"));
    asked(() => memberAt(btf, 5, "deep[1]"));
    asked(() => drain(rawText(btf)));
    asked(() => drain(jsonText(btf)));
    const verified = verifyBtf(btf);
    const written = asked(() => drain(headerText([btf])));
    if (verified.length > 0) continue;
    good++;
    // What the kernel's rules allow can be said in C, but for absurd sizes and what has no name to point to itself with.
    if (!written) expect(() => drain(headerText([btf])), `round ${round}`).toThrow(/: (?:a hole of \d+ bits|it contains itself|it has no name and contains itself)$/);
  }
  expect(read).toBeGreaterThan(mutations / 4);
  expect(good).toBeGreaterThan(mutations / 50);
}, 60_000);

test(".BTF.ext, damaged", () => {
  const btf = btfFromBytes("fuzzed", writeBtf({ types: allKinds }));
  const words = [8, 1, 1, 0, 27, 16, 1, 1, 0, 1, 5, (7 << 10) | 3, 16, 1, 1, 0, 8, 1, 0];
  const bytes = new Uint8Array(32 + 4 * words.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, true);
  bytes[2] = 1;
  for (const [index, value] of [32, 0, 20, 20, 28, 48, 28].entries()) view.setUint32(4 + 4 * index, value, true);
  for (const [index, value] of words.entries()) view.setUint32(32 + 4 * index, value, true);
  const name = btf.string(1);
  expect(readBtfExt(btf, bytes)).toEqual({
    functions: new Map([[name, [{ offset: 0, type: 27 }]]]),
    lines: new Map([[name, [{ offset: 0, file: name, text: btf.string(5), line: 7, column: 3 }]]]),
    relocations: new Map([[name, [{ offset: 0, type: 8, access: name, kind: 0 }]]]),
  });
  const random = randomForTest("btf ext");
  let read = 0;
  for (let round = 0; round < 3000; round++) if (asked(() => readBtfExt(btf, mutated(bytes, random, [], bytes)))) read++;
  expect(read).toBeGreaterThan(100);
});
