import type { Btf } from "../file.ts";
import type { BtfType } from "../types.ts";

const chunkSize = 1 << 18;

/** Own types as text, one a line and its parts below it, in the form of `bpftool btf dump`. */
export function* rawText(btf: Btf): Generator<string> {
  let text = "";
  for (let id = btf.firstId; id < btf.endId; id++) {
    text += `[${id}] ${rawOf(btf, btf.type(id))}\n`;
    if (text.length < chunkSize) continue;
    yield text;
    text = "";
  }
  yield text;
}

/** Names that are absent are `(anon)` there. */
export const shown = (name: string): string => (name === "" ? "(anon)" : name);
/** The same for a terminal: a file's names may hold anything. */
const written = (name: string): string => shown(name).replace(/[\x00-\x1f\x7f-\x9f]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`);
export const encodingOf = (type: BtfType & { readonly kind: "int" }): string => (type.signed ? "SIGNED" : type.char ? "CHAR" : type.bool ? "BOOL" : "(none)");

function rawOf(btf: Btf, type: BtfType): string {
  const name = `'${written(type.name)}'`;
  const kind = type.kind.toUpperCase();
  const head = `${kind} ${name}`;
  switch (type.kind) {
    case "void":
      return head;
    case "int":
      return `${head} size=${type.size} bits_offset=${type.bitOffset} nr_bits=${type.bits} encoding=${encodingOf(type)}`;
    case "ptr":
    case "const":
    case "volatile":
    case "restrict":
    case "typedef":
    case "type_tag":
      return `${head} type_id=${type.type}`;
    case "array":
      return `${head} type_id=${type.element} index_type_id=${type.indexType} nr_elems=${type.length}`;
    case "struct":
    case "union":
      return `${head} size=${type.size} vlen=${type.members.length}${type.members.map((one) => `\n\t'${written(one.name)}' type_id=${one.type} bits_offset=${one.bitOffset}${one.bitSize === 0 ? "" : ` bitfield_size=${one.bitSize}`}`).join("")}`;
    case "enum":
    case "enum64": {
      const end = type.kind === "enum" ? "" : type.signed ? "LL" : "ULL";
      return `${head} encoding=${type.signed ? "SIGNED" : "UNSIGNED"} size=${type.size} vlen=${type.values.length}${type.values.map((one) => `\n\t'${written(one.name)}' val=${one.value}${end}`).join("")}`;
    }
    case "fwd":
      return `${head} fwd_kind=${type.of}`;
    case "func":
      return `${head} type_id=${type.type} linkage=${type.linkage}`;
    case "func_proto": {
      const parameters = type.variadic ? [...type.parameters, { name: "", type: 0 }] : type.parameters;
      return `${head} ret_type_id=${type.result} vlen=${parameters.length}${parameters.map((one) => `\n\t'${written(one.name)}' type_id=${one.type}`).join("")}`;
    }
    case "var":
      return `${head} type_id=${type.type}, linkage=${type.linkage}`;
    case "datasec":
      return `${head} size=${type.size} vlen=${type.variables.length}${type.variables.map((one) => `\n\ttype_id=${one.type} offset=${one.offset} size=${one.size}${variableOf(btf, one.type)}`).join("")}`;
    case "float":
      return `${head} size=${type.size}`;
    case "decl_tag":
      return `${head} type_id=${type.type} component_idx=${type.component}`;
  }
}

function variableOf(btf: Btf, id: number): string {
  const kind = btf.kindOf(id);
  return kind === "var" || kind === "func" ? ` (${kind.toUpperCase()} '${written(btf.nameOf(id))}')` : "";
}
