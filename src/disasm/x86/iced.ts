import { createRequire } from "node:module";
import { setFlagsFromString } from "node:v8";
import type * as Iced from "iced-x86";

/** iced-x86 with the objects that all of this folder shares: they live in WASM memory, so they are made once and never freed. */
export type Engine = {
  readonly iced: typeof Iced;
  /** Scratch instruction. */
  readonly instruction: Iced.Instruction;
  readonly formatter: Iced.Formatter;
};

let engine: Engine | undefined;

/**
 * Runs `work` with the engine, which is loaded by the first call.
 *
 * `require`, not `import`: iced-x86 is CommonJS, and `import` first scans its 0.9 MB of JavaScript for names, which costs twice as much as all the
 * rest of loading. While the engine is in use V8 may not start its optimizing WASM compiler: for a few `Code:` lines it only burns a third of the
 * time, at the exit of the process. The flags are put back, since other WASM of this process wants its optimizer and since V8 ties its
 * code cache to them.
 */
export function withEngine<T>(work: (engine: Engine) => T): T {
  const ours = !/wasm|liftoff/.test(`${process.execArgv.join(" ")} ${process.env["NODE_OPTIONS"] ?? ""}`);
  if (ours) for (const flag of tierUp) setFlagsFromString(`--no-${flag}`);
  try {
    engine ??= load();
    return work(engine);
  } finally {
    if (ours) for (const flag of tierUp) setFlagsFromString(`--${flag}`);
  }
}

const tierUp = ["wasm-dynamic-tiering", "wasm-tier-up"];

function load(): Engine {
  const iced = createRequire(import.meta.filename)("iced-x86") as typeof Iced;
  const formatter = new iced.Formatter(iced.FormatterSyntax.Gas);
  formatter.hexPrefix = "0x";
  formatter.uppercaseHex = false;
  formatter.smallHexNumbersInDecimal = false;
  formatter.branchLeadingZeros = false;
  formatter.signedImmediateOperands = false;
  return { iced, formatter, instruction: new iced.Instruction() };
}

/**
 * Decoders of the same bytes by three readings. `usual` takes what processors refuse but a disassembler can name (LOCK on anything). `strict` is
 * for VEX and EVEX, where reserved fields make the bytes no instruction at all. `amd` is AMD's reading of near branches with a 16-bit operand size.
 */
export type Decoders = { readonly usual: Iced.Decoder; readonly strict: Iced.Decoder; readonly amd: Iced.Decoder };

export function withDecoders<T>({ iced }: Engine, bytes: Uint8Array, wide: boolean, work: (decoders: Decoders) => T): T {
  const { NoInvalidCheck, MPX, AMD } = iced.DecoderOptions;
  const open: Iced.Decoder[] = [];
  const make = (options: number) => {
    const decoder = new iced.Decoder(wide ? 64 : 32, bytes, options);
    open.push(decoder);
    return decoder;
  };
  let strict: Iced.Decoder | undefined;
  let amd: Iced.Decoder | undefined;
  try {
    return work({
      usual: make(NoInvalidCheck | MPX),
      get strict() {
        return (strict ??= make(MPX));
      },
      get amd() {
        return (amd ??= make(NoInvalidCheck | MPX | AMD));
      },
    });
  } finally {
    for (const decoder of open) decoder.free();
  }
}
