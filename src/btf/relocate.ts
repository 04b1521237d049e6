import { Btf } from "./file.ts";
import { elementName, elementType, elementWords, fixedWords, KIND, thirdIsType, type BtfKind } from "./format.ts";
import type { BtfType } from "./types.ts";

/** A type of a distilled base that the kernel has not, or has in another form; `id` is that in the distilled base. */
export type BtfUnfit = { readonly id: number; readonly kind: BtfKind; readonly name: string; /** "it has 64 bytes there, 72 here": a part of a sentence. */ readonly why: string };

/** What came of it: the same types as ones that continue the base itself, or what hinders that. */
export type RelocatedBtf = { readonly btf: Btf; readonly unfit: readonly [] } | { readonly btf: null; readonly unfit: readonly BtfUnfit[] };

/**
 * Makes BTF that continues a distilled base (`.BTF.base`) one that continues a kernel's own, as the kernel does when it loads a module (btf_relocate of kernel/bpf, from 6.11 on; in libbpf
 * btf__relocate). A distilled base has nothing but integers, floats, and the names and sizes of structs, unions and enums: they are found in the kernel's by their names, and by size where that
 * counts: for all but structs and unions that only pointers lead to. One that is not there, or that several types of the kernel could be, is a finding.
 */
export function relocateBtf(btf: Btf, base: Btf): RelocatedBtf {
  const distilled = btf.base;
  if (distilled === null) return { btf, unfit: [] };
  const embedded = embeddedIn(btf, distilled);
  const ids = new Uint32Array(distilled.endId);
  const unfit: BtfUnfit[] = [];
  for (let id = 1; id < distilled.endId; id++) {
    const type = distilled.type(id);
    const found = placeOf(type, embedded[id] === 1, base);
    if (typeof found === "number") ids[id] = found;
    else unfit.push({ id, kind: type.kind, name: type.name, why: found });
  }
  return unfit.length > 0 ? { btf: null, unfit } : { btf: moved(btf, distilled, base, ids), unfit: [] };
}

/** 1 for the structs and unions of the distilled base that own ones have as members, or arrays of them: their sizes must be the same. By id. */
function embeddedIn(btf: Btf, distilled: Btf): Uint8Array {
  const embedded = new Uint8Array(distilled.endId);
  for (let id = btf.firstId; id < btf.endId; id++) {
    const type = btf.type(id);
    if (type.kind !== "struct" && type.kind !== "union") continue;
    for (const member of type.members) {
      const within = withoutNames(btf, member.type);
      if (within !== null && within < distilled.endId) embedded[within] = 1;
    }
  }
  return embedded;
}

/** What a member is made of, through typedefs, qualifiers and arrays; null for what leads in circles. */
function withoutNames(btf: Btf, id: number): number | null {
  let at = id;
  for (let steps = 0; steps < 64; steps++) {
    const kind = btf.kindNumber(at);
    if (kind === KIND.array) {
      const type = btf.type(at);
      at = type.kind === "array" ? type.element : 0;
    } else if (kind === KIND.typedef || kind === KIND.const || kind === KIND.volatile || kind === KIND.restrict || kind === KIND.typeTag) at = btf.sizeOrType(at);
    else return at;
  }
  return null;
}

const kindsFor: Partial<Record<BtfKind, readonly BtfKind[]>> = {
  int: ["int"],
  float: ["float"],
  // A distilled base has every enum as one without values.
  enum: ["enum", "enum64"],
  enum64: ["enum64"],
  struct: ["struct", "fwd"],
  union: ["union", "fwd"],
  fwd: ["fwd", "struct", "union"],
};

