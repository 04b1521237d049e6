/** From a stack to the place to blame. */
import type { CaseFrame, CaseFunction, CaseVerdict } from "../case/index.ts";
import { isPassedOver, plainName } from "../oops/index.ts";
import { roleOf } from "./plumbing.ts";
import type { Subject } from "./subject.ts";
import type { Place } from "./types.ts";

export type Guilty = NonNullable<CaseVerdict["guilty"]>;
export type Suspect = CaseVerdict["suspects"][number];

/** Whom a stack blames, and who else stands on it. */
export type Blame = {
  readonly place: Place | null;
  /** False where more than one function could be meant: an out-of-tree module was preferred to what lies nearer to the crash. */
  readonly sure: boolean;
  readonly suspects: readonly Suspect[];
};

export const nobody: Blame = { place: null, sure: true, suspects: [] };

/** More suspects than these are no help. */
const mostSuspects = 4;

/** The innermost function of a frame that may be to blame, or null. In a module's frame this is what the module itself wrote, not what it took from a header. */
export function ownPlace(frame: CaseFrame): Place | null {
  if (frame.functions.length === 0) return roleOf(frame, null) === "own" ? { frame, fn: null } : null;
  const fn = frame.functions.find((one) => roleOf(frame, one) === "own");
  return fn === undefined ? null : { frame, fn };
}

/**
 * The first function of a stack (innermost frame first) that is neither helper nor machinery; that of an out-of-tree module, if one stands further out: the
 * kernel's own code is run by everybody, the module by few.
 */
export function pick(frames: readonly CaseFrame[], subject: Subject): Blame {
  const places = frames.map(ownPlace).filter((place) => place !== null);
  const first = places[0];
  if (first === undefined) return nobody;
  const weighty = places.findIndex(({ frame }) => subject.isOutOfTree(frame.module));
  const chosen = weighty > 0 ? places[weighty]! : first;
  const suspects: Suspect[] = [];
  if (chosen !== first) suspects.push(suspectOf(first, "it is nearer to where the kernel noticed, but part of the kernel"));
  for (const place of places) {
    if (suspects.length >= mostSuspects) break;
    if (place.frame === chosen.frame || place.frame.module === null || place.frame.module !== chosen.frame.module) continue;
    if (places.indexOf(place) < places.indexOf(chosen) || suspects.some(({ function: name }) => name === nameOf(place)) || nameOf(place) === nameOf(chosen)) continue;
    suspects.push(suspectOf(place, `it led to \`${nameOf(chosen)}\``));
  }
  return { place: chosen, sure: chosen === first || (first.frame.module === null && weighty <= 3), suspects };
}

/** As `pick`; where a stack is nothing but the kernel's own machinery, the first of it that does not merely report. */
export function pickOrFirst(frames: readonly CaseFrame[], subject: Subject): Blame {
  const blame = pick(frames, subject);
  if (blame.place !== null) return blame;
  const places = frames.flatMap((frame): Place[] => (frame.functions.length === 0 ? [{ frame, fn: null }] : frame.functions.map((fn) => ({ frame, fn }))));
  const place = places.find((one) => roleOf(one.frame, one.fn) === "machinery") ?? places.find((one) => !isPassedOver(nameOf(one)));
  return place === undefined ? nobody : { place, sure: false, suspects: [] };
}

export function nameOf({ frame, fn }: Place): string {
  return plainName(fn?.function ?? frame.symbol ?? "");
}

export function guiltyOf(place: Place): Guilty {
  return { module: place.frame.module, function: nameOf(place), file: place.fn?.file ?? null, line: place.fn?.line ?? null };
}

export function suspectOf(place: Place, why: string): Suspect {
  return { ...guiltyOf(place), why };
}

export type Earlier = CaseVerdict["earlier"][number];

/** What happened before: the place that a stack blames, with the chain of its own functions down to it, outermost last. */
export function earlierOf(role: string, frames: readonly CaseFrame[], subject: Subject): { readonly earlier: Earlier; readonly place: Place } | null {
  const { place } = pick(frames, subject);
  if (place === null) return null;
  const from = frames.indexOf(place.frame);
  // Slub's heading names the place that its stack then shows again.
  const steps = frames.slice(from).filter((frame) => ownPlace(frame) !== null).map(stepOf);
  const path = steps.filter((step, index) => step !== steps[index - 1]).slice(0, 6);
  return { place, earlier: { role, function: nameOf(place), file: place.fn?.file ?? null, line: place.fn?.line ?? null, path } };
}

function stepOf(frame: CaseFrame): string {
  const own: CaseFunction | undefined = frame.functions.at(-1);
  return own === undefined || own.file === null ? plainName(frame.symbol ?? "") : `${plainName(own.function)} (${own.file}:${own.line ?? "?"})`;
}

/** Whether a function stands on a stack, itself or inlined. */
export function standsOn(place: Place, frames: readonly CaseFrame[]): boolean {
  const name = nameOf(place);
  const outer = plainName(place.frame.symbol ?? "");
  return frames.some((frame) => frame.module === place.frame.module && (plainName(frame.symbol ?? "") === outer || frame.functions.some((fn) => plainName(fn.function) === name)));
}

/** The trail of the crash: the pc and what called it. */
export const byTrail = (subject: Subject): Blame => pickOrFirst(subject.trail, subject);

/** What ran when a watchdog looked. */
export const byRunning = (subject: Subject): Blame => pickOrFirst(subject.running, subject);

/** Who allocated the object. */
export const byAllocator = (subject: Subject): Blame => pick(subject.allocatedBy, subject);
