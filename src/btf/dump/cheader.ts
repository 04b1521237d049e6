/**
 * A header of C with all types of flat BTF, for BPF programs that are compiled by plain clang: every size and every offset in it is that of the BTF.
 *
 * C wants each type declared before it is used, and defined before it is embedded. So for each type in turn: those it embeds come first (`#order`), and what
 * it merely points to is declared in front of it, where it was not (`#emit`). Structs and unions without a name are written where they are used. Where the
 * compiler would lay members out differently, unnamed bit-fields fill the holes, or the struct is packed.
 *
 * The text is that of `bpftool btf dump … format c` (which uses libbpf's btf_dump), byte for byte where that is right; so are the order of types and the
 * numbers (`___2`) of those that share their name. It differs where bpftool's header would not hold what the BTF says:
 * - members without a name whose struct has one (the kernel is built with -fms-extensions from 6.19 on) are written out: `struct ns_tree;` declares nothing
 *   to other compilers;
 * - unions are packed and padded as structs are, and enums of one, two and eight bytes get the mode that makes them so (as in newer versions of libbpf);
 * - `va_list` is the structure that it is in the kernel, not what it is to clang on BPF.
 */
import { OopscopeError } from "../../base/index.ts";
import { KIND, malformed } from "../format.ts";
import { type Flat } from "../flat.ts";
import { Layout } from "./layout.ts";
import { Names } from "./names.ts";
import { Text } from "./textbytes.ts";

const NOT = 0;
const DOING = 1;
const DONE = 2;

/** Types within one another, on the way of any of the recursions. */
const deepest = 400;
/** Steps that a type may take on average: real ones take a dozen. */
const stepsForEach = 2000;
const stepsForAny = 1 << 22;
/** What damaged or hostile types may make us write: those of a vmlinux make 3 MB. */
const largestOutput = 1 << 26;
/** Bits: 2 MB are a quarter of a million lines of padding. */
const largestHole = 1 << 24;
const chunkSize = 1 << 17;

const begin = "#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)\n#endif\n\n";
const end = "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n#pragma clang attribute pop\n#endif\n\n#endif /* __VMLINUX_H__ */\n";
/** The types that padding is made of, the largest first. */
const pads = [["long", 64], ["int", 32], ["short", 16], ["char", 8]] as const;
/** Types that GCC has and clang has not (Arm's polynomials). */
const aliases: Readonly<Record<string, string>> = { __Poly8_t: "unsigned char", __Poly16_t: "unsigned short", __Poly64_t: "unsigned long long", __Poly128_t: "unsigned __int128" };
const ownList = "__builtin_va_list";

/** What a declarator is on its outside: an array or a function needs parentheses below a pointer. */
const PLAIN = 1;
const ARRAY = 2;
const FUNCTION = 3;
/** Whether a name after the left part needs a space before it. */
const SPACED = 4;
/** Whether there is a `spaceIfNamed` in the left part. */
const MARKED = 8;
/** Stands in a left part for a space that is there if there is a name. */
const spaceIfNamed = "\x01";

const indents = Array.from({ length: 16 }, (_, level) => "\t".repeat(level));
const indentOf = (level: number): string => indents[level] ?? "\t".repeat(level);
const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;

/** The names that were given, and how often those that were more than once. */
type Counts = { readonly all: Set<string>; readonly repeated: Map<string, number> };

export class CHeader {
  readonly #flat: Flat;
  readonly #names: Names;
  readonly #layout: Layout;
  readonly #tagNames: Counts = { all: new Set(), repeated: new Map() };
  readonly #plainNames: Counts = { all: new Set(), repeated: new Map() };
  readonly #ordered: Uint8Array;
  readonly #emitted: Uint8Array;
  readonly #declared: Uint8Array;
  readonly #referenced: Uint8Array;
  /** The name that a type has in the header; by id. */
  readonly #given: (string | undefined)[];
  /** The text of declarations before and after the name, and its form; by id. Not of those with a definition in them. */
  readonly #lefts: string[];
  readonly #rights: string[];
  readonly #forms: Uint8Array;
  readonly #queue: number[] = [];
  readonly #out: Text;
  #written = 0;
  #depth = 0;
  #steps: number;

