import type { CaseReport } from "../case/index.ts";

/** `net/core/skbuff.c:622`, `net/core/skbuff.c`, or null where the file is not known. */
export function placeText({ file, line }: { readonly file: string | null; readonly line: number | null }): string | null {
  return file === null ? null : line === null ? file : `${file}:${line}`;
}

/** The faulting expression, or why it is unknown where code was read and that was not enough. What is missing for want of files is said elsewhere. */
export function faultOrWhyNot({ fault, faultUnknown }: NonNullable<CaseReport["verdict"]>): string | null {
  if (fault) return faultText(fault);
  return faultUnknown && (faultUnknown.reason === "contradiction" || faultUnknown.reason === "no-name" || faultUnknown.reason === "broken") ? `unknown, because ${faultUnknown.why}` : null;
}

/** What a verdict says of the faulting expression, in one sentence with back-ticks. */
export function faultText(fault: NonNullable<NonNullable<CaseReport["verdict"]>["fault"]>): string {
  const { expression, variable, type, register, address } = fault;
  // The type and the value are the variable's.
  const subject = variable === null || variable === expression ? "" : `: \`${variable}\``;
  const typed = type === null ? "" : ` (\`${type}\`)`;
  const shown = valueText(fault);
  return `\`${expression}\`${subject}${typed}${shown === null ? "" : ` = ${shown}`}${register === null ? "" : `, in ${register}`}${address === null ? "" : `, address ${address}`}`;
}

/** The value of what is wrong; a pointer of 0 is NULL. */
export function valueText({ type, value }: { readonly type: string | null; readonly value: string | null }): string | null {
  return value === "0x0" && type !== null && /\*$|\(\*\)/.test(type) ? "NULL" : value;
}
