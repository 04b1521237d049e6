import { register } from "./operands.ts";
import { systemOperationRows } from "./sysops.ts";
import { systemRegisterRows } from "./sysregs.ts";

// Hints, barriers, system registers and operations (C4.1.94, words 0xd500_0000 to 0xd53f_ffff): L, op0, op1, CRn, CRm, op2 and Rt.

/** By the number CRm:op2. Others are `hint`. */
const hints: Readonly<Record<number, string>> = {
  0: "nop", 1: "yield", 2: "wfe", 3: "wfi", 4: "sev", 5: "sevl", 7: "xpaclri", 8: "pacia1716", 10: "pacib1716", 12: "autia1716", 14: "autib1716",
  16: "esb", 17: "psb csync", 18: "tsb csync", 20: "csdb", 22: "clearbhb", 24: "paciaz", 25: "paciasp", 26: "pacibz", 27: "pacibsp", 28: "autiaz",
  29: "autiasp", 30: "autibz", 31: "autibsp", 32: "bti", 34: "bti c", 36: "bti j", 38: "bti jc",
};

/** What a barrier orders, by CRm. */
const domains: readonly string[] = ["", "oshld", "oshst", "osh", "", "nshld", "nshst", "nsh", "", "ishld", "ishst", "ish", "", "ld", "st", "sy"];

/** Fields of the processor state that MSR sets to an immediate, by `op1 op2`; the highest immediate. */
const states: Readonly<Record<string, readonly [name: string, highest: number]>> = {
  "0 3": ["uao", 1], "0 4": ["pan", 1], "0 5": ["spsel", 1], "1 0": ["allint", 1], "3 1": ["ssbs", 1], "3 2": ["dit", 1], "3 4": ["tco", 1], "3 6": ["daifset", 15], "3 7": ["daifclr", 15],
};
/** SMSTART and SMSTOP, by CRm from 2 on. */
const streaming: readonly string[] = ["smstop sm", "smstart sm", "smstop za", "smstart za", "smstop", "smstart"];

/** Names of registers by `op0 op1 CRn CRm`, and of operations by `op1 CRn CRm op2`; both are read by the first use. */
let registers: Map<string, readonly string[]> | undefined;
let operations: Map<string, { readonly text: string; readonly takesRegister: boolean }> | undefined;

function readRegisters(): Map<string, readonly string[]> {
  return new Map(systemRegisterRows.trim().split("\n").map((line) => {
    const [key = "", names = ""] = line.split(" | ");
    return [key, names.split(" ")];
  }));
}

function readOperations(): NonNullable<typeof operations> {
  const found: NonNullable<typeof operations> = new Map();
  for (const line of systemOperationRows.trim().split("\n")) {
    const [head = "", names = ""] = line.split(" | ");
    const [mnemonic = "", ...key] = head.split(" ");
    for (const [op2, name] of names.split(" ").entries()) {
      if (name !== "-") found.set(`${key.join(" ")} ${op2}`, { text: `${mnemonic} ${name.replace("!", "")}`, takesRegister: !name.endsWith("!") });
    }
  }
  return found;
}

/** The text of a system instruction, null if the word is none. */
export function systemText(word: number): string | null {
  if (word >>> 22 !== 0b1101010100) return null;
  const read = ((word >>> 21) & 1) === 1;
  const op0 = (word >>> 19) & 3;
  const op1 = (word >>> 16) & 7;
  const n = (word >>> 12) & 15;
  const m = (word >>> 8) & 15;
  const op2 = (word >>> 5) & 7;
  const t = word & 31;
  if (op0 === 0 && !read) {
    const special = specialText(op1, n, m, op2, t);
    if (special !== null) return special;
  }
  if (read && op0 === 0 && op1 === 3 && n === 3 && m < 2 && op2 === 3) return `${m === 0 ? "tstart" : "ttest"} ${register(t, true)}`;
  const name = register(t, true);
  if (op0 === 1) return operationText(read, op1, n, m, op2, t);
  const system = registerName(op0, op1, n, m, op2, read);
  return read ? `mrs ${name}, ${system}` : `msr ${system}, ${name}`;
}

/** Hints, barriers, and what sets the processor's state. */
function specialText(op1: number, n: number, m: number, op2: number, t: number): string | null {
  if (op1 === 3 && n === 1 && m === 0 && op2 < 2) return `wf${op2 === 0 ? "e" : "i"}t ${register(t, true)}`;
  if (t !== 31) return null;
  if (n === 2 && op1 === 3) {
    const number = m * 8 + op2;
    return hints[number] ?? `hint #0x${number.toString(16)}`;
  }
  if (n === 3 && op1 === 3) return barrierText(m, op2);
  if (n !== 4) return null;
  if (op1 === 0 && m === 0 && op2 < 3) return ["cfinv", "xaflag", "axflag"][op2]!;
  if (op1 === 3 && op2 === 3) return streaming[m - 2] ?? null;
  const state = states[`${op1} ${op2}`];
  return state && m <= state[1] ? `msr ${state[0]}, #0x${m.toString(16)}` : null;
}

function barrierText(m: number, op2: number): string | null {
  const domain = domains[m] || `#0x${m.toString(16).padStart(2, "0")}`;
  switch (op2) {
    case 1:
      return (m & 3) === 2 ? `dsb ${["osh", "nsh", "ish", "sy"][m >> 2]!}nxs` : null;
    case 2:
      return m === 15 ? "clrex" : `clrex #0x${m.toString(16)}`;
    case 3:
      return m === 0 ? "tcommit" : null;
    case 4:
      return m === 0 ? "ssbb" : m === 4 ? "pssbb" : `dsb ${domain}`;
    case 5:
      return `dmb ${domain}`;
    case 6:
      return m === 15 ? "isb" : `isb #0x${m.toString(16)}`;
    case 7:
      return m === 0 ? "sb" : null;
    default:
      return null;
  }
}

function operationText(read: boolean, op1: number, n: number, m: number, op2: number, t: number): string {
  const name = register(t, true);
  const numbers = `#${op1}, C${n}, C${m}, #${op2}`;
  if (read) return `sysl ${name}, ${numbers}`;
  const operation = (operations ??= readOperations()).get(`${op1} ${n} ${m} ${op2}`);
  if (operation) return operation.takesRegister ? `${operation.text}, ${name}` : operation.text;
  return `sys ${numbers}${t === 31 ? "" : `, ${name}`}`;
}

function registerName(op0: number, op1: number, n: number, m: number, op2: number, read: boolean): string {
  // One number for two registers: what the other side wrote is read, and what is written is for the other side.
  if (op0 === 2 && op1 === 3 && n === 0 && m === 5 && op2 === 0) return read ? "dbgdtrrx_el0" : "dbgdtrtx_el0";
  const name = (registers ??= readRegisters()).get(`${op0} ${op1} ${n} ${m}`)?.[op2] ?? "-";
  return name === "-" ? `s${op0}_${op1}_c${n}_c${m}_${op2}` : name;
}
