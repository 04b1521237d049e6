import type { CaseInstruction, CaseInstructions } from "../case/index.ts";

const bytesInRow = 7;
/** The first line of every listing. */
export const listingTitle = "All code";
const trapMark = "\t\t<-- trapping instruction";

/** How an architecture's bytes are written: one by one, or as words of 32 bits, which memory holds with the lowest byte first. */
export type ByteGroups = "bytes" | "words";

export function byteGroupsOf(arch: string | null): ByteGroups {
  return arch === "arm64" ? "words" : "bytes";
}

/** How the rows are to read: `plain`, or as objdump and decodecode write them, with their blanks at the end of lines. */
export type ListingStyle = "plain" | "objdump";

/** Both listings of a `Code:` line: all of it, and from the trapping instruction on. Empty if the bytes could not be disassembled. */
export function listingLines(code: CaseInstructions, style: ListingStyle, groups: ByteGroups): string[] {
  if (code.list.length === 0) return [];
  const space = code.user && style === "plain" ? " (user space)" : "";
  const lines = [listingTitle, "========", ...code.list.flatMap((row, index, all) => rowLines(row, all[index - 1], style, groups, true))];
  if (space) lines[0] += space;
  if (code.fromTrap.length > 0) {
    lines.push("", "Code starting with the faulting instruction", "===========================================");
    lines.push(...code.fromTrap.flatMap((row, index, all) => rowLines(row, all[index - 1], style, groups, false)));
  }
  return lines;
}

function rowLines(row: CaseInstruction, before: CaseInstruction | undefined, style: ListingStyle, groups: ByteGroups, markTrap: boolean): string[] {
  if (row.zeros) return before?.zeros ? [] : ["\t..."];
  const bytes = row.bytes.split(" ");
  const lines: string[] = [];
  for (let from = 0; from < bytes.length; from += bytesInRow) {
    const part = bytes.slice(from, from + bytesInRow);
    const address = (Number(row.address) + from).toString(16).padStart(4);
    const mark = markTrap && row.trap && from === 0;
    const shown = groups === "words" && part.length === 4 ? `${part.toReversed().join("")} ` : part.join(" ").padEnd(bytesInRow * 3);
    if (from > 0) lines.push(`${address}:\t${part.join(" ")}${style === "objdump" ? " " : ""}`);
    else lines.push(`${address}:${mark ? "*" : ""}\t${shown}\t${groups === "words" && style === "objdump" ? withTabs(row.text) : row.text}${mark ? trapMark : ""}`);
  }
  return lines;
}

/** objdump divides mnemonic and operands of arm64 by a tab, and puts most comments behind one. */
function withTabs(text: string): string {
  return text
    .replace(/^(\S+) +/, "$1\t")
    .replace(/^(mov\t.*#0x)([0-9a-f]+) {2}\/\/ /, (_, start: string, digits: string) => `${start}${digits.padEnd(20)}\t// `)
    .replace(/ {2}\/\/ (\w\w = )/, "\t// $1");
}
