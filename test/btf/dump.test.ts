import { describe, expect, test } from "vitest";
import { btfFromBytes, headerText, jsonText, rawText, type Btf } from "../../src/btf/index.ts";
import { writeBtf, type WrittenType } from "../support/btfwriter.ts";

const before = "#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)\n#endif\n\n";
const after = "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n#pragma clang attribute pop\n#endif\n\n#endif /* __VMLINUX_H__ */\n";

const btfOf = (types: readonly WrittenType[]): Btf => btfFromBytes("x", writeBtf({ types }));

/** What stands between the lines that are the same in every header. */
function header(...parts: Btf[]): string {
  const text = Buffer.concat([...headerText(parts)]).toString("latin1");
  expect(text.startsWith(before) && text.endsWith(after)).toBe(true);
  return text.slice(before.length, -after.length);
}

const int: WrittenType = { kind: "int", name: "int", size: 4, encoding: 1 };
const long: WrittenType = { kind: "int", name: "long unsigned int", size: 8 };

describe("C", () => {
  test("declared before it is used, defined before it is embedded", () => {
    expect(
      header(
        btfOf([
          int,
          { kind: "struct", name: "list", size: 16, members: [{ name: "next", type: 3, offset: 0 }, { name: "owner", type: 4, offset: 64 }] },
          { kind: "ptr", type: 2 },
          { kind: "ptr", type: 5 },
          { kind: "struct", name: "owner", size: 24, members: [{ name: "head", type: 2, offset: 0 }, { name: "done", type: 6, offset: 128 }] },
          { kind: "typedef", name: "done_fn", type: 7 },
          { kind: "ptr", type: 8 },
          { kind: "func_proto", result: 1, parameters: [["owner", 4], ["", 0]] },
        ]),
      ),
    ).toBe(
      "struct owner;\n\nstruct list {\n\tstruct list *next;\n\tstruct owner *owner;\n};\n\ntypedef int (*done_fn)(struct owner *, ...);\n\nstruct owner {\n\tstruct list head;\n\tdone_fn done;\n};\n\n".replace("struct owner *, ...", "struct owner *owner, ..."),
    );
  });

  test("padding, bit-fields, packed, anonymous members, enums", () => {
    expect(
      header(
        btfOf([
          int,
          long,
          { kind: "int", name: "char", size: 1, encoding: 1 },
          { kind: "struct", name: "s", size: 64, members: [{ name: "a", type: 3, offset: 0 }, { name: "b", type: 1, offset: 35, bits: 3 }, { type: 5, offset: 64 }, { name: "far", type: 2, offset: 256 }] },
          { kind: "union", size: 8, members: [{ name: "u", type: 2, offset: 0 }, { name: "v", type: 6, offset: 0 }] },
          { kind: "array", element: 7, index: 1, length: 2 },
          { kind: "enum", values: [["ONE", 1], ["TWO", 2]] },
          { kind: "struct", name: "p", size: 9, members: [{ name: "a", type: 3, offset: 0 }, { name: "b", type: 2, offset: 8 }] },
          { kind: "enum", name: "tiny", size: 1, values: [["ONE", 1]] },
          { kind: "enum64", name: "wide", values: [["BIG", 1n << 40n]] },
          { kind: "union", name: "hollow", size: 24, members: [] },
        ]),
      ),
    ).toBe(`struct s {
	char a;
	int: 0;
	char: 3;
	int b: 3;
	union {
		long unsigned int u;
		enum {
			ONE = 1,
			TWO = 2,
		} v[2];
	};
	long: 64;
	long: 64;
	long unsigned int far;
	long: 64;
	long: 64;
	long: 64;
};

struct p {
	char a;
	long unsigned int b;
} __attribute__((packed));

enum tiny {
	ONE___2 = 1,
} __attribute__((mode(byte)));

enum wide {
	BIG = 1099511627776ULL,
};

union hollow {
	struct {
		long: 64;
		long: 64;
		long: 64;
	};
};

`);
  });

  test("declarators of every shape", () => {
    expect(
      header(
        btfOf([
          int,
          { kind: "array", element: 1, index: 1, length: 3 },
          { kind: "ptr", type: 2 },
          { kind: "func_proto", result: 3, parameters: [] },
          { kind: "ptr", type: 4 },
          { kind: "const", type: 5 },
          { kind: "array", element: 6, index: 1, length: 4 },
          { kind: "array", element: 7, index: 1, length: 5 },
          { kind: "const", type: 1 },
          { kind: "volatile", type: 9 },
          { kind: "ptr", type: 10 },
          { kind: "restrict", type: 11 },
          { kind: "ptr", type: 0 },
          { kind: "func_proto", result: 13, parameters: [["", 3], ["fn", 5], ["", 12]] },
          { kind: "typedef", name: "fn_t", type: 14 },
          { kind: "struct", name: "s", size: 200, members: [{ name: "table", type: 8, offset: 0 }, { name: "p", type: 12, offset: 1280 }, { name: "m", type: 3, offset: 1344 }] },
        ]),
      ),
    ).toBe(`typedef void *fn_t(int(*)[3], int (* (*fn)(void))[3], const volatile int * restrict);

struct s {
	int (* (* const table[5][4])(void))[3];
	const volatile int * restrict p;
	int (*m)[3];
	long: 64;
	long: 64;
	long: 64;
};

`);
  });

  test("names that are taken, and those that are no names", () => {
    expect(
      header(
        btfOf([
          int,
          { kind: "struct", name: "twin", size: 4, members: [{ name: "a", type: 1, offset: 0 }] },
          { kind: "struct", name: "twin", size: 4, members: [{ name: "b; } x; int y", type: 1, offset: 0 }] },
          { kind: "typedef", name: "twin", type: 3 },
          { kind: "struct", name: "4ever", size: 0, members: [] },
        ]),
      ),
    ).toBe("struct twin {\n\tint a;\n};\n\nstruct twin___2 {\n\tint b____x__int_y;\n};\n\ntypedef struct twin___2 twin;\n\nstruct _4ever {};\n\n");
  });

  test("what modules have alike comes once", () => {
    const base = btfOf([int, { kind: "struct", name: "dev", size: 4, members: [{ name: "a", type: 1, offset: 0 }] }]);
    /** Ids begin with 3: a list that leads to itself, an enum, a typedef of a struct without a name; and a struct whose last member is `last`. */
    const module = (last: number, ...more: WrittenType[]): Btf =>
      btfFromBytes("m", writeBtf({
        types: [
          { kind: "struct", name: "node", size: 16, members: [{ name: "next", type: 4, offset: 0 }, { name: "owner", type: 6, offset: 64 }] },
          { kind: "ptr", type: 3 },
          { kind: "struct", name: "owner", size: 16, members: [{ name: "first", type: 4, offset: 0 }, { name: "last", type: last, offset: 64 }] },
          { kind: "ptr", type: 5 },
          { kind: "enum", values: [["ON", 1], ["OFF", 0]] },
          { kind: "typedef", name: "pair_t", type: 9 },
          { kind: "struct", size: 8, members: [{ name: "one", type: 1, offset: 0 }, { name: "two", type: 1, offset: 32 }] },
          { kind: "struct", name: "dev", size: 4, members: [{ name: "a", type: 1, offset: 0 }] },
          { kind: "fwd", name: "opaque" },
          ...more,
        ],
        baseStrings: base.strings,
      }), base);
    const once = header(base, module(4));
    expect(once).toBe(
      "struct dev {\n\tint a;\n};\n\nstruct owner;\n\nstruct node {\n\tstruct node *next;\n\tstruct owner *owner;\n};\n\nstruct owner {\n\tstruct node *first;\n\tstruct node *last;\n};\n\nenum {\n\tON = 1,\n\tOFF = 0,\n};\n\ntypedef struct {\n\tint one;\n\tint two;\n} pair_t;\n\nstruct opaque;\n\n",
    );
    expect(header(base, module(4), module(4))).toBe(once);
    expect(header(base, module(4), module(4, { kind: "struct", name: "more", size: 8, members: [{ name: "pair", type: 8, offset: 0 }] }))).toBe(`${once}struct more {\n\tpair_t pair;\n};\n\n`);
    // What leads to something else is something else, also through pointers.
    expect(header(base, module(4), module(6))).toBe(
      `${once}struct owner___2;\n\nstruct node___2 {\n\tstruct node___2 *next;\n\tstruct owner___2 *owner;\n};\n\nstruct owner___2 {\n\tstruct node___2 *first;\n\tstruct owner___2 *last;\n};\n\n`,
    );
  });

  test("modules whose names are one long one do not keep us", () => {
    const base = btfOf([int]);
    const letters = "x".repeat(1 << 16);
    const module = btfFromBytes("m", writeBtf({ types: Array.from({ length: 2000 }, () => ({ kind: "typedef" as const, name: letters, type: 1 })), baseStrings: base.strings }), base);
    expect(() => header(module, btfFromBytes("n", module.bytes, base))).toThrow("the header would have more than 64 MB");
  });

  test("an embedded struct with a name but none of its own is written out; tags on it are left out", () => {
    expect(
      header(
        btfOf([
          int,
          { kind: "struct", name: "inner", size: 4, members: [{ name: "a", type: 1, offset: 0 }] },
          { kind: "type_tag", name: "x", type: 4 },
          { kind: "struct", size: 4, members: [{ name: "b", type: 1, offset: 0 }] },
          { kind: "struct", name: "outer", size: 8, members: [{ type: 2, offset: 0 }, { type: 3, offset: 32 }] },
        ]),
      ),
    ).toBe("struct inner {\n\tint a;\n};\n\nstruct outer {\n\tstruct {\n\t\tint a;\n\t};\n\tstruct {\n\t\tint b;\n\t};\n};\n\n");
  });

  test("a kernel and two modules in one", () => {
    const base = btfOf([int, { kind: "struct", name: "dev", size: 4, members: [{ name: "a", type: 1, offset: 0 }] }]);
    const module = (name: string): Btf => btfFromBytes(name, writeBtf({ types: [{ kind: "ptr", type: 2 }, { kind: "struct", name: `${name}_priv`, size: 8, members: [{ name: "dev", type: 3, offset: 0 }] }, { kind: "struct", name: "same", size: name.length, members: [] }], baseStrings: base.strings }), base);
    expect(header(module("one"), module("four"))).toBe(
      "struct dev {\n\tint a;\n};\n\nstruct one_priv {\n\tstruct dev *dev;\n};\n\nstruct same {\n\tint: 24;\n};\n\nstruct four_priv {\n\tstruct dev *dev;\n};\n\nstruct same___2 {\n\tint: 32;\n};\n\n",
    );
    expect(() => header(base, btfOf([int]))).toThrow("x and x are both a base of their own");
  });

  test.each<[string, WrittenType[]]>([
    ["contains itself", [int, { kind: "struct", name: "s", size: 4, members: [{ name: "s", type: 2, offset: 0 }] }]],
    ["contains itself", [int, { kind: "struct", size: 8, members: [{ name: "s", type: 3, offset: 0 }] }, { kind: "ptr", type: 2 }]],
    ["types within one another", [int, { kind: "const", type: 2 }]],
    ["it refers to type 7, the last one is 2", [int, { kind: "ptr", type: 7 }]],
    ["needs a type of C", [int, { kind: "typedef", name: "t", type: 3 }, { kind: "var", name: "v", type: 1 }]],
    ["a hole of", [int, { kind: "struct", name: "s", size: 0x7fff_ffff, members: [] }]],
    ["more than 64 MB", [int, ...Array.from({ length: 40 }, (_, k): WrittenType => ({ kind: "struct", size: 4, members: [{ name: "a", type: k + 1, offset: 0 }, { name: "b", type: k + 1, offset: 0 }] })), { kind: "typedef", name: "bomb", type: 41 }]],
  ])("%s: damaged types are named", (what, types) => {
    expect(() => header(btfOf(types))).toThrow(what);
  });
});

