import type { Decoded } from "./decoded.ts";
import { mnemonicText } from "./mnemonic.ts";
import { operandTexts, ripComment } from "./operands.ts";
import { printedPrefixes } from "./unused.ts";

/** The instruction in AT&T syntax, laid out as `objdump -d` does. */
export function attText(decoded: Decoded): string {
  return partsOf(decoded, mnemonicText(decoded));
}

/** Prefixes, mnemonic and operands, which start in the eighth column or after one blank. */
export function partsOf(decoded: Decoded, mnemonic: string): string {
  const head = [...printedPrefixes(decoded), mnemonic].join(" ");
  const operands = operandTexts(decoded);
  if (operands.length === 0) return head;
  return `${head.padEnd(6)} ${operands.join(",")}${ripComment(decoded)}`;
}
