import type { Disassembler } from "../types.ts";
import { decodeAll } from "./decode.ts";
import { effectsAll } from "./effects.ts";
import { flowAll } from "./flow.ts";
import { withEngine } from "./iced.ts";

/** x86 in 64-bit (`wide`) or 32-bit mode. */
export function x86(wide: boolean): Disassembler {
  return {
    decode: (bytes) => withEngine((engine) => decodeAll(engine, bytes, wide)),
    flow: (bytes) => withEngine((engine) => flowAll(engine, bytes, wide)),
    ...(wide ? { effects: (bytes: Uint8Array) => withEngine((engine) => effectsAll(engine, bytes)) } : {}),
  };
}
