import { OopscopeError } from "../../base/index.ts";
import type { Disassembler } from "../types.ts";
import { decodeAll } from "./decode.ts";
import { effectsAll } from "./effects.ts";
import { flowAll } from "./flow.ts";
import { withEngine } from "./iced.ts";

/** x86 in 64-bit (`wide`) or 32-bit mode. */
export function x86(wide: boolean): Disassembler {
  return {
    decode: (bytes) => withEngine((engine) => decodeAll(engine, bytes, wide)),
    effects: (bytes) => {
      if (!wide) throw new OopscopeError("unsupported", "what the instructions of i386 do to values is not read", { arch: "i386" });
      return withEngine((engine) => effectsAll(engine, bytes));
    },
    flow: (bytes) => withEngine((engine) => flowAll(engine, bytes, wide)),
  };
}
