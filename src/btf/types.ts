/**
 * What BTF says of one type. Ids are positions in the type section (1-based; 0 is void), bit offsets count from the start of the struct, sizes are bytes.
 * Names that are absent are `""`.
 */
export type BtfType =
  | { readonly kind: "void"; readonly id: 0; readonly name: "" }
  | BtfInt
  | { readonly kind: "ptr" | "volatile" | "const" | "restrict"; readonly id: number; readonly name: string; readonly type: number }
  | { readonly kind: "typedef"; readonly id: number; readonly name: string; readonly type: number }
  | BtfArray
  | BtfStruct
  | BtfEnum
  | { readonly kind: "fwd"; readonly id: number; readonly name: string; readonly of: "struct" | "union" }
  | BtfFunc
  | BtfFuncProto
  | { readonly kind: "var"; readonly id: number; readonly name: string; readonly type: number; readonly linkage: BtfLinkage }
  | BtfDatasec
  | { readonly kind: "float"; readonly id: number; readonly name: string; readonly size: number }
  /** A remark on a type, or on its member or parameter number `component` (-1: on all of it). An `attribute` (6.14 and newer) is a C attribute as it stands. */
  | { readonly kind: "decl_tag"; readonly id: number; readonly name: string; readonly type: number; readonly component: number; readonly attribute: boolean }
  | { readonly kind: "type_tag"; readonly id: number; readonly name: string; readonly type: number; readonly attribute: boolean };

export type BtfInt = {
  readonly kind: "int";
  readonly id: number;
  readonly name: string;
  readonly size: number;
  /** Width of the value, and where it begins; for all but ancient bit-fields 8 × size and 0. */
  readonly bits: number;
  readonly bitOffset: number;
  readonly signed: boolean;
  readonly char: boolean;
  readonly bool: boolean;
};

export type BtfArray = { readonly kind: "array"; readonly id: number; readonly name: string; readonly element: number; readonly indexType: number; readonly length: number };

export type BtfStruct = { readonly kind: "struct" | "union"; readonly id: number; readonly name: string; readonly size: number; readonly members: readonly BtfMember[] };

export type BtfMember = {
  /** `""` for an anonymous struct or union, and for padding bit-fields. */
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** Width of a bit-field; 0 for other members. */
  readonly bitSize: number;
};

/** `enum64` where values may have 64 bits. */
export type BtfEnum = {
  readonly kind: "enum" | "enum64";
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
};

export type BtfLinkage = "static" | "global" | "extern";

/** `type` is its func_proto. */
export type BtfFunc = { readonly kind: "func"; readonly id: number; readonly name: string; readonly type: number; readonly linkage: BtfLinkage };

export type BtfFuncProto = {
  readonly kind: "func_proto";
  readonly id: number;
  readonly name: string;
  readonly result: number;
  readonly parameters: readonly { readonly name: string; readonly type: number }[];
  readonly variadic: boolean;
};

export type BtfDatasec = {
  readonly kind: "datasec";
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly variables: readonly { readonly type: number; readonly offset: number; readonly size: number }[];
};

/** A member that a path led to. */
export type BtfPlace = {
  readonly type: number;
  /** From the start of the type that the path began at. */
  readonly bitOffset: number;
  /** Width of a bit-field; 0 for other members. */
  readonly bitSize: number;
  /** Bytes of its type; null where it has none (void, functions, a struct that is only declared). */
  readonly size: number | null;
};
