import type { Disassembler } from "../types.ts";
import { accessOf } from "./access.ts";
import { decodeAll } from "./decode.ts";
import { effectsAll } from "./effects.ts";
import { flowAll } from "./flow.ts";

/** A64. Instructions are little endian also where data is not. */
export const arm64: Disassembler = {
  decode: decodeAll,
  flow: flowAll,
  effects: effectsAll,
  access: (bytes) => (bytes.length < 4 ? null : accessOf(new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true))),
};
