import type { Case, CaseReport, CaseVerdict } from "../case/index.ts";
import { valueText } from "./place.ts";
import { guiltyStands } from "./stack-rows.ts";

/** A place in the sources that a verdict speaks of. */
export type Mark = {
  readonly role: "guilty" | "earlier";
  /** `guilty`: what goes wrong there. `earlier`: the event's own role. With the step's number where there are several. */
  readonly label: string;
  readonly function: string;
  readonly module: string | null;
  readonly file: string | null;
  readonly line: number | null;
  /** The calls that lead to it, outermost first. */
  readonly path: readonly string[];
  /** It is where it went wrong, and not what led to it. */
  readonly stands: boolean;
};

/** A marked line and what of it is meant: offsets into its text, `to` exclusive. */
export type Underline = { readonly mark: Mark; readonly from: number; readonly to: number };

/** Some lines of a source file, following one another. */
export type Excerpt = { readonly file: string; readonly primary: boolean; readonly lines: readonly { readonly line: number; readonly text: string; readonly underlines: readonly Underline[] }[] };

/** What happens at the guilty line, for kinds whose name alone does not say it. */
const happens: Readonly<Record<string, string>> = {
  "double-free": "freed again here", "use-after-free": "used here after it was freed", "invalid-free": "freed here, but it cannot be", "null-dereference": "NULL is followed here",
  "bad-access": "a bad address is accessed here", "general-protection": "a bad address is accessed here", "out-of-bounds": "beyond the object's end here", uninitialized: "used here before it is set",
  "list-corruption": "a broken list is changed here", refcount: "the count goes wrong here", bug: "BUG here", warning: "WARNING here", "divide-error": "divided by zero here",
  "stack-overflow": "the stack ends here", "stack-corruption": "this function's stack was overwritten", "soft-lockup": "it was running here", "hard-lockup": "it was running here",
  "rcu-stall": "it was running here", "hung-task": "it waits here", deadlock: "it waits here for good", "sleep-in-atomic": "it may sleep here", "data-race": "one side of the race", leak: "allocated here, never freed",
  "user-access": "memory of user space is accessed here",
  // Rules that say more than their kind.
  "freed-while-active": "freed here while it is still active", redzone: "noticed here",
};

/** The places of a verdict in the order of events: earlier ones first, the guilty one last. */
export function marksOf(report: CaseReport): Mark[] {
  const { verdict, kind } = report;
  if (verdict === null) return [];
  const events: Mark[] = verdict.earlier.map(({ role, function: name, file, line, path }) => ({ role: "earlier", label: role, function: name, module: verdict.guilty?.module ?? null, file, line, path, stands: false }));
  const stands = guiltyStands(report);
  if (verdict.guilty) events.push({ role: "guilty", label: guiltyLabel(verdict, kind, stands), ...verdict.guilty, path: [], stands });
  return events.length < 2 ? events : events.map((mark, index) => ({ ...mark, label: `${index + 1}: ${mark.label}` }));
}

/** Rules whose damage is noticed after the write; a guilty line without a frame is that of the write. */
const written = new Set(["redzone", "stack-corruption"]);

function guiltyLabel({ rule, fault, confidence }: CaseVerdict, kind: string, stands: boolean): string {
  // Who is blamed for what happened before is not where it went wrong.
  if (!stands && written.has(rule)) return "written here, past the end (inferred)";
  if (!stands) return `${/after-free/.test(rule) || kind === "use-after-free" ? "freed here, too early" : "to blame"}${confidence === "low" ? " (inferred)" : ""}`;
  const value = fault && valueText(fault);
  if (value) return `\`${fault.variable ?? fault.expression}\` is ${value}`;
  // A rule may go further than the kind: a refcount that goes wrong in a second free.
  const further = Object.keys(happens).find((name) => rule.startsWith(name));
  return happens[further ?? kind] ?? "here";
}

/**
 * The sources around the places of a verdict, as far as the case has them: the guilty line's file first, `around` lines on each side, windows that touch
 * as one.
 */
export function excerptsOf(found: Case, report: CaseReport, marks: readonly Mark[], around: number): Excerpt[] {
  const excerpts: Excerpt[] = [];
  for (const source of found.sources) {
    const last = source.first + source.lines.length - 1;
    const here = marks.filter(({ file, line }) => file === source.file && line !== null && line >= source.first && line <= last);
    if (here.length === 0) continue;
    const wanted = new Set(here.flatMap(({ line }) => Array.from({ length: 2 * around + 1 }, (_, index) => line! - around + index)));
    let open: Excerpt["lines"][number][] = [];
    const close = (): void => {
      const primary = open.some(({ underlines }) => underlines.some(({ mark }) => mark.role === "guilty"));
      const isBlank = ({ text, underlines }: Excerpt["lines"][number]) => text.trim() === "" && underlines.length === 0;
      while (open.length > 0 && isBlank(open[0]!)) open.shift();
      while (open.length > 0 && isBlank(open.at(-1)!)) open.pop();
      if (open.length > 0) excerpts.push({ file: source.file, primary, lines: open });
      open = [];
    };
    for (const [index, text] of source.lines.entries()) {
      const line = source.first + index;
      // One line left out would take one line to say so.
      if (!wanted.has(line) && !(wanted.has(line - 1) && wanted.has(line + 1))) close();
      else open.push({ line, text, underlines: here.filter((mark) => mark.line === line).map((mark) => ({ mark, ...spanOf(text, mark, report) })) });
    }
    close();
  }
  const guilty = marks.find(({ role }) => role === "guilty")?.file;
  return [...excerpts.filter(({ file }) => file === guilty), ...excerpts.filter(({ file }) => file !== guilty)];
}

/** What of a line is meant: the faulting expression where the line has it, else from the column that the frames know, else the statement. */
function spanOf(text: string, mark: Mark, { verdict, stacks }: CaseReport): { from: number; to: number } {
  const expression = mark.role === "guilty" && mark.stands ? (verdict?.fault?.expression ?? "") : "";
  const at = expression === "" ? -1 : text.indexOf(expression);
  if (at >= 0) return { from: at, to: at + expression.length };
  const code = text.replace(/\/\*.*?(?:\*\/|$)|\/\/.*$/g, (comment) => " ".repeat(comment.length)).trimEnd();
  const end = code.replace(/[\s;{]+$/, "").length;
  const start = code.length - code.trimStart().length;
  if (end <= start) return { from: 0, to: text.length };
  const column = stacks.flatMap(({ frames }) => frames.flatMap(({ functions }) => functions)).find((fn) => fn.file === mark.file && fn.line === mark.line && fn.function === mark.function && fn.column)?.column;
  // A column counts bytes from 1; kernel sources are ASCII but for their comments.
  const from = column && column - 1 > start && column - 1 < end ? column - 1 : start;
  return { from, to: callEnd(code, from) ?? end };
}

/** Behind the call that begins at `from`: `kfree(x->y)`; null if none does. */
function callEnd(code: string, from: number): number | null {
  const name = /^[A-Za-z_]\w*\(/.exec(code.slice(from))?.[0];
  if (name === undefined) return null;
  for (let at = from + name.length, depth = 1; at < code.length; at++) {
    if (code[at] === "(") depth++;
    else if (code[at] === ")" && --depth === 0) return at + 1;
  }
  return null;
}
