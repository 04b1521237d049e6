/** Condition codes (C1.2.4), by number. */
export const conditionNames: readonly string[] = ["eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"];

/** Other names, of SVE too, that objdump adds in a comment. */
const others: readonly string[] = ["none", "any", "hs, nlast", "lo, ul, last", "first", "nfrst", "", "", "pmore", "plast", "tcont", "tstop", "", "", "", ""];

/** Whether CSET and its like, which print the inverse, can stand for this condition. */
export function invertible(condition: number): boolean {
  return condition < 14;
}

/** The comment on a condition among the operands: `  // eq = none`; empty if it has no other names. */
export function conditionNote(condition: number): string {
  const names = others[condition]!;
  return names === "" ? "" : `  // ${conditionNames[condition]!} = ${names}`;
}

/** The comment on a conditional branch, `  // b.none`, with `mnemonic` before each name. */
export function branchNote(condition: number, mnemonic: "b" | "bc"): string {
  const names = others[condition]!;
  return names === "" ? "" : `  // ${names.split(", ").map((name) => `${mnemonic}.${name}`).join(", ")}`;
}
