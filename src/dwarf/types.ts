import { OopscopeError } from "../base/index.ts";
import * as dw from "./constants.ts";
import { childrenOf, numberOf, readDie, referenceOf, textOf, type Die } from "./die.ts";
import type { DwarfFile } from "./file.ts";
import type { Unit } from "./unit.ts";

// Types as C has them (DWARF 5, chapter 5), read where they are asked for. Damage costs the type alone: what refers to it then refers to nothing known.

export type TypeKind = "base" | "pointer" | "struct" | "union" | "enum" | "array" | "function" | "typedef" | "qualifier" | "other";

export type Member = {
  /** Null for an anonymous struct or union, whose members count as the outer one's. */
  readonly name: string | null;
  /** Bytes from the struct's start; of a bit-field those of its first bit's byte. */
  readonly offset: number;
  /** Bits, and the first one's distance from the struct's start in bits; null for members of whole bytes. */
  readonly bits: { readonly size: number; readonly offset: number } | null;
  readonly type: CType | null;
};

const deepestTypes = 64;
const mostMembers = 1 << 14;

/** A type. Null stands for `void` wherever a type is expected. */
export class CType {
  readonly die: Die;
  readonly kind: TypeKind;
  readonly #file: DwarfFile;
  #target: CType | null | undefined;
  #size: number | null | undefined;
  #members: readonly Member[] | undefined;
  #bounds: readonly (number | null)[] | undefined;

  private constructor(file: DwarfFile, die: Die, kind: TypeKind) {
    this.#file = file;
    this.die = die;
    this.kind = kind;
  }

  /** The type at an offset of .debug_info; null where there is none or it is damaged. */
  static at(file: DwarfFile, near: Unit, offset: number): CType | null {
    try {
      const { header } = near;
      const unit = offset >= header.first && offset < header.end ? near : file.unitHolding(offset);
      const die = readDie(unit, offset);
      return die && new CType(file, die, kindOf(die.tag));
    } catch (error) {
      if (error instanceof OopscopeError) return null;
      throw error;
    }
  }

  /** The type of an entry that has one (a variable, a member, a function's result); null for `void`. */
  static of(file: DwarfFile, die: Die): CType | null {
    const offset = referenceOf(die, dw.DW_AT_type);
    return offset === null ? null : CType.at(file, die.unit, offset);
  }

  /** Its own name: of a struct without `struct`; null for those that have none. */
  get name(): string | null {
    return this.#safely(() => textOf(this.die, dw.DW_AT_name), null);
  }

  /** What it points to, what its elements, its result or its other name are. */
  get target(): CType | null {
    if (this.#target === undefined) this.#target = CType.of(this.#file, this.die);
    return this.#target;
  }

  /** Without typedefs and qualifiers. */
  get plain(): CType | null {
    return this.#plainAt(0);
  }

  #plainAt(depth: number): CType | null {
    if (this.kind !== "typedef" && this.kind !== "qualifier") return this;
    const { target } = this;
    return target === null || depth > deepestTypes ? null : target.#plainAt(depth + 1);
  }

  /** Bytes; null where that is not known, as of a struct that is only declared. */
  get size(): number | null {
    if (this.#size === undefined) {
      this.#size = null; // what contains itself has no size
      this.#size = this.#measure();
    }
    return this.#size;
  }

  /** A struct or union of which only the name is known. */
  get isDeclaration(): boolean {
    return this.die.attributes.has(dw.DW_AT_declaration);
  }

  /** Whether an integer of this type has a sign. */
  get isSigned(): boolean {
    const encoding = numberOf(this.die, dw.DW_AT_encoding);
    return encoding === 0x05 || encoding === 0x06 || encoding === 0x0d; // signed, signed_char, signed_fixed
  }