test("control characters of names do not reach a terminal", () => {
  expect([...rawText(btfOf([{ kind: "fwd", name: "\x1b[31mred\x9b" }]))].join("")).toBe("[1] FWD '\\x1b[31mred\\x9b' fwd_kind=struct\n");
});

test("raw text and JSON", () => {
  const btf = btfOf([int, { kind: "enum64", name: "w", values: [["ALL", (1n << 64n) - 1n]] }, { kind: "func_proto", result: 0, parameters: [["a", 1], ["", 0]] }, { kind: "var", name: "v", type: 1 }, { kind: "datasec", name: ".data", size: 4, variables: [[4, 0, 4]] }]);
  expect([...rawText(btf)].join("")).toBe(
    "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n[2] ENUM64 'w' encoding=UNSIGNED size=8 vlen=1\n\t'ALL' val=18446744073709551615ULL\n[3] FUNC_PROTO '(anon)' ret_type_id=0 vlen=2\n\t'a' type_id=1\n\t'(anon)' type_id=0\n[4] VAR 'v' type_id=1, linkage=global\n[5] DATASEC '.data' size=4 vlen=1\n\ttype_id=4 offset=0 size=4 (VAR 'v')\n",
  );
  expect(JSON.parse([...jsonText(btf)].join(""))).toEqual({
    types: [
      { id: 1, kind: "INT", name: "int", size: 4, bits_offset: 0, nr_bits: 32, encoding: "SIGNED" },
      { id: 2, kind: "ENUM64", name: "w", encoding: "UNSIGNED", size: 8, vlen: 1, values: [{ name: "ALL", val: "18446744073709551615" }] },
      { id: 3, kind: "FUNC_PROTO", name: "(anon)", ret_type_id: 0, vlen: 2, params: [{ name: "a", type_id: 1 }, { name: "(anon)", type_id: 0 }] },
      { id: 4, kind: "VAR", name: "v", type_id: 1, linkage: "global" },
      { id: 5, kind: "DATASEC", name: ".data", size: 4, vlen: 1, vars: [{ type_id: 4, offset: 0, size: 4 }] },
    ],
  });
});
