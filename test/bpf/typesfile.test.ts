import { expect, it } from "vitest";
import { compiledDecoderOf, decoderOf } from "../../src/bpf/decode.ts";
import { RingRecord } from "../../src/bpf/ring.ts";
import { typesFileOf } from "../../src/bpf/typesfile.ts";
import { btfFromBytes } from "../../src/btf/index.ts";
import { writeBtf } from "../support/btfwriter.ts";
import { expectGolden } from "../support/golden.ts";
import { randomForTest } from "../support/seed.ts";

const btf = btfFromBytes(
  "test",
  writeBtf({
    types: [
      { kind: "int", name: "int", size: 4, encoding: 1 },
      { kind: "int", name: "char", size: 1, encoding: 1 },
      { kind: "int", name: "unsigned char", size: 1 },
      { kind: "int", name: "unsigned long long", size: 8 },
      { kind: "int", name: "bool", size: 1, encoding: 4 },
      { kind: "enum", name: "way", size: 4, values: [["IN", 0], ["OUT", 1]] },
      { kind: "array", element: 2, index: 1, length: 16 },
      { kind: "array", element: 3, index: 1, length: 6 },
      { kind: "struct", name: "point", size: 4, members: [{ name: "x", type: 13, offset: 0 }, { name: "y", type: 13, offset: 16 }] },
      { kind: "array", element: 9, index: 1, length: 2 },
      { kind: "array", element: 1, index: 1, length: 20 },
      { kind: "ptr", type: 0 },
      { kind: "int", name: "short", size: 2, encoding: 1 },
      { kind: "union", size: 8, members: [{ name: "number", type: 4, offset: 0 }, { name: "point", type: 9, offset: 0 }] },
      { kind: "struct", size: 4, members: [{ name: "inner", type: 1, offset: 0 }] },
      {
        kind: "struct", name: "event", size: 168, flag: true,
        members: [
          { name: "time", type: 4, offset: 0 },
          { name: "way", type: 6, offset: 64 },
          { name: "low", type: 1, offset: 96, bits: 5 },
          { name: "high", type: 4, offset: 101, bits: 27 },
          { name: "comm", type: 7, offset: 128 },
          { name: "mac", type: 8, offset: 256 },
          { name: "ok", type: 5, offset: 304 },
          { name: "corners", type: 10, offset: 320 },
          { type: 14, offset: 384 },
          { name: "many", type: 11, offset: 448 },
          { name: "address", type: 12, offset: 1088 },
          { name: "nested", type: 15, offset: 1152 },
          { name: "wide", type: 17, offset: 1216 },
          { name: "tail", type: 18, offset: 1344 },
        ],
      },
      { kind: "int", name: "__int128", size: 16, encoding: 1 },
      { kind: "array", element: 9, index: 1, length: 0 },
      { kind: "ptr", type: 16 },
      { kind: "var", name: "unused", type: 19, linkage: 1 },
      { kind: "var", name: "lost", type: 4, linkage: 1 },
      { kind: "datasec", name: ".bss", size: 16, variables: [[20, 0, 8], [21, 8, 8]] },
      { kind: "ptr", type: 1 },
      { kind: "struct", size: 16, members: [{ name: "key", type: 23, offset: 0 }, { name: "value", type: 19, offset: 64 }] },
      { kind: "var", name: "seen", type: 24, linkage: 1 },
      { kind: "datasec", name: ".maps", size: 16, variables: [[25, 0, 16]] },
    ],
  }),
);

it("the module, as it is written", () => {
  const { declarations, code } = typesFileOf(btf, "oopscope bpf types test.bpf.o");
  expectGolden(declarations, new URL("types.d.ts.txt", import.meta.url));
  expectGolden(code, new URL("types.js.txt", import.meta.url));
});

it("reads random records as the decoder by BTF does", async () => {
  const { code } = typesFileOf(btf, "a test");
  const { decode_event: decode } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { decode_event: (record: RingRecord) => unknown };
  const random = randomForTest("records");
  const compiled = compiledDecoderOf(btf, 16);
  for (let round = 0; round < 200; round++) {
    const bytes = random.bytes(168 + random.below(20));
    if (round % 2 === 0) new DataView(bytes.buffer).setUint32(8, random.below(3), true);
    const memory = new Uint8Array(256);
    memory.set(bytes, 8);
    const record = new RingRecord(memory.buffer, 0, 256);
    record.point(8, bytes.length);
    const value = decoderOf(btf, 16)(new DataView(bytes.buffer), 0, bytes.length);
    expect(decode(record)).toEqual(value);
    expect(compiled(new DataView(bytes.buffer), 0, bytes.length)).toEqual(value);
    expect(compiled(new DataView(memory.buffer), 8, 8 + bytes.length)).toEqual(value);
  }
});