/** The kernel's type that one of a distilled base is, or why there is none. */
function placeOf(type: BtfType, isEmbedded: boolean, base: Btf): number | string {
  const kinds = kindsFor[type.kind];
  if (kinds === undefined || type.name === "") return "a distilled base has only integers, floats, structs, unions and enums, with names";
  const named = base.idsOf(type.name, ...kinds).map((id) => base.type(id)).filter((one) => isOfKind(type, one));
  const records = named.filter(({ kind }) => kind === "struct" || kind === "union");
  // Of several structs of one name the size tells which is meant.
  const sized = (type.kind !== "struct" && type.kind !== "union" && type.kind !== "fwd") || (type.kind !== "fwd" && (isEmbedded || records.length > 1));
  const fitting = named.filter((one) => (one.kind === "fwd" ? !isEmbedded : !sized || sizeOf(one) === sizeOf(type)));
  if (fitting.length === 1) return fitting[0]!.id;
  if (fitting.length > 1) return `it could be any of the types ${fitting.map(({ id }) => id).join(", ")} there`;
  if (named.length === 0) return "there is none of this name";
  return named.some((one) => sizeOf(one) !== null) ? `it has ${sizeOf(type)} bytes, and ${named.map(sizeOf).filter((size) => size !== null).join(" or ")} there` : "there it is only declared";
}

/** Whether a type of the kernel is of a distilled one's kind: integers also in their signs, declarations in what they declare. */
function isOfKind(type: BtfType, there: BtfType): boolean {
  if (type.kind === "int" && there.kind === "int") return type.signed === there.signed && type.char === there.char && type.bool === there.bool;
  if (there.kind === "fwd") return type.kind === "fwd" ? type.of === there.of : type.kind === there.of;
  return type.kind !== "fwd" || type.of === there.kind;
}

function sizeOf(type: BtfType): number | null {
  return "size" in type ? type.size : null;
}

/** The own types, with ids of the distilled base's as `ids` has them and names of both behind the kernel's. */
function moved(btf: Btf, distilled: Btf, base: Btf, ids: Uint32Array): Btf {
  const words = btf.words.slice();
  const idShift = base.endId - distilled.endId;
  const type = (at: number): void => {
    const id = words[at]!;
    // What there is not stays what there is not.
    words[at] = id < distilled.endId ? ids[id]! : Math.min(0xffff_ffff, id + idShift);
  };
  const name = (at: number): void => {
    if (words[at] !== 0) words[at] = Math.min(0xffff_ffff, words[at]! + base.endString);
  };
  for (const start of btf.starts) {
    const info = words[start + 1]!;
    const kind = (info >>> 24) & 0x1f;
    name(start);
    if (thirdIsType[kind] === 1) type(start + 2);
    const [step, nameAt, typeAt] = [elementWords[kind]!, elementName[kind]!, elementType[kind]!];
    const first = start + 3 + (kind === KIND.array ? 0 : fixedWords[kind]!);
    const count = kind === KIND.array ? 2 : info & 0xffff;
    for (let index = 0, at = first; index < count && (step > 0 || kind === KIND.array); index++, at += step || 1) {
      if (nameAt >= 0) name(at + nameAt);
      if (typeAt >= 0) type(at + typeAt);
    }
  }
  return new Btf(btf.origin, blobOf(words, [distilled.strings, btf.strings], base.header.little), base);
}

/** BTF of these types and strings, in the byte order that is asked for. */
function blobOf(words: Uint32Array, strings: readonly Uint8Array[], little: boolean): Uint8Array {
  const text = Buffer.concat(strings);
  const bytes = new Uint8Array(24 + 4 * words.length + text.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, little);
  view.setUint8(2, 1);
  [24, 0, 4 * words.length, 4 * words.length, text.length].forEach((value, index) => view.setUint32(4 + 4 * index, value, little));
  words.forEach((word, index) => view.setUint32(24 + 4 * index, word, little));
  bytes.set(text, 24 + 4 * words.length);
  return bytes;
}

const mostNamed = 5;

/** The first few findings in one sentence. */
export function unfitText(unfit: readonly BtfUnfit[]): string {
  return `${unfit.slice(0, mostNamed).map(({ kind, name, why }) => `${kind === "fwd" ? "declared" : kind} ${name} (${why})`).join("; ")}${unfit.length > mostNamed ? `; and ${unfit.length - mostNamed} more` : ""}`;
}
