import { resolve, sizeOf, typeText, type Btf } from "../../btf/index.ts";
import type { TypeName } from "./tree.ts";

/** A type of an expression: one of BTF, a pointer to another, or an integer that needs no BTF. */
export type Type =
  | { readonly kind: "btf"; readonly id: number }
  | { readonly kind: "pointer"; readonly to: Type }
  | { readonly kind: "integer"; readonly size: 1 | 2 | 4 | 8; readonly signed: boolean };

/** What a type is below its names. */
export type Shape =
  | { readonly kind: "integer"; readonly size: 1 | 2 | 4 | 8; readonly signed: boolean }
  | { readonly kind: "pointer"; readonly to: Type }
  | { readonly kind: "struct"; readonly id: number }
  | { readonly kind: "array"; readonly element: Type; readonly length: number }
  | { readonly kind: "function" | "void" }
  | { readonly kind: "other"; readonly what: string };

export const int: Type = { kind: "integer", size: 4, signed: true };
export const unsignedLong: Type = { kind: "integer", size: 8, signed: false };
export const long: Type = { kind: "integer", size: 8, signed: true };

export function shapeOf(btf: Btf, type: Type): Shape {
  if (type.kind !== "btf") return type;
  const found = btf.type(resolve(btf, type.id));
  switch (found.kind) {
    case "int":
      // Ancient bit-fields have types of their own with a place in them.
      if (![1, 2, 4, 8].includes(found.size)) return { kind: "other", what: `an integer of ${found.size} bytes` };
      // pahole before 1.22 kept no sign for types of characters.
      return { kind: "integer", size: found.size as 1 | 2 | 4 | 8, signed: found.signed || found.name === "signed char" };
    case "enum":
    case "enum64":
      if (![1, 2, 4, 8].includes(found.size)) return { kind: "other", what: `an enumeration of ${found.size} bytes` };
      return { kind: "integer", size: found.size as 1 | 2 | 4 | 8, signed: found.signed };
    case "ptr":
      return { kind: "pointer", to: { kind: "btf", id: found.type } };
    case "array":
      return { kind: "array", element: { kind: "btf", id: found.element }, length: found.length };
    case "struct":
    case "union":
      return { kind: "struct", id: found.id };
    case "func_proto":
    case "func":
      return { kind: "function" };
    case "void":
      return { kind: "void" };
    case "float":
      return { kind: "other", what: "a floating-point number" };
    case "fwd": {
      // Declared in one place, it may be defined in another.
      const defined = btf.find(found.name, found.of);
      if (defined !== null) return { kind: "struct", id: defined };
      return { kind: "other", what: `${found.of} ${found.name}, which is only declared here` };
    }
    case "var":
    case "datasec":
    case "decl_tag":
    case "type_tag":
    case "typedef":
    case "const":
    case "volatile":
    case "restrict":
      return { kind: "other", what: `of kind ${found.kind}` };
  }
}

/** Bytes; null where there are none to count (void, functions, what is only declared). */
export function bytesOf(btf: Btf, type: Type): number | null {
  // Kernels with eBPF tracing have 64 bits: to ask BTF would be a search through its names.
  if (type.kind === "pointer") return 8;
  return type.kind === "integer" ? type.size : btf.kindOf(resolve(btf, type.id)) === "ptr" ? 8 : sizeOf(btf, type.id);
}

/** As C writes it. */
export function textOfType(btf: Btf, type: Type): string {
  let stars = "";
  let at = type;
  while (at.kind === "pointer") {
    stars += "*";
    at = at.to;
  }
  if (at.kind === "integer") return `${{ 1: "char", 2: "short", 4: "int", 8: "long" }[at.size].replace(/^/, at.signed ? (at.size === 1 ? "signed " : "") : "unsigned ")}${stars === "" ? "" : ` ${stars}`}`;
  return typeText(btf, at.id, stars);
}

/** The integers of C that have no name of their own in BTF where nothing uses them. LP64. */
const plain: Readonly<Record<string, readonly [1 | 2 | 4 | 8, boolean]>> = {
  "char": [1, true], "signed char": [1, true], "unsigned char": [1, false], "short": [2, true], "unsigned short": [2, false], "int": [4, true], "unsigned int": [4, false],
  "long": [8, true], "unsigned long": [8, false], "bool": [1, false], "_Bool": [1, false],
};

/** The type that a cast names; a word of what is wrong where there is none. */
export function typeNamed(btf: Btf, { words, stars }: TypeName): Type | string {
  let type: Type;
  const [first, second] = words;
  if (first === "struct" || first === "union" || first === "enum") {
    if (words.length !== 2) return `\`${words.join(" ")}\` is no type`;
    const id = btf.find(second!, first, ...(first === "enum" ? (["enum64"] as const) : []));
    if (id === null) return `BTF has no ${first} \`${second}\``;
    type = { kind: "btf", id };
  } else if (words.length === 1 && first === "void") type = { kind: "btf", id: 0 };
  else {
    const unsigned = words.includes("unsigned");
    const rest = words.filter((word) => word !== "unsigned" && word !== "signed");
    const longs = rest.filter((word) => word === "long").length;
    const base = longs > 0 ? "long" : rest.includes("short") ? "short" : (rest[0] ?? "int");
    const key = `${unsigned ? "unsigned " : base === "char" && words.includes("signed") ? "signed " : ""}${base}`;
    const integer = words.every((word) => ["unsigned", "signed", "long", "short", "int", "char", "bool", "_Bool"].includes(word)) && words.length <= 4 ? plain[key] : undefined;
    // BTF's own, where it has one: it knows whether char is signed.
    if (key === "char") {
      const id = btf.find("char", "int");
      type = id === null ? { kind: "integer", size: 1, signed: true } : { kind: "btf", id };
    } else if (integer) type = { kind: "integer", size: integer[0], signed: integer[1] };
    else {
      const id = words.length === 1 ? btf.find(first!, "typedef", "int") : null;
      if (id === null) return `BTF has no type \`${words.join(" ")}\``;
      type = { kind: "btf", id };
    }
  }
  for (let star = 0; star < stars; star++) type = { kind: "pointer", to: type };
  return type;
}
