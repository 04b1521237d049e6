/**
 * A case as it is read on a terminal, in the manner of rustc's diagnostics: what happened, the source lines with what is meant underlined, the evidence, the
 * stack, the registers, and what to do next. Structure is plain ASCII; colours and links are added where the terminal takes them.
 */
import type { Case, CaseReport } from "../case/index.ts";
import { contextParts } from "./context.ts";
import { visible } from "./escape.ts";
import { Look } from "./look.ts";
import { Painter } from "./paint.ts";
import { faultOrWhyNot, placeText } from "./place.ts";
import { registersOf, type RegisterRow } from "./registers.ts";
import { sourceLines } from "./source-text.ts";
import { stacksToShow } from "./stack-rows.ts";
import { stackLines } from "./stack-text.ts";
import { cut, padded, untabbed, widthOf } from "./width.ts";

/** What the place of the output can do; all may be left out. */
export type TerminalOptions = {
  /** Columns of the terminal. Without it prose is wrapped at 100 columns and no line is cut. */
  readonly columns?: number | null;
  readonly colour?: boolean;
  /** Where a file of the case lies, as a URL, or null. Without it there are no links. */
  readonly linkOf?: (file: string) => string | null;
};

const instructionsBefore = 4;
const instructionsAfter = 2;

export function renderTerminal(found: Case, options: TerminalOptions = {}): string {
  return [...terminalPieces(found, options)].join("");
}

/** A report a piece; nothing for a case without reports. */
export function* terminalPieces(found: Case, { columns = null, colour = false, linkOf }: TerminalOptions = {}): Generator<string, void, undefined> {
  const look = new Look(new Painter(colour, linkOf ?? null), columns);
  const page = new Page(found, look);
  const { reports } = found;
  for (const [index, report] of reports.entries()) {
    const heading = look.painter.paint("faint", `-- report ${index + 1} of ${reports.length}, lines ${report.lines[0]} to ${report.lines[1]} of ${visible(found.log.name)}`);
    const lines = [...(reports.length < 2 ? [] : [...(index === 0 ? [] : [""]), heading, ""]), ...page.report(report)];
    yield lines.map((line) => `${line.trimEnd()}\n`).join("");
  }
}

class Page {
  readonly #found: Case;
  readonly #look: Look;

  constructor(found: Case, look: Look) {
    this.#found = found;
    this.#look = look;
  }

