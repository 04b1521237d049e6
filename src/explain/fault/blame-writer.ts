import type { CaseVerdict } from "../../case/index.ts";
import { placeInWords } from "../words.ts";
import type { FaultQuestion } from "./question.ts";
import { writersOf, type Writer } from "./writers.ts";

/** Rules whose damage was done before it was noticed, to what the guilty function has. */
const rules = new Set(["redzone", "stack-corruption"]);
const mostSuspects = 4;

/**
 * Who wrote past the end, where the code shows a single line that may have done it: it is guilty then, by inference. Where there are some, they are suspects. The
 * verdict stays as it is where the code that ran before is not all known.
 */
export async function blameWriter(question: FaultQuestion): Promise<CaseVerdict> {
  const { verdict, report } = question;
  const noticed = verdict.guilty;
  // What lies before an object was overwritten by somebody else, or by counting downwards.
  const writers = rules.has(verdict.rule) && noticed !== null && !/Left Redzone/i.test(report.title) ? await writersOf(question) : null;
  if (!writers || noticed === null) return verdict;
  const { found, all, size, leftOut } = writers;
  const [first, ...others] = found;
  if (first && all && others.every((one) => one.function === first.function && one.file === first.file && one.object === first.object)) {
    const what = verdict.rule === "redzone" ? `past the end of \`${first.object}\`, which ${placeInWords(noticed)} frees` : `past the end of \`${first.object}\`, an array on the stack of \`${noticed.function}\``;
    const why = verdict.rule === "redzone" ? "it had the object when the damage was found" : "the guard behind its arrays was overwritten";
    const isNoticed = noticed.function === first.function && noticed.line === first.line;
    return {
      ...verdict,
      confidence: others.length === 0 && !leftOut && report.corrupted === null ? "medium" : "low",
      summary: `${placeInWords(first)} writes ${what} (inferred: of the code that ran before it was noticed no other ${others.length === 0 ? "line" : "function"} writes there${leftOut ? ` as many bytes at a time as the damage has (${size})` : ""})`,
      guilty: { module: noticed.module, function: first.function, file: first.file, line: first.line },
      suspects: merged([...suspectsOf(others, noticed.module), ...(isNoticed ? [] : [{ ...noticed, why }])], verdict.suspects),
    };
  }
  return { ...verdict, suspects: merged(suspectsOf(found, noticed.module), verdict.suspects) };
}

type Suspect = CaseVerdict["suspects"][number];

function suspectsOf(found: readonly Writer[], module: string | null): Suspect[] {
  return found.slice(0, mostSuspects).map(({ object, ...place }) => ({ module, ...place, why: `it writes to \`${object}\`, before the damage was noticed` }));
}

/** Each place once. */
function merged(first: readonly Suspect[], then: readonly Suspect[]): Suspect[] {
  return [...first, ...then.filter((one) => !first.some(({ function: name, line }) => one.function === name && one.line === line))];
}
