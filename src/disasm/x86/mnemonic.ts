import { branchHint, type Decoded } from "./decoded.ts";

/** Names that binutils writes otherwise than iced. */
const renamed: Readonly<Record<string, string>> = {
  callq: "call", jmpq: "jmp", pushq: "push", popq: "pop", retq: "ret", leaveq: "leave", enterq: "enter",
  sal: "shl", salb: "shlb", salw: "shlw", sall: "shll", salq: "shlq",
  lretl: "lret", iretl: "iret", lcalll: "lcall", ljmpl: "ljmp", pushfq: "pushf", popfq: "popf",
};

export function mnemonicText(decoded: Decoded): string {
  const { engine, prefixes } = decoded;
  const text = engine.formatter.formatMnemonicOptions(engine.instruction, engine.iced.FormatMnemonicOptions.NoPrefixes);
  if (prefixes.wait >= 0 && text.startsWith("fn")) return `f${text.slice(2)}`;
  return (renamed[text] ?? text) + branchHint(decoded);
}
