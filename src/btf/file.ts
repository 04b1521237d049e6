import { OopscopeError, textOf } from "../base/index.ts";
import { elementWords, fixedWords, INT_BOOL, INT_CHAR, INT_SIGNED, kindNames, malformed, readBtfHeader, type BtfHeader, type BtfKind } from "./format.ts";
import { NameIndex } from "./names.ts";
import type { BtfLinkage, BtfType } from "./types.ts";

const hostIsLittle = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/** The kernel's own limits (include/uapi/linux/btf.h, BTF_MAX_TYPE): ids of 20 bits; strings end at 16 MB. */
const mostTypes = 1 << 20;
const longestString = 1 << 14;
/** So many look-ups by one pass over the names; then an index pays. */
const scansBeforeIndex = 4;

/** The names of an integer that is as wide as a pointer, as compilers write them. */
const longs: ReadonlySet<string> = new Set(["long unsigned int", "unsigned long", "long int", "long"]);
const linkages: readonly BtfLinkage[] = ["static", "global", "extern"];

/** Where BTF stands, for errors: `section` is `.BTF` or `BTF` of a raw file. */
export type BtfOrigin = { readonly file: string; readonly section: string };

/**
 * The types of a kernel, a module or an object. What is asked for is decoded, nothing else: opening is one pass over the type section that notes where types
 * begin. Split BTF continues the ids and strings of its `base`. No reference is trusted: an id or a name past the end throws `malformed` when it is used.
 */
export class Btf {
  readonly origin: BtfOrigin;
  readonly base: Btf | null;
  readonly header: BtfHeader;
  /** All of it, from the header on. */
  readonly bytes: Uint8Array;
  /** The first id of its own, and the one past the last. */
  readonly firstId: number;
  readonly endId: number;
  /** The type section in this machine's byte order: every field of it is a 32-bit word. */
  readonly words: Uint32Array;
  /** Where own types begin in `words`, by id − firstId. */
  readonly starts: Uint32Array;
  readonly strings: Uint8Array;
  /** Offset of the first string of its own, and the one past the last. */
  readonly firstString: number;
  readonly endString: number;
  #scans = 0;
  #index: NameIndex | null = null;
  #pointerSize = 0;

  constructor(origin: BtfOrigin, bytes: Uint8Array, base: Btf | null = null) {
    this.origin = origin;
    this.base = base;
    this.header = readBtfHeader(origin.file, origin.section, bytes);
    const { types, strings, little } = this.header;
    this.bytes = bytes;
    if (base && base.header.little !== little) throw malformed(origin.file, origin.section, 0, `its byte order is ${little ? "little" : "big"}-endian, that of its base ${base.origin.file} is not`);
    this.words = wordsOf(bytes, types.offset, types.size >>> 2, little);
    this.strings = bytes.subarray(strings.offset, strings.offset + strings.size);
    if (!base && strings.size > 0 && this.strings[0] !== 0) {
      throw new OopscopeError("malformed", `${origin.file}: ${origin.section} continues another one (split BTF), and is nothing without this base`, { file: origin.file, section: origin.section, offset: strings.offset });
    }
    this.firstId = base ? base.endId : 1;
    this.firstString = base ? base.endString : 0;
    this.endString = this.firstString + strings.size;
    this.starts = this.#startsOf();
    this.endId = this.firstId + this.starts.length;
  }

