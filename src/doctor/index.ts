import { checksOf } from "./checks.ts";
import { readFacts, type FactsOptions } from "./facts.ts";
import { areas, type Area, type Finding, type State } from "./finding.ts";

export { areas, type Area, type Finding, type State } from "./finding.ts";
export type { FactsOptions } from "./facts.ts";

/** What a machine can do, area by area. */
export type Diagnosis = {
  readonly kernel: string | null;
  readonly distribution: string | null;
  readonly areas: readonly { readonly area: Area; /** The worst of its findings. */ readonly state: State; readonly findings: readonly Finding[] }[];
};

/** Looks at the machine; nothing is started, loaded or changed. `wanted` are all areas if absent. */
export async function diagnose(wanted: readonly Area[] = areas, options: FactsOptions = {}): Promise<Diagnosis> {
  const facts = readFacts(options);
  const found: Diagnosis["areas"][number][] = [];
  for (const area of wanted) {
    const findings = await checksOf(area, facts);
    const state = findings.some((one) => one.state === "missing") ? "missing" : findings.some((one) => one.state === "limited") ? "limited" : "ok";
    found.push({ area, state, findings });
  }
  return { kernel: facts.release, distribution: facts.distribution?.name ?? null, areas: found };
}
