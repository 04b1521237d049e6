import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBtf, type Btf } from "../../src/btf/index.ts";
import { randomForTest } from "../support/seed.ts";
import { evaluate } from "./evaluate.ts";
import type { Memory } from "./simulator.ts";

// What C makes of an expression is asked of a C compiler: the same text, over the same struct, with BTF by clang and values by what it compiles. -fwrapv, as the kernel is built.

const types = `
typedef unsigned char u8; typedef signed char s8; typedef unsigned short u16; typedef short s16; typedef unsigned int u32; typedef int s32; typedef unsigned long u64; typedef long s64; typedef _Bool bool;
enum color { RED, GREEN = 5, BLUE = 0x10000 };
enum sign { MINUS = 3, PLUS = 7 };
struct inner { u16 a; s8 b[5]; struct { u32 deep; union { u8 byte; s16 half; }; }; };
struct flags { u32 one : 1, three : 3; s32 five : 5, seven : 7; u32 rest : 16; u64 wide : 40, top : 24; u8 small : 2; s8 neg : 3; u32 full : 32; };
struct outer { u8 c; s8 sc; u16 h; s16 sh; u32 w; s32 sw; u64 l; s64 sl; bool yes; enum color color; enum sign sign; char name[12]; char *text; struct inner in; struct inner *ptr; struct inner list[3]; u32 words[4]; u32 *first; u32 *last; struct flags f; void *any; struct outer *self; };
`;
const body = `#include <stdio.h>
#include <string.h>
${types}
static struct inner other = { 65535, { -1, 2, -128, 127, 0 }, { 0x89abcdef, { .half = -2 } } };
static char text[] = "veth0";
static struct outer o = { 200, -100, 60000, -30000, 4000000000u, -2000000000, 0xfedcba9876543210ul, -81985529216486895l, 1, GREEN, MINUS, "eth0", text, { 1, { -7, 6, -5, 4, -3 }, { 77, { .byte = 254 } } }, &other, { { 10, { 1 } }, { 11, { 2 } }, { 12, { -3, 9 } } }, { 1, 0x80000000u, 3, 0xffffffffu }, 0, 0, { 1, 5, -9, -33, 51234, 0xab12345678ul, 0x123456, 3, -2, 0xdeadbeefu }, text, 0 };
`;
const parameters = "struct outer *p, u8 a, s8 b, u16 c, s16 d, u32 e, s32 g, u64 h, s64 i, bool k, enum color m, enum sign n, u8 *q";
const args = [0n, 0xffff_ff01n, 0x1234_5680n, 0xabcd_fffen, 0x1_8001n, 0x7_9abc_def0n, 0x5_8765_4321n, 0xf123_4567_89ab_cdefn, -0x7123_4567_89ab_cdefn, 1n, 0x1_0000n, 0x1_ffff_fffdn, 0n];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oopscope-expression-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const random = randomForTest("expressions like C's");
const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
const leaves = [
  "a", "b", "c", "d", "e", "g", "h", "i", "k", "m", "n", "p->c", "p->sc", "p->h", "p->sh", "p->w", "p->sw", "p->l", "p->sl", "p->yes", "p->color", "p->sign", "p->name[1]", "*p->text", "p->text[2]", "p->in.a", "p->in.b[3]", "p->in.deep",
  "p->in.half", "p->in.byte", "p->ptr->a", "p->ptr->b[2]", "p->ptr->half", "(*p->ptr).deep", "p->list[2].b[1]", "p->list[1].a", "p->words[1]", "p->words[3]", "p->f.one", "p->f.three", "p->f.five", "p->f.seven", "p->f.rest", "p->f.wide",
  "p->f.top", "p->f.small", "p->f.neg", "p->f.full", "((struct inner *)p->ptr)->b[0]", "((u8 *)p->any)[3]", "p->self->sw", "(p->last - p->first)", "*(p->first + 1)", "*(p->last - 2)", "p->list[k].a", "p->words[p->f.small]", "(&p->list[1])->a", "*(&p->sw)",
  "*&p->in.b[1]", "*(u16 *)&p->w", "*((s8 *)p->words + 7)", "sizeof(struct inner)", "(p->self == p)", "(p->any != 0)", "!p->self", "GREEN", "MINUS", "BLUE", "*p->in.b", "((s16 *)(p->text + 1))[0]", "(&p->in.deep - (u32 *)&p->in)", "0", "1", "7", "-1", "0x7fffffff", "2147483648", "0xffffffff",
  "4294967296", "0x8000000000000000", "'A'", "'\\xff'", "3u", "5l", "6ul", "*q", "q[4]",
];
const casts = ["u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64", "int", "unsigned", "long", "unsigned char", "signed char", "short", "bool", "enum color", "char"];
function expression(depth: number): string {
  if (depth === 0 || random.below(6) === 0) return pick(leaves);
  switch (random.below(10)) {
    case 0:
      return `${pick(["-", "~", "!", "+"])}(${expression(depth - 1)})`;
    case 1:
      return `(${pick(casts)})(${expression(depth - 1)})`;
    case 2:
      return `(${expression(depth - 1)}) ${pick(["&&", "||"])} (${expression(depth - 1)})`;
    case 3:
      // A count within the width of what is shifted: anything else is undefined.
      return `(${expression(depth - 1)}) ${pick(["<<", ">>"])} ((${expression(depth - 1)}) & 31)`;
    case 4:
      return `(${expression(depth - 1)}) ${pick(["/", "%"])} ((${expression(depth - 1)}) | 1)`;
    default:
      return `(${expression(depth - 1)}) ${pick(["+", "-", "*", "&", "|", "^", "<", "<=", ">", ">=", "==", "!="])} (${expression(depth - 1)})`;
  }
}

