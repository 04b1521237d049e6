import { readFileSync, readdirSync } from "node:fs";
import type { Case, CaseReport, CaseVerdict } from "../../src/case/index.ts";
import { decode, type DecodeOptions } from "../../src/decode/index.ts";
import { DeepLook, blameFreers, explain, type Deepen } from "../../src/explain/index.ts";
import { root } from "./cli.ts";

/** What a scenario promises of its log (test/fixtures/logs/NAME.expect.json): made from the module's source, no decoder took part. */
export type Promised = {
  readonly scenario: string; readonly release: string; readonly module: string; readonly kind: string; readonly logLine: number;
  readonly guilty: { readonly function: string; readonly file: string; readonly line: number };
  readonly earlier: readonly { readonly function: string; readonly file: string; readonly line: number }[];
};

export const logsFolder = `${root}test/fixtures/logs/`;
export const modulesFolder = `${root}test/fixtures/modules`;
/** All lab logs by name, without `.log`. */
export const logNames = readdirSync(logsFolder).filter((name) => name.endsWith(".expect.json")).map((name) => name.slice(0, -".expect.json".length)).sort();

export const promisedBy = (name: string): Promised => JSON.parse(readFileSync(`${logsFolder}${name}.expect.json`, "utf8")) as Promised;

/** The deep step, with the lab's modules and no others. */
export const withModules: Deepen = blameFreers({ modules: [modulesFolder], root: null });

/** All deep steps, with the same modules. */
export const withCode: Deepen = async (step) => {
  const look = new DeepLook(step.case, { places: { modules: [modulesFolder], root: null } });
  try {
    return await look.deepen({ ...step, verdict: await withModules(step) });
  } finally {
    look.close();
  }
};

/** A log's case with verdicts, with no file but the modules of the lab and what `options` add. */
export async function explained(bytes: Uint8Array, options: DecodeOptions = {}, deepen?: Deepen): Promise<Case> {
  const { case: found } = await decode(bytes, { modules: [modulesFolder], root: null, code: "none", ...options });
  return explain(found, deepen === undefined ? {} : { deepen });
}

/** Kinds that a scenario knows and its log cannot prove: 0x4141414141414141 is no sign of a free by itself. */
export const saidByLog: Readonly<Record<string, string>> = { "timer-use-after-free": "general-protection" };

export type Row = {
  readonly name: string; readonly promised: Promised; readonly report: CaseReport; readonly verdict: CaseVerdict;
  readonly kindRight: boolean; readonly functionRight: boolean; readonly lineRight: boolean;
};

/** How a lab log's verdict stands against the truth. */
export async function judged(name: string, options: DecodeOptions = {}, deepen?: Deepen): Promise<Row> {
  const promised = promisedBy(name);
  const found = await explained(readFileSync(`${logsFolder}${name}.log`), options, deepen);
  const report = found.reports.find(({ lines: [first, last] }) => first <= promised.logLine && promised.logLine <= last);
  if (report?.verdict == null) throw new Error(`${name}: no report at line ${promised.logLine}`);
  const { verdict } = report;
  const { guilty } = verdict;
  const functionRight = guilty?.function === promised.guilty.function;
  const lineRight = functionRight && guilty.line === promised.guilty.line && guilty.file?.endsWith(promised.guilty.file) === true;
  return { name, promised, report, verdict, kindRight: report.kind === (saidByLog[name] ?? promised.kind), functionRight, lineRight };
}

/** A verdict in whole, as its golden holds it. */
export function verdictText(found: Case): string {
  const place = ({ module, function: name, file, line }: { module?: string | null; function: string; file: string | null; line: number | null }) =>
    `${name}${module == null ? "" : ` [${module}]`} ${file ?? "-"}:${line ?? "-"}`;
  const blocks = found.reports.map(({ lines, title, kind, corrupted, verdict }) => {
    if (verdict === null) throw new Error("a report without verdict");
    const { rule, confidence, summary, guilty, earlier, suspects, evidence, fault, faultUnknown, objects, next } = verdict;
    return [
      `line ${lines[0]}: ${title} (${kind})${corrupted === null ? "" : `, damaged: ${corrupted.why}`}`,
      `${rule}, ${confidence}: ${summary}`,
      `guilty: ${guilty === null ? "-" : place(guilty)}`,
      ...earlier.map(({ role, path, ...at }) => `earlier, ${role}: ${place(at)}; ${path.join(" < ")}`),
      ...suspects.map(({ why, ...at }) => `suspect: ${place(at)}: ${why}`),
      ...evidence.map(({ logLine, text, why }) => `evidence ${logLine}: ${text} | ${why}`),
      ...(fault === null ? [] : [`fault: ${JSON.stringify(fault)}`]),
      ...(faultUnknown == null ? [] : [`fault unknown, ${faultUnknown.reason}: ${faultUnknown.why}`]),
      ...objects.map((object) => `object: ${JSON.stringify(object)}`),
      ...next.map(({ why, command }) => `next: ${command} | ${why}`),
    ].join("\n");
  });
  return `${blocks.join("\n\n")}\n`;
}
