import { OopscopeError } from "../base/index.ts";
import type { Btf } from "./file.ts";
import { KIND } from "./format.ts";
import type { BtfPlace } from "./types.ts";

/** Longest chain of typedefs, qualifiers and arrays: the kernel's own verifier takes 32 (MAX_RESOLVE_DEPTH), C compilers write a handful. */
const longestChain = 256;
/** Depth of anonymous structs within one another. */
const deepest = 64;
const mostMembers = 1 << 20;

const isModifier = (kind: number): boolean => kind === KIND.volatile || kind === KIND.const || kind === KIND.restrict || kind === KIND.typeTag;

/** The type below const, volatile, restrict and type tags, and with `typedefs: "through"` (the default) below typedefs. Throws `malformed` for a loop. */
export function resolve(btf: Btf, id: number, { typedefs = "through" }: { readonly typedefs?: "through" | "keep" } = {}): number {
  let at = id;
  for (let steps = 0; steps < longestChain; steps++) {
    const kind = btf.kindNumber(at);
    if (!isModifier(kind) && (kind !== KIND.typedef || typedefs === "keep")) return at;
    at = btf.sizeOrType(at);
  }
  throw btf.fail(id, `type ${id} leads through more than ${longestChain} typedefs and qualifiers`);
}

/** Bytes of a value of this type; null where it has none: void, functions, forward declarations. Throws `malformed` for loops and absurd arrays. */
export function sizeOf(btf: Btf, id: number): number | null {
  let at = id;
  let count = 1;
  for (let steps = 0; steps < longestChain; steps++) {
    const kind = btf.kindNumber(at);
    switch (kind) {
      case KIND.int:
      case KIND.struct:
      case KIND.union:
      case KIND.enum:
      case KIND.enum64:
      case KIND.float:
      case KIND.datasec:
        return product(btf, id, count, btf.sizeOrType(at));
      case KIND.ptr:
        return product(btf, id, count, btf.pointerSize);
      case KIND.array: {
        const layer = btf.layerOf(at);
        const words = layer.starts[at - layer.firstId]! + 3;
        count = product(btf, id, count, layer.words[words + 2]!);
        at = layer.words[words]!;
        break;
      }
      case KIND.typedef:
      case KIND.volatile:
      case KIND.const:
      case KIND.restrict:
      case KIND.typeTag:
      case KIND.var:
      case KIND.declTag:
        at = btf.sizeOrType(at);
        break;
      default:
        return null;
    }
  }
  throw btf.fail(id, `type ${id} leads through more than ${longestChain} typedefs, qualifiers and arrays`);
}

function product(btf: Btf, id: number, count: number, size: number): number {
  const value = count * size;
  if (value > Number.MAX_SAFE_INTEGER) throw btf.fail(id, `type ${id} would have more than 2^53 bytes`);
  return value;
}

/**
 * The member that a path of C leads to: `dev.name`, `shinfo.frags[2].len`, members of anonymous structs and unions as if they were the outer one's own. Offsets
 * count from the start of `id`, which may be a typedef. Pointers are not followed. Throws `bad-argument` for a path that leads nowhere, saying where it ends.
 */
export function memberAt(btf: Btf, id: number, path: string): BtfPlace {
  let type = resolve(btf, id);
  let bitOffset = 0;
  let bitSize = 0;
  let walked = "";
  const wrong = (what: string): OopscopeError => new OopscopeError("bad-argument", `\`${path}\`: ${walked === "" ? "the type" : `\`${walked}\``} ${what}`, { path, type: id });
  const steps = /\s*(?:(^|\.)\s*([A-Za-z_$][\w$]*)|\[\s*(\d+)\s*\])\s*/gy;
  let at = 0;
  while (at < path.length) {
    steps.lastIndex = at;
    const step = steps.exec(path);
    if (!step) throw new OopscopeError("bad-argument", `\`${path}\`: not understood from character ${at + 1} on; a path is like dev.name or frags[2].len`, { path });
    at = steps.lastIndex;
    if (bitSize > 0) throw wrong("is a bit-field: there is nothing in it");
    const found = btf.type(resolve(btf, type));
    if (step[2] !== undefined) {
      const name = step[2];
      if (found.kind !== "struct" && found.kind !== "union") throw wrong(`is ${found.kind === "ptr" ? "a pointer" : `of kind ${found.kind}`}: it has no member ${name}`);
      const member = memberNamed(btf, found.id, name, deepest, { left: mostMembers });
      if (!member) throw wrong(`(${found.kind}${found.name === "" ? "" : ` ${found.name}`}) has no member ${name}`);
      type = member.type;
      bitOffset += member.bitOffset;
      bitSize = member.bitSize;
      walked += (walked === "" ? "" : ".") + name;
    } else {
      const index = Number(step[3]);
      if (found.kind !== "array") throw wrong(`is of kind ${found.kind}: it has no elements`);
      // One of length 0 stands at a struct's end, for as many as there are.
      if (found.length !== 0 && index >= found.length) throw wrong(`has ${found.length} elements, ${index} is none of them`);
      const size = sizeOf(btf, found.element);
      if (size === null) throw wrong("has elements without a size");
      type = found.element;
      bitOffset += 8 * size * index;
      if (!Number.isSafeInteger(bitOffset)) throw wrong(`has no element ${index}: its offset would be past 2^53 bits`);
      walked += `[${index}]`;
    }
  }
  if (walked === "") throw new OopscopeError("bad-argument", "an empty path leads to no member", { path });
  return { type, bitOffset, bitSize, size: sizeOf(btf, type) };
}

/** A member by name, with its offset in the outer struct: its own first, then those of anonymous members. */
function memberNamed(btf: Btf, id: number, name: string, depth: number, budget: { left: number }): { type: number; bitOffset: number; bitSize: number } | null {
  const layer = btf.layerOf(id);
  const start = layer.starts[id - layer.firstId]!;
  const { words } = layer;
  const info = words[start + 1]!;
  const flag = info >>> 31 === 1;
  const end = start + 3 + 3 * (info & 0xffff);
  budget.left -= info & 0xffff;
  if (depth === 0 || budget.left < 0) throw btf.fail(id, `type ${id} has anonymous members within one another without end`);
  const offsetOf = (word: number): number => (flag ? word & 0xff_ffff : word);
  for (let at = start + 3; at < end; at += 3) {
    if (words[at] !== 0 && layer.string(words[at]!) === name) return { type: words[at + 1]!, bitOffset: offsetOf(words[at + 2]!), bitSize: flag ? words[at + 2]! >>> 24 : 0 };
  }
  for (let at = start + 3; at < end; at += 3) {
    if (words[at] !== 0 && layer.string(words[at]!) !== "") continue;
    const inner = resolve(btf, words[at + 1]!);
    const kind = btf.kindNumber(inner);
    if (kind !== KIND.struct && kind !== KIND.union) continue;
    const found = memberNamed(btf, inner, name, depth - 1, budget);
    if (found) return { ...found, bitOffset: found.bitOffset + offsetOf(words[at + 2]!) };
  }
  return null;
}
