import { describe, expect, it } from "vitest";
import { btfFromBytes } from "../../src/btf/index.ts";
import { ExpressionError, checkExpression, textOfType, type Scope } from "../../src/trace/expression/index.ts";
import { writeBtf } from "../support/btfwriter.ts";
import { expectGolden } from "../support/golden.ts";
import { evaluate } from "./evaluate.ts";
import type { Memory } from "./simulator.ts";

const ids = { int: 1, char: 2, uchar: 3, ushort: 4, ulong: 5, sk: 6, skPointer: 7, dev: 8, devPointer: 9, name: 10, color: 11, voidPointer: 12, u16: 13, charPointer: 14, opaque: 15, opaquePointer: 16, words: 17, func: 18, funcPointer: 19, float: 20, mode: 21, byValue: 22, constChar: 23, be16: 24, ring: 25 };
const btf = btfFromBytes("written", writeBtf({
  types: [
    { kind: "int", name: "int", size: 4, encoding: 1 },
    { kind: "int", name: "char", size: 1, encoding: 1 },
    { kind: "int", name: "unsigned char", size: 1 },
    { kind: "int", name: "short unsigned int", size: 2 },
    { kind: "int", name: "long unsigned int", size: 8 },
    { kind: "struct", name: "sk_buff", size: 64, members: [
      { name: "dev", type: ids.devPointer, offset: 0 }, { name: "len", type: ids.int, offset: 64 }, { name: "cloned", type: ids.uchar, offset: 96, bits: 1 }, { name: "kind", type: ids.uchar, offset: 97, bits: 3 }, { name: "signed_part", type: ids.int, offset: 100, bits: 5 },
      { name: "head", type: ids.charPointer, offset: 128 }, { name: "any", type: ids.voidPointer, offset: 192 }, { name: "words", type: ids.words, offset: 256 }, { type: ids.ring, offset: 384 }, { name: "run", type: ids.funcPointer, offset: 448 },
    ] },
    { kind: "ptr", type: ids.sk },
    { kind: "struct", name: "net_device", size: 24, members: [{ name: "name", type: ids.name, offset: 0 }, { name: "ifindex", type: ids.int, offset: 128 }, { name: "opaque", type: ids.opaquePointer, offset: 128 }] },
    { kind: "ptr", type: ids.dev },
    { kind: "array", element: ids.char, index: ids.int, length: 16 },
    { kind: "enum", name: "color", values: [["RED", 0], ["GREEN", 5], ["TWICE", 1]] },
    { kind: "ptr", type: 0 },
    { kind: "typedef", name: "u16", type: ids.ushort },
    { kind: "ptr", type: ids.constChar },
    { kind: "fwd", name: "opaque" },
    { kind: "ptr", type: ids.opaque },
    { kind: "array", element: ids.u16, index: ids.int, length: 8 },
    { kind: "func_proto", result: ids.int, parameters: [["skb", ids.skPointer]] },
    { kind: "ptr", type: ids.func },
    { kind: "float", name: "double", size: 8 },
    { kind: "enum", name: "mode", values: [["TWICE", 2]] },
    { kind: "struct", name: "by_value", size: 16, members: [{ name: "x", type: ids.ulong, offset: 0 }] },
    { kind: "const", type: ids.char },
    { kind: "typedef", name: "__be16", type: ids.u16 },
    { kind: "union", size: 8, members: [{ name: "port", type: ids.be16, offset: 0 }, { name: "both", type: ids.ulong, offset: 0 }] },
  ],
}));
const type = (id: number): { kind: "btf"; id: number } => ({ kind: "btf", id });
const scope: Scope = {
  btf, result: type(ids.int), returned: false,
  parameters: [{ name: "skb", type: type(ids.skPointer) }, { name: "count", type: type(ids.int) }, { name: "color", type: type(ids.color) }, { name: "pair", type: type(ids.byValue) }, { name: "ratio", type: type(ids.float) }, { name: "p", type: type(ids.voidPointer) }, { name: "cpu", type: type(ids.ulong) }],
};

/** An sk_buff at 0x1000 whose device is at 0x2000; its head is a text at 0x3000; the one at 0x4000 has a device that is not there. */
function memory(): Memory {
  const skb = Buffer.alloc(64);
  skb.writeBigUInt64LE(0x2000n, 0);
  skb.writeInt32LE(-5, 8);
  skb.writeUInt16LE(0b1_0101_1011, 12);
  skb.writeBigUInt64LE(0x3000n, 16);
  skb.writeBigUInt64LE(0x1000n, 24);
  for (let at = 0; at < 8; at++) skb.writeUInt16LE(0xff00 + at, 32 + 2 * at);
  skb.writeUInt16BE(2152, 48);
  const other = Buffer.from(skb);
  other.writeBigUInt64LE(0n, 0);
  other.writeBigUInt64LE(0x3000n, 16);
  const dev = Buffer.alloc(24);
  dev.write("gtp0\0old", "latin1");
  dev.writeInt32LE(7, 16);
  return { pieces: [{ address: 0x1000n, bytes: skb }, { address: 0x2000n, bytes: dev }, { address: 0x3000n, bytes: Buffer.from("veth\0") }, { address: 0x4000n, bytes: other }] };
}

