import type { CaseFrame, CaseReport, CaseStack } from "../case/index.ts";
import { placeText } from "./place.ts";

/** A function of a frame, as one row of a stack. */
export type StackRow = {
  /** The frame's first row: its innermost function. */
  readonly first: boolean;
  readonly name: string;
  readonly place: string | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly inlined: boolean;
  /** On the frame's last row, of the function that owns the code. */
  readonly module: string | null;
  /** Why there is no place, or how the frame is to be read. */
  readonly why: string | null;
  readonly guilty: boolean;
};

/** A frame's functions, innermost first; a frame that is not resolved has one row. */
export function stackRows(frame: CaseFrame, { verdict }: CaseReport): StackRow[] {
  const { functions, unresolved, note, candidates, symbol, text, module } = frame;
  const guilty = verdict?.guilty ?? null;
  const isGuilty = (name: string, line: number | null) => frame.reliable && guilty !== null && guilty.function === name && guilty.module === module && (line === null || guilty.line === null || guilty.line === line);
  if (functions.length === 0 || unresolved) {
    const several = candidates.length > 0 ? candidates.map((one) => placeText(one.functions.at(-1) ?? { file: null, line: null }) ?? "?").join(" or ") : null;
    const name = text.replace(/ \[[^\]]*\]$/, "");
    return [{ first: true, name: name === "" ? "?" : name, place: null, file: null, line: null, inlined: false, module, why: several ?? unresolved?.why ?? note, guilty: symbol !== null && isGuilty(symbol.replace(/\.(?:isra|constprop|part|cold)\b.*/, ""), null) }];
  }
  return functions.map((fn, index) => {
    const last = index === functions.length - 1;
    const place = placeText(fn);
    return {
      first: index === 0, name: fn.function, place: place === null || note === null || !last ? place : `${place}; ${note}`, file: fn.file, line: fn.line, inlined: fn.inlined, module: last ? module : null,
      why: place === null && last ? note : null, guilty: isGuilty(fn.function, fn.line),
    };
  });
}

/** Stacks of what happened before, which the report shows beside its own. */
const earlier = /^(?:allocated by|freed by|page |created by|stored by|local variable |last work creation|work creation )/;

/** Whether the guilty function stands on a stack of the event itself, and is not only what led to it. */
export function guiltyStands(report: CaseReport): boolean {
  return report.stacks.some(({ name, frames }) => !earlier.test(name) && frames.some((frame) => stackRows(frame, report).some(({ guilty }) => guilty)));
}

/** The stacks that are worth showing, the report's pc as the first frame of its call trace; those that only repeat frames of others are left out. */
export function stacksToShow({ stacks }: CaseReport): CaseStack[] {
  const pc = stacks.find(({ name }) => name === "pc")?.frames ?? [];
  const texts = new Set(pc.map(({ text }) => text));
  const told = new Set(stacks.filter(({ name }) => !repeating.has(name)).flatMap(({ frames }) => frames.map(({ text }) => text)));
  const others = stacks.filter(({ name, frames }) => name !== "pc" && !(repeating.has(name) && frames.every(({ text }) => told.has(text))));
  const trace = others.findIndex(({ name }) => name === "call trace");
  if (pc.length === 0) return others;
  if (trace < 0) return [{ name: "pc", frames: pc }, ...others];
  const { name, frames } = others[trace]!;
  // Some architectures repeat the pc as the first frame.
  const whole = frames[0] && texts.has(frames[0].text) ? frames : [...pc, ...frames];
  return others.map((stack, index) => (index === trace ? { name, frames: whole } : stack));
}

/** The lines at the end of a report, and those that mention a function in passing. */
const repeating: ReadonlySet<string> = new Set(["summary", "mentioned"]);
