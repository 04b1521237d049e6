import type { Case } from "../case/index.ts";
import type { SourceFolders } from "../source/index.ts";

/** A case is no archive: the places of verdicts, and frames as long as there is room. */
const mostExcerpts = 40;
const around = 4;

/** The same case with excerpts of the sources that are at hand: of the guilty, earlier and suspected places first, then of the frames. What is missing stays out. */
export function withSources(found: Case, sources: SourceFolders): Case {
  const excerpts: { file: string; first: number; lines: readonly string[] }[] = [...found.sources];
  const add = (file: string | null, line: number | null): void => {
    if (file === null || line === null || excerpts.length >= mostExcerpts) return;
    if (excerpts.some((one) => one.file === file && line >= one.first && line < one.first + one.lines.length)) return;
    const excerpt = sources.excerpt(file, line, around);
    if (excerpt) excerpts.push(excerpt);
  };
  for (const { verdict } of found.reports) {
    if (!verdict) continue;
    for (const { file, line } of [...(verdict.guilty ? [verdict.guilty] : []), ...verdict.earlier, ...verdict.suspects]) add(file, line);
  }
  for (const { stacks } of found.reports) for (const { frames } of stacks) for (const { functions } of frames) for (const { file, line } of functions) add(file, line);
  return { ...found, sources: excerpts };
}
