import { OopscopeError } from "../base/index.ts";
import type { Btf } from "./file.ts";
import { Merge } from "./merge.ts";
import { elementName, elementType, elementWords, fixedWords, KIND, malformed, thirdIsType } from "./format.ts";

/**
 * All types of a base and of what continues it, as if they were one BTF: for work that visits all of them. Every id and every offset of a name has been
 * checked; an empty name has the offset 0. Ids are those of the BTF if there is only one beside the base; of more, the later ones' own types follow those of the earlier. A type that is like one of
 * another part (`merge.ts`) is nothing here, and what refers to it refers to that one.
 */
export type Flat = {
  readonly file: string;
  readonly words: Uint32Array;
  /** Where a type begins in `words`; for void, and for one that another stands for, at three zeros. By id. */
  readonly starts: Uint32Array;
  readonly strings: Uint8Array;
  /** 1 for what other types are made of: results of functions do not count, as in libbpf. By id. */
  readonly referenced: Uint8Array;
  readonly pointerSize: number;
  /** The id here of a type of `parts[part]`, or of the one that stands for it. */
  idOf(part: number, id: number): number;
};

/** Makes them one. All parts must have the same base, or be a base and what continues it. */
export function flatten(parts: readonly Btf[]): Flat {
  const layers: Btf[] = [];
  const add = (btf: Btf): void => {
    if (btf.base) add(btf.base);
    if (!layers.includes(btf)) layers.push(btf);
  };
  for (const part of parts) add(part);
  const [root] = layers;
  if (!root) throw new OopscopeError("bad-argument", "no BTF to make one of");
  for (const layer of layers.slice(1)) {
    if (!layer.base) throw new OopscopeError("bad-argument", `${root.origin.file} and ${layer.origin.file} are both a base of their own: they have no types in common`);
    if (layer.base !== root) throw new OopscopeError("bad-argument", `${layer.origin.file} continues ${layer.base.origin.file}, which is no base itself`);
  }
  const words = new Uint32Array(3 + sum(layers, (layer) => layer.words.length));
  const starts = new Uint32Array(1 + sum(layers, (layer) => layer.starts.length));
  // A name that is empty needs a byte, also where there are no strings at all.
  const referenced = new Uint8Array(starts.length);
  const alone = layers.length === 1 && root.strings.length > 0;
  const strings = alone ? root.strings : new Uint8Array(1 + sum(layers, (layer) => layer.strings.length));
  let word = 3;
  let id = 1;
  let text = 0;
  const shifts = new Map<Btf, number>();
  const merge = layers.length > 1 ? new Merge({ words, starts, strings }) : null;
  for (const layer of layers) {
    words.set(layer.words, word);
    if (!alone) strings.set(layer.strings, text);
    const idShift = id - layer.firstId;
    const textShift = text - layer.firstString;
    shifts.set(layer, idShift);
    for (let index = 0; index < layer.starts.length; index++) starts[id + index] = layer.starts[index]! + word;
    adopt(layer, { words, starts: starts.subarray(id, id + layer.starts.length), strings, referenced }, idShift, textShift);
    merge?.add(id, id + layer.starts.length, layer === root);
    id += layer.starts.length;
    word += layer.words.length;
    text += layer.strings.length;
  }
  const same = merge?.same.some((other) => other !== 0) ? merge.same : null;
  if (same) redirect({ words, starts, referenced }, same);
  return {
    file: parts.at(-1)!.origin.file,
    words, starts, strings, referenced,
    pointerSize: root.pointerSize,
    idOf: (part, own) => {
      const id = own < parts[part]!.firstId ? own : own + shifts.get(parts[part]!)!;
      return same?.[id] || id;
    },
  };
}

function sum(layers: readonly Btf[], size: (layer: Btf) => number): number {
  return layers.reduce((total, layer) => total + size(layer), 0);
}

/** Checks the references of one layer's types (`starts`), and moves those to its own types and strings. No calls where nothing is wrong: this is for every word. */
function adopt(layer: Btf, flat: Pick<Flat, "words" | "starts" | "strings" | "referenced">, idShift: number, textShift: number): void {
  const { words, starts, strings, referenced } = flat;
  const { endId, firstId, firstString } = layer;
  const endString = Math.max(1, layer.endString);
  for (let index = 0; index < starts.length; index++) {
    const start = starts[index]!;
    const info = words[start + 1]!;
    const kind = (info >>> 24) & 0x1f;
    let name = words[start]!;
    if (name !== 0) {
      if (name >= firstString) name = name < endString ? name + textShift : noName(layer, starts, start, name);
      words[start] = strings[name] === 0 ? 0 : name;
    }
    if (thirdIsType[kind] === 1) {
      let type = words[start + 2]!;
      if (type >= firstId) words[start + 2] = type = type < endId ? type + idShift : noType(layer, starts, start, type);
      if (kind !== KIND.funcProto) referenced[type] = 1;
    }
    const size = kind === KIND.array ? 1 : elementWords[kind]!;
    if (size === 0) continue;
    const nameAt = elementName[kind]!;
    const typeAt = elementType[kind]!;
    const first = start + 3 + (kind === KIND.array ? 0 : fixedWords[kind]!);
    const end = first + (kind === KIND.array ? 2 : size * (info & 0xffff));
    for (let at = first; at < end; at += size) {
      if (nameAt >= 0) {
        let own = words[at + nameAt]!;
        if (own !== 0) {
          if (own >= firstString) own = own < endString ? own + textShift : noName(layer, starts, start, own);
          words[at + nameAt] = strings[own] === 0 ? 0 : own;
        }
      }
      if (typeAt < 0) continue;
      let type = words[at + typeAt]!;
      if (type >= firstId) words[at + typeAt] = type = type < endId ? type + idShift : noType(layer, starts, start, type);
      referenced[type] = 1;
    }
  }
}

/** Makes all references to types that others stand for ones to those. */
function redirect({ words, starts, referenced }: Pick<Flat, "words" | "starts" | "referenced">, same: Uint32Array): void {
  for (const start of starts) {
    const info = words[start + 1]!;
    const kind = (info >>> 24) & 0x1f;
    if (thirdIsType[kind] === 1) words[start + 2] = same[words[start + 2]!] || words[start + 2]!;
    const typeAt = elementType[kind]!;
    if (typeAt < 0) continue;
    const isArray = kind === KIND.array;
    const step = isArray ? 1 : elementWords[kind]!;
    const first = start + 3 + (isArray ? 0 : fixedWords[kind]!) + typeAt;
    for (let at = first, end = first + step * (isArray ? 2 : info & 0xffff); at < end; at += step) words[at] = same[words[at]!] || words[at]!;
  }
  for (const [id, other] of same.entries()) {
    if (other === 0) continue;
    starts[id] = 0;
    referenced[other]! |= referenced[id]!;
  }
}

function noType(layer: Btf, starts: Uint32Array, start: number, id: number): never {
  throw wrong(layer, starts, start, `it refers to type ${id}, the last one is ${layer.endId - 1}`);
}

function noName(layer: Btf, starts: Uint32Array, start: number, offset: number): never {
  throw wrong(layer, starts, start, `a name at 0x${offset.toString(16)} of strings that end at 0x${layer.endString.toString(16)}`);
}

function wrong(layer: Btf, starts: Uint32Array, start: number, what: string): OopscopeError {
  const index = starts.indexOf(start);
  const { file, section } = layer.origin;
  return malformed(file, section, layer.header.types.offset + 4 * layer.starts[index]!, `type ${layer.firstId + index}: ${what}`);
}
