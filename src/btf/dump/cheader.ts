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
import type { OopscopeError } from "../../base/index.ts";
import { KIND, malformed } from "../format.ts";
import { type Flat } from "../flat.ts";
import { Layout } from "./layout.ts";
import { Names } from "./names.ts";
import { identifier, largestOutput, quoted, Text, tooLong, words as wordLetters } from "./textbytes.ts";

const NOT = 0;
const DOING = 1;
const DONE = 2;

/** Types within one another, on the way of any of the recursions. */
const deepest = 400;
/** Steps that a type may take on average: real ones take a dozen. */
const stepsForEach = 2000;
const stepsForAny = 1 << 22;
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
const gnuList = "__gnuc_va_list";

/** What a declarator is on its outside: an array or a function needs parentheses below a pointer. */
const PLAIN = 1;
const ARRAY = 2;
const FUNCTION = 3;
/** Whether a name after the left part needs a space before it. */
const SPACED = 4;

const [space, parenthesis, comma, semicolon] = [0x20, 0x29, 0x2c, 0x3b];
const isRecord = (kind: number): boolean => kind === KIND.struct || kind === KIND.union;
/** Neither made of another type nor with a qualifier. */
const isNamedAlone = (kind: number): boolean => kind === KIND.typedef || isRecord(kind) || kind === KIND.int || kind === KIND.void;
const isQualifier = (kind: number): boolean => kind === KIND.const || kind === KIND.volatile || kind === KIND.restrict || kind === KIND.typeTag;

const indents = Array.from({ length: 16 }, (_, level) => "\t".repeat(level));
const indentOf = (level: number): string => indents[level] ?? "\t".repeat(level);
const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;

export class CHeader {
  readonly #flat: Flat;
  readonly #tagNames: Names;
  readonly #plainNames: Names;
  readonly #layout: Layout;
  readonly #ordered: Uint8Array;
  readonly #emitted: Uint8Array;
  readonly #declared: Uint8Array;
  /** The number of the name that a type has in the header, 1 for one that is written without; 0 if it has none yet. By id. */
  readonly #given: Uint32Array;
  /** Declarations with a name that were written before and have no definition in them: their forms (0 for none), and where their texts are in `#out`: what stands before the name, then what stands behind it. By id. */
  readonly #forms: Uint8Array;
  readonly #kept: Uint32Array;
  readonly #leftEnds: Uint32Array;
  readonly #rightEnds: Uint32Array;
  /** Structs, unions and enums without a name that were written so far. */
  #definitions = 0;
  readonly #queue: number[] = [];
  readonly #out: Text;
  #written = 0;
  #depth = 0;
  #steps: number;

  constructor(flat: Flat) {
    const { length } = flat.starts;
    this.#flat = flat;
    this.#tagNames = new Names(flat.strings, flat.file);
    this.#plainNames = new Names(flat.strings, flat.file);
    this.#out = new Text(flat.strings, flat.file);
    this.#layout = new Layout(flat);
    this.#ordered = new Uint8Array(length);
    this.#emitted = new Uint8Array(length);
    this.#declared = new Uint8Array(length);
    this.#given = new Uint32Array(length);
    this.#forms = new Uint8Array(length);
    this.#kept = new Uint32Array(length);
    this.#leftEnds = new Uint32Array(length);
    this.#rightEnds = new Uint32Array(length);
    this.#steps = stepsForAny + stepsForEach * length;
    this.#ordered[0] = DONE;
    this.#emitted[0] = DONE;
  }

