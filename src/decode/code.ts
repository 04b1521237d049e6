import type { CaseInstruction, CaseInstructions } from "../case/index.ts";
import { canDisassemble, listCode, zeroRuns, type CodeRow } from "../disasm/index.ts";
import type { CodeLine } from "../oops/index.ts";

type Listing = Pick<CaseInstructions, "list" | "fromTrap">;

const noListing: Listing = { list: [], fromTrap: [] };

/** The `Code:` lines of one log. A warning that comes a thousand times is disassembled and held once, and so is each text of an instruction. */
export class Listings {
  readonly #known = new Map<string, Listing>();
  readonly #texts = new Map<string, string>();

  /** A `Code:` line as instructions. Without a disassembler for the architecture the bytes stand alone. */
  async of(code: CodeLine, arch: string | null): Promise<CaseInstructions> {
    const bytes = Array.from(code.bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const machine = arch ?? (code.unit === 1 ? "x86_64" : null);
    const key = `${machine} ${code.trap} ${bytes}`;
    let listing = this.#known.get(key);
    if (listing === undefined) this.#known.set(key, (listing = await this.#listed(code, machine)));
    return { logLine: code.line, bytes, user: code.user, ...listing };
  }

  async #listed({ bytes, trap }: CodeLine, machine: string | null): Promise<Listing> {
    if (!canDisassemble(machine) || bytes.length === 0) return noListing;
    const { list, fromTrap } = await listCode(bytes, trap, machine);
    return { list: this.#marked(list, bytes), fromTrap: trap === null ? [] : this.#marked(fromTrap, bytes.subarray(trap)) };
  }

  #marked(rows: readonly CodeRow[], bytes: Uint8Array): CaseInstruction[] {
    const runs = zeroRuns(bytes, rows.map(({ address }) => Number(address)));
    return rows.map((row) => {
      const at = Number(row.address);
      return { ...row, bytes: this.#once(row.bytes), text: this.#once(row.text), zeros: runs.some(({ from, to }) => at >= from && at < to) };
    });
  }

  #once(text: string): string {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }
}
