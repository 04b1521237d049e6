import type { Case, CaseFrame, CaseFunction, CaseReport, CaseVerdict } from "../../case/index.ts";
import type { SourceFolders } from "../../source/index.ts";
import type { CaseCode } from "./stack.ts";

export type Fault = NonNullable<CaseVerdict["fault"]>;

/** What the faulting expression is looked for with. */
export type FaultQuestion = {
  readonly case: Case;
  readonly report: CaseReport;
  readonly verdict: CaseVerdict;
  /** The guilty frame and which of its functions is meant. */
  readonly at: { readonly frame: CaseFrame; readonly fn: CaseFunction | null } | null;
  readonly pc: CaseFrame | null;
  readonly code: CaseCode;
  readonly sources: SourceFolders | null;
};