  constructor(flat: Flat) {
    const { length } = flat.starts;
    this.#flat = flat;
    this.#names = new Names(flat.strings);
    this.#out = new Text(flat.strings);
    this.#layout = new Layout(flat);
    this.#ordered = new Uint8Array(length);
    this.#emitted = new Uint8Array(length);
    this.#declared = new Uint8Array(length);
    this.#referenced = new Uint8Array(length);
    this.#forms = new Uint8Array(length);
    this.#given = new Array<string | undefined>(length);
    this.#lefts = new Array<string>(length);
    this.#rights = new Array<string>(length);
    this.#steps = stepsForAny + stepsForEach * length;
    this.#ordered[0] = DONE;
    this.#emitted[0] = DONE;
  }

  /** The header, piece by piece. */
  *chunks(): Generator<Uint8Array> {
    const { length } = this.#flat.starts;
    const queue = this.#queue;
    this.#markReferenced();
    const out = this.#out;
    out.put(begin);
    for (let id = 1; id < length; id++) {
      if (this.#ordered[id] === DONE) continue;
      queue.length = 0;
      this.#order(id, false);
      for (let k = 0; k < queue.length; k++) this.#emit(queue[k]!, 0);
      if (out.length < chunkSize) continue;
      this.#written += out.length;
      yield out.take();
    }
    out.put(end);
    yield out.take();
  }

  /** The name that a type has in the header, once that is written; null for one without a name. */
  nameOf(id: number): string | null {
    return this.#given[id] ?? null;
  }

  #fail(id: number, what: string): OopscopeError {
    return malformed(this.#flat.file, "BTF", 4 * Math.max(0, this.#flat.starts[id]! - 3), `type ${id}: ${what}`);
  }

  #enter(id: number): void {
    if (++this.#depth > deepest) throw this.#fail(id, `more than ${deepest} types within one another`);
    this.#step(id);
  }

  #step(id: number): void {
    if (--this.#steps < 0) throw this.#fail(id, "the types take too many steps to be written: they contain one another over and over");
  }

  #kind(id: number): number {
    const { words, starts } = this.#flat;
    return (words[starts[id]! + 1]! >>> 24) & 0x1f;
  }

