import { branchHint, plainExchange, type Decoded } from "./decoded.ts";

/** Names that binutils writes otherwise than iced. */
const renamed: Readonly<Record<string, string>> = {
  callq: "call", jmpq: "jmp", pushq: "push", popq: "pop", retq: "ret", leaveq: "leave", enterq: "enter",
  sal: "shl", salb: "shlb", salw: "shlw", sall: "shll", salq: "shlq",
  calll: "call", jmpl: "jmp", pushl: "push", popl: "pop", retl: "ret", leavel: "leave", enterl: "enter", pushfl: "pushf", popfl: "popf", salc: "(bad)",
  lretl: "lret", iretl: "iret", lcalll: "lcall", ljmpl: "ljmp", pushfq: "pushf", popfq: "popf",
  movzxw: "movzww", movsxw: "movsww",
  fneni: "fneni(8087 only)", fndisi: "fndisi(8087 only)", fnsetpm: "fnsetpm(287 only)", frstpm: "frstpm(287 only)",
};

/** The conditions of CMPccXADD. */
const conditions: Readonly<Record<string, string>> = { e: "z", ne: "nz", ae: "nb", a: "nbe", ge: "nl", g: "nle" };

export function mnemonicText(decoded: Decoded): string {
  const { engine, prefixes, facts, bytes, at } = decoded;
  const text = engine.formatter.formatMnemonicOptions(engine.instruction, engine.iced.FormatMnemonicOptions.NoPrefixes);
  const name = renamed[text] ?? text.replace(/^cmp(n?e|ae?|ge?)xadd$/, (_, condition: string) => `cmp${conditions[condition]!}xadd`);
  if (prefixes.wait >= 0 && name.startsWith("fn")) return `f${name.slice(2)}`;
  if (plainExchange(decoded) && !prefixes.bytes.includes(0x66)) return "nop";
  if (facts.name === "Jmp_rel16") return "jmpw";
  if (!decoded.wide && /^(lgdt|lidt|sgdt|sidt)$/.test(name)) return `${name}${facts.operandSize === 16 ? "w" : "l"}`;
  if (reservedNop(decoded)) {
    const memory = engine.instruction.op0Kind === engine.iced.OpKind.Memory;
    return memory ? `nop${facts.operandSize === 16 ? "w" : facts.operandSize === 64 ? "q" : "l"}` : "nop";
  }
  if (facts.table === engine.iced.OpCodeTableKind.T0F && facts.encoding === engine.iced.EncodingKind.Legacy) {
    const row = (bytes[at + prefixes.size + 2]! >> 3) & 7;
    if (facts.opCode === 0x0d && row > 2) return "prefetch";
    if (/^prefetchit/.test(name) && !engine.instruction.isIpRelMemoryOperand) return "nopl";
  }
  return name + branchHint(decoded);
}

/** 0F 18 to 0F 1F without a meaning yet: a `nop` with one operand. */
export function reservedNop({ facts }: Decoded): boolean {
  return /^ReservednopRm|^Reservednop/i.test(facts.name);
}
