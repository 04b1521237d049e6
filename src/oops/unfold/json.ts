import { isUtf8 } from "node:buffer";
import { linesOf, type KernelRecord, type RecordForm } from "./record.ts";

/** The longest record; the kernel's own messages have at most 1 kB. */
const longest = 1 << 20;
const mostLines = 512;

/**
 * A JSON object a line (`journalctl -o json`, json-seq and json-sse, container logs), or over several lines (`journalctl -o json-pretty`, `dmesg --json`).
 * journalctl writes a message that is no text as an array of its bytes (systemd's Journal JSON format).
 */
export class JsonRecords implements RecordForm {
  /** The lines of an object that is not complete. */
  #held: string[] = [];
  #size = 0;
  /** json-sse puts an empty line behind each record. */
  #events = false;

  take(text: string, emit: (text: string) => void): boolean {
    if (this.#events && text === "") return true;
    this.#events = text.startsWith("data: ");
    const line = text.replace(/^(?:\x1e|data: )/, "").trim();
    if (this.#held.length > 0) {
      if (/^\}\s*,\s*\{$/.test(line)) {
        this.#close(emit);
        this.#hold(text);
        return true;
      }
      if (line === "{") this.flush(emit);
      this.#hold(text);
      if (/^\}[\],]*$/.test(line)) this.#close(emit);
      else if (this.#held.length > mostLines || this.#size > longest) this.flush(emit);
      return true;
    }
    if (line.charCodeAt(0) !== 0x7b) return false;
    if (line === "{") {
      this.#hold(text);
      return true;
    }
    const record = line.length <= longest ? recordOf(line.replace(/,$/, "")) : null;
    if (record === null) return false;
    for (const spoken of linesOf(record)) emit(spoken);
    return true;
  }

  /** What is held is no record after all: its lines as they are. */
  flush(emit: (text: string) => void): void {
    const held = this.#held;
    this.#held = [];
    this.#size = 0;
    for (const text of held) emit(text);
  }

  #hold(text: string): void {
    this.#held.push(text);
    this.#size += text.length;
  }

  #close(emit: (text: string) => void): void {
    const whole = this.#held.join("\n");
    const opens = whole.indexOf("{");
    const closes = this.#held.length > 1 && this.#held.at(-1)!.includes("}") ? whole.lastIndexOf("}") : whole.length;
    const record = opens < 0 ? null : recordOf(`${whole.slice(opens, closes)}}`);
    if (record === null) {
      this.flush(emit);
      return;
    }
    this.#held = [];
    this.#size = 0;
    for (const spoken of linesOf(record)) emit(spoken);
  }
}

const messageKeys = ["MESSAGE", "message", "msg", "log"];

/** One object, or null if it is none or has no message. */
function recordOf(json: string): KernelRecord | null {
  const bytes = Buffer.from(json, "latin1");
  let parsed: unknown;
  try {
    parsed = JSON.parse(isUtf8(bytes) ? bytes.toString("utf8") : json);
  } catch {
    return null;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return null;
  const fields = parsed as Readonly<Record<string, unknown>>;
  const key = messageKeys.find((name) => Object.hasOwn(fields, name));
  const message = key === undefined ? null : bytesOfField(fields[key]);
  if (message === null) return null;
  const monotonic = numberOf(fields["_SOURCE_MONOTONIC_TIMESTAMP"]) ?? (typeof fields["time"] === "number" ? fields["time"] * 1e6 : null);
  const caller = fields["caller"];
  return { message, monotonic: monotonic === null ? null : Math.round(monotonic), caller: typeof caller === "string" && /^[TC]\d{1,10}$/.test(caller) ? caller : null, speaker: speakerOf(fields) };
}

/** A field's bytes: text, an array of bytes, or the first of several. */
function bytesOfField(value: unknown): string | null {
  if (typeof value === "string") return Buffer.from(value, "utf8").toString("latin1");
  if (!Array.isArray(value) || value.length === 0) return null;
  if (value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256)) return Buffer.from(value as number[]).toString("latin1");
  return bytesOfField(value[0]);
}

function numberOf(value: unknown): number | null {
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : typeof value === "number" ? value : null;
  return number !== null && number >= 0 && Number.isFinite(number) ? number : null;
}

/** journalctl without -k shows all: who is not the kernel says so. */
function speakerOf(fields: Readonly<Record<string, unknown>>): string | null {
  const transport = fields["_TRANSPORT"];
  const name = fields["SYSLOG_IDENTIFIER"] ?? fields["_COMM"];
  if (typeof transport !== "string" || transport === "kernel" || name === "kernel") return null;
  return typeof name === "string" && name !== "" ? Buffer.from(name.replace(/[\n:[\]]/g, " "), "utf8").toString("latin1") : transport;
}