describe("expressions mean what they mean in C", () => {
  it("3,000 of them, by the bytecode that is made of them", async () => {
    // Without parentheses, too: precedence.
    const flat = Array.from({ length: 600 }, () => Array.from({ length: 5 }, () => pick(leaves)).reduce((all, leaf) => `${all} ${pick(["+", "-", "*", "&", "|", "^", "<", "<=", ">", ">=", "==", "!=", "&&", "||"])} ${leaf}`));
    const expressions = [...leaves, ...flat, ...Array.from({ length: 3000 - leaves.length - flat.length }, () => expression(1 + random.below(4)))];
    const source = join(folder, "values.c");
    const functions = expressions.map((text, index) => `__attribute__((noinline)) static void f${index}(${parameters}) { printf("%016lx\\n", (long)(${text})); }`);
    writeFileSync(source, `${body}\n${functions.join("\n")}\nstatic void dump(const void *at, int size) { for (int k = 0; k < size; k++) printf("%02x", ((const u8 *)at)[k]); printf(" %lx\\n", (long)at); }\nint main(void) { o.first = o.words; o.last = o.words + 4; o.self = &o; dump(&o, sizeof o); dump(&other, sizeof other); dump(text, sizeof text);\n#define A &o, ${args.slice(1, 12).map((value) => `(typeof(0l))0x${BigInt.asUintN(64, value).toString(16)}ul`).join(", ")}, (u8 *)&o.sl\n${expressions.map((_, index) => `f${index}(A);`).join("\n")}\nreturn 0; }\n`);
    const program = join(folder, "values");
    execFileSync("clang", ["-w", "-O1", "-fwrapv", "-fno-strict-aliasing", "-o", program, source]);
    const lines = execFileSync(program, { encoding: "utf8", maxBuffer: 1 << 26 }).trim().split("\n");
    writeFileSync(join(folder, "types.c"), `${types}\nstruct parameters { ${parameters.replaceAll(",", ";")}; } all; struct outer whole;`);
    execFileSync("clang", ["--target=bpf", "-w", "-g", "-O1", "-c", "-o", join(folder, "types.o"), join(folder, "types.c")]);
    const { btf } = await openBtf(join(folder, "types.o"));
    const pieces = lines.slice(0, 3).map((line) => ({ bytes: new Uint8Array(Buffer.from(line.split(" ")[0]!, "hex")), address: BigInt(`0x${line.split(" ")[1]!}`) }));
    const memory: Memory = { pieces };
    const scope = { btf, parameters: parametersOf(btf), result: null, returned: false };
    const slOffset = 24n;
    const own = [pieces[0]!.address, ...args.slice(1, 12), pieces[0]!.address + slOffset];
    const got: string[] = [];
    for (const text of expressions) {
      let result: bigint | string;
      try {
        result = evaluate(text, scope, memory, { args: own });
      } catch (error) {
        result = String(error);
      }
      got.push(`${text} = ${typeof result === "bigint" ? BigInt.asUintN(64, result).toString(16).padStart(16, "0") : result}`);
    }
    expect(got).toEqual(expressions.map((text, index) => `${text} = ${lines[index + 3]!}`));
  });
});

function parametersOf(btf: Btf): { name: string; type: { kind: "btf"; id: number } }[] {
  const all = btf.type(btf.find("parameters", "struct")!);
  if (all.kind !== "struct") throw new Error("no parameters");
  return all.members.map(({ name, type }) => ({ name, type: { kind: "btf", id: type } }));
}