  report(report: CaseReport): string[] {
    const { verdict } = report;
    const sections = [
      this.#head(report),
      sourceLines(this.#found, report, this.#look),
      this.#fault(report),
      this.#evidence(report),
      this.#suspects(report),
      ...stacksToShow(report).map((stack) => [this.#look.heading(stack.name), ...stackLines(stack, report, this.#look)]),
      this.#registers(report),
      this.#instructions(report),
      this.#next(verdict),
    ];
    return sections.filter((lines) => lines.length > 0).flatMap((lines, index) => (index === 0 ? lines : ["", ...lines]));
  }

  #head(report: CaseReport): string[] {
    const { title, kind, verdict, corrupted } = report;
    const lines = this.#look.wrap(title, 0, "title");
    if (verdict) lines.push(...this.#look.wrap(verdict.summary, 0, "strong"));
    const facts = verdict ? [`kind ${kind}`, `rule ${verdict.rule}`, `${verdict.confidence} confidence`] : [`kind ${kind}`, "no verdict"];
    lines.push(...this.#look.wrap(facts.join(" | "), 2, "faint"), ...this.#look.wrap(contextParts(this.#found, report).join(" | "), 2, "faint"));
    if (corrupted) lines.push(...this.#look.wrap(`the log is damaged: ${corrupted.why}`, 2, "primary"));
    const { vmlinux, modules } = this.#found.image;
    for (const file of [...(vmlinux ? [vmlinux] : []), ...modules]) {
      if (file.match === "mismatch") lines.push(...this.#look.wrap(`${file.path} is not the file that crashed: ${file.why}`, 2, "primary"));
    }
    return lines;
  }

  #fault({ verdict }: CaseReport): string[] {
    const text = verdict && faultOrWhyNot(verdict);
    return text ? [this.#look.heading("fault"), ...this.#look.wrap(text, 2)] : [];
  }

  #evidence({ verdict }: CaseReport): string[] {
    if (!verdict || verdict.evidence.length === 0) return [];
    const size = Math.max(...verdict.evidence.map(({ logLine }) => String(logLine).length));
    const indent = 2 + "line ".length + size + 2;
    return [
      this.#look.heading("evidence"),
      ...verdict.evidence.flatMap(({ logLine, text, why }) => [
        `  ${this.#look.painter.paint("faint", `line ${String(logLine).padStart(size)}`)}  ${cut(untabbed(visible(text)), this.#look.most - indent)}`,
        ...this.#look.wrap(why, indent, "faint"),
      ]),
    ];
  }

  #suspects({ verdict }: CaseReport): string[] {
    if (!verdict || verdict.suspects.length === 0) return [];
    return [
      this.#look.heading("also suspect"),
      ...verdict.suspects.flatMap((suspect) => {
        const place = placeText(suspect);
        return [`  ${this.#look.name(suspect.function)}${place === null ? "" : ` ${this.#look.painter.link(suspect.file, visible(place))}`}${this.#look.module(suspect.module)}`, ...this.#look.wrap(suspect.why, 4, "faint")];
      }),
    ];
  }

  #registers(report: CaseReport): string[] {
    const { general, system } = registersOf(report);
    if (general.length + system.length === 0) return [];
    const known = general.filter(({ what, faulting }) => what !== null || faulting);
    const cell = (row: RegisterRow) => `${padded(visible(row.name), 4)} ${visible(row.value)}`;
    const cells = general.filter((row) => !known.includes(row)).map(cell);
    const size = Math.max(0, ...cells.map(widthOf)) + 3;
    const across = Math.max(1, Math.floor((this.#look.prose - 2) / size));
    const value = Math.max(0, ...known.map((row) => widthOf(cell(row))));
    const lines = known.flatMap((row) => {
      const room = this.#look.most - value - 4;
      const what = cut(untabbed(visible(row.what ?? "")), room);
      // The others' reasons are in the page and in the JSON.
      const why = !row.faulting || row.why === null || row.why === "" ? "" : cut(` (${untabbed(visible(row.why))})`, Math.max(0, room - widthOf(what)));
      const text = what + this.#look.painter.paint("faint", why);
      return [`  ${this.#look.painter.paint(row.faulting ? "primary" : "strong", padded(cell(row), value))}  ${text}`];
    });
    for (let from = 0; from < cells.length; from += across) lines.push(`  ${this.#look.painter.paint("faint", cells.slice(from, from + across).map((text) => padded(text, size)).join("").trimEnd())}`);
    return [this.#look.heading("registers"), ...lines];
  }

  #instructions({ instructions }: CaseReport): string[] {
    if (!instructions || instructions.user) return [];
    const rows = instructions.list.filter(({ zeros }) => !zeros);
    const trap = rows.findIndex(({ trap: here }) => here);
    const shown = trap < 0 ? [] : [...rows.slice(Math.max(0, trap - instructionsBefore), trap), ...instructions.fromTrap.slice(0, 1 + instructionsAfter)];
    if (shown.length === 0) return [];
    const before = Math.min(trap, instructionsBefore);
    return [
      this.#look.heading("instructions"),
      ...shown.map(({ text }, index) => (index === before ? this.#look.painter.paint("primary", `  > ${visible(text)}`) : this.#look.painter.paint("faint", `    ${visible(text)}`))),
    ];
  }

  #next(verdict: CaseReport["verdict"]): string[] {
    if (!verdict || verdict.next.length === 0) return [];
    return [this.#look.heading("next"), ...verdict.next.flatMap(({ why, command }) => [`  ${this.#look.painter.paint("command", visible(command))}`, ...this.#look.wrap(why, 4, "faint")])];
  }
}
