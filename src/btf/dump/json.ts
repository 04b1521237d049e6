import type { Btf } from "../file.ts";
import type { BtfType } from "../types.ts";
import { encodingOf, shown } from "./raw.ts";

const chunkSize = 1 << 18;

/** Own types as JSON, `{"types":[…]}`, in the form of `bpftool -j btf dump`; values beyond ±2^53 are strings. */
export function* jsonText(btf: Btf): Generator<string> {
  let text = '{"types":[';
  for (let id = btf.firstId; id < btf.endId; id++) {
    text += `${id === btf.firstId ? "" : ","}${JSON.stringify(rowOf(btf.type(id)))}`;
    if (text.length < chunkSize) continue;
    yield text;
    text = "";
  }
  yield `${text}]}\n`;
}

type Row = Readonly<Record<string, unknown>>;

function rowOf(type: BtfType): Row {
  const head = { id: type.id, kind: type.kind.toUpperCase(), name: shown(type.name) };
  switch (type.kind) {
    case "void":
      return head;
    case "int":
      return { ...head, size: type.size, bits_offset: type.bitOffset, nr_bits: type.bits, encoding: encodingOf(type) };
    case "ptr":
    case "const":
    case "volatile":
    case "restrict":
    case "typedef":
    case "type_tag":
      return { ...head, type_id: type.type };
    case "array":
      return { ...head, type_id: type.element, index_type_id: type.indexType, nr_elems: type.length };
    case "struct":
    case "union":
      return {
        ...head, size: type.size, vlen: type.members.length,
        members: type.members.map((one) => ({ name: shown(one.name), type_id: one.type, bits_offset: one.bitOffset, ...(one.bitSize === 0 ? {} : { bitfield_size: one.bitSize }) })),
      };
    case "enum":
    case "enum64":
      return { ...head, encoding: type.signed ? "SIGNED" : "UNSIGNED", size: type.size, vlen: type.values.length, values: type.values.map((one) => ({ name: shown(one.name), val: numberOf(one.value) })) };
    case "fwd":
      return { ...head, fwd_kind: type.of };
    case "func":
      return { ...head, type_id: type.type, linkage: type.linkage };
    case "func_proto": {
      const parameters = type.variadic ? [...type.parameters, { name: "", type: 0 }] : type.parameters;
      return { ...head, ret_type_id: type.result, vlen: parameters.length, params: parameters.map((one) => ({ name: shown(one.name), type_id: one.type })) };
    }
    case "var":
      return { ...head, type_id: type.type, linkage: type.linkage };
    case "datasec":
      return { ...head, size: type.size, vlen: type.variables.length, vars: type.variables.map((one) => ({ type_id: one.type, offset: one.offset, size: one.size })) };
    case "float":
      return { ...head, size: type.size };
    case "decl_tag":
      return { ...head, type_id: type.type, component_idx: type.component };
  }
}

function numberOf(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