  /** Of a struct or union; in the order of the source. */
  get members(): readonly Member[] {
    return (this.#members ??= this.#safely(() => this.#readMembers(), []));
  }

  /** How many elements an array has, in each dimension; null where it does not say. */
  get bounds(): readonly (number | null)[] {
    return (this.#bounds ??= this.#safely(() => this.#readBounds(), []));
  }

  /** Bytes between one element of an array and the next, with all further dimensions in it. */
  get elementSize(): number | null {
    let size = this.target?.size ?? null;
    for (const bound of this.bounds.slice(1)) size = size === null || bound === null ? null : size * bound;
    return size;
  }

  /** Of a function's type: what its parameters are; `"..."` where more may follow. Empty where it is damaged. */
  get parameters(): readonly ({ readonly type: CType | null } | "...")[] {
    return this.#safely(() => {
      const found: ({ readonly type: CType | null } | "...")[] = [];
      for (const child of childrenOf(this.die)) {
        if (child.tag === dw.DW_TAG_formal_parameter) found.push({ type: CType.of(this.#file, child) });
        else if (child.tag === dw.DW_TAG_unspecified_parameters) found.push("...");
        if (found.length >= 64) break;
      }
      return found;
    }, []);
  }

  /** The enumerator of a value. */
  enumerator(value: bigint): string | null {
    return this.#safely(() => {
      for (const child of childrenOf(this.die)) {
        if (child.tag !== dw.DW_TAG_enumerator) continue;
        const own = child.attributes.get(dw.DW_AT_const_value);
        if (own?.kind === "constant" && BigInt.asIntN(32, own.value) === BigInt.asIntN(32, value)) return textOf(child, dw.DW_AT_name);
      }
      return null;
    }, null);
  }

  #measure(): number | null {
    const own = numberOf(this.die, dw.DW_AT_byte_size);
    if (own !== null && this.kind !== "array") return own;
    switch (this.kind) {
      case "pointer":
        return this.die.unit.header.sizes.address;
      case "typedef":
      case "qualifier":
        return this.target?.size ?? null;
      case "array": {
        let size = this.target?.size ?? null;
        for (const bound of this.bounds) size = size === null || bound === null ? null : size * bound;
        return size;
      }
      case "base":
      case "struct":
      case "union":
      case "enum":
      case "function":
      case "other":
        return null;
    }
  }

  #readMembers(): Member[] {
    const members: Member[] = [];
    for (const child of childrenOf(this.die)) {
      if (child.tag !== dw.DW_TAG_member) continue;
      if (members.length >= mostMembers) break;
      const bitSize = numberOf(child, dw.DW_AT_bit_size);
      const bitOffset = numberOf(child, dw.DW_AT_data_bit_offset);
      const type = CType.of(this.#file, child);
      let offset = memberOffset(child);
      let bits: Member["bits"] = null;
      if (bitSize !== null) {
        let first = bitOffset;
        if (first === null) {
          // Before version 5, gcc: DW_AT_bit_offset (0x0c) counts from the storage unit's most significant bit.
          const fromTop = numberOf(child, 0x0c);
          const storage = numberOf(child, dw.DW_AT_byte_size) ?? type?.size ?? null;
          first = fromTop === null || storage === null ? offset * 8 : offset * 8 + storage * 8 - fromTop - bitSize;
        }
        bits = { size: bitSize, offset: first };
        offset = Math.floor(first / 8);
      }
      members.push({ name: textOf(child, dw.DW_AT_name), offset, bits, type });
    }
    return members;
  }

  #readBounds(): (number | null)[] {
    const bounds: (number | null)[] = [];
    for (const child of childrenOf(this.die)) {
      if (child.tag !== dw.DW_TAG_subrange_type) continue;
      const count = numberOf(child, dw.DW_AT_count);
      const last = child.attributes.get(dw.DW_AT_upper_bound);
      // `[0]` comes as an upper bound of -1, in whatever form.
      const upper = last?.kind === "constant" ? Number(BigInt.asIntN(64, last.value)) : null;
      bounds.push(count ?? (upper === null ? null : upper === -1 || upper === 0xffff_ffff ? 0 : upper + 1));
      if (bounds.length >= 8) break;
    }
    return bounds.length === 0 ? [null] : bounds;
  }

  #safely<T>(read: () => T, otherwise: T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof OopscopeError) return otherwise;
      throw error;
    }
  }
}

