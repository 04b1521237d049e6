import type { CaseInstruction, CaseInstructions } from "../case/index.ts";
import { canDisassemble, listCode, zeroRuns, type CodeRow } from "../disasm/index.ts";
import type { CodeLine } from "../oops/index.ts";

/** A `Code:` line as instructions. Without a disassembler for the architecture the bytes stand alone. */
export async function instructionsOf(code: CodeLine, arch: string | null): Promise<CaseInstructions> {
  const bytes = Array.from(code.bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const known = { logLine: code.line, bytes, user: code.user };
  const machine = arch ?? (code.unit === 1 ? "x86_64" : null);
  if (!canDisassemble(machine) || code.bytes.length === 0) return { ...known, list: [], fromTrap: [] };
  const { list, fromTrap } = await listCode(code.bytes, code.trap, machine);
  return { ...known, list: marked(list, code.bytes), fromTrap: code.trap === null ? [] : marked(fromTrap, code.bytes.subarray(code.trap)) };
}

function marked(rows: readonly CodeRow[], bytes: Uint8Array): CaseInstruction[] {
  const runs = zeroRuns(bytes, rows.map(({ address }) => Number(address)));
  return rows.map((row) => {
    const at = Number(row.address);
    return { ...row, zeros: runs.some(({ from, to }) => at >= from && at < to) };
  });
}
