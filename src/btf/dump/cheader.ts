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
import { type OopscopeError } from "../../base/index.ts";
import { KIND, malformed } from "../format.ts";
import { type Flat } from "../flat.ts";
import { Layout } from "./layout.ts";
import { NameCounts } from "./names.ts";
import { ascii, inNames, inQuotes, inWords, Sink } from "./sink.ts";

const NOT = 0;
const DOING = 1;
const DONE = 2;

/** Types within one another, on the way of any of the recursions. */
const deepest = 400;
/** Pointers, qualifiers and arrays of one declaration. */
const longestChain = 256;
/** Steps that a type may take on average: 126,585 real ones take 12 each. */
const stepsForEach = 2000;
const stepsForAny = 1 << 22;

const text = {
  begin: ascii("#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)\n#endif\n\n"),
  end: ascii("#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n#pragma clang attribute pop\n#endif\n\n#endif /* __VMLINUX_H__ */\n"),
  struct: ascii("struct"), union: ascii("union"), enum: ascii("enum"), void: ascii("void"), typedef: ascii("typedef "), vaList: ascii("typedef __builtin_va_list __gnuc_va_list"),
  const: ascii("const "), volatile: ascii("volatile "), restrict: ascii("restrict "), constAfter: ascii(" const"), volatileAfter: ascii(" volatile"), restrictAfter: ascii(" restrict"),
  tag: ascii('__attribute__((btf_type_tag("'), tagAfter: ascii(' __attribute__((btf_type_tag("'), tagEnd: ascii('")))'),
  space: ascii(" "), line: ascii("\n"), tab: ascii("\t"), open: ascii(" {"), close: ascii("}"), semicolon: ascii(";"), colon: ascii(": "), end2: ascii(";\n\n"), star: ascii("*"), starAfter: ascii(" *"),
  bracket: ascii("["), bracketEnd: ascii("]"), parenthesis: ascii("("), parenthesisAfter: ascii(" ("), parenthesisEnd: ascii(")"), noParameters: ascii("void)"), comma: ascii(", "), more: ascii("..."),
  packed: ascii(" __attribute__((packed))"), byteMode: ascii(" __attribute__((mode(byte)))"), halfMode: ascii(" __attribute__((mode(HI)))"), wordMode: ascii(" __attribute__((mode(word)))"), equals: ascii(" = "), value: ascii(","), suffix: ascii("___"),
  signed64: ascii("LL,"), unsigned64: ascii("ULL,"),
};
/** The types that padding is made of, the largest first. */
const pads = [{ name: ascii("long"), bits: 64 }, { name: ascii("int"), bits: 32 }, { name: ascii("short"), bits: 16 }, { name: ascii("char"), bits: 8 }];
/** Types that GCC has and clang has not (Arm's polynomials). */
const aliases = [["__Poly8_t", "unsigned char"], ["__Poly16_t", "unsigned short"], ["__Poly64_t", "unsigned long long"], ["__Poly128_t", "unsigned __int128"]] as const;

export class CHeader {
  readonly #flat: Flat;
  readonly #sink: Sink;
  readonly #layout: Layout;
  readonly #tagNames: NameCounts;
  readonly #plainNames: NameCounts;
  readonly #ordered: Uint8Array;
  readonly #emitted: Uint8Array;
  readonly #declared: Uint8Array;
  readonly #referenced: Uint8Array;
  /** Which of those with the same name a type is, from 1 on; 0 until it is named. */
  readonly #numbers: Uint32Array;
  #queue: number[] = [];
  /** The parts of the declarations that are being written, the outermost first. */
  readonly #parts = new Uint32Array(longestChain * 64);
  #top = 0;
  #depth = 0;
  #steps: number;

  constructor(flat: Flat) {
    const { length } = flat.starts;
    this.#flat = flat;
    this.#sink = new Sink(flat.file);
    this.#layout = new Layout(flat);
    this.#tagNames = new NameCounts(flat.strings);
    this.#plainNames = new NameCounts(flat.strings);
    this.#ordered = new Uint8Array(length);
    this.#emitted = new Uint8Array(length);
    this.#declared = new Uint8Array(length);
    this.#referenced = new Uint8Array(length);
    this.#numbers = new Uint32Array(length);
    this.#steps = stepsForAny + stepsForEach * length;
    this.#ordered[0] = DONE;
    this.#emitted[0] = DONE;
  }

