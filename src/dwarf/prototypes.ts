import * as dw from "./constants.ts";
import { childrenOf, numberOf, readDie, referenceOf, textOf, type Die } from "./die.ts";
import type { DwarfFile } from "./file.ts";
import { CType, typeName } from "./types.ts";
import type { Unit } from "./unit.ts";

/** A function as the source has it. */
export type Prototype = {
  readonly name: string;
  /** `int tcp_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)`. */
  readonly text: string;
  /** 0 for none that is known. */
  readonly line: number;
  /** What the compiler says it made of it (DW_AT_inline): whether it was inlined, and whether the source asked for that; null for a function with code and no more to say. */
  readonly inline: "inlined" | "declared-not-inlined" | "declared-inlined" | "not-inlined" | null;
  /** Whether the unit has code of its own for it. */
  readonly hasCode: boolean;
};

const mostParameters = 256;
const inlineWords = ["not-inlined", "inlined", "declared-not-inlined", "declared-inlined"] as const;

/** The functions that a unit defines, in the order of its entries; of one name if it is given. Throws for debug information that is damaged. */
export function* prototypesOf(file: DwarfFile, unit: Unit, wanted: string | null = null): Generator<Prototype> {
  const root = readDie(unit, unit.header.first);
  if (!root) return;
  for (const die of childrenOf(root)) {
    if (die.tag !== dw.DW_TAG_subprogram || die.attributes.has(dw.DW_AT_declaration)) continue;
    // Code of a function that was inlined elsewhere stands apart, and refers to what it is an instance of.
    const origin = referenceOf(die, dw.DW_AT_abstract_origin);
    const source = origin === null ? die : originIn(unit, origin);
    if (!source) continue;
    const name = textOf(source, dw.DW_AT_name);
    if (name === null || (wanted !== null && name !== wanted)) continue;
    const inline = numberOf(source, dw.DW_AT_inline);
    yield {
      name,
      text: prototypeText(file, source, name),
      line: numberOf(source, dw.DW_AT_decl_line) ?? 0,
      inline: inline === null ? null : (inlineWords[inline] ?? null),
      hasCode: die.attributes.has(dw.DW_AT_low_pc) || die.attributes.has(dw.DW_AT_ranges),
    };
  }
}

function originIn(unit: Unit, offset: number): Die | null {
  return offset >= unit.header.first && offset < unit.header.end ? readDie(unit, offset) : null;
}

function prototypeText(file: DwarfFile, die: Die, name: string): string {
  const parameters: string[] = [];
  for (const child of childrenOf(die)) {
    if (parameters.length >= mostParameters) break;
    if (child.tag === dw.DW_TAG_unspecified_parameters) parameters.push("...");
    if (child.tag !== dw.DW_TAG_formal_parameter) continue;
    parameters.push(typeName(CType.of(file, child), textOf(child, dw.DW_AT_name) ?? ""));
  }
  return typeName(CType.of(file, die), `${name}(${parameters.join(", ") || "void"})`);
}