function memberOffset(die: Die): number {
  const value = die.attributes.get(dw.DW_AT_data_member_location);
  if (value?.kind === "block") {
    // DWARF 2: DW_OP_plus_uconst and the offset.
    let offset = 0;
    if (value.bytes[0] === 0x23) for (let k = 1, scale = 1; k < Math.min(6, value.bytes.length); k++, scale *= 128) offset += (value.bytes[k]! & 0x7f) * scale;
    return offset;
  }
  return numberOf(die, dw.DW_AT_data_member_location) ?? 0;
}

function kindOf(tag: number): TypeKind {
  switch (tag) {
    case dw.DW_TAG_base_type:
      return "base";
    case dw.DW_TAG_pointer_type:
      return "pointer";
    case dw.DW_TAG_structure_type:
    case dw.DW_TAG_class_type:
      return "struct";
    case dw.DW_TAG_union_type:
      return "union";
    case dw.DW_TAG_enumeration_type:
      return "enum";
    case dw.DW_TAG_array_type:
      return "array";
    case dw.DW_TAG_subroutine_type:
      return "function";
    case dw.DW_TAG_typedef:
      return "typedef";
    case dw.DW_TAG_const_type:
    case dw.DW_TAG_volatile_type:
    case dw.DW_TAG_restrict_type:
    case dw.DW_TAG_atomic_type:
      return "qualifier";
    default:
      return "other";
  }
}

/** A type as C writes it: `struct far *`, `const char *`, `u8 [16]`, `int (*)(u32)`. With `declarator` the declaration of that name. */
export function typeName(type: CType | null, declarator = ""): string {
  return named(type, declarator, 0);
}

function named(type: CType | null, inner: string, depth: number): string {
  const join = (text: string): string => (inner === "" ? text : `${text} ${inner}`);
  if (type === null) return join("void");
  if (depth > deepestTypes) return join("…");
  switch (type.kind) {
    case "pointer": {
      const target = type.target;
      const needs = target?.kind === "array" || target?.kind === "function";
      return named(target, needs ? `(*${inner})` : `*${inner}`, depth + 1);
    }
    case "qualifier": {
      const word = qualifiers[type.die.tag] ?? "const";
      const target = type.target;
      // `char *const p` and `const char *p`.
      if (target?.kind === "pointer") return named(target, inner === "" ? word : `${word} ${inner}`, depth + 1);
      return target?.kind === "array" ? named(target, inner, depth + 1) : `${word} ${named(target, inner, depth + 1)}`;
    }
    case "array":
      return named(type.target, `${inner}${type.bounds.map((bound) => `[${bound ?? ""}]`).join("")}`, depth + 1);
    case "function":
      return named(type.target, `${inner}(${parameterNames(type, depth)})`, depth + 1);
    case "struct":
    case "union":
    case "enum":
      return join(`${type.kind} ${type.name ?? "{…}"}`);
    case "base":
    case "typedef":
    case "other":
      return join(type.name ?? "?");
  }
}

const qualifiers: Readonly<Record<number, string>> = {
  [dw.DW_TAG_const_type]: "const",
  [dw.DW_TAG_volatile_type]: "volatile",
  [dw.DW_TAG_restrict_type]: "restrict",
  [dw.DW_TAG_atomic_type]: "_Atomic",
};

function parameterNames(type: CType, depth: number): string {
  if (depth > 8) return "…";
  const names: string[] = [];
  for (const parameter of type.parameters) names.push(parameter === "..." ? "..." : named(parameter.type, "", depth + 2));
  return names.length === 0 ? "void" : names.join(", ");
}
