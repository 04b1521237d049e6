import type { Case, CaseFrame } from "../case/index.ts";
import { debugPackage, type DebugPackage, type KernelClues } from "../kernel/index.ts";
import { noVmlinux } from "./resolve.ts";

/** What a person should be told about a decoded log, most important first: wrong files, missing files, frames without a place. */
export type Remark = { readonly severity: "warning" | "note"; readonly text: string; /** What to type. */ readonly command: string | null };

/** A module that frames name and that has no usable file: `damage` says why, where one was found. */
export type MissingModule = { readonly name: string; readonly outOfTree: boolean; readonly damage: string | null };

/** What a found vmlinux is not: it has names and no lines; or why a list of names cannot be used. */
export type VmlinuxLacks = { readonly onlyNames: boolean; readonly unusable: string | null };

export function remarksOn(found: Case, clues: KernelClues, missing: readonly MissingModule[], { onlyNames, unusable }: VmlinuxLacks): Remark[] {
  const remarks: Remark[] = [];
  const { vmlinux, modules } = found.image;
  for (const file of [...(vmlinux ? [{ name: "vmlinux", ...vmlinux }] : []), ...modules]) {
    if (file.match === "mismatch") remarks.push({ severity: "warning", text: `${file.path} is not this kernel's ${file.name}: ${file.why}. Lines taken from it may be wrong.`, command: null });
  }
  const debug = debugPackage(clues);
  const packaged = (many: boolean) => debug && `${debug.distribution}'s package ${debug.package} has ${many ? "them" : "it"}${debug.note === undefined ? "" : `; ${debug.note}`}`;
  const absent = missing.filter(({ damage }) => damage === null);
  const ours = absent.filter(({ outOfTree }) => !outOfTree).map(({ name }) => name);
  const theirs = absent.filter(({ outOfTree }) => outOfTree).map(({ name }) => name);
  const isWithoutLines = withoutLines(onlyNames ? vmlinux : null);
  const nameless = frames(found).some(isWithoutLines);
  const needsVmlinux = nameless || (vmlinux === null && frames(found).some(isWithoutVmlinux));
  const noModule = `no file of the module${plural(ours)} ${ours.join(", ")}`;
  if (needsVmlinux) {
    const text = nameless ? `${vmlinux!.path} has names and no lines` : clues.release === null ? "no vmlinux was given, and the log does not tell its kernel's release" : `no vmlinux of ${clues.release} was found`;
    const both = ours.length > 0 ? `${text}, and ${noModule}` : text;
    if (debug) remarks.push({ severity: "warning", text: `${both}; ${packaged(nameless || ours.length > 0)}`, command: fetching(debug, found, clues) });
    else remarks.push({ severity: "warning", text: `${text}; name the one of the kernel's own build`, command: "oopscope decode --vmlinux PATH/TO/vmlinux LOG" });
  }
  if (unusable !== null && needsVmlinux) remarks.push({ severity: "note", text: unusable, command: null });
  if (ours.length > 0 && !(needsVmlinux && debug)) {
    remarks.push({ severity: "warning", text: `${noModule} was found; ${packaged(ours.length > 1) ?? `name the folder that holds ${ours.length > 1 ? "them" : "it"}`}`, command: debug ? fetching(debug, found, clues) : "oopscope decode --modules DIR LOG" });
  }
  if (theirs.length > 0) {
    remarks.push({ severity: "warning", text: `no file of the out-of-tree module${plural(theirs)} ${theirs.join(", ")} was found; name the folder of the build that crashed`, command: "oopscope decode --modules PATH/TO/BUILD LOG" });
  }
  for (const { name, damage } of missing) if (damage !== null) remarks.push({ severity: "warning", text: `the file of module ${name} is unusable: ${damage}`, command: null });
  for (const [why, count] of counted(found, new Set(missing.map(({ name }) => name)), isWithoutLines)) remarks.push({ severity: "note", text: count === 1 ? why : `${why} (${count} frames)`, command: null });
  return remarks;
}

/** How to get a debug package: what is needed of it where that can be fetched alone, else the distribution's command for all of it. */
function fetching({ distribution, command }: DebugPackage, { log: { name } }: Case, { release }: KernelClues): string {
  if (distribution !== "Debian" && distribution !== "Ubuntu") return command;
  return `oopscope symbols fetch ${/^[\w./+][\w./+-]*$/.test(name) ? name : release}`;
}

/** All frames of a case, those outside of reports last. */
export function frames(found: Case) {
  return [...found.reports.flatMap(({ stacks }) => stacks.flatMap((stack) => stack.frames)), ...found.loose];
}

/**
 * Whether every frame that can have a place has one, by the kernel's own files: user-space code has none, nor has a jump to an address that is no code.
 */
export function isComplete(found: Case): boolean {
  const { vmlinux, modules } = found.image;
  if (vmlinux?.match === "mismatch" || modules.some(({ match }) => match === "mismatch")) return false;
  return frames(found).every(({ unresolved, symbol, exact }) => unresolved === null || unresolved.reason === "user" || (unresolved.reason === "outside" && symbol === null && exact));
}

/** Whether a frame has no more than its name because its vmlinux has none of the lines. */
const withoutLines = (vmlinux: Case["image"]["vmlinux"]) => ({ unresolved, module }: CaseFrame): boolean => vmlinux !== null && module === null && unresolved?.reason === "no-debug-info" && unresolved.why === `${vmlinux.path} has no debug information`;

const isWithoutVmlinux = ({ unresolved, module }: CaseFrame): boolean => unresolved?.reason === "no-image" && unresolved.why === noVmlinux && module === null;

/** Why frames have no place, other than for want of a file that another remark names: each reason once for each place. */
function counted(found: Case, missing: ReadonlySet<string>, isSaid: (frame: CaseFrame) => boolean): Map<string, number> {
  const counts = new Map<string, number>();
  for (const frame of frames(found)) {
    const { unresolved, symbol, address, module } = frame;
    if (!unresolved || unresolved.reason === "user" || isWithoutVmlinux(frame) || isSaid(frame) || (unresolved.reason === "no-image" && module !== null && missing.has(module))) continue;
    const name = symbol ?? address ?? "a frame";
    const why = unresolved.why.startsWith("this report") || unresolved.why.startsWith(`${name} `) ? unresolved.why : `${name}: ${unresolved.why}`;
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return counts;
}

const plural = (names: readonly unknown[]): string => (names.length > 1 ? "s" : "");
