/**
 * The forms in which a line of the file is not a line of the log: journalctl's JSON, export and verbose forms, dmesg's JSON, records of /dev/kmsg with
 * escapes, netconsole's fragments, rsyslog's escapes, logcat's tags, colours within a message, HTML. Each becomes the lines that the kernel spoke, behind a prefix that `readLine`
 * knows. Everything else passes as it is. Several forms may follow one another in a file.
 */
import { uncoloured } from "./colour.ts";
import { unescapeHtml } from "./html.ts";
import { JsonRecords } from "./json.ts";
import { JournalRecords } from "./journal.ts";
import { KmsgRecords } from "./kmsg.ts";
import { retagLogcat } from "./logcat.ts";
import type { Emit, RecordForm } from "./record.ts";
import { unescapeSyslog } from "./syslog.ts";

export class Unfolder {
  readonly #forms: readonly RecordForm[] = [new JsonRecords(), new JournalRecords(), new KmsgRecords()];
  /** The form that holds something back. */
  #open: RecordForm | null = null;
  #asWritten = true;

  /** True as long as every line came out as it went in. */
  get asWritten(): boolean {
    return this.#asWritten;
  }

  /** True if nothing is held back. */
  get between(): boolean {
    return this.#open === null;
  }

  /** True for a line that certainly is a line of the log itself. Cheap: it is asked for every line. */
  passes(text: string): boolean {
    if (this.#open !== null) return false;
    const code = text.charCodeAt(0);
    if (code === 0x1b || text.includes("\x1b")) return false;
    if (code === 0x5b /* [ */) return !text.includes("&");
    if (code === 0x7b || code === 0x5f || code === 0x1e || (code >= 0x30 && code <= 0x39) || code === 0x20 || code === 0x09) return false;
    if (code === 0x64 && text.startsWith("data: {")) return false;
    return !text.includes("&") && !text.includes("#0") && !isWeekday(text) && text.charCodeAt(1) !== 0x2f;
  }

  take(text: string, emit: Emit): void {
    let same = false;
    this.#take(text, (line) => {
      same = line === text;
      emit(line);
    });
    if (!same) this.#asWritten = false;
  }

  #take(text: string, emit: Emit): void {
    if (this.#open !== null) {
      if (this.#open.take(text, emit)) return;
      this.#open.flush(emit);
      this.#open = null;
    }
    for (const form of this.#forms) {
      if (form.take(text, emit)) {
        this.#open = form;
        return;
      }
    }
    emitAll(unescapeSyslog(unescapeHtml(retagLogcat(uncoloured(text)))), emit);
  }

  flush(emit: Emit): void {
    this.#open?.flush(emit);
    this.#open = null;
  }
}

function emitAll(lines: readonly string[], emit: Emit): void {
  for (const line of lines) emit(line);
}

const weekday = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) /;

/** journalctl -o verbose begins an entry with the day. */
function isWeekday(text: string): boolean {
  const code = text.charCodeAt(0);
  return (code === 0x4d || code === 0x54 || code === 0x57 || code === 0x46 || code === 0x53) && weekday.test(text.slice(0, 4));
}
