import { OopscopeError } from "../base/index.ts";
import type { Btf } from "./file.ts";
import { elementName, elementType, elementWords, fixedWords, KIND, malformed, thirdIsType } from "./format.ts";

/**
 * All types of a base and of what continues it, as if they were one BTF: for work that visits all of them. Every id and every offset of a name has been
 * checked; an empty name has the offset 0. Ids are those of the BTF if there is only one beside the base; of more, the later ones' own types follow those of the earlier.
 */
export type Flat = {
  readonly file: string;
  readonly words: Uint32Array;
  /** Where a type begins in `words`; for void at three zeros. By id. */
  readonly starts: Uint32Array;
  readonly strings: Uint8Array;
  /** 1 for what other types are made of: results of functions do not count, as in libbpf. By id. */
  readonly referenced: Uint8Array;
  readonly pointerSize: number;
  /** The id here of a type of `parts[part]`. */
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
  for (const layer of layers) {
    words.set(layer.words, word);
    if (!alone) strings.set(layer.strings, text);
    const idShift = id - layer.firstId;
    const textShift = text - layer.firstString;
    shifts.set(layer, idShift);
    for (let index = 0; index < layer.starts.length; index++) starts[id + index] = layer.starts[index]! + word;
    adopt(layer, { words, starts: starts.subarray(id, id + layer.starts.length), strings, referenced }, idShift, textShift);
    id += layer.starts.length;
    word += layer.words.length;
    text += layer.strings.length;
  }
  return {
    file: parts.at(-1)!.origin.file,
    words, starts, strings, referenced,
    pointerSize: root.pointerSize,
    idOf: (part, own) => (own < parts[part]!.firstId ? own : own + shifts.get(parts[part]!)!),
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
