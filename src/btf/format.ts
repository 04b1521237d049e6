import { OopscopeError } from "../base/index.ts";

/** Numbers of BTF (Documentation/bpf/btf.rst and include/uapi/linux/btf.h of the kernel). */
export const btfMagic = 0xeb9f;
export const baseHeaderSize = 24;

/** The kinds by their numbers. */
export const kindNames = [
  "void", "int", "ptr", "array", "struct", "union", "enum", "fwd", "typedef", "volatile", "const", "restrict", "func", "func_proto", "var", "datasec",
  "float", "decl_tag", "type_tag", "enum64",
] as const;
export type BtfKind = (typeof kindNames)[number];

export const KIND = {
  void: 0, int: 1, ptr: 2, array: 3, struct: 4, union: 5, enum: 6, fwd: 7, typedef: 8, volatile: 9, const: 10, restrict: 11, func: 12, funcProto: 13, var: 14,
  datasec: 15, float: 16, declTag: 17, typeTag: 18, enum64: 19,
} as const;

/** 32-bit words that follow a type's three: always, and for each of its `vlen` elements. By kind. */
export const fixedWords = Uint8Array.of(0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0);
export const elementWords = Uint8Array.of(0, 0, 0, 0, 3, 3, 2, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 3);

/** Which words of a type are ids of types, and which are names. By kind; −1 for none. The first word of every type is its name; the elements of an array are its two types. */
export const thirdIsType = Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0);
export const elementName = Int8Array.of(-1, -1, -1, -1, 0, 0, 0, -1, -1, -1, -1, -1, -1, 0, -1, -1, -1, -1, -1, 0);
export const elementType = Int8Array.of(-1, -1, -1, 0, 1, 1, -1, -1, -1, -1, -1, -1, -1, 1, -1, 0, -1, -1, -1, -1);

/** Bits of an INT's encoding. */
export const INT_SIGNED = 1;
export const INT_CHAR = 2;
export const INT_BOOL = 4;

/** Where a BTF blob's two sections are, in bytes from the blob's first. */
export type BtfHeader = {
  readonly little: boolean;
  readonly version: number;
  readonly flags: number;
  readonly headerSize: number;
  readonly types: { readonly offset: number; readonly size: number };
  readonly strings: { readonly offset: number; readonly size: number };
};

export function malformed(file: string, section: string, offset: number, what: string): OopscopeError {
  return new OopscopeError("malformed", `${file}: ${section} at offset 0x${offset.toString(16)}: ${what}`, { file, section, offset });
}

/** Whether bytes begin like BTF, of either byte order. */
export function looksLikeBtf(head: Uint8Array): boolean {
  return (head[0] === 0x9f && head[1] === 0xeb) || (head[0] === 0xeb && head[1] === 0x9f);
}

/** The header, held against the size of the blob; sections lie within it and are whole words where they must be. */
export function readBtfHeader(file: string, section: string, bytes: Uint8Array): BtfHeader {
  const fail = (offset: number, what: string): OopscopeError => malformed(file, section, offset, what);
  if (bytes.length < baseHeaderSize) throw fail(0, `${bytes.length} bytes are too few for a header of ${baseHeaderSize}`);
  if (!looksLikeBtf(bytes)) throw fail(0, `it begins with 0x${bytes[0]!.toString(16).padStart(2, "0")}${bytes[1]!.toString(16).padStart(2, "0")}, not with BTF's 0xeb9f`);
  const little = bytes[0] === 0x9f;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(2);
  if (version !== 1) throw new OopscopeError("unsupported", `${file}: ${section}: version ${version} of BTF is unknown`, { file, section, offset: 2 });
  const headerSize = view.getUint32(4, little);
  if (headerSize < baseHeaderSize || headerSize > bytes.length) throw fail(4, `a header of ${headerSize} bytes in a blob of ${bytes.length}`);
  const part = (at: number, name: string): { offset: number; size: number } => {
    const offset = headerSize + view.getUint32(at, little);
    const size = view.getUint32(at + 4, little);
    if (offset + size > bytes.length) throw fail(at, `the ${name} section (0x${size.toString(16)} bytes at 0x${offset.toString(16)}) reaches past the end at 0x${bytes.length.toString(16)}`);
    return { offset, size };
  };
  const types = part(8, "type");
  const strings = part(16, "string");
  if ((types.offset - headerSize) % 4 !== 0 || types.size % 4 !== 0) throw fail(8, `the type section (0x${types.size.toString(16)} bytes at 0x${types.offset.toString(16)}) is not of whole words`);
  if (types.offset < strings.offset + strings.size && strings.offset < types.offset + types.size) throw fail(8, "the type and the string section overlap");
  if (strings.size > 0 && bytes[strings.offset + strings.size - 1] !== 0) throw fail(strings.offset + strings.size - 1, "the last string has no end");
  return { little, version, flags: view.getUint8(3), headerSize, types, strings };
}
