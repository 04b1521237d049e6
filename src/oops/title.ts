/** Titles in the grammar that syzbot's pages have made usual: what happened, then ` in ` the first function worth a name. */
import type { Draft } from "./draft.ts";
import { braceOfText, type Header } from "./format.ts";
import type { RawFrame } from "./frames.ts";
import { isPassedOver, plainName } from "./passed-over.ts";
import type { ReportFrames } from "./report-frames.ts";

/** The header that names the report: the heaviest, the first among equals. */
export function mainHeader(draft: Draft): Header {
  let main = draft.headers[0]!.header;
  for (const { header } of draft.headers) if (header.format.weight > main.format.weight) main = header;
  return main;
}

/** The function that a header's title is about, without the compiler's suffixes. */
export function functionOf(draft: Draft, header: Header, frames: ReportFrames): string | null {
  const { pc, trace } = frames;
  const named = draft.headers.find((entry) => entry.header === header)?.frames ?? [];
  const first = (list: readonly (RawFrame | null)[]) => list.filter((raw): raw is RawFrame => raw !== null && raw.symbol !== null);
  const order: Record<Header["format"]["names"], RawFrame[]> = {
    header: first([...named.slice(0, 1), pc, ...trace]),
    pc: first([pc, ...trace]),
    trace: first([...trace, pc]),
  };
  const candidates = order[header.format.names];
  const found = candidates.find((raw) => !isPassedOver(raw.symbol!)) ?? candidates[0];
  return found === undefined ? null : plainName(found.symbol!);
}

function render(template: string, draft: Draft, name: string | null): string {
  const text = template.replace("{access}", draft.access);
  return (name === null ? text.replace(" in {f}", "") : text.replace("{f}", () => name)).replaceAll(braceOfText, "{");
}

function titleFrom(draft: Draft, header: Header, frames: ReportFrames): string {
  const { title } = header.format;
  return render(typeof title === "string" ? title : title(header.match), draft, functionOf(draft, header, frames));
}

export function titleOf(draft: Draft, header: Header, frames: ReportFrames): string {
  return titleFrom(draft, header, frames);
}

/** What else the report could be called: the kernel's own words, and the titles of its other headers. */
export function altTitlesOf(draft: Draft, main: Header, frames: ReportFrames): string[] {
  const title = titleFrom(draft, main, frames);
  const others = new Set<string>();
  for (const header of [main, ...draft.headers.map((entry) => entry.header)]) {
    const alt = header.format.alt?.(header.match);
    if (alt !== undefined && alt !== "") others.add(alt);
  }
  for (const { header } of draft.headers) {
    if (header.format.stage !== "panic" && header.format.weight >= 4) others.add(titleFrom(draft, header, frames));
  }
  others.delete(title);
  return [...others].slice(0, 8);
}
