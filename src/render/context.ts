import type { Case, CaseReport } from "../case/index.ts";
import { taintInWords } from "./taint.ts";

/** Who crashed where: `6.1.0-56-amd64 x86_64`, `CPU 0`, `PID 91 (script)`, `process context`, `tainted: out-of-tree module`. What is not known is left out. */
export function contextParts({ kernel }: Case, { context }: CaseReport): string[] {
  const { cpu, pid, comm, mode, taint } = context;
  const task = pid === null ? (comm === null ? null : `task ${comm}`) : `PID ${pid}${comm === null ? "" : ` (${comm})`}`;
  const words = taint === null ? [] : taintInWords(taint.flags);
  const parts = [
    kernel.release === null ? null : `${kernel.release}${kernel.arch === null ? "" : ` ${kernel.arch}`}`,
    cpu === null ? null : `CPU ${cpu}`,
    task,
    mode === null ? null : `${mode} context`,
    words.length === 0 ? null : `tainted: ${words.join(", ")}`,
  ];
  return parts.filter((part) => part !== null);
}
