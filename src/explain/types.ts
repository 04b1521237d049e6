import type { Case, CaseFrame, CaseFunction, CaseReport, CaseVerdict } from "../case/index.ts";

/** How to explain; everything may be left out. */
export type ExplainOptions = {
  /** Deep steps, in their order: they may open files. Without them a verdict rests on the case alone. */
  readonly deepen?: Deepen | readonly Deepen[];
  readonly signal?: AbortSignal;
  /** Called with a sentence before each step that may take long. */
  readonly onProgress?: (step: string) => void;
};

/**
 * Refines a verdict with what only files can tell: the faulting expression (`fault`), what registers hold (`objects`), the earlier free (`earlier`), a better
 * line for the guilty place, another confidence. Returns the verdict to keep; `rule` stays. Throwing is a bug: what cannot be found out stays as it was.
 */
export type Deepen = (step: DeepStep) => Promise<CaseVerdict>;

/** What the deep step starts from. */
export type DeepStep = {
  readonly case: Case;
  readonly report: CaseReport;
  /** By the rule, and by the steps before this one. From the rule `fault` is null and `objects` is empty; `earlier` holds what the log's own stacks say. */
  readonly verdict: CaseVerdict;
  /** Where the rule found its guilty place: the frame, and which of its functions it is. Null where there is none, or where no frame shows it. */
  readonly at: Place | null;
  /** Where the kernel noticed: the exact frame of the report's pc. Null where the report has none. */
  readonly pc: CaseFrame | null;
  readonly signal: AbortSignal | null;
};

/** A function of a frame. `fn` is null where the frame is not resolved: then the symbol is all that is known. */
export type Place = { readonly frame: CaseFrame; readonly fn: CaseFunction | null };
