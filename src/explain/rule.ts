import type { Blame, Earlier, Guilty, Suspect } from "./blame.ts";
import type { Evidence, Subject } from "./subject.ts";

export type Confidence = "high" | "medium" | "low";

/** Words that a report must have, or may have, and what they say about the cause. */
export type Sign = { readonly form: RegExp; readonly why: string };

/** What a rule found beyond words. */
export type Clue = {
  readonly evidence: readonly Evidence[];
  readonly earlier?: readonly Earlier[];
  readonly suspects?: readonly Suspect[];
  /** Whom to blame, where it is not whom the trail blames. */
  readonly blame?: Blame;
  /** A guilty function that no frame shows. */
  readonly guilty?: Guilty;
  readonly confidence?: Confidence;
};

/** What a person can type next. */
export type Step = { readonly why: string; readonly command: string };

/**
 * One cause of crashes. Rules are tried in the order of their list; the first whose kind fits, whose needs are all in the report and whose `when` finds
 * something explains it. What a rule says it must prove by a line of the log.
 */
export type Rule = {
  /** Stable: `docs/explain/NAME.md` is its page. */
  readonly name: string;
  /** Kinds of reports that it may explain. */
  readonly kinds: readonly string[];
  /** Every one of these stands in the report. */
  readonly needs: readonly Sign[];
  /** What else speaks for it, where it stands. */
  readonly helps?: readonly Sign[];
  /** What must hold beyond words. Null: another cause. */
  readonly when?: (subject: Subject) => Clue | null;
  /** Whom to blame, where `when` says nothing about it. Null: no function is to blame, or the log cannot show which. */
  readonly blame: ((subject: Subject) => Blame) | null;
  /** Of the cause, if nothing speaks against it. */
  readonly confidence: Confidence;
  /** One sentence. `who` is the guilty function with its place, or null. */
  readonly summary: (who: string | null, subject: Subject) => string;
  /** A pattern whose first two groups are file and line of the guilty place, where the kernel prints them. */
  readonly tellsPlace?: RegExp;
  readonly next: (subject: Subject, guilty: Guilty | null) => readonly Step[];
};