  /** The header, piece by piece. */
  *chunks(): Generator<Uint8Array> {
    const sink = this.#sink;
    const { length } = this.#flat.starts;
    this.#markReferenced();
    sink.put(text.begin);
    for (let id = 1; id < length; id++) {
      this.#queue = [];
      this.#order(id, false);
      for (const next of this.#queue) this.#emit(next, 0);
      const chunk = sink.take();
      if (chunk) yield chunk;
    }
    sink.put(text.end);
    yield sink.take(true)!;
  }

  /** The name that a type has in the header, once that is written; null for one without a name. */
  nameOf(id: number): string | null {
    const name = this.#name(id);
    if (this.#isEmpty(name)) return null;
    const scratch = new Sink(this.#flat.file);
    scratch.string(this.#flat.strings, name, inNames);
    const number = this.#numbers[id]!;
    return Buffer.from(scratch.take(true)!).toString("latin1") + (number > 1 ? `___${number}` : "");
  }

  #fail(id: number, what: string): OopscopeError {
    return malformed(this.#flat.file, "BTF", 4 * Math.max(0, this.#flat.starts[id]! - 3), `type ${id}: ${what}`);
  }

  #enter(id: number): void {
    if (++this.#depth > deepest) throw this.#fail(id, `more than ${deepest} types within one another`);
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

  #name(id: number): number {
    const { words, starts } = this.#flat;
    return words[starts[id]!]!;
  }

  #length(id: number): number {
    const { words, starts } = this.#flat;
    return words[starts[id]! + 1]! & 0xffff;
  }

  #isEmpty(name: number): boolean {
    return this.#flat.strings[name] === 0;
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
      if (isRecord && throughPointer && !this.#isEmpty(words[start]!)) return false;
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
        break;
      case KIND.struct:
      case KIND.union: {
        const named = !this.#isEmpty(words[start]!);
        if (throughPointer && named) break;
        this.#ordered[id] = DOING;
        for (let at = start + 3, end = at + 3 * (info & 0xffff); at < end; at += 3) this.#order(words[at + 1]!, false);
        if (named) this.#queue.push(id);
        this.#ordered[id] = DONE;
        strong = true;
        break;
      }
      case KIND.enum:
      case KIND.enum64:
      case KIND.fwd:
        if (!this.#isEmpty(words[start]!) || this.#referenced[id] === 0) this.#queue.push(id);
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
        break;
      case KIND.funcProto:
        strong = this.#order(words[start + 2]!, throughPointer);
        for (let at = start + 3, end = at + 2 * (info & 0xffff); at < end; at += 2) if (this.#order(words[at + 1]!, throughPointer)) strong = true;
        break;
      default:
        this.#ordered[id] = DONE;
    }
    this.#depth--;
    return strong;
  }

  /** Writes a type's definition (`container` 0), or what `container` needs of it: nothing, or a declaration. */
  #emit(id: number, container: number): void {
    const state = this.#emitted[id]!;
    if (state === DONE) return;
    const { words, starts } = this.#flat;
    const start = starts[id]!;
    const info = words[start + 1]!;
    const kind = (info >>> 24) & 0x1f;
    const sink = this.#sink;
    if (state === DOING) {
      if (this.#declared[id] === 1) return;
      if (kind === KIND.struct || kind === KIND.union) {
        if (id === container) return;
        if (this.#isEmpty(words[start]!)) throw this.#fail(id, "it has no name and contains itself");
        this.#recordName(id);
        sink.put(text.end2);
        this.#declared[id] = 1;
      } else if (kind === KIND.typedef) {
        this.#typedef(id);
        this.#declared[id] = 1;
      }
      return;
    }
    this.#enter(id);
    switch (kind) {
      case KIND.int:
        this.#alias(words[start]!);
        this.#emitted[id] = DONE;
        break;
      case KIND.enum:
      case KIND.enum64:
        if (container === 0) {
          this.#enum(id, 0);
          sink.put(text.end2);
        }
        this.#emitted[id] = DONE;
        break;
      case KIND.ptr:
      case KIND.volatile:
      case KIND.const:
      case KIND.restrict:
      case KIND.typeTag:
        this.#emit(words[start + 2]!, container);
        break;
      case KIND.array:
        this.#emit(words[start + 3]!, container);
        break;
      case KIND.fwd:
        this.#forward(id);
        sink.put(text.end2);
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
        const named = !this.#isEmpty(words[start]!);
        if (container === 0 || !named) {
          const inner = named ? id : container;
          for (let at = start + 3, end = at + 3 * (info & 0xffff); at < end; at += 3) this.#emit(words[at + 1]!, inner);
        } else if (this.#declared[id] === 0 && id !== container) {
          this.#recordName(id);
          sink.put(text.end2);
          this.#declared[id] = 1;
        }
        if (container === 0) {
          this.#record(id, 0);
          sink.put(text.end2);
          this.#emitted[id] = DONE;
        } else this.#emitted[id] = NOT;
        break;
      }
      case KIND.funcProto:
        this.#emit(words[start + 2]!, container);
        for (let at = start + 3, end = at + 2 * (info & 0xffff); at < end; at += 2) this.#emit(words[at + 1]!, container);
        break;
    }
    this.#depth--;
  }

  #alias(name: number): void {
    const { strings } = this.#flat;
    if (strings[name] !== 0x5f || strings[name + 2] !== 0x50) return;
    for (const [own, standard] of aliases) {
      if (Buffer.from(strings.subarray(name, name + own.length + 1)).toString("latin1") === `${own}\0`) this.#sink.put(ascii(`typedef ${standard} ${own};\n\n`));
    }
  }

  #is(name: number, wanted: string): boolean {
    const { strings } = this.#flat;
    if (strings[name + wanted.length] !== 0) return false;
    for (let k = 0; k < wanted.length; k++) if (strings[name + k] !== wanted.charCodeAt(k)) return false;
    return true;
  }

  #typedef(id: number): void {
    const name = this.#name(id);
    if (this.#is(name, "__builtin_va_list") && this.#isCompilersOwn(id)) return;
    const number = this.#numberOf(id, this.#plainNames);
    if (this.#third(id) === 0 && this.#is(name, "__gnuc_va_list")) this.#sink.put(text.vaList);
    else {
      this.#sink.put(text.typedef);
      this.#declaration(this.#third(id), name, number, 0);
    }
    this.#sink.put(text.end2);
  }

  /** Whether a typedef `__builtin_va_list` may as well be that of clang, which is a pointer on BPF. */
  #isCompilersOwn(id: number): boolean {
    const size = this.#layout.sizeOf(this.#third(id));
    return size === 0 || size === this.#flat.pointerSize;
  }

  /** Which of the types with its name it is: forward declarations, and enums without values, are of the one that there is. */
  #numberOf(id: number, names: NameCounts): number {
    let number = this.#numbers[id]!;
    if (number > 0) return number;
    const kind = this.#kind(id);
    if (kind === KIND.typedef && this.#is(this.#name(id), "__builtin_va_list") && !this.#isCompilersOwn(id)) names.next(this.#name(id));
    number = kind === KIND.fwd || (kind === KIND.enum && this.#length(id) === 0) ? 1 : names.next(this.#name(id));
    this.#numbers[id] = number;
    return number;
  }

  #identifier(name: number, number: number): void {
    const sink = this.#sink;
    const { strings } = this.#flat;
    const first = strings[name]!;
    if (first >= 0x30 && first <= 0x39) sink.put(text.suffix);
    sink.string(strings, name, inNames);
    if (number > 1) {
      sink.put(text.suffix);
      sink.number(number);
    }
  }

  /** ` NAME`, or nothing for one without a name. */
  #tagName(id: number): void {
    const name = this.#name(id);
    if (this.#isEmpty(name)) return;
    this.#sink.put(text.space);
    this.#identifier(name, this.#numberOf(id, this.#tagNames));
  }

  #recordName(id: number): void {
    this.#sink.put(this.#kind(id) === KIND.struct ? text.struct : text.union);
    this.#tagName(id);
  }

  #forward(id: number): void {
    const { words, starts } = this.#flat;
    this.#sink.put(words[starts[id]! + 1]! >>> 31 === 1 ? text.union : text.struct);
    this.#tagName(id);
  }

