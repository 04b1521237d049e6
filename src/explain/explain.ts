import type { Case, CaseReport, CaseVerdict } from "../case/index.ts";
import { guiltyOf, nobody, ownPlace, type Guilty, type Suspect } from "./blame.ts";
import type { Clue, Confidence, Rule } from "./rule.ts";
import { rules } from "./rules/index.ts";
import { missingFiles } from "./steps.ts";
import { CaseFacts, Subject, evidenceOf, frameEvidence, nameOf, type Evidence } from "./subject.ts";
import type { ExplainOptions, Place } from "./types.ts";
import { isServing } from "./plumbing.ts";
import { placeInWords } from "./words.ts";

/**
 * Explains every report of a case: the same case with `verdict` filled in. Uses nothing but the case; what `options.deepen` adds may open files. Never throws for
 * what stands in a case. Verdicts that are there already stay, so that a saved case is drawn as it was.
 */
export async function explain(found: Case, options: ExplainOptions = {}): Promise<Case> {
  const facts = new CaseFacts(found);
  const steps = options.deepen === undefined ? [] : [options.deepen].flat();
  const reports: CaseReport[] = [];
  for (const [index, report] of found.reports.entries()) {
    options.signal?.throwIfAborted();
    if (report.verdict !== null) {
      reports.push(report);
      continue;
    }
    const subject = new Subject(facts, index);
    const { verdict, at } = verdictOf(subject);
    let deep = verdict;
    for (const step of steps) {
      options.onProgress?.(`looking deeper into the report at line ${report.lines[0]}`);
      deep = await step({ case: found, report, verdict: deep, at, pc: subject.pc, signal: options.signal ?? null });
    }
    reports.push({ ...report, verdict: deep });
  }
  return { ...found, reports };
}

const byKind = new Map<string, readonly Rule[]>();

/** The rules that may explain a kind, in their order. */
function rulesFor(kind: string): readonly Rule[] {
  let list = byKind.get(kind);
  if (list === undefined) byKind.set(kind, (list = rules.filter(({ kinds }) => kinds.length === 0 || kinds.includes(kind))));
  return list;
}

/** The verdict on one report by its text and places. */
function verdictOf(subject: Subject): { readonly verdict: CaseVerdict; readonly at: Place | null } {
  for (const rule of rulesFor(subject.report.kind)) {
    const evidence = signsOf(rule, subject);
    if (evidence === null) continue;
    const clue = rule.when === undefined ? { evidence: [] } : rule.when(subject);
    if (clue !== null) return draw(rule, subject, clue, evidence);
  }
  throw new Error("the last rule explains everything");
}

/** The lines that a rule needs, or null if one is missing. */
function signsOf({ needs, helps = [] }: Rule, subject: Subject): Evidence[] | null {
  const evidence: Evidence[] = [];
  for (const { form, why } of needs) {
    const said = subject.find(form);
    if (said === null) return null;
    evidence.push(evidenceOf(said, why));
  }
  for (const { form, why } of helps) {
    const said = subject.find(form);
    if (said !== null) evidence.push(evidenceOf(said, why));
  }
  return evidence;
}

const less: Readonly<Record<Confidence, Confidence>> = { high: "medium", medium: "low", low: "low" };
/** Kinds in which damage that was done before shows itself. */
const aftermath = new Set(["null-dereference", "bad-access", "general-protection", "invalid-opcode", "list-corruption", "warning", "bug", "panic", "soft-lockup", "hard-lockup", "rcu-stall", "hung-task", "lock-misuse", "sleep-in-atomic"]);

function draw(rule: Rule, subject: Subject, clue: Clue, signs: readonly Evidence[]): { verdict: CaseVerdict; at: Place | null } {
  const { report, facts } = subject;
  const blame = clue.blame ?? rule.blame?.(subject) ?? nobody;
  const at = clue.guilty === undefined ? blame.place : null;
  const guilty: Guilty | null = clue.guilty ?? (at === null ? null : saidPlace(rule, subject, at) ?? guiltyOf(at));
  const evidence = [...signs, ...clue.evidence];
  if (at !== null && !evidence.some(({ logLine, text }) => logLine === at.frame.logLine && text === at.frame.text)) {
    evidence.push(frameEvidence(at.frame, at.frame.exact ? "here the processor was" : blame.sure ? "the first function of this stack that does not merely serve others" : "the likeliest function of this stack"));
  }
  let confidence = clue.confidence ?? rule.confidence;
  if (guilty === null ? rule.blame !== null : !blame.sure) confidence = less[confidence];
  if (report.corrupted !== null) confidence = "low";
  const before = facts.case.reports[subject.index - 1];
  if (before !== undefined && aftermath.has(report.kind) && report.context.taint !== null && /[DWB]/.test(report.context.taint.flags)) {
    confidence = less[confidence];
    const [first] = facts.linesOf(facts.case.reports[0]!.lines);
    if (first !== undefined) evidence.push({ logLine: first.line, text: facts.case.reports[0]!.title, why: "an earlier report of this log: what it tells of may have led to this one" });
  }
  if (isDoubtful(subject, at)) {
    confidence = less[confidence];
  }
  const who = guilty === null ? null : placeInWords(guilty);
  return {
    at,
    verdict: {
      rule: rule.name,
      confidence,
      summary: rule.summary(who, subject),
      guilty,
      earlier: clue.earlier ?? [],
      suspects: distinct([...(clue.suspects ?? []), ...blame.suspects]),
      evidence: unique(evidence),
      fault: null,
      faultUnknown: null,
      objects: [],
      next: [...missingFiles(subject, guilty), ...rule.next(subject, at === null || guilty === null ? guilty : { ...guilty, function: nameOf(at.frame) })],
    },
  };
}

/** Where the kernel itself printed file and line of the function that its pc was in, which is all there is without debug information. */
function saidPlace({ tellsPlace }: Rule, subject: Subject, at: Place): Guilty | null {
  const guilty = guiltyOf(at);
  if (tellsPlace === undefined || at.fn !== null) return null;
  const said = subject.find(tellsPlace)?.match;
  // A line of a header, or of the function that complains, is not the guilty function's own.
  if (said === undefined || said[1] === undefined || said[2] === undefined || isServing(said[1])) return null;
  const [first] = subject.trail;
  // Where the log has a pc, the place is that of its function alone.
  const inside = at.frame.exact || (subject.pc === null && first !== undefined && subject.trail.slice(0, subject.trail.indexOf(at.frame)).every((frame) => ownPlace(frame) === null));
  return inside ? { ...guilty, file: said[1], line: Number(said[2]) } : null;
}

/** Whether the line of the guilty place was read from a file of another build. */
function isDoubtful({ facts }: Subject, at: Place | null): boolean {
  const { vmlinux, modules } = facts.case.image;
  const module = at?.frame.module ?? null;
  return module === null ? vmlinux?.match === "mismatch" : modules.some(({ name, match }) => match === "mismatch" && name === module) || vmlinux?.match === "mismatch";
}

function unique(evidence: readonly Evidence[]): Evidence[] {
  const seen = new Set<string>();
  return evidence.filter(({ logLine, why }) => {
    const key = `${logLine} ${why}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Each function once, with the first reason. */
function distinct(suspects: readonly Suspect[]): Suspect[] {
  const seen = new Set<string>();
  return suspects.filter(({ module, function: name, line }) => {
    const key = `${module} ${name} ${line}`;
    return !seen.has(key) && seen.add(key);
  });
}