  /** The header, piece by piece. */
  *chunks(): Generator<Uint8Array> {
    const { length } = this.#flat.starts;
    const out = this.#out;
    out.put(begin);
    for (let id = 1; id < length; ) {
      id = this.#writeFrom(id);
      // Texts of texts multiply.
      if ((this.#written += out.length) > largestOutput) throw tooLong(this.#flat.file);
      if (id < length) yield out.take();
    }
    out.put(end);
    yield out.take();
  }

  /** Writes types from one on, until there is a piece; gives the next one. */
  #writeFrom(first: number): number {
    const { length } = this.#flat.starts;
    const queue = this.#queue;
    const out = this.#out;
    for (let id = first; id < length; id++) {
      if (this.#needsNothing(id)) continue;
      this.#order(id, false);
      if (queue.length === 0) continue;
      for (let k = 0; k < queue.length; k++) this.#emit(queue[k]!, 0);
      queue.length = 0;
      if (out.length >= chunkSize) return id + 1;
    }
    return length;
  }

  /** The name that a type has in the header, once that is written; null for one without a name. */
  nameOf(id: number): string | null {
    if (this.#given[id] === 0) return null;
    const from = this.#out.length;
    this.#putNumbered(this.#name(id), this.#given[id]!);
    return this.#out.takeFrom(from);
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

  /** Whether ordering a type queues nothing: of most that is so. They are ordered then. */
  #needsNothing(id: number): boolean {
    const ordered = this.#ordered;
    if (ordered[id] === DONE) return true;
    const { words, starts } = this.#flat;
    const start = starts[id]!;
    const info = words[start + 1]!;
    const kind = (info >>> 24) & 0x1f;
    switch (kind) {
      case KIND.func:
      case KIND.var:
        return true;
      case KIND.int:
      case KIND.float:
        break;
      case KIND.volatile:
      case KIND.const:
      case KIND.restrict:
      case KIND.typeTag:
        if (ordered[words[start + 2]!] !== DONE) return false;
        break;
      case KIND.array:
        if (ordered[words[start + 3]!] !== DONE) return false;
        break;
      case KIND.ptr: {
        const to = words[start + 2]!;
        // Those with a name are only declared.
        if (ordered[to] !== DONE && (!isRecord((words[starts[to]! + 1]! >>> 24) & 0x1f) || words[starts[to]!] === 0)) return false;
        break;
      }
      case KIND.funcProto:
        if (ordered[words[start + 2]!] !== DONE) return false;
        for (let at = start + 4, end = at + 2 * (info & 0xffff); at < end; at += 2) if (ordered[words[at]!] !== DONE) return false;
        break;
      default:
        return false;
    }
    ordered[id] = DONE;
    return true;
  }

  /** Queues what a type needs to be defined, then it. Tells whether all of it was ("strong"), or it is left because a pointer leads to it. */
  #order(id: number, throughPointer: boolean): boolean {
    const state = this.#ordered[id]!;
    if (state === DONE) return true;
    const { words, starts, referenced } = this.#flat;
    const start = starts[id]!;
    const info = words[start + 1]!;
    const kind = (info >>> 24) & 0x1f;
    if (state === DOING) {
      if (isRecord(kind) && throughPointer && words[start] !== 0) return false;
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
        for (let at = start + 3, end = at + 3 * (info & 0xffff); at < end; at += 3) if (!this.#needsNothing(words[at + 1]!)) this.#order(words[at + 1]!, false);
        if (named) this.#queue.push(id);
        this.#ordered[id] = DONE;
        strong = true;
        break;
      }
      case KIND.enum:
      case KIND.enum64:
      case KIND.fwd:
        if (words[start] !== 0 || referenced[id] === 0) this.#queue.push(id);
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
    if (state === DOING) return this.#emitWithin(id, kind, container);
    this.#enter(id);
    let done = true;
    switch (kind) {
      case KIND.ptr:
      case KIND.volatile:
      case KIND.const:
      case KIND.restrict:
      case KIND.typeTag:
      case KIND.array:
        done = this.#emit(words[kind === KIND.array ? start + 3 : start + 2]!, container);
        if (done) this.#emitted[id] = DONE;
        break;
      case KIND.struct:
      case KIND.union:
        done = this.#emitRecord(id, container);
        break;
      case KIND.funcProto:
        done = this.#emit(words[start + 2]!, container);
        if (!this.#emitAll(start + 3, 2, info & 0xffff, container)) done = false;
        if (done) this.#emitted[id] = DONE;
        break;
      case KIND.typedef:
        this.#emitted[id] = DOING;
        this.#emit(words[start + 2]!, id);
        if (this.#declared[id] === 0) this.#typedef(id);
        this.#emitted[id] = DONE;
        break;
      default:
        this.#emitted[id] = DONE;
        this.#emitAlone(id, kind, container);
    }
    this.#depth--;
    return done;
  }

  /** What a type is made of: its elements, of `size` words with the type in the second one. Tells whether nobody will need more of any. */
  #emitAll(first: number, size: number, count: number, container: number): boolean {
    const { words } = this.#flat;
    const emitted = this.#emitted;
    let done = true;
    for (let at = first + 1, end = at + size * count; at < end; at += size) if (emitted[words[at]!] !== DONE && !this.#emit(words[at]!, container)) done = false;
    return done;
  }

  /** A type that is made of no other. */
  #emitAlone(id: number, kind: number, container: number): void {
    if (kind === KIND.int) return this.#alias(id);
    const isEnum = kind === KIND.enum || kind === KIND.enum64;
    if (kind !== KIND.fwd && !(isEnum && container === 0)) return;
    if (isEnum) this.#enum(id, 0);
    else this.#recordName(id);
    this.#out.put(";\n\n");
  }

  #emitRecord(id: number, container: number): boolean {
    const { words, starts } = this.#flat;
    const start = starts[id]!;
    const named = words[start] !== 0;
    let done = true;
    this.#emitted[id] = DOING;
    if (container === 0 || !named) done = this.#emitAll(start + 3, 3, words[start + 1]! & 0xffff, named ? id : container);
    else if (this.#declared[id] === 0) {
      done = id !== container;
      if (done) this.#declare(id);
    }
    this.#emitted[id] = !named && done ? DONE : NOT;
    if (container !== 0) return done;
    this.#record(id, 0);
    this.#out.put(";\n\n");
    this.#emitted[id] = DONE;
    return done;
  }

  #declare(id: number): void {
    this.#recordName(id);
    this.#out.put(";\n\n");
    this.#declared[id] = 1;
  }

  /** A type that is within itself: a declaration is what can be had of it. */
  #emitWithin(id: number, kind: number, container: number): boolean {
    if (this.#declared[id] === 1) return true;
    if (isRecord(kind)) {
      if (id === container) return false;
      if (this.#name(id) === 0) throw this.#fail(id, "it has no name and contains itself");
      this.#declare(id);
    } else if (kind === KIND.typedef) {
      this.#typedef(id);
      this.#declared[id] = 1;
    }
    return true;
  }

  /** A type of GCC's that clang has not, named after what it is. */
  #alias(id: number): void {
    const from = this.#out.length;
    this.#out.putName(this.#name(id), wordLetters);
    const name = this.#out.takeFrom(from);
    if (Object.hasOwn(aliases, name)) this.#out.put(`typedef ${aliases[name]} ${name};\n\n`);
  }

  #typedef(id: number): void {
    const name = this.#name(id);
    const number = name === 0 ? 1 : this.#numberOf(id, this.#plainNames);
    if (number === 1 && this.#isNamed(name, ownList)) return;
    const type = this.#third(id);
    this.#out.put("typedef ");
    if (type === 0 && this.#isNamed(name, gnuList)) this.#out.put(`${ownList} ${gnuList}`);
    else this.#declaration(type, 0, name, number);
    this.#out.put(";\n\n");
  }

  /** Offset of a type's name. */
  #name(id: number): number {
    const { words, starts } = this.#flat;
    return words[starts[id]!]!;
  }

  /** Whether a name is this. */
  #isNamed(name: number, text: string): boolean {
    const { strings } = this.#flat;
    for (let k = 0; k < text.length; k++) if (strings[name + k] !== text.charCodeAt(k)) return false;
    return strings[name + text.length] === 0;
  }

  /** The number of a type's name, more than 1 if others had the name before: forward declarations, and enums without values, are of the one that there is. The type has a name. */
  #numberOf(id: number, names: Names): number {
    const known = this.#given[id]!;
    if (known !== 0) return known;
    const { words, starts } = this.#flat;
    const start = starts[id]!;
    const info = words[start + 1]!;
    const kind = (info >>> 24) & 0x1f;
    const name = words[start]!;
    const isDeclaration = kind === KIND.fwd || (kind === KIND.enum && (info & 0xffff) === 0);
    // On BPF clang's own va_list is a pointer: that of a kernel for another machine is another type.
    if (kind === KIND.typedef && this.#isNamed(name, ownList) && !this.#isPointerSized(words[start + 2]!)) names.take(name);
    const number = isDeclaration ? 1 : names.give(name);
    this.#given[id] = number;
    return number;
  }

  #isPointerSized(id: number): boolean {
    const size = this.#layout.sizeOf(id);
    return size === 0 || size === this.#flat.pointerSize;
  }