  #indent(level: number): void {
    for (let k = 0; k < level; k++) this.#sink.put(text.tab);
  }

  #enum(id: number, level: number): void {
    const { words, starts } = this.#flat;
    const sink = this.#sink;
    const start = starts[id]!;
    const info = words[start + 1]!;
    const length = info & 0xffff;
    const signed = info >>> 31 === 1;
    const size = words[start + 2]!;
    const wide = ((info >>> 24) & 0x1f) === KIND.enum64;
    sink.put(text.enum);
    this.#tagName(id);
    if (length === 0) return;
    sink.put(text.open);
    let above32 = false;
    for (let k = 0, at = start + 3; k < length; k++, at += wide ? 3 : 2) {
      sink.put(text.line);
      this.#indent(level + 1);
      this.#identifier(words[at]!, this.#plainNames.next(words[at]!));
      sink.put(text.equals);
      if (wide) {
        const value = (BigInt(words[at + 2]!) << 32n) | BigInt(words[at + 1]!);
        above32 ||= words[at + 2] !== 0;
        sink.number(signed ? BigInt.asIntN(64, value) : value);
        sink.put(signed ? text.signed64 : text.unsigned64);
      } else {
        sink.number(signed ? words[at + 1]! | 0 : words[at + 1]!);
        sink.put(text.value);
      }
    }
    sink.put(text.line);
    this.#indent(level);
    sink.put(text.close);
    if (size === 1) sink.put(text.byteMode);
    else if (size === 2) sink.put(text.halfMode);
    else if (size === 8 && this.#flat.pointerSize === 8 && !above32) sink.put(text.wordMode);
  }

  /** A struct or union with its members. */
  #record(id: number, level: number, named = true): void {
    const { words, starts } = this.#flat;
    const sink = this.#sink;
    this.#enter(id);
    const start = starts[id]!;
    const info = words[start + 1]!;
    const flag = info >>> 31 === 1;
    const length = info & 0xffff;
    const size = words[start + 2]!;
    const isStruct = ((info >>> 24) & 0x1f) === KIND.struct;
    const align = this.#layout.alignOf(id);
    const packed = this.#layout.isPacked(id);
    sink.put(isStruct ? text.struct : text.union);
    if (named) this.#tagName(id);
    sink.put(text.open);
    let offset = 0;
    let largest = 0;
    let afterBits = false;
    for (let at = start + 3, end = at + 3 * length; at < end; at += 3) {
      const type = words[at + 1]!;
      const bits = flag ? words[at + 2]! >>> 24 : 0;
      const memberOffset = flag ? words[at + 2]! & 0xff_ffff : words[at + 2]!;
      this.#pad(offset, memberOffset, packed ? 1 : this.#layout.alignOf(type), afterBits && bits !== 0, level + 1);
      sink.put(text.line);
      this.#indent(level + 1);
      if (this.#isEmpty(words[at]!) && bits === 0) this.#unnamedMember(type, level + 1);
      else this.#declaration(type, words[at]!, 1, level + 1);
      if (bits !== 0) {
        sink.put(text.colon);
        sink.number(bits);
        offset = memberOffset + bits;
        afterBits = true;
      } else {
        offset = memberOffset + 8 * this.#layout.sizeOf(type);
        afterBits = false;
      }
      sink.put(text.semicolon);
      if (offset > largest) largest = offset;
    }
    if (isStruct) this.#pad(offset, 8 * size, align, false, level + 1);
    else if (roundUp(largest, 8 * align) < 8 * size) this.#padUnion(8 * size, level + 1);
    if (length > 0 || size > 0) {
      sink.put(text.line);
      this.#indent(level);
    }
    sink.put(text.close);
    if (packed) sink.put(text.packed);
    this.#depth--;
  }

  /** Unnamed bit-fields between what ends at one bit and what begins at another, unless the compiler leaves that hole by itself. */
  #pad(from: number, to: number, nextAlign: number, withinBits: boolean, level: number): void {
    if (from >= to) return;
    let at = from;
    let index = this.#flat.pointerSize === 8 ? 0 : 1;
    let aligned = roundUp(at, pads[index]!.bits);
    while (aligned > to && index < pads.length - 1) aligned = roundUp(at, pads[++index]!.bits);
    const { bits } = pads[index]!;
    if (aligned > at && aligned <= to) {
      // The compiler goes to the next member's alignment by itself, and `long: 64` to that of long, unless it fits before.
      if (withinBits || (aligned === to && roundUp(at, 8 * nextAlign) !== aligned) || (aligned !== to && to - aligned <= aligned - at)) this.#hole(index, withinBits ? aligned - at : 0, level);
      at = aligned;
    }
    while (at < to) {
      const rest = Math.min(to - at, bits);
      if (rest < bits) for (index = pads.length - 1; pads[index]!.bits < rest; ) index--;
      this.#hole(index, rest, level);
      at += rest;
    }
  }

  /** A member without a name, whose members are the outer one's: its type written out, also if that has a name. */
  #unnamedMember(type: number, level: number): void {
    const { words, starts } = this.#flat;
    let id = type;
    for (let steps = 0; steps < longestChain; steps++) {
      const kind = this.#kind(id);
      if (kind === KIND.struct || kind === KIND.union) {
        if (this.#isEmpty(this.#name(id)) && this.#kind(type) !== KIND.typedef) break;
        this.#record(id, level, false);
        return;
      }
      if (kind !== KIND.typedef && kind !== KIND.const && kind !== KIND.volatile && kind !== KIND.restrict && kind !== KIND.typeTag) break;
      id = words[starts[id]! + 2]!;
    }
    this.#declaration(type, 0, 1, level);
  }

  #padUnion(bits: number, level: number): void {
    const sink = this.#sink;
    if (bits <= pads[0]!.bits) {
      let index = pads.length - 1;
      while (pads[index]!.bits < bits) index--;
      this.#hole(index, bits, level);
      return;
    }
    sink.put(text.line);
    this.#indent(level);
    sink.put(text.struct);
    sink.put(text.open);
    this.#pad(0, bits, 1, false, level + 1);
    sink.put(text.line);
    this.#indent(level);
    sink.put(text.close);
    sink.put(text.semicolon);
  }

  #hole(index: number, bits: number, level: number): void {
    const sink = this.#sink;
    sink.put(text.line);
    this.#indent(level);
    sink.put(pads[index]!.name);
    sink.put(text.colon);
    sink.number(bits);
    sink.put(text.semicolon);
  }

  /** A type with the name that is declared to be of it (an offset; 0 for none). */
  #declaration(id: number, name: number, number: number, level: number): void {
    const { words, starts } = this.#flat;
    const bottom = this.#top;
    for (let at = id; ; ) {
      if (this.#top === this.#parts.length || this.#top - bottom > longestChain) throw this.#fail(id, `more than ${longestChain} pointers, arrays and qualifiers in a declaration`);
      this.#parts[this.#top++] = at;
      if (--this.#steps < 0) throw this.#fail(id, "the types take too many steps to be written: they contain one another over and over");
      const start = starts[at]!;
      const kind = (words[start + 1]! >>> 24) & 0x1f;
      if (kind === KIND.ptr || kind === KIND.volatile || kind === KIND.const || kind === KIND.restrict || kind === KIND.funcProto || kind === KIND.typeTag) at = words[start + 2]!;
      else if (kind === KIND.array) at = words[start + 3]!;
      else break;
    }
    this.#chain(bottom, name, number, level);
    this.#top = bottom;
  }

  /** Writes the parts from the top of the stack down to `bottom`, the base type first, with the name where C has it: in the middle. */
  #chain(bottom: number, name: number, number: number, level: number): void {
    const { words, starts } = this.#flat;
    const sink = this.#sink;
    const named = !this.#isEmpty(name);
    let afterPointer = true;
    while (this.#top > bottom) {
      const id = this.#parts[--this.#top]!;
      const start = starts[id]!;
      const info = words[start + 1]!;
      const kind = (info >>> 24) & 0x1f;
      switch (kind) {
        case KIND.void:
          this.#qualifiers(bottom, true);
          sink.put(text.void);
          break;
        case KIND.int:
        case KIND.float:
          this.#qualifiers(bottom, true);
          sink.string(this.#flat.strings, words[start]!, inWords);
          break;
        case KIND.struct:
        case KIND.union: {
          const anonymous = this.#isEmpty(words[start]!);
          this.#qualifiers(bottom, !anonymous);
          if (anonymous) this.#record(id, level);
          else this.#recordName(id);
          break;
        }
        case KIND.enum:
        case KIND.enum64: {
          const anonymous = this.#isEmpty(words[start]!);
          this.#qualifiers(bottom, !anonymous);
          if (anonymous) this.#enum(id, level);
          else {
            sink.put(text.enum);
            this.#tagName(id);
          }
          break;
        }
        case KIND.fwd:
          this.#qualifiers(bottom, true);
          this.#forward(id);
          break;
        case KIND.typedef:
          this.#qualifiers(bottom, true);
          this.#identifier(words[start]!, this.#numberOf(id, this.#plainNames));
          break;
        case KIND.ptr:
          sink.put(afterPointer ? text.star : text.starAfter);
          break;
        case KIND.volatile:
          sink.put(text.volatileAfter);
          break;
        case KIND.const:
          sink.put(text.constAfter);
          break;
        case KIND.restrict:
          sink.put(text.restrictAfter);
          break;
        case KIND.typeTag:
          this.#qualifiers(bottom, true);
          sink.put(text.tagAfter);
          sink.string(this.#flat.strings, words[start]!, inQuotes);
          sink.put(text.tagEnd);
          break;
        case KIND.array: {
          // Compilers put an array's qualifiers on its elements as well: there they are.
          this.#dropQualifiers(bottom);
          if (this.#top === bottom) {
            if (named && !afterPointer) sink.put(text.space);
            if (named) this.#identifier(name, number);
          } else {
            const inner = this.#kind(this.#parts[this.#top - 1]!) === KIND.array;
            if (named && !afterPointer) sink.put(text.space);
            if (!inner) sink.put(text.parenthesis);
            this.#chain(bottom, name, number, level);
            if (!inner) sink.put(text.parenthesisEnd);
          }
          sink.put(text.bracket);
          sink.number(words[start + 5]!);
          sink.put(text.bracketEnd);
          return;
        }
        case KIND.funcProto: {
          // GCC says noreturn by a qualifier of the function: no C that can be read back.
          this.#dropQualifiers(bottom);
          if (this.#top > bottom) {
            sink.put(text.parenthesisAfter);
            this.#chain(bottom, name, number, level);
            sink.put(text.parenthesisEnd);
          } else if (named) {
            if (!afterPointer) sink.put(text.space);
            this.#identifier(name, number);
          }
          this.#parameters(start, info & 0xffff, level);
          return;
        }
        default:
          throw this.#fail(id, `it is of kind ${kind}, and a declaration needs a type of C`);
      }
      afterPointer = kind === KIND.ptr;
    }
    if (!named) return;
    if (!afterPointer) sink.put(text.space);
    this.#identifier(name, number);
  }

  #parameters(start: number, length: number, level: number): void {
    const { words } = this.#flat;
    const sink = this.#sink;
    sink.put(text.parenthesis);
    if (length === 0 || (length === 1 && words[start + 4] === 0)) {
      sink.put(text.noParameters);
      return;
    }
    for (let index = 0, at = start + 3; index < length; index++, at += 2) {
      if (index > 0) sink.put(text.comma);
      if (index === length - 1 && words[at + 1] === 0) sink.put(text.more);
      else this.#declaration(words[at + 1]!, words[at]!, 1, level);
    }
    sink.put(text.parenthesisEnd);
  }

  /** Qualifiers in front of what they qualify; `tags` false leaves type tags out. */
  #qualifiers(bottom: number, tags: boolean): void {
    const sink = this.#sink;
    for (; this.#top > bottom; this.#top--) {
      const id = this.#parts[this.#top - 1]!;
      switch (this.#kind(id)) {
        case KIND.volatile:
          sink.put(text.volatile);
          break;
        case KIND.const:
          sink.put(text.const);
          break;
        case KIND.restrict:
          sink.put(text.restrict);
          break;
        case KIND.typeTag:
          if (!tags) break;
          sink.put(text.tag);
          sink.string(this.#flat.strings, this.#name(id), inQuotes);
          sink.put(text.tagEnd);
          sink.put(text.space);
          break;
        default:
          return;
      }
    }
  }

  #dropQualifiers(bottom: number): void {
    for (; this.#top > bottom; this.#top--) {
      const kind = this.#kind(this.#parts[this.#top - 1]!);
      if (kind !== KIND.volatile && kind !== KIND.const && kind !== KIND.restrict && kind !== KIND.typeTag) return;
    }
  }
}

const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;
