import type { Case } from "../case/index.ts";
import { debugPackage, type KernelClues } from "../kernel/index.ts";

/** What a person should be told about a decoded log, most important first: wrong files, missing files, frames without a place. */
export type Remark = { readonly severity: "warning" | "note"; readonly text: string; /** What to type. */ readonly command: string | null };

export function remarksOn(found: Case, clues: KernelClues, missingModules: readonly { readonly name: string; readonly outOfTree: boolean }[]): Remark[] {
  const remarks: Remark[] = [];
  const { vmlinux, modules } = found.image;
  for (const file of [...(vmlinux ? [{ name: "vmlinux", ...vmlinux }] : []), ...modules]) {
    if (file.match === "mismatch") remarks.push({ severity: "warning", text: `${file.path} is not this kernel's ${file.name}: ${file.why}. Lines taken from it may be wrong.`, command: null });
  }
  const named = frames(found).some(({ unresolved, module }) => unresolved?.reason === "no-image" && module === null);
  const debug = debugPackage(clues);
  if (!vmlinux && named) {
    const text = clues.release === null ? "no vmlinux was given, and the log does not tell its kernel's release" : `no vmlinux of ${clues.release} was found`;
    if (debug) remarks.push({ severity: "warning", text: `${text}; ${debug.distribution}'s package ${debug.package} has it`, command: debug.command });
    else remarks.push({ severity: "warning", text: `${text}; name the one of the kernel's own build`, command: "oopscope decode --vmlinux PATH/TO/vmlinux LOG" });
  }
  const ours = missingModules.filter(({ outOfTree }) => !outOfTree).map(({ name }) => name);
  const theirs = missingModules.filter(({ outOfTree }) => outOfTree).map(({ name }) => name);
  if (theirs.length > 0) {
    remarks.push({ severity: "warning", text: `no file of the out-of-tree module${plural(theirs)} ${theirs.join(", ")} was found; name the folder of the build that crashed`, command: "oopscope decode --modules PATH/TO/BUILD LOG" });
  }
  if (ours.length > 0) {
    const where = debug ? `${debug.distribution}'s package ${debug.package} has ${ours.length > 1 ? "them" : "it"}` : "name the folder that holds them";
    remarks.push({ severity: "warning", text: `no file of the module${plural(ours)} ${ours.join(", ")} was found; ${where}`, command: debug ? debug.command : "oopscope decode --modules DIR LOG" });
  }
  for (const [why, count] of counted(found)) remarks.push({ severity: "note", text: count === 1 ? why : `${why} (${count} frames)`, command: null });
  return remarks;
}

/** All frames of a case, those outside of reports last. */
export function frames(found: Case) {
  return [...found.reports.flatMap(({ stacks }) => stacks.flatMap((stack) => stack.frames)), ...found.loose];
}

/** Whether every frame that can have a place has one: user-space code has none, nor has a jump to an address that is no code. */
export function isComplete(found: Case): boolean {
  return frames(found).every(({ unresolved, symbol }) => unresolved === null || unresolved.reason === "user" || (unresolved.reason === "outside" && symbol === null));
}

function counted(found: Case): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { unresolved, symbol, address } of frames(found)) {
    if (!unresolved || unresolved.reason === "user" || unresolved.reason === "no-image") continue;
    const why = `${symbol ?? address ?? "a frame"}: ${unresolved.why}`;
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return counts;
}

const plural = (names: readonly unknown[]): string => (names.length > 1 ? "s" : "");
