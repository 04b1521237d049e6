import type { CaseVerdict } from "../../case/index.ts";
import { textOf, type Linear } from "./linear.ts";
import { placeAt } from "./place.ts";
import { CallGraph, callsOf, comingTo, type FreeChain } from "./callgraph.ts";
import { readings } from "./access.ts";
import { trailOf, wantedIn } from "./fault.ts";
import { freedRegister, freeFamily, isFreeing } from "./freeing.ts";
import { Names } from "./names.ts";
import type { FaultQuestion } from "./question.ts";
import { givenBy, type CodePlace } from "./stack.ts";
import { Lines } from "./lines.ts";
import { Values } from "./values.ts";

export type Earlier = CaseVerdict["earlier"][number];

const mostFrames = 6;
const mostAnswers = 4;

type Candidate = { readonly chain: FreeChain; readonly place: CodePlace; readonly level: number; readonly same: boolean | null };

/**
 * The calls that may have freed the object before the guilty call did: those that were made before it in its function, or before the calls that led to it in the
 * module's functions above, and that can reach a function which frees. Best first: those that free the same object, then the nearest.
 */
export async function earlierFrees(question: FaultQuestion): Promise<Earlier[]> {
  const { report, code, at } = question;
  const trail = trailOf(report, at?.frame ?? null);
  const first = trail.findIndex((frame) => frame.text === at?.frame.text && frame.logLine === at.frame.logLine);
  const guilty = first < 0 ? null : await code.placeOf(trail[first]!);
  if (!guilty) return [];
  const family = familyOf(guilty, trail[first - 1]?.symbol ?? null, report.kind);
  if (family === null) return [];
  const places = [guilty];
  for (const frame of trail.slice(first + 1, first + mostFrames)) {
    if (frame.module !== guilty.frame.module) break;
    const place = await code.placeOf(frame);
    if (!place) break;
    places.push(place);
  }
  const graph = new CallGraph(guilty.code.image);
  const candidates: Candidate[] = [];
  for (const [level, place] of places.entries()) {
    const before = comingTo(place.code, place.index);
    const object = objectAt(guilty, places.slice(1, level + 1), wantedIn(question, place.frame));
    for (const index of callsOf(place.code)) {
      if (!before.has(index) || index === place.index) continue;
      for (const chain of await graph.chainsFrom(place.code, index, family)) candidates.push({ chain, place, level, same: object === null ? null : sameObject(chain, wantedIn(question, place.frame), object) });
    }
  }
  // An object that is known to be another one was not freed there.
  const likely = candidates.some(({ same }) => same === true) ? candidates.filter(({ same }) => same === true) : candidates.filter(({ same }) => same !== false);
  likely.sort((a, b) => a.level - b.level || a.chain.calls.length - b.chain.calls.length || b.chain.calls[0]!.index - a.chain.calls[0]!.index);
  const lines = new Lines(guilty);
  const found: Earlier[] = [];
  for (const { chain } of likely) {
    const answer = described(chain, lines);
    if (answer && !found.some((one) => one.function === answer.function && one.line === answer.line)) found.push(answer);
    if (found.length >= mostAnswers) break;
  }
  return found;
}

/** What the guilty call frees; of an access to what was freed already, anything. */
function familyOf(place: CodePlace, noticed: string | null, kind: string): string | null {
  const name = place.code.calleeOf(place.code.list[place.index]!);
  if (name !== null && isFreeing(name)) return freeFamily(name);
  if (noticed !== null && isFreeing(noticed)) return freeFamily(noticed);
  return kind === "use-after-free" ? (/skb/.test(name ?? noticed ?? "") ? "skb" : "memory") : null;
}

/** What the guilty call frees, in words of the last of its callers. */
function objectAt(guilty: CodePlace, callers: readonly CodePlace[], wanted: string | null): string | null {
  const name = guilty.code.calleeOf(guilty.code.list[guilty.index]!);
  const argument = name === null ? null : freedRegister(name, guilty.code.machine);
  if (argument === null) return null;
  const all = callers.length === 0 ? readings(guilty.code, guilty.at, wanted) : [new Values(guilty.code, new Names(guilty.code, null, guilty.at, 0, "own"), guilty.index, givenBy(guilty, callers, wanted))];
  return firstText(all.flatMap((values) => values.before(argument, guilty.index)));
}

/** Whether a chain frees that object; null where that cannot be told. */
function sameObject(chain: FreeChain, wanted: string | null, object: string): boolean | null {
  const [first, ...rest] = chain.calls;
  let given: ((register: string) => readonly Linear[]) | undefined;
  let all: readonly Values[] = readings(first!.code, first!.code.list[first!.index]!.at, wanted);
  let index = first!.index;
  for (const call of rest) {
    const outer = all;
    const at = index;
    given = (register) => outer.flatMap((values) => values.before(register, at)).filter((value) => value.unknown === null && !value.terms.some(({ atom }) => atom.kind === "entry"));
    all = [new Values(call.code, new Names(call.code, null, call.code.list[call.index]!.at, 0, "own"), call.index, given)];
    index = call.index;
  }
  const ways = all.flatMap((values) => values.before(chain.argument, index));
  const texts = textsOf(ways);
  if (texts.includes(object)) return true;
  // What a call has given back may have been put anywhere.
  return texts.length === 0 || texts.some((text) => text.includes("(…)")) || object.includes("(…)") ? null : false;
}

function textsOf(values: readonly Linear[]): string[] {
  return values.flatMap((value) => {
    if (value.unknown !== null || value.terms.length === 0 || value.terms.some(({ atom }) => atom.kind === "entry" || atom.kind === "frame" || atom.text === "…")) return [];
    const place = value.terms.length === 1 && (value.constant !== 0n || value.terms[0]!.atom.isAddress) ? placeAt(value, 0) : null;
    return [place ? `&${place.text}` : textOf(value)];
  });
}

function firstText(values: readonly Linear[]): string | null {
  return textsOf(values)[0] ?? null;
}

function described(chain: FreeChain, lines: Lines): Earlier | null {
  const path: string[] = [];
  let last: { function: string; file: string | null; line: number | null } | null = null;
  for (const { code, index } of chain.calls) {
    const places = lines.at(code.list[index]!.at);
    for (const place of [...places].reverse()) path.push(place.file === null ? place.function : `${place.function} (${place.file}:${place.line ?? "?"})`);
    last = places.find(({ file }) => file !== null && !file.endsWith(".h")) ?? places.at(-1) ?? null;
  }
  if (!last) return null;
  path.push(chain.frees);
  return { role: "freed", function: last.function, file: last.file, line: last.line, path };
}
