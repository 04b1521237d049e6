import { openElf } from "../../elf/index.ts";
import type { Case, CaseFrame, CaseFunction, CaseReport, CaseVerdict } from "../../case/index.ts";
import type { SourceFolders } from "../../source/index.ts";
import { earlierFrees } from "./earlier.ts";
import { faultOf } from "./fault.ts";
import type { ImageFiles } from "./image.ts";
import { CaseCode, type OpenFiles } from "./stack.ts";

export type DeepenOptions = {
  /** Opens the files of an image. Left out: those that the case names, by their paths. */
  readonly open?: OpenFiles;
  /** Where sources are looked for. */
  readonly sources?: SourceFolders;
};

/** What the step starts from: a report with the verdict of a rule. */
type Step = {
  readonly case: Case;
  readonly report: CaseReport;
  readonly verdict: CaseVerdict;
  readonly at: { readonly frame: CaseFrame; readonly fn: CaseFunction | null } | null;
  readonly pc: CaseFrame | null;
  readonly signal: AbortSignal | null;
};

/** Looks deeper into the reports of one case, with its files. Close it when done: it keeps files open from one report to the next. */
export class DeepLook {
  readonly #sources: SourceFolders | null;
  readonly #code: CaseCode;
  readonly #opened: ImageFiles[] = [];

  constructor(found: Case, options: DeepenOptions = {}) {
    this.#sources = options.sources ?? null;
    this.#code = new CaseCode(options.open ?? ((module) => this.#openByPath(found, module)));
  }

  close(): void {
    for (const { elf } of this.#opened) elf.close();
    this.#opened.length = 0;
  }

  /** Refines a verdict: the faulting expression, the earlier free. What cannot be found out stays as it was. */
  async deepen(step: Step): Promise<CaseVerdict> {
    step.signal?.throwIfAborted();
    const question = { ...step, code: this.#code, sources: this.#sources };
    const { fault } = await faultOf(question);
    const { verdict } = step;
    const wantsEarlier = verdict.earlier.length === 0 && (step.report.kind === "double-free" || step.report.kind === "use-after-free");
    return { ...verdict, fault, earlier: wantsEarlier ? await earlierFrees(question) : verdict.earlier };
  }

  async #openByPath({ image }: Case, module: string | null): Promise<ImageFiles | null> {
    const path = module === null ? image.vmlinux?.path : image.modules.find(({ name }) => name === module)?.path;
    if (path === undefined) return null;
    try {
      const elf = await openElf(path);
      const files = { elf, code: elf };
      this.#opened.push(files);
      return files;
    } catch {
      return null;
    }
  }
}