  #third(id: number): number {
    const { words, starts } = this.#flat;
    return words[starts[id]! + 2]!;
  }

  /**
   * An enum without a name that nothing refers to is a set of constants and stands alone; one that is referred to stands where it is used. Results of functions do
   * not count, as in libbpf.
   */
  #markReferenced(): void {
    const { words, starts } = this.#flat;
    const referenced = this.#referenced;
    for (let id = 1; id < starts.length; id++) {
      const start = starts[id]!;
      const info = words[start + 1]!;
      const length = info & 0xffff;
      switch ((info >>> 24) & 0x1f) {
        case KIND.ptr:
        case KIND.typedef:
        case KIND.volatile:
        case KIND.const:
        case KIND.restrict:
        case KIND.func:
        case KIND.var:
        case KIND.declTag:
        case KIND.typeTag:
          referenced[words[start + 2]!] = 1;
          break;
        case KIND.array:
          referenced[words[start + 3]!] = 1;
          referenced[words[start + 4]!] = 1;
          break;
        case KIND.struct:
        case KIND.union:
          for (let at = start + 3, end = at + 3 * length; at < end; at += 3) referenced[words[at + 1]!] = 1;
          break;
        case KIND.funcProto:
          for (let at = start + 3, end = at + 2 * length; at < end; at += 2) referenced[words[at + 1]!] = 1;
          break;
        case KIND.datasec:
          for (let at = start + 3, end = at + 3 * length; at < end; at += 3) referenced[words[at]!] = 1;
          break;
      }
    }
  }

  /** Queues what a type needs to be defined, then it. Tells whether all of it was ("strong"), or it is left because a pointer leads to it. */
  #order(id: number, throughPointer: boolean): boolean {
    const state = this.#ordered[id]!;
    if (state === DONE) return true;
    const { words, starts } = this.#flat;
    const start = starts[id]!;
    const info = words[start + 1]!;
    const kind = (info >>> 24) & 0x1f;
    const isRecord = kind === KIND.struct || kind === KIND.union;
    if (state === DOING) {
      if (isRecord && throughPointer && words[start] !== 0) return false;
      throw this.#fail(id, "it contains itself");
    }
    this.#enter(id);
    let strong = false;
    switch (kind) {
      case KIND.int:
      case KIND.float:
        this.#ordered[id] = DONE;
        // Not in the queue in libbpf either; its aliases come with what uses it.
        break;
      case KIND.ptr:
        strong = this.#order(words[start + 2]!, true);
        this.#ordered[id] = DONE;
        break;
      case KIND.array:
        strong = this.#order(words[start + 3]!, false);
        this.#ordered[id] = this.#ordered[words[start + 3]!] === DONE ? DONE : NOT;
        break;
      case KIND.struct:
      case KIND.union: {
        const named = words[start] !== 0;
        if (throughPointer && named) break;
        this.#ordered[id] = DOING;
        for (let at = start + 3, end = at + 3 * (info & 0xffff); at < end; at += 3) if (this.#ordered[words[at + 1]!] !== DONE) this.#order(words[at + 1]!, false);
        if (named) this.#queue.push(id);
        this.#ordered[id] = DONE;
        strong = true;
        break;
      }
      case KIND.enum:
      case KIND.enum64:
      case KIND.fwd:
        if (words[start] !== 0 || this.#referenced[id] === 0) this.#queue.push(id);
        this.#ordered[id] = DONE;
        strong = true;
        break;
      case KIND.typedef:
        strong = this.#order(words[start + 2]!, throughPointer);
        if (throughPointer && !strong) break;
        this.#queue.push(id);
        this.#ordered[id] = DONE;
        strong = true;
        break;
      case KIND.volatile:
      case KIND.const:
      case KIND.restrict:
      case KIND.typeTag:
        strong = this.#order(words[start + 2]!, throughPointer);
        this.#ordered[id] = this.#ordered[words[start + 2]!] === DONE ? DONE : NOT;
        break;
      case KIND.funcProto: {
        strong = this.#order(words[start + 2]!, throughPointer);
        let all = this.#ordered[words[start + 2]!] === DONE;
        for (let at = start + 3, end = at + 2 * (info & 0xffff); at < end; at += 2) {
          const type = words[at + 1]!;
          if (this.#ordered[type] === DONE || this.#order(type, throughPointer)) strong = true;
          if (this.#ordered[type] !== DONE) all = false;
        }
        if (all) this.#ordered[id] = DONE;
        break;
      }
      default:
        this.#ordered[id] = DONE;
    }
    this.#depth--;
    return strong;
  }

  /**
   * Writes a type's definition (`container` 0), or what `container` needs of it: nothing, or a declaration. Tells whether nobody will need more: then a pointer or
   * a function that leads to it is done, too.
   */
  #emit(id: number, container: number): boolean {
    const state = this.#emitted[id]!;
    if (state === DONE) return true;
    const { words, starts } = this.#flat;
    const start = starts[id]!;
    const info = words[start + 1]!;
    const kind = (info >>> 24) & 0x1f;
    if (state === DOING) {
      if (this.#declared[id] === 1) return true;
      if (kind === KIND.struct || kind === KIND.union) {
        if (id === container) return false;
        if (words[start] === 0) throw this.#fail(id, "it has no name and contains itself");
        this.#out.put(`${this.#recordName(id)};\n\n`);
        this.#declared[id] = 1;
      } else if (kind === KIND.typedef) {
        this.#typedef(id);
        this.#declared[id] = 1;
      }
      return true;
    }
    this.#enter(id);
    let done = true;
    switch (kind) {
      case KIND.int:
        this.#alias(id);
        this.#emitted[id] = DONE;
        break;
      case KIND.enum:
      case KIND.enum64:
        if (container === 0) {
          this.#enum(id, 0);
          this.#out.put(";\n\n");
        }
        this.#emitted[id] = DONE;
        break;
      case KIND.ptr:
      case KIND.volatile:
      case KIND.const:
      case KIND.restrict:
      case KIND.typeTag:
        done = this.#emit(words[start + 2]!, container);
        if (done) this.#emitted[id] = DONE;
        break;
      case KIND.array:
        done = this.#emit(words[start + 3]!, container);
        if (done) this.#emitted[id] = DONE;
        break;
      case KIND.fwd:
        this.#out.put(`${this.#forward(id)};\n\n`);
        this.#emitted[id] = DONE;
        break;
      case KIND.typedef:
        this.#emitted[id] = DOING;
        this.#emit(words[start + 2]!, id);
        if (this.#declared[id] === 0) this.#typedef(id);
        this.#emitted[id] = DONE;
        break;
      case KIND.struct:
      case KIND.union: {
        this.#emitted[id] = DOING;
        const named = words[start] !== 0;
        if (container === 0 || !named) {
          const inner = named ? id : container;
          for (let at = start + 3, end = at + 3 * (info & 0xffff); at < end; at += 3) if (this.#emitted[words[at + 1]!] !== DONE && !this.#emit(words[at + 1]!, inner)) done = false;
        } else if (this.#declared[id] === 0) {
          done = id !== container;
          if (done) {
            this.#out.put(`${this.#recordName(id)};\n\n`);
            this.#declared[id] = 1;
          }
        }
        if (container === 0) {
          this.#record(id, 0);
          this.#out.put(";\n\n");
          this.#emitted[id] = DONE;
        } else this.#emitted[id] = !named && done ? DONE : NOT;
        break;
      }
      case KIND.funcProto:
        done = this.#emit(words[start + 2]!, container);
        for (let at = start + 3, end = at + 2 * (info & 0xffff); at < end; at += 2) if (this.#emitted[words[at + 1]!] !== DONE && !this.#emit(words[at + 1]!, container)) done = false;
        if (done) this.#emitted[id] = DONE;
        break;
    }
    this.#depth--;
    return done;
  }

  /** A type of GCC's that clang has not, named after what it is. */
  #alias(id: number): void {
    const name = this.#names.word(this.#name(id));
    if (Object.hasOwn(aliases, name)) this.#out.put(`typedef ${aliases[name]} ${name};\n\n`);
  }

  #typedef(id: number): void {
    const name = this.#nameGiven(id, this.#plainNames);
    if (name === ownList) return;
    const type = this.#third(id);
    this.#out.put(type === 0 && name === "__gnuc_va_list" ? `typedef ${ownList} __gnuc_va_list;\n\n` : `typedef ${this.#declaration(type, name, 0)};\n\n`);
  }

  /** Offset of a type's name. */
  #name(id: number): number {
    const { words, starts } = this.#flat;
    return words[starts[id]!]!;
  }

  /** The name, with a number if others have it: forward declarations, and enums without values, are of the one that there is. `""` for one without. */
  #nameGiven(id: number, names: Counts): string {
    const known = this.#given[id];
    if (known !== undefined) return known;
    const { words, starts } = this.#flat;
    const start = starts[id]!;
    if (words[start] === 0) return "";
    const info = words[start + 1]!;
    const kind = (info >>> 24) & 0x1f;
    const name = this.#names.name(words[start]!);
    const isDeclaration = kind === KIND.fwd || (kind === KIND.enum && (info & 0xffff) === 0);
    // On BPF clang's own va_list is a pointer: that of a kernel for another machine is another type.
    if (kind === KIND.typedef && name === ownList && !this.#isPointerSized(words[start + 2]!)) names.all.add(name);
    const given = isDeclaration ? name : this.#counted(name, names);
    this.#given[id] = given;
    return given;
  }

  #isPointerSized(id: number): boolean {
    const size = this.#layout.sizeOf(id);
    return size === 0 || size === this.#flat.pointerSize;
  }

  #counted(name: string, names: Counts): string {
    const before = names.all.size;
    if (names.all.add(name).size > before) return name;
    const count = (names.repeated.get(name) ?? 1) + 1;
    names.repeated.set(name, count);
    return `${name}___${count}`;
  }

  /** `struct NAME`, or `struct`. */
  #recordName(id: number): string {
    const name = this.#nameGiven(id, this.#tagNames);
    const word = this.#kind(id) === KIND.struct ? "struct" : "union";
    return name === "" ? word : `${word} ${name}`;
  }

  #forward(id: number): string {
    const { words, starts } = this.#flat;
    return `${words[starts[id]! + 1]! >>> 31 === 1 ? "union" : "struct"} ${this.#nameGiven(id, this.#tagNames)}`;
  }

  #enum(id: number, level: number): void {
    const { words, starts } = this.#flat;
    const out = this.#out;
    const start = starts[id]!;
    const info = words[start + 1]!;
    const length = info & 0xffff;
    const signed = info >>> 31 === 1;
    const size = words[start + 2]!;
    const wide = ((info >>> 24) & 0x1f) === KIND.enum64;
    const name = this.#nameGiven(id, this.#tagNames);
    out.put(name === "" ? "enum" : `enum ${name}`);
    if (length === 0) return;
    this.#step(id);
    this.#steps -= length;
    const indent = `\n${indentOf(level + 1)}`;
    out.put(" {");
    let above32 = false;
    for (let k = 0, at = start + 3; k < length; k++, at += wide ? 3 : 2) {
      out.put(indent);
      out.put(this.#counted(this.#names.name(words[at]!), this.#plainNames));
      out.put(" = ");
      if (wide) {
        const value = (BigInt(words[at + 2]!) << 32n) | BigInt(words[at + 1]!);
        above32 ||= words[at + 2] !== 0;
        out.put(signed ? `${BigInt.asIntN(64, value)}LL,` : `${value}ULL,`);
      } else out.put(`${signed ? words[at + 1]! | 0 : words[at + 1]!},`);
    }
    out.put(`\n${indentOf(level)}}`);
    if (size === 1) out.put(" __attribute__((mode(byte)))");
    else if (size === 2) out.put(" __attribute__((mode(HI)))");
    else if (size === 8 && this.#flat.pointerSize === 8 && !above32) out.put(" __attribute__((mode(word)))");
  }

  /** A struct or union with its members; `named` false where it is one of the members without a name. */
  #record(id: number, level: number, named = true): void {
    this.#enter(id);
    const { words, starts } = this.#flat;
    const out = this.#out;
    const start = starts[id]!;
    const info = words[start + 1]!;
    const flag = info >>> 31 === 1;
    const length = info & 0xffff;
    const size = words[start + 2]!;
    const isStruct = ((info >>> 24) & 0x1f) === KIND.struct;
    const layout = this.#layout;
    const align = layout.alignOf(id);
    const packed = layout.isPacked(id);
    const indent = `\n${indentOf(level + 1)}`;
    out.put(named ? this.#recordName(id) : isStruct ? "struct" : "union");
    out.put(" {");
    let offset = 0;
    let largest = 0;
    let afterBits = false;
    for (let at = start + 3, stop = at + 3 * length; at < stop; at += 3) {
      const name = words[at]!;
      const type = words[at + 1]!;
      const bits = flag ? words[at + 2]! >>> 24 : 0;
      const memberOffset = flag ? words[at + 2]! & 0xff_ffff : words[at + 2]!;
      if (offset < memberOffset) this.#padding(id, offset, memberOffset, packed ? 0 : layout.alignOf(type), afterBits && bits !== 0, indent);
      out.put(indent);
      if (name === 0 && bits === 0) this.#unnamedMember(type, level + 1);
      else this.#member(type, name, level + 1);
      if (bits !== 0) {
        out.put(`: ${bits};`);
        offset = memberOffset + bits;
        afterBits = true;
      } else {
        out.put(";");
        offset = memberOffset + 8 * layout.sizeOf(type);
        afterBits = false;
      }
      if (offset > largest) largest = offset;
    }
    if (isStruct) {
      if (offset < 8 * size) this.#padding(id, offset, 8 * size, packed ? 0 : align, false, indent);
    } else if (roundUp(largest, 8 * align) < 8 * size) this.#unionPadding(id, 8 * size, level + 1);
    if (length > 0 || size > 0) out.put(`\n${indentOf(level)}`);
    out.put(packed ? "} __attribute__((packed))" : "}");
    this.#depth--;
    // Texts of texts multiply.
    if (this.#written + out.length > largestOutput) throw new OopscopeError("over-budget", `${this.#flat.file}: the header would have more than ${largestOutput >> 20} MB`, { file: this.#flat.file, limit: largestOutput });
  }

  /** A member with its name, which goes from the strings of the BTF into the text as it is. */
  #member(type: number, name: number, level: number): void {
    if (name === 0 || this.#forms[type] === 0 || (this.#forms[type]! & MARKED) !== 0 || !this.#names.isPlain(name)) return this.#out.put(this.#declaration(type, name === 0 ? "" : this.#names.name(name), level));
    const out = this.#out;
    out.put(this.#lefts[type]!);
    if ((this.#forms[type]! & SPACED) !== 0) out.put(" ");
    out.putName(name);
    out.put(this.#rights[type]!);
  }

  /** Unnamed bit-fields between what ends at one bit and what begins at another, unless the compiler leaves that hole by itself. `nextAlign` is 0 in a packed struct. */
  #padding(id: number, from: number, to: number, nextAlign: number, withinBits: boolean, indent: string): void {
    let at = from;
    let index = this.#flat.pointerSize === 8 ? 0 : 1;
    let aligned = roundUp(at, pads[index]![1]);
    while (aligned > to && index < pads.length - 1) aligned = roundUp(at, pads[++index]![1]);
    const [, bits] = pads[index]!;
    if (aligned > at && aligned <= to) {
      // The compiler goes to the next member's alignment by itself, and `long: 64` to that of long, unless it fits before.
      // In a packed struct it goes nowhere by itself but to the next byte.
      const goesThere = aligned === to ? roundUp(at, 8 * Math.max(1, nextAlign)) === aligned : nextAlign !== 0 && to - aligned > aligned - at;
      if (withinBits || !goesThere) this.#out.put(`${indent}${pads[index]![0]}: ${withinBits ? aligned - at : 0};`);
      at = aligned;
    }
    if (to - at > largestHole) throw this.#fail(id, `a hole of ${to - at} bits`);
    while (at < to) {
      const rest = Math.min(to - at, bits);
      if (rest < bits) for (index = pads.length - 1; pads[index]![1] < rest; ) index--;
      this.#out.put(`${indent}${pads[index]![0]}: ${rest};`);
      at += rest;
    }
  }

  /** A member without a name, whose members are the outer one's: its type written out, also if that has a name. */
  #unnamedMember(type: number, level: number): void {
    let id = type;
    for (let steps = 0; steps < deepest; steps++) {
      const kind = this.#kind(id);
      if (kind === KIND.struct || kind === KIND.union) {
        if (this.#name(id) === 0 && this.#kind(type) !== KIND.typedef) break;
        return this.#record(id, level, false);
      }
      if (kind !== KIND.typedef && kind !== KIND.const && kind !== KIND.volatile && kind !== KIND.restrict && kind !== KIND.typeTag) break;
      id = this.#third(id);
    }
    this.#out.put(this.#declaration(type, "", level));
  }

  #unionPadding(id: number, bits: number, level: number): void {
    const indent = `\n${indentOf(level)}`;
    const fitting = pads.findLast(([, room]) => room >= bits);
    if (fitting) return this.#out.put(`${indent}${fitting[0]}: ${bits};`);
    this.#out.put(`${indent}struct {`);
    this.#padding(id, 0, bits, 1, false, `${indent}\t`);
    this.#out.put(`${indent}};`);
  }

  /** A type with the name that is declared to be of it; `""` for none. */
  #declaration(id: number, name: string, level: number): string {
    let form = this.#forms[id]!;
    let kept = true;
    if (form === 0) {
      kept = this.#compose(id, level);
      form = this.#forms[id]!;
      if (!kept) this.#forms[id] = 0;
    }
    let left = this.#lefts[id]!;
    if ((form & MARKED) !== 0) left = left.replaceAll(spaceIfNamed, name === "" ? "" : " ");
    if (name === "") return left + this.#rights[id]!;
    return (form & SPACED) !== 0 ? `${left} ${name}${this.#rights[id]!}` : left + name + this.#rights[id]!;
  }

  /** The text of a struct, union or enum without a name, for what is declared with it. */
  #definition(id: number, level: number): string {
    const from = this.#out.length;
    const kind = this.#kind(id);
    if (kind === KIND.struct || kind === KIND.union) this.#record(id, level);
    else this.#enum(id, level);
    return this.#out.takeFrom(from);
  }

  /** Composes both parts of a type's declarations. False if a definition is among them: those are not to be used again. */
  #compose(id: number, level: number): boolean {
    if (this.#forms[id] !== 0) return true;
    this.#enter(id);
    const { words, starts } = this.#flat;
    const start = starts[id]!;
    const info = words[start + 1]!;
    const kind = (info >>> 24) & 0x1f;
    let left = "";
    let right = "";
    let form = PLAIN | SPACED;
    let keep = true;
    switch (kind) {
      case KIND.void:
        left = "void";
        break;
      case KIND.int:
      case KIND.float:
        left = this.#names.word(words[start]!);
        break;
      case KIND.struct:
      case KIND.union:
        keep = words[start] !== 0;
        left = keep ? this.#recordName(id) : this.#definition(id, level);
        break;
      case KIND.enum:
      case KIND.enum64:
        keep = words[start] !== 0;
        left = keep ? `enum ${this.#nameGiven(id, this.#tagNames)}` : this.#definition(id, level);
        break;
      case KIND.fwd:
        left = this.#forward(id);
        break;
      case KIND.typedef:
        left = this.#nameGiven(id, this.#plainNames);
        break;
      case KIND.ptr:
      case KIND.array: {
        const inner = words[start + (kind === KIND.ptr ? 2 : 3)]!;
        keep = this.#compose(inner, level);
        const innerForm = this.#forms[inner]!;
        if (!keep) this.#forms[inner] = 0;
        left = this.#lefts[inner]!;
        right = this.#rights[inner]!;
        const spaced = (innerForm & SPACED) !== 0;
        const own = innerForm & 3;
        const marked = innerForm & MARKED;
        if (kind === KIND.ptr) {
          form = PLAIN | marked;
          if (own === PLAIN) left += spaced ? " *" : "*";
          else {
            left += own === FUNCTION ? " (*" : spaced ? `${spaceIfNamed}(*` : "(*";
            if (own === ARRAY && spaced) form |= MARKED;
            right = `)${right}`;
          }
        } else if (own === FUNCTION) {
          left += " (";
          right = `[${words[start + 5]!}])${right}`;
          form = ARRAY | marked;
        } else {
          right = `[${words[start + 5]!}]${right}`;
          form = ARRAY | (innerForm & SPACED) | marked;
        }
        break;
      }
      case KIND.volatile:
      case KIND.const:
      case KIND.restrict:
      case KIND.typeTag: {
        const inner = words[start + 2]!;
        keep = this.#compose(inner, level);
        form = this.#forms[inner]!;
        if (!keep) this.#forms[inner] = 0;
        left = this.#lefts[inner]!;
        right = this.#rights[inner]!;
        // Compilers put an array's qualifiers on its elements as well, and GCC says noreturn by one of the function.
        if ((form & 3) !== PLAIN) break;
        const word = kind === KIND.const ? "const" : kind === KIND.volatile ? "volatile" : kind === KIND.restrict ? "restrict" : `__attribute__((btf_type_tag("${this.#names.quoted(words[start]!)}")))`;
        const onPointer = this.#isPointer(inner);
        // An attribute in front of a struct without a name would take its members away.
        if (onPointer) left += ` ${word}`;
        else if (kind !== KIND.typeTag || keep) left = this.#qualified(left, word, inner);
        form = PLAIN | SPACED | (form & MARKED);
        break;
      }
      case KIND.funcProto: {
        const result = words[start + 2]!;
        keep = this.#compose(result, level);
        const resultForm = this.#forms[result]!;
        if (!keep) this.#forms[result] = 0;
        left = this.#lefts[result]!;
        right = this.#rights[result]!;
        const length = info & 0xffff;
        let parameters = "";
        if (length === 0 || (length === 1 && words[start + 4] === 0)) parameters = "void";
        for (let index = 0, at = start + 3; parameters !== "void" && index < length; index++, at += 2) {
          const type = words[at + 1]!;
          if (index > 0) parameters += ", ";
          if (index === length - 1 && type === 0) parameters += "...";
          else {
            parameters += this.#declaration(type, words[at] === 0 ? "" : this.#names.name(words[at]!), level);
            if (this.#forms[type] === 0) keep = false;
          }
        }
        right = `(${parameters})${right}`;
        form = FUNCTION | (resultForm & (SPACED | MARKED));
        break;
      }
      default:
        throw this.#fail(id, `it is of kind ${kind}, and a declaration needs a type of C`);
    }
    this.#lefts[id] = left;
    this.#rights[id] = right;
    this.#forms[id] = form;
    this.#depth--;
    return keep;
  }

  /** A qualifier in front of a type, after those that are nearer to it. */
  #qualified(left: string, word: string, inner: number): string {
    const before: string[] = [];
    let id = inner;
    for (let steps = 0; steps < deepest; steps++) {
      const kind = this.#kind(id);
      if (kind !== KIND.volatile && kind !== KIND.const && kind !== KIND.restrict && kind !== KIND.typeTag) break;
      before.push(kind === KIND.const ? "const " : kind === KIND.volatile ? "volatile " : kind === KIND.restrict ? "restrict " : "");
      id = this.#third(id);
    }
    const nearer = before.reverse().join("");
    return nearer !== "" && left.startsWith(nearer) ? `${nearer}${word} ${left.slice(nearer.length)}` : `${word} ${left}`;
  }

  #isPointer(id: number): boolean {
    let at = id;
    for (let steps = 0; steps < deepest; steps++) {
      const kind = this.#kind(at);
      if (kind === KIND.ptr) return true;
      if (kind !== KIND.volatile && kind !== KIND.const && kind !== KIND.restrict && kind !== KIND.typeTag) return false;
      at = this.#third(at);
    }
    return false;
  }
}
