import { ByteWriter } from "./bytewriter.ts";

/** A type as it is to stand in the file; ids are positions, from 1 (or the base's end) on. */
export type WrittenType =
  | { readonly kind: "int"; readonly name: string; readonly size: number; readonly bits?: number; readonly offset?: number; readonly encoding?: number }
  | { readonly kind: "ptr" | "volatile" | "const" | "restrict"; readonly type: number }
  | { readonly kind: "typedef"; readonly name: string; readonly type: number }
  | { readonly kind: "array"; readonly element: number; readonly index: number; readonly length: number }
  | { readonly kind: "struct" | "union"; readonly name?: string; readonly size: number; readonly flag?: boolean; readonly members: readonly { readonly name?: string; readonly type: number; readonly offset: number; readonly bits?: number }[] }
  | { readonly kind: "enum"; readonly name?: string; readonly size?: number; readonly flag?: boolean; readonly values: readonly (readonly [string, number])[] }
  | { readonly kind: "enum64"; readonly name?: string; readonly size?: number; readonly flag?: boolean; readonly values: readonly (readonly [string, bigint])[] }
  | { readonly kind: "fwd"; readonly name: string; readonly flag?: boolean }
  | { readonly kind: "func"; readonly name: string; readonly type: number; readonly linkage?: number }
  | { readonly kind: "func_proto"; readonly result: number; readonly parameters: readonly (readonly [string, number])[] }
  | { readonly kind: "var"; readonly name: string; readonly type: number; readonly linkage?: number }
  | { readonly kind: "datasec"; readonly name: string; readonly size: number; readonly variables: readonly (readonly [type: number, offset: number, size: number])[] }
  | { readonly kind: "float"; readonly name: string; readonly size: number }
  | { readonly kind: "decl_tag"; readonly name: string; readonly type: number; readonly component?: number; readonly flag?: boolean }
  | { readonly kind: "type_tag"; readonly name: string; readonly type: number; readonly flag?: boolean }
  /** Whatever the words say, with the name in front. */
  | { readonly kind: "words"; readonly name?: string; readonly words: readonly number[] };

const numbers = { int: 1, ptr: 2, array: 3, struct: 4, union: 5, enum: 6, fwd: 7, typedef: 8, volatile: 9, const: 10, restrict: 11, func: 12, func_proto: 13, var: 14, datasec: 15, float: 16, decl_tag: 17, type_tag: 18, enum64: 19 };

export type WrittenBtf = {
  readonly types: readonly WrittenType[];
  readonly little?: boolean;
  /** Strings of the base, whose offsets come first: of a split one only new strings are written. */
  readonly baseStrings?: Uint8Array;
  /** More bytes of header than the known 24. */
  readonly headerSize?: number;
};

/** BTF (Documentation/bpf/btf.rst). */
export function writeBtf({ types, little = true, baseStrings, headerSize = 24 }: WrittenBtf): Uint8Array {
  const strings = new ByteWriter(little);
  if (!baseStrings) strings.text("");
  const offsets = new Map<string, number>();
  const base = baseStrings ? Buffer.from(baseStrings) : null;
  const name = (text = ""): number => {
    if (text === "") return 0;
    let offset = offsets.get(text);
    if (offset === undefined) {
      const known = base ? base.indexOf(`\0${text}\0`) : -1;
      offset = known >= 0 ? known + 1 : (base?.length ?? 0) + strings.length;
      if (known < 0) strings.text(text);
      offsets.set(text, offset);
    }
    return offset;
  };
  const body = new ByteWriter(little);
  const head = (kind: keyof typeof numbers, text: string | undefined, vlen: number, third: number, flag = false) => body.u32(name(text)).u32((flag ? 0x8000_0000 : 0) + (numbers[kind] << 24) + vlen).u32(third);
  for (const type of types) {
    switch (type.kind) {
      case "int":
        head("int", type.name, 0, type.size).u32(((type.encoding ?? 0) << 24) | ((type.offset ?? 0) << 16) | (type.bits ?? type.size * 8));
        break;
      case "ptr":
      case "volatile":
      case "const":
      case "restrict":
        head(type.kind, "", 0, type.type);
        break;
      case "typedef":
        head("typedef", type.name, 0, type.type);
        break;
      case "array":
        head("array", "", 0, 0).u32(type.element).u32(type.index).u32(type.length);
        break;
      case "struct":
      case "union": {
        const flag = type.flag ?? type.members.some(({ bits }) => bits !== undefined);
        head(type.kind, type.name, type.members.length, type.size, flag);
        for (const { name: text, type: id, offset, bits = 0 } of type.members) body.u32(name(text)).u32(id).u32(flag ? ((bits << 24) | offset) >>> 0 : offset);
        break;
      }
      case "enum":
        head("enum", type.name, type.values.length, type.size ?? 4, type.flag);
        for (const [text, value] of type.values) body.u32(name(text)).u32(value);
        break;
      case "enum64":
        head("enum64", type.name, type.values.length, type.size ?? 8, type.flag);
        for (const [text, value] of type.values) body.u32(name(text)).u32(BigInt.asUintN(32, value)).u32(BigInt.asUintN(32, value >> 32n));
        break;
      case "fwd":
        head("fwd", type.name, 0, 0, type.flag);
        break;
      case "func":
        head("func", type.name, type.linkage ?? 0, type.type);
        break;
      case "func_proto":
        head("func_proto", "", type.parameters.length, type.result);
        for (const [text, id] of type.parameters) body.u32(name(text)).u32(id);
        break;
      case "var":
        head("var", type.name, 0, type.type).u32(type.linkage ?? 1);
        break;
      case "datasec":
        head("datasec", type.name, type.variables.length, type.size);
        for (const [id, offset, size] of type.variables) body.u32(id).u32(offset).u32(size);
        break;
      case "float":
        head("float", type.name, 0, type.size);
        break;
      case "decl_tag":
        head("decl_tag", type.name, 0, type.type, type.flag).u32(type.component ?? -1);
        break;
      case "type_tag":
        head("type_tag", type.name, 0, type.type, type.flag);
        break;
      case "words":
        body.u32(name(type.name));
        for (const word of type.words) body.u32(word);
    }
  }
  const header = new ByteWriter(little).u16(0xeb9f).u8(1).u8(0).u32(headerSize).u32(0).u32(body.length).u32(body.length).u32(strings.length);
  while (header.length < headerSize) header.u8(0);
  return header.raw(body.bytes).raw(strings.bytes).bytes;
}
