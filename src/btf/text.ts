import type { Btf } from "./file.ts";
import { KIND } from "./format.ts";
import { resolve } from "./resolve.ts";

/** Types within one another: a C declaration of the kernel has a dozen. */
const deepest = 128;
/** Parameters of functions within functions multiply. */
const mostParts = 4096;

/** A type as C: `struct sk_buff *`, `const char *[4]`; with a name, its declaration: `int (*fn)(void *, int)`. Anonymous structs are `struct {…}`. */
export function typeText(btf: Btf, id: number, name = ""): string {
  return declaration(btf, id, name, { depth: 0, parts: { left: mostParts } });
}

/** A function's prototype as C, with the names of its parameters: `int tcp_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)`. `id` is of a func or a func_proto. */
export function prototypeText(btf: Btf, id: number, name = btf.nameOf(id)): string {
  const type = btf.type(id);
  return declaration(btf, type.kind === "func" ? type.type : id, name, { depth: 0, parts: { left: mostParts } });
}

type Room = { readonly depth: number; readonly parts: { left: number } };

/** The declaration of `inner`, a declarator that grows outwards: pointers to its left, arrays and parameters to its right. */
function declaration(btf: Btf, id: number, inner: string, room: Room): string {
  let declarator = inner;
  /** Qualifiers that wait for what they qualify: a pointer, or in the end the base type. */
  let qualifiers = "";
  let at = id;
  /** Whether the last step was a pointer: then an array or a function needs parentheses. */
  let pointer = false;
  for (let steps = room.depth; ; steps++) {
    if (steps > deepest) throw btf.fail(id, `type ${id} has more than ${deepest} types within one another`);
    if (--room.parts.left < 0) throw btf.fail(id, `the text of type ${id} has more than ${mostParts} parts`);
    // Of a structure's or an enumeration's the name is wanted alone: its members would be decoded for nothing.
    const tag = tags[btf.kindNumber(at)];
    if (tag !== undefined) return based(`${qualifiers}${tagged(tag, btf.nameOf(at))}`, declarator);
    const type = btf.type(at);
    switch (type.kind) {
      case "const":
      case "volatile":
      case "restrict":
        qualifiers += `${type.kind} `;
        at = type.type;
        continue;
      case "type_tag":
        at = type.type;
        continue;
      case "decl_tag":
      case "var":
        at = type.type;
        continue;
      case "ptr": {
        const words = qualifiers.trim();
        declarator = `*${words === "" ? "" : ` ${words}${declarator === "" ? "" : " "}`}${declarator}`;
        qualifiers = "";
        pointer = true;
        at = type.type;
        continue;
      }
      case "array":
        declarator = `${pointer ? `(${declarator})` : declarator}[${type.length}]`;
        pointer = false;
        at = type.element;
        continue;
      case "func":
        at = type.type;
        continue;
      case "func_proto": {
        const parts = type.parameters.map((parameter) => declaration(btf, parameter.type, parameter.name, { depth: steps + 1, parts: room.parts }));
        if (type.variadic) parts.push("...");
        declarator = `${pointer ? `(${declarator})` : declarator}(${parts.join(", ") || "void"})`;
        pointer = false;
        qualifiers = "";
        at = type.result;
        continue;
      }
      case "void":
      case "int":
      case "float":
      case "struct":
      case "union":
      case "enum":
      case "enum64":
      case "fwd":
      case "typedef":
      case "datasec": {
        return based(`${qualifiers}${baseText(btf, at)}`, declarator);
      }
    }
  }
}

const based = (base: string, declarator: string): string => (declarator === "" ? base : declarator.startsWith("[") ? `${base}${declarator}` : `${base} ${declarator}`);
const tagged = (tag: string, name: string): string => `${tag} ${name === "" ? "{…}" : name}`;

/** By kind. */
const tags: readonly (string | undefined)[] = Object.assign(new Array<string | undefined>(32), { [KIND.struct]: "struct", [KIND.union]: "union", [KIND.enum]: "enum", [KIND.enum64]: "enum" });

function baseText(btf: Btf, id: number): string {
  const tag = tags[btf.kindNumber(id)];
  if (tag !== undefined) return tagged(tag, btf.nameOf(id));
  const type = btf.type(id);
  const { kind, name } = type;
  if (kind === "void") return "void";
  if (kind === "fwd") return tagged(type.of, name);
  return name === "" ? `type ${id}` : name;
}

/** The kind and name of what a type is below its qualifiers: `struct sk_buff`, `int`. */
export function nameText(btf: Btf, id: number): string {
  return baseText(btf, resolve(btf, id, { typedefs: "keep" }));
}