  /** Bytes of the section's blob before the type section: what errors add to a type's own offset. */
  #offsetOf(word: number): number {
    return this.header.types.offset + 4 * word;
  }

  #startsOf(): Uint32Array {
    const { words } = this;
    const starts = new Uint32Array(Math.min(mostTypes, Math.floor(words.length / 3)));
    let count = 0;
    let at = 0;
    const end = words.length;
    while (at < end) {
      if (at + 3 > end) throw this.#fail(at, `${(end - at) * 4} bytes are left for a type's 12`);
      const info = words[at + 1]!;
      const kind = (info >>> 24) & 0x1f;
      if (kind === 0 || kind >= kindNames.length) throw this.#fail(at, `type ${this.firstId + count} is of the unknown kind ${kind}`);
      if (count === starts.length) throw new OopscopeError("over-budget", `${this.origin.file}: ${this.origin.section}: more than ${mostTypes} types`, { ...this.origin, limit: mostTypes });
      starts[count++] = at;
      const size = 3 + fixedWords[kind]! + elementWords[kind]! * (info & 0xffff);
      if (at + size > end) throw this.#fail(at, `type ${this.firstId + count - 1} (${kindNames[kind]}, ${info & 0xffff} elements) takes ${size * 4} bytes, ${(end - at) * 4} are left`);
      at += size;
    }
    return starts.subarray(0, count);
  }

  #fail(word: number, what: string): OopscopeError {
    return malformed(this.origin.file, this.origin.section, this.#offsetOf(word), what);
  }

  /** An error about a type. */
  fail(id: number, what: string): OopscopeError {
    if (id > 0 && id < this.firstId) return this.base!.fail(id, what);
    return this.#fail(id >= this.firstId && id < this.endId ? this.starts[id - this.firstId]! : this.words.length, what);
  }

  /** The BTF, this or its base, that holds a type. Throws `malformed` for an id that there is not. */
  layerOf(id: number): Btf {
    if (id >= this.firstId && id < this.endId) return this;
    if (this.base && id > 0 && id < this.firstId) return this.base.layerOf(id);
    throw malformed(this.origin.file, this.origin.section, this.header.types.offset, `type ${id} is referred to, the last one is ${this.endId - 1}`);
  }

  /** Number of the type's kind (`KIND`), 0 for void. Without an object for the type, as the next ones. */
  kindNumber(id: number): number {
    if (id === 0) return 0;
    const layer = this.layerOf(id);
    return (layer.words[layer.starts[id - layer.firstId]! + 1]! >>> 24) & 0x1f;
  }

  kindOf(id: number): BtfKind {
    return kindNames[this.kindNumber(id)]!;
  }

  /** The third word of a type: its size, or the id of the type it refers to. */
  sizeOrType(id: number): number {
    const layer = this.layerOf(id);
    return layer.words[layer.starts[id - layer.firstId]! + 2]!;
  }

  nameOf(id: number): string {
    if (id === 0) return "";
    const layer = this.layerOf(id);
    return this.string(layer.words[layer.starts[id - layer.firstId]!]!);
  }

  /** The string at an offset (UTF-8, invalid bytes replaced). Throws `malformed` past the end, `over-budget` above 16 kB. */
  string(offset: number): string {
    if (offset < this.firstString) return this.base!.string(offset);
    const from = offset - this.firstString;
    if (from === 0 && this.strings.length === 0) return "";
    if (from >= this.strings.length) {
      throw malformed(this.origin.file, this.origin.section, this.header.strings.offset, `a string at 0x${offset.toString(16)} of a table that ends at 0x${this.endString.toString(16)}`);
    }
    const to = this.strings.indexOf(0, from);
    if (to - from > longestString) throw new OopscopeError("over-budget", `${this.origin.file}: ${this.origin.section}: a string of ${to - from} bytes, the limit is ${longestString}`, { ...this.origin, offset });
    return textOf(this.strings, from, to);
  }

  /** One type, decoded. */
  type(id: number): BtfType {
    if (id === 0) return { kind: "void", id: 0, name: "" };
    const layer = this.layerOf(id);
    const { words } = layer;
    const start = layer.starts[id - layer.firstId]!;
    const name = this.string(words[start]!);
    const info = words[start + 1]!;
    const vlen = info & 0xffff;
    const flag = info >>> 31 === 1;
    const third = words[start + 2]!;
    const at = start + 3;
    const kind = kindNames[(info >>> 24) & 0x1f]!;
    switch (kind) {
      case "int": {
        const value = words[at]!;
        const encoding = (value >>> 24) & 0xf;
        return { kind, id, name, size: third, bits: value & 0xff, bitOffset: (value >>> 16) & 0xff, signed: (encoding & INT_SIGNED) !== 0, char: (encoding & INT_CHAR) !== 0, bool: (encoding & INT_BOOL) !== 0 };
      }
      case "ptr":
      case "typedef":
      case "volatile":
      case "const":
      case "restrict":
        return { kind, id, name, type: third };
      case "array":
        return { kind, id, name, element: words[at]!, indexType: words[at + 1]!, length: words[at + 2]! };
      case "struct":
      case "union":
        return {
          kind, id, name, size: third,
          members: Array.from({ length: vlen }, (_, index) => {
            const member = at + 3 * index;
            const offset = words[member + 2]!;
            return { name: this.string(words[member]!), type: words[member + 1]!, bitOffset: flag ? offset & 0xff_ffff : offset, bitSize: flag ? offset >>> 24 : 0 };
          }),
        };
      case "enum":
        return {
          kind, id, name, size: third, signed: flag,
          values: Array.from({ length: vlen }, (_, index) => ({ name: this.string(words[at + 2 * index]!), value: BigInt(flag ? words[at + 2 * index + 1]! | 0 : words[at + 2 * index + 1]!) })),
        };
      case "enum64":
        return {
          kind, id, name, size: third, signed: flag,
          values: Array.from({ length: vlen }, (_, index) => {
            const value = (BigInt(words[at + 3 * index + 2]!) << 32n) | BigInt(words[at + 3 * index + 1]!);
            return { name: this.string(words[at + 3 * index]!), value: flag ? BigInt.asIntN(64, value) : value };
          }),
        };
      case "fwd":
        return { kind, id, name, of: flag ? "union" : "struct" };
      case "func":
        return { kind, id, name, type: third, linkage: layer.#linkage(id, vlen) };
      case "func_proto": {
        const parameters = Array.from({ length: vlen }, (_, index) => ({ name: this.string(words[at + 2 * index]!), type: words[at + 2 * index + 1]! }));
        const variadic = vlen > 0 && parameters[vlen - 1]!.type === 0;
        return { kind, id, name, result: third, parameters: variadic ? parameters.slice(0, -1) : parameters, variadic };
      }
      case "var":
        return { kind, id, name, type: third, linkage: layer.#linkage(id, words[at]!) };
      case "datasec":
        return { kind, id, name, size: third, variables: Array.from({ length: vlen }, (_, index) => ({ type: words[at + 3 * index]!, offset: words[at + 3 * index + 1]!, size: words[at + 3 * index + 2]! })) };
      case "float":
        return { kind, id, name, size: third };
      case "decl_tag":
        return { kind, id, name, type: third, component: words[at]! | 0, attribute: flag };
      case "type_tag":
        return { kind, id, name, type: third, attribute: flag };
      case "void":
        throw this.fail(id, `type ${id} is of kind 0`);
    }
  }

  #linkage(id: number, number: number): BtfLinkage {
    const linkage = linkages[number];
    if (linkage === undefined) throw this.fail(id, `linkage ${number} of type ${id} is unknown`);
    return linkage;
  }

  /** Ids of the types that have this name (and kind), those of the base first, in order. One pass over all types; from the fifth call on by an index. */
  idsOf(name: string, ...kinds: readonly BtfKind[]): number[] {
    if (name === "" || name.includes("\0")) return [];
    const ids = this.#idsNamed(Buffer.from(name, "utf8"));
    return kinds.length === 0 ? ids : ids.filter((id) => kinds.includes(this.kindOf(id)));
  }

  /** The first of `idsOf`, or null. */
  find(name: string, ...kinds: readonly BtfKind[]): number | null {
    return this.idsOf(name, ...kinds)[0] ?? null;
  }

  #idsNamed(name: Buffer): number[] {
    if (++this.#scans <= scansBeforeIndex) {
      const wanted = new Set<number>();
      this.#occurrences(name, wanted);
      const ids: number[] = [];
      if (wanted.size > 0) this.#scan(wanted, ids);
      return ids;
    }
    const ids = this.base?.idsOf(name.toString("utf8")) ?? [];
    this.#index ??= new NameIndex(this);
    for (const id of this.#index.idsOf(name)) ids.push(id);
    return ids;
  }

  /** Offsets at which the name stands among the own strings: also as the tail of a longer one, since tails may be shared. */
  #occurrences(name: Buffer, offsets: Set<number>): void {
    const strings = Buffer.from(this.strings.buffer, this.strings.byteOffset, this.strings.byteLength);
    const text = Buffer.concat([name, Buffer.of(0)]);
    if (this.base) this.base.#occurrences(name, offsets);
    for (let at = strings.indexOf(text); at >= 0; at = strings.indexOf(text, at + 1)) offsets.add(this.firstString + at);
  }

  #scan(wanted: ReadonlySet<number>, ids: number[]): void {
    if (this.base) this.base.#scan(wanted, ids);
    const { words, starts, firstId } = this;
    const [only] = wanted;
    const single = wanted.size === 1;
    for (let index = 0; index < starts.length; index++) {
      const name = words[starts[index]!]!;
      if (single ? name === only : wanted.has(name)) ids.push(firstId + index);
    }
  }

  /** Bytes of a pointer, as the size of `long` tells; 8 where there is none. */
  get pointerSize(): number {
    if (this.base) return this.base.pointerSize;
    if (this.#pointerSize === 0) {
      this.#pointerSize = 8;
      // Compilers name it within the first dozen types: an index of all names is not worth it.
      for (const id of this.idsOfKind("int")) {
        const size = this.sizeOrType(id);
        if ((size !== 4 && size !== 8) || !longs.has(this.nameOf(id))) continue;
        this.#pointerSize = size;
        break;
      }
    }
    return this.#pointerSize;
  }

  /** Ids of all types of one kind, those of the base first, in order. */
  *idsOfKind(kind: BtfKind): Generator<number> {
    if (this.base) yield* this.base.idsOfKind(kind);
    const wanted = kindNames.indexOf(kind);
    const { words, starts, firstId } = this;
    for (let index = 0; index < starts.length; index++) if (((words[starts[index]! + 1]! >>> 24) & 0x1f) === wanted) yield firstId + index;
  }
}

/** Words of a section in this machine's byte order: the bytes themselves where they already are, else a copy. */
function wordsOf(bytes: Uint8Array, offset: number, count: number, little: boolean): Uint32Array {
  const start = bytes.byteOffset + offset;
  if (little === hostIsLittle && start % 4 === 0) return new Uint32Array(bytes.buffer, start, count);
  const copy = bytes.slice(offset, offset + 4 * count);
  if (little !== hostIsLittle) Buffer.from(copy.buffer, copy.byteOffset, copy.byteLength).swap32();
  return new Uint32Array(copy.buffer, copy.byteOffset, count);
}
