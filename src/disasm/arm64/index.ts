import type { Disassembler } from "../types.ts";
import { decodeAll } from "./decode.ts";
import { flowAll } from "./flow.ts";

/** A64, little endian. */
export const arm64: Disassembler = { decode: decodeAll, flow: flowAll };
