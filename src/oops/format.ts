import type { CrashKind } from "./types.ts";

/**
 * One way in which the kernel begins a report. The folder formats/ holds them, a file per family; to read a new kind of crash, add an entry.
 *
 * A report may begin with several of them in a row: a cause (`list_del corruption…`), an announcement (`kernel BUG at lib/list_debug.c:56!`), a
 * death (`invalid opcode: 0000 [#1]`), and at the very end the panic. They follow one another in the order of `stages`; the heaviest names the report.
 */
export type CrashFormat = {
  /** The literal beginnings of the message; what makes looking cheap. At least two characters each. */
  readonly starts: readonly string[];
  /** The whole header from the start of the message on: sticky, and linear in the length of its line. */
  readonly header: RegExp;
  readonly stage: Stage;
  /** The heaviest header of a report gives its title and kind. 0 for headers that say nothing by themselves. */
  readonly weight: number;
  readonly kind: CrashKind | ((match: RegExpExecArray) => CrashKind);
  /** With `{f}` where the function belongs and `{access}` for KASAN's `Read` and `Write`; free text must pass `literal`; ` in {f}` disappears where no function is known. */
  readonly title: string | ((match: RegExpExecArray) => string);
  /** A second title, usually what the kernel itself printed. */
  readonly alt?: (match: RegExpExecArray) => string;
  /** Where the function of the title is looked for first. */
  readonly names: "header" | "pc" | "trace";
  /** `none` for reports that come without a call trace. */
  readonly trace: "needed" | "none";
  /** The kernel says it again and again; the same words soon after belong to the same report. */
  readonly repeats?: true;
  /** Whether a header that follows the report's own lines is but the way in which it prints its trace. */
  readonly tracedBy?: (match: RegExpExecArray) => boolean;
  /** What the last line of such a report looks like, for the families that have one. */
  readonly closedBy?: "banner";
};

export const stages = ["cause", "announcement", "death", "panic"] as const;
export type Stage = (typeof stages)[number];

/** Free text from a log as part of a title: its braces are no place for a function. */
export function literal(text: string): string {
  return text.replace(/\{/g, braceOfText);
}

/** Not a character of a ByteText, so nothing in a log can be taken for it. */
export const braceOfText = "\ue000";

const survived: ReadonlySet<CrashKind> = new Set(["soft-lockup", "hard-lockup", "rcu-stall", "hung-task", "warning", "refcount", "sleep-in-atomic", "deadlock", "lock-misuse", "leak", "data-race"]);

/** Whether an oops may be the next word after this one: the kernel goes on after a warning, and dies of something else. */
export function mayDie(header: Header): boolean {
  const { kind } = header.format;
  return !survived.has(typeof kind === "string" ? kind : kind(header.match));
}

export type Header = { readonly format: CrashFormat; readonly match: RegExpExecArray };

/** Reads headers: two characters choose the few formats that can begin so. */
export class HeaderReader {
  readonly #byStart = new Map<number, { literal: string; format: CrashFormat }[]>();

  constructor(formats: readonly CrashFormat[]) {
    for (const format of formats) {
      for (const literal of format.starts) {
        const key = keyAt(literal, 0);
        const list = this.#byStart.get(key);
        if (list === undefined) this.#byStart.set(key, [{ literal, format }]);
        else list.push({ literal, format });
      }
    }
  }

  /** The header that begins at `start`, if one does. */
  read(text: string, start: number): Header | null {
    const candidates = this.#byStart.get(keyAt(text, start));
    if (candidates === undefined) return null;
    for (const { literal, format } of candidates) {
      if (!text.startsWith(literal, start)) continue;
      format.header.lastIndex = start;
      const match = format.header.exec(text);
      if (match !== null) return { format, match };
    }
    return null;
  }
}

function keyAt(text: string, at: number): number {
  return (text.charCodeAt(at) << 8) | text.charCodeAt(at + 1);
}
