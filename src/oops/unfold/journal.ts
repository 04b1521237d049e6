import { linesOf, type RecordForm } from "./record.ts";

/** A binary field is longer than any message only if it is damaged. */
const longestField = 1 << 20;
const mostFields = 512;

const verboseHead = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? \S{1,8} \[s=[0-9a-f]{32};/;
const field = /^([A-Z0-9_]{1,64})=/;

/**
 * `journalctl -o export` (a field a line, an empty line behind each entry, binary fields with their length: systemd's Journal Export Format) and
 * `-o verbose` (a head with the time, then the fields behind four blanks, further lines of a message behind more).
 */
export class JournalRecords implements RecordForm {
  #form: "none" | "export" | "verbose" = "none";
  #fields = new Map<string, string>();
  #last: string | null = null;
  /** A binary field whose bytes are not all there: its name, then 8 bytes of length, then as many of it. */
  #binary: { name: string; bytes: string } | null = null;

  take(text: string, emit: (text: string) => void): boolean {
    if (this.#binary !== null) {
      this.#binary.bytes += this.#binary.bytes === "" ? text : `\n${text}`;
      this.#takeBinary();
      return true;
    }
    if (text.startsWith("__CURSOR=") || verboseHead.test(text)) {
      this.flush(emit);
      this.#form = text.startsWith("__CURSOR=") ? "export" : "verbose";
      return true;
    }
    switch (this.#form) {
      case "none":
        return false;
      case "export":
        if (text === "") {
          this.flush(emit);
          this.#form = "export";
          return true;
        }
        return this.#take(text, text);
      case "verbose":
        if (this.#last !== null && text.startsWith("            ")) {
          this.#fields.set(this.#last, `${this.#fields.get(this.#last)!}\n${text.trimStart()}`);
          return true;
        }
        return text.startsWith("    ") && this.#take(text, text.slice(4));
    }
  }

  flush(emit: (text: string) => void): void {
    const fields = this.#fields;
    const message = fields.get("MESSAGE");
    this.#form = "none";
    this.#fields = new Map();
    this.#last = null;
    this.#binary = null;
    if (message === undefined) return;
    const monotonic = fields.get("_SOURCE_MONOTONIC_TIMESTAMP");
    const transport = fields.get("_TRANSPORT") ?? "kernel";
    const speaker = transport === "kernel" ? null : (fields.get("SYSLOG_IDENTIFIER") ?? transport);
    for (const line of linesOf({ message, monotonic: monotonic !== undefined && /^\d{1,15}$/.test(monotonic) ? Number(monotonic) : null, caller: null, speaker: speaker === "kernel" ? null : speaker })) emit(line);
  }

  #take(whole: string, text: string): boolean {
    const name = field.exec(text)?.[1];
    if (name !== undefined) {
      this.#set(name, text.slice(name.length + 1));
      return true;
    }
    if (this.#form === "export" && /^[A-Z0-9_]{1,64}$/.test(whole)) {
      this.#binary = { name: whole, bytes: "" };
      return true;
    }
    return false;
  }

  #takeBinary(): void {
    const { name, bytes } = this.#binary!;
    if (bytes.length < 8) return;
    const size = Number(Buffer.from(bytes.slice(0, 8), "latin1").readBigUInt64LE());
    if (size <= longestField && bytes.length - 8 < size) return;
    this.#binary = null;
    this.#set(name, bytes.slice(8, 8 + size));
  }

  #set(name: string, value: string): void {
    if (this.#fields.size >= mostFields) return;
    this.#fields.set(name, value);
    this.#last = name;
  }
}