const values = [
  "skb->len", "skb->len + 10u", "skb->len < 0", "(unsigned char)skb->len", "skb->cloned", "skb->kind", "skb->signed_part", "skb->words[3]", "skb->words[count]", "*(skb->words + 2)", "skb->dev->ifindex", "(*skb).dev->ifindex", "skb->dev->name[1]", "skb->port",
  "ntohs(skb->port)", "ntohs(skb->port) == 2152", "htonl(1)", "skb->head[0]", "skb->dev->name == \"gtp0\"", "skb->dev->name != \"gtp0\"", "\"gtp\" == skb->dev->name", "skb->dev->name == \"gtp0-and-longer\"", "skb->head == \"veth\"", "skb->head == \"vet\"",
  "skb->head == \"vethx\"", "comm == \"sshd\"", "comm == \"ssh\"", "comm != \"ssh\"", "pid", "tid", "cpu", "@cpu", "color == GREEN", "color", "count * 3 - 1", "count / -2", "count % -2", "count << 33", "-count >> 1", "~count", "!count", "count == 3 && skb->len == -5 || 0", "((struct sk_buff *)p)->len",
  "((struct sk_buff *)skb->any)->dev->ifindex", "&skb->len", "&skb->words[2] - skb->words", "sizeof(struct sk_buff)", "sizeof(u16 *)", "(u16)-1", "(bool)count", "'a' + 1", "'\\n'", "0x10 | 010", "18446744073709551615", "skb == p", "skb != 0 && skb->dev == 0", "skb->run != 0", "count ? 1 : 0",
];
const faults = ["((struct sk_buff *)0x4000)->dev->ifindex", "((struct sk_buff *)0x4000)->dev->name == \"lo\"", "((struct sk_buff *)0)->len", "((struct sk_buff *)0)->cloned", "*(int *)8", "((struct sk_buff *)0x4000)->dev == 0 || ((struct sk_buff *)0x4000)->dev->ifindex == 1", "count / (count - 3)", "1 % (count - 3)", "((char *)0x9000) == \"x\"", "*(u16 *)((struct sk_buff *)0x4000)->dev + 1"];
const wrong = [
  "", "  ", "skb->", "skb->lenn", "skb.len", "skb->dev.name", "skb->len->x", "skbb->len", "cout", "RDE", "TWICE", "skb->dev->opaque->x", "skb->any->len", "*skb->any", "pair", "pair.x", "ratio", "skb->words[8]", "skb->words[-1]", "skb->dev->name[16]", "skb + skb", "skb * 2", "skb->dev == \"lo\"", "\"lo\"", "\"lo\" == \"lo\"",
  "comm < \"a\"", "comm == \"a name that is too long\"", "skb->dev->name == \"a name that is too long for it\"", "(struct nothing *)skb", "(struct sk_buff)skb", "(u17)count", "foo(count)", "ntohs(skb)", "ret", "duration > 5", "&count", "&skb->kind", "*count", "count[0]", "~skb", "-skb", "count = 3", "count 3", "(count", "count)", "1 +", "* ", "08", "1x", "0x", "1uu", "'ab'", "''", "\"open", "\"\\q\"", "count $ 3",
  "99999999999999999999", "sizeof(struct opaque)", "skb->dev->opaque[1]", "(void)count", "!skb->dev->name == \"x\"", `${"(".repeat(100)}1${")".repeat(100)}`, `${"1+".repeat(400)}1`, "((((skb->len", "\u202ecount", "skb->dev->name && \"x\"", "skb->head == \"a\\0b\"", "-\"x\"",
];

function outcome(text: string, args: readonly bigint[]): string {
  try {
    const typed = checkExpression(text, scope);
    const value = evaluate(text, scope, memory(), { args, comm: "sshd", pidTgid: (42n << 32n) | 43n, cpu: 3 });
    return `${typed.type === null ? "text" : textOfType(btf, typed.type)}: ${value}`;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const [shown, carets] = error.lines;
    return `${error.message.slice(error.expression.length + 4)}\n  ${shown.length > 120 ? `${shown.slice(0, 120)}…` : shown}\n  ${carets.slice(0, 120)}`;
  }
}

describe("expressions", () => {
  const args = [0x1000n, 3n, 5n, 0n, 0n, 0x1000n, 9n];
  it("values, faults and what is wrong, in whole", () => {
    const part = (title: string, list: readonly string[]): string => `${title}\n\n${list.map((text) => `${text.length > 120 ? `${text.slice(0, 120)}…` : text}\n  ${outcome(text, args).replaceAll("\n", "\n  ")}\n`).join("")}\n`;
    expectGolden(`${part("VALUES", values)}${part("FAULTS", faults)}${part("WRONG", wrong)}`, new URL("golden/expressions.txt", import.meta.url));
  });
  it("what is known when a function has returned", () => {
    const returned = { ...scope, returned: true };
    const given = { args, ret: BigInt.asUintN(64, -12n), duration: 5_000_000_000n };
    expect(["ret", "ret < 0", "ret == -12", "duration", "duration > 1000000", "duration / 1000000 == 5000"].map((text) => evaluate(text, returned, memory(), given))).toEqual([-12n, 1n, 1n, 5_000_000_000n, 1n, 1n]);
    expect(() => checkExpression("ret", { ...returned, result: null })).toThrow("the function gives nothing back");
  });
});
