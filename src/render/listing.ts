import type { CaseInstruction, CaseInstructions } from "../case/index.ts";

const bytesInRow = 7;
/** The first line of every listing. */
export const listingTitle = "All code";
const trapMark = "\t\t<-- trapping instruction";

/** How the rows are to read: `plain`, or as objdump and decodecode write them, with their blanks at the end of lines. */
export type ListingStyle = "plain" | "objdump";

/** Both listings of a `Code:` line: all of it, and from the trapping instruction on. Empty if the bytes could not be disassembled. */
export function listingLines(code: CaseInstructions, style: ListingStyle): string[] {
  if (code.list.length === 0) return [];
  const space = code.user && style === "plain" ? " (user space)" : "";
  const lines = [listingTitle, "========", ...code.list.flatMap((row, index, all) => rowLines(row, all[index - 1], style, true))];
  if (space) lines[0] += space;
  if (code.fromTrap.length > 0) {
    lines.push("", "Code starting with the faulting instruction", "===========================================");
    lines.push(...code.fromTrap.flatMap((row, index, all) => rowLines(row, all[index - 1], style, false)));
  }
  return lines;
}

function rowLines(row: CaseInstruction, before: CaseInstruction | undefined, style: ListingStyle, markTrap: boolean): string[] {
  if (row.zeros) return before?.zeros ? [] : ["\t..."];
  const bytes = row.bytes.split(" ");
  const lines: string[] = [];
  for (let from = 0; from < bytes.length; from += bytesInRow) {
    const part = bytes.slice(from, from + bytesInRow).join(" ");
    const address = (Number(row.address) + from).toString(16).padStart(4);
    const mark = markTrap && row.trap && from === 0;
    if (from > 0) lines.push(`${address}:\t${part}${style === "objdump" ? " " : ""}`);
    else lines.push(`${address}:${mark ? "*" : ""}\t${part.padEnd(bytesInRow * 3)}\t${row.text}${mark ? trapMark : ""}`);
  }
  return lines;
}
