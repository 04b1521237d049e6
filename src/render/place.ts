import type { CaseReport } from "../case/index.ts";

/** `net/core/skbuff.c:622`, `net/core/skbuff.c`, or null where the file is not known. */
export function placeText({ file, line }: { readonly file: string | null; readonly line: number | null }): string | null {
  return file === null ? null : line === null ? file : `${file}:${line}`;
}

/** What a verdict says of the faulting expression, in one sentence with back-ticks. */
export function faultText(fault: NonNullable<NonNullable<CaseReport["verdict"]>["fault"]>): string {
  const { expression, variable, type, value, register, address } = fault;
  const subject = variable ?? expression;
  const typed = type === null ? "" : ` (\`${type}\`)`;
  const isWhat = value === null ? "" : variable === null ? ` = ${value}` : `: \`${subject}\`${typed} = ${value}`;
  const held = register === null ? "" : `, in ${register}`;
  return `\`${expression}\`${isWhat === "" ? typed : isWhat}${held}${address === null ? "" : `, address ${address}`}`;
}
