import type { CaseReport } from "../case/index.ts";

/** A register with what the verdict knows of its value. */
export type RegisterRow = { readonly name: string; readonly value: string; readonly what: string | null; readonly why: string | null; readonly faulting: boolean };

/** Segments, flags, control and debug registers of all architectures: what is in them seldom matters. */
const systemRegister = /^(?:[cdefgs]s|knlgs|[er]?flags|cr[0348]|dr\d|pkru|efer|pstate|tpidr\w*|ttbr\w*|sctlr|status|cause|badaddr|xer|ccr|msr)$/;

/** The registers in the log's order: those that programs use, and those of the system. `what` is from the verdict's objects and its faulting expression. */
export function registersOf({ registers, verdict }: CaseReport): { readonly general: readonly RegisterRow[]; readonly system: readonly RegisterRow[] } {
  const objects = new Map((verdict?.objects ?? []).map((object) => [numberOf(object.address), object]));
  const faulting = verdict?.fault?.register?.toLowerCase().replace(/^%/, "") ?? null;
  const rows = Object.entries(registers).map(([name, value]): RegisterRow => {
    const object = objects.get(numberOf(value));
    // Zeros are many; only the one that the fault is about is the pointer that an object speaks of.
    const meant = name === faulting || (object !== undefined && numberOf(value) !== 0n && (!systemRegister.test(name) || name === "cr2"));
    return { name, value, what: meant ? (object?.what ?? null) : null, why: meant ? (object?.why ?? null) : null, faulting: name === faulting };
  });
  const isSystem = ({ name, what }: RegisterRow) => systemRegister.test(name) && what === null;
  return { general: rows.filter((row) => !isSystem(row)), system: rows.filter(isSystem) };
}

/** Null for what is no number. */
function numberOf(text: string): bigint | null {
  return /^0x[0-9a-f]{1,32}$/i.test(text) || /^\d{1,38}$/.test(text) ? BigInt(text) : null;
}