  /** Writes a name, with a number if others have it. */
  #putNumbered(name: number, number: number): void {
    this.#out.putName(name, identifier);
    if (number < 2) return;
    this.#out.put("___");
    this.#out.putNumber(number);
  }

  /** Writes `struct NAME`, or `struct`. */
  #recordName(id: number): void {
    const { words, starts } = this.#flat;
    const start = starts[id]!;
    const info = words[start + 1]!;
    const kind = (info >>> 24) & 0x1f;
    const isStruct = kind === KIND.struct || (kind === KIND.fwd && info >>> 31 === 0);
    const isNamed = words[start] !== 0;
    this.#out.put(isNamed ? (isStruct ? "struct " : "union ") : isStruct ? "struct" : "union");
    if (isNamed) this.#putNumbered(words[start]!, this.#numberOf(id, this.#tagNames));
  }

  /** Writes `enum NAME`, or `enum`. */
  #enumName(id: number): void {
    const name = this.#name(id);
    this.#out.put(name === 0 ? "enum" : "enum ");
    if (name !== 0) this.#putNumbered(name, this.#numberOf(id, this.#tagNames));
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
    this.#enumName(id);
    this.#definitions++;
    if (length === 0) return;
    this.#step(id);
    this.#steps -= length;
    const indent = `\n${indentOf(level + 1)}`;
    out.put(" {");
    let above32 = false;
    for (let k = 0, at = start + 3; k < length; k++, at += wide ? 3 : 2) {
      out.put(indent);
      this.#putNumbered(words[at]!, this.#plainNames.give(words[at]!));
      out.put(" = ");
      if (wide) {
        const value = (BigInt(words[at + 2]!) << 32n) | BigInt(words[at + 1]!);
        above32 ||= words[at + 2] !== 0;
        out.put(signed ? `${BigInt.asIntN(64, value)}LL,` : `${value}ULL,`);
      } else {
        out.putNumber(signed ? words[at + 1]! | 0 : words[at + 1]!);
        out.putByte(comma);
      }
    }
    out.put(`\n${indentOf(level)}}`);
    if (size === 1) out.put(" __attribute__((mode(byte)))");
    else if (size === 2) out.put(" __attribute__((mode(HI)))");
    else if (size === 8 && this.#flat.pointerSize === 8 && !above32) out.put(" __attribute__((mode(word)))");
  }

  /** A struct or union with its members; `named` false where it is one of the members without a name. */
  #record(id: number, level: number, named = true): void {
    this.#enter(id);
    this.#definitions++;
    const { words, starts } = this.#flat;
    const out = this.#out;
    const start = starts[id]!;
    const info = words[start + 1]!;
    const flag = info >>> 31 === 1;
    const length = info & 0xffff;
    const size = words[start + 2]!;
    const isStruct = ((info >>> 24) & 0x1f) === KIND.struct;
    const layout = this.#layout;
    const forms = this.#forms;
    const align = layout.alignOf(id);
    const packed = layout.isPacked(id);
    const indent = `\n${indentOf(level + 1)}`;
    if (named) this.#recordName(id);
    else out.put(isStruct ? "struct" : "union");
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
      const form = forms[type]!;
      if (form !== 0 && name !== 0 && bits === 0) out.putDeclaration(this.#kept[type]!, this.#leftEnds[type]!, this.#rightEnds[type]!, (form & SPACED) !== 0, name, level + 1);
      else this.#member(type, name, bits, level + 1);
      offset = memberOffset + (bits !== 0 ? bits : 8 * layout.sizeOf(type));
      afterBits = bits !== 0;
      if (offset > largest) largest = offset;
    }
    if (isStruct) {
      if (offset < 8 * size) this.#padding(id, offset, 8 * size, packed ? 0 : align, false, indent);
    } else if (roundUp(largest, 8 * align) < 8 * size) this.#unionPadding(id, 8 * size, level + 1);
    if (length > 0 || size > 0) out.put(`\n${indentOf(level)}`);
    out.put(packed ? "} __attribute__((packed))" : "}");
    this.#depth--;
  }

  /** Any member. */
  #member(type: number, name: number, bits: number, level: number): void {
    const out = this.#out;
    out.put(`\n${indentOf(level)}`);
    if (name === 0 && bits === 0) this.#unnamedMember(type, level);
    else this.#declaration(type, level, name, 1);
    if (bits !== 0) {
      out.put(": ");
      out.putNumber(bits);
    }
    out.putByte(semicolon);
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
    this.#declaration(type, level, 0, 1);
  }

  #unionPadding(id: number, bits: number, level: number): void {
    const indent = `\n${indentOf(level)}`;
    const fitting = pads.findLast(([, room]) => room >= bits);
    if (fitting) return this.#out.put(`${indent}${fitting[0]}: ${bits};`);
    this.#out.put(`${indent}struct {`);
    this.#padding(id, 0, bits, 1, false, `${indent}\t`);
    this.#out.put(`${indent}};`);
  }

  /** Writes a type with the name that is declared to be of it; 0 for none. */
  #declaration(type: number, level: number, name: number, number: number): void {
    const out = this.#out;
    const known = name === 0 || number > 1 ? 0 : this.#forms[type]!;
    if (known !== 0) {
      out.putDeclaration(this.#kept[type]!, this.#leftEnds[type]!, this.#rightEnds[type]!, (known & SPACED) !== 0, name, 0);
      return;
    }
    const definitions = this.#definitions;
    const start = out.length;
    const form = this.#left(type, level, name !== 0);
    const left = out.length;
    if (name !== 0) {
      if ((form & SPACED) !== 0) out.putByte(space);
      this.#putNumbered(name, number);
    }
    const right = out.length;
    this.#right(type, level);
    if (name === 0 || this.#definitions !== definitions) return;
    this.#forms[type] = form;
    this.#kept[type] = out.kept;
    this.#leftEnds[type] = out.keep(start, left);
    this.#rightEnds[type] = out.keep(right, out.length);
  }

  /** Writes what of a declaration stands in front of the name, if there is one, and gives its form. */
  #left(id: number, level: number, named: boolean): number {
    const { words, starts } = this.#flat;
    const start = starts[id]!;
    const kind = (words[start + 1]! >>> 24) & 0x1f;
    this.#step(id);
    switch (kind) {
      case KIND.void:
        this.#out.put("void");
        return PLAIN | SPACED;
      case KIND.int:
      case KIND.float:
        this.#out.putName(words[start]!, wordLetters);
        return PLAIN | SPACED;
      case KIND.struct:
      case KIND.union:
        if (words[start] !== 0) this.#recordName(id);
        else this.#record(id, level);
        return PLAIN | SPACED;
      case KIND.enum:
      case KIND.enum64:
        if (words[start] !== 0) this.#enumName(id);
        else this.#enum(id, level);
        return PLAIN | SPACED;
      case KIND.fwd:
        this.#recordName(id);
        return PLAIN | SPACED;
      case KIND.typedef:
        if (words[start] !== 0) this.#putNumbered(words[start]!, this.#numberOf(id, this.#plainNames));
        return PLAIN | SPACED;
      case KIND.ptr: {
        const form = this.#leftWithin(words[start + 2]!, id, level, named);
        const spaced = (form & SPACED) !== 0;
        if ((form & 3) === PLAIN) this.#out.put(spaced ? " *" : "*");
        else this.#out.put((form & 3) === FUNCTION || (spaced && named) ? " (*" : "(*");
        return PLAIN;
      }
      case KIND.array: {
        const form = this.#leftWithin(words[start + 3]!, id, level, named);
        if ((form & 3) !== FUNCTION) return ARRAY | (form & SPACED);
        this.#out.put(" (");
        return ARRAY;
      }
      case KIND.volatile:
      case KIND.const:
      case KIND.restrict:
      case KIND.typeTag: {
        const inner = words[start + 2]!;
        // The usual one, `const struct file`.
        if (kind === KIND.typeTag || !isNamedAlone(this.#kind(inner))) return this.#qualified(id, level, named);
        this.#putQualifier(id);
        this.#out.putByte(space);
        return this.#left(inner, level, named);
      }
      case KIND.funcProto:
        return FUNCTION | (this.#leftWithin(words[start + 2]!, id, level, named) & SPACED);
      default:
        throw this.#fail(id, `it is of kind ${kind}, and a declaration needs a type of C`);
    }
  }

  #leftWithin(id: number, outer: number, level: number, named: boolean): number {
    this.#enter(outer);
    const form = this.#left(id, level, named);
    this.#depth--;
    return form;
  }

  /**
   * The left part of a type with qualifiers and tags: in front of it, the qualifiers first and those that are nearer to it before others, or behind a pointer. Compilers put an array's
   * qualifiers on its elements as well, and GCC says noreturn by one of the function: there they are left out.
   */
  #qualified(outer: number, level: number, named: boolean): number {
    const chain: number[] = [];
    let id = outer;
    for (let kind = this.#kind(id); isQualifier(kind); kind = this.#kind(id)) {
      if (chain.push(id) > deepest) throw this.#fail(outer, `more than ${deepest} types within one another`);
      this.#step(id);
      id = this.#third(id);
    }
    const kind = this.#kind(id);
    if (kind === KIND.array || kind === KIND.funcProto) return this.#leftWithin(id, outer, level, named);
    if (kind === KIND.ptr) {
      this.#leftWithin(id, outer, level, named);
      for (const one of chain.reverse()) {
        this.#out.putByte(space);
        this.#putQualifier(one);
      }
      return PLAIN | SPACED;
    }
    // An attribute in front of a struct without a name would take its members away.
    const tags = this.#name(id) !== 0 || kind === KIND.void ? chain.filter((one) => this.#kind(one) === KIND.typeTag) : [];
    for (const one of [...chain.reverse().filter((one) => this.#kind(one) !== KIND.typeTag), ...tags]) {
      this.#putQualifier(one);
      this.#out.putByte(space);
    }
    return this.#leftWithin(id, outer, level, named);
  }

  #putQualifier(id: number): void {
    const out = this.#out;
    const kind = this.#kind(id);
    if (kind !== KIND.typeTag) return out.put(kind === KIND.const ? "const" : kind === KIND.volatile ? "volatile" : "restrict");
    out.put('__attribute__((btf_type_tag("');
    out.putName(this.#name(id), quoted);
    out.put('")))');
  }

  /** Writes what stands behind the name. The left part has been here before: the types come to an end. */
  #right(type: number, level: number): void {
    const { words, starts } = this.#flat;
    const out = this.#out;
    for (let id = type; ; ) {
      const start = starts[id]!;
      const info = words[start + 1]!;
      switch ((info >>> 24) & 0x1f) {
        case KIND.ptr:
          id = words[start + 2]!;
          if (this.#formOf(id) !== PLAIN) out.putByte(parenthesis);
          break;
        case KIND.volatile:
        case KIND.const:
        case KIND.restrict:
        case KIND.typeTag:
          id = words[start + 2]!;
          break;
        case KIND.array:
          id = words[start + 3]!;
          out.put("[");
          out.putNumber(words[start + 5]!);
          out.put(this.#formOf(id) === FUNCTION ? "])" : "]");
          break;
        case KIND.funcProto:
          this.#parameters(id, info & 0xffff, level);
          id = words[start + 2]!;
          break;
        default:
          return;
      }
    }
  }

  #parameters(id: number, length: number, level: number): void {
    const { words, starts } = this.#flat;
    const out = this.#out;
    const first = starts[id]! + 3;
    if (length === 0 || (length === 1 && words[first + 1] === 0)) return out.put("(void)");
    this.#enter(id);
    for (let index = 0, at = first; index < length; index++, at += 2) {
      out.put(index === 0 ? "(" : ", ");
      if (index === length - 1 && words[at + 1] === 0) out.put("...");
      else this.#declaration(words[at + 1]!, level, words[at]!, 1);
    }
    out.putByte(parenthesis);
    this.#depth--;
  }

  /** The form of a type, whatever its qualifiers. */
  #formOf(type: number): number {
    let id = type;
    while (isQualifier(this.#kind(id))) id = this.#third(id);
    const kind = this.#kind(id);
    return kind === KIND.array ? ARRAY : kind === KIND.funcProto ? FUNCTION : PLAIN;
  }
}
