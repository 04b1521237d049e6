import type { CaseReport } from "../case/index.ts";

/** A register with what the verdict knows of its value. */
export type RegisterRow = { readonly name: string; readonly value: string; readonly what: string | null; readonly why: string | null; readonly faulting: boolean };

/** Segments, flags, control and debug registers of all architectures: what is in them seldom matters. */
const systemRegister = /^(?:[cdefgs]s|knlgs|[er]?flags|cr[0348]|dr\d|pkru|efer|pstate|tpidr\w*|ttbr\w*|sctlr|status|cause|badaddr|xer|ccr|msr)$/;

/** The registers in the log's order: those that programs use, and those of the system. `what` is from the verdict's objects and its faulting expression. */
export function registersOf({ registers, verdict }: CaseReport): { readonly general: readonly RegisterRow[]; readonly system: readonly RegisterRow[] } {
  // An object is a register's own where it begins with its name, and any one's that holds its address otherwise.
  const own = new Map<string, { what: string; why: string }>();
  const objects = new Map<bigint | null, { what: string; why: string }>();
  for (const { address, what, why } of verdict?.objects ?? []) {
    const [head, name] = /^([A-Za-z]\w{0,7}): /.exec(what) ?? [];
    if (head !== undefined && Object.hasOwn(registers, name!.toLowerCase())) own.set(name!.toLowerCase(), { what: what.slice(head.length), why });
    else objects.set(numberOf(address), { what, why });
  }
  const faulting = verdict?.fault?.register?.toLowerCase().replace(/^%/, "") ?? null;
  const rows = Object.entries(registers).map(([name, value]): RegisterRow => {
    const told = own.get(name);
    const object = told ?? objects.get(numberOf(value));
    // Zeros are many; only the one that the fault is about is the pointer that an object speaks of.
    const meant = told !== undefined || name === faulting || (object !== undefined && numberOf(value) !== 0n && (!systemRegister.test(name) || name === "cr2"));
    return { name, value, what: meant ? (object?.what ?? null) : null, why: meant ? (object?.why ?? null) : null, faulting: name === faulting };
  });
  const isSystem = ({ name, what }: RegisterRow) => systemRegister.test(name) && what === null;
  return { general: rows.filter((row) => !isSystem(row)), system: rows.filter(isSystem) };
}

/** Null for what is no number. */
function numberOf(text: string): bigint | null {
  return /^0x[0-9a-f]{1,32}$/i.test(text) || /^\d{1,38}$/.test(text) ? BigInt(text) : null;
}
