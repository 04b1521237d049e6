import type { RecordForm } from "./record.ts";
const header = /^((?:\d{1,3}\.\d{1,5}[^,;\s]{0,80},)?\d{1,5},\d{1,20},\d{1,20},)([-c+])((?:,[a-z]{1,16}=[^;,\s]{1,64}){0,8});/;
const fragment = /,ncfrag=(\d{1,6})\/(\d{1,6})/;
const mostWaiting = 64;

type Fragments = { readonly head: string; readonly total: number; readonly parts: Map<number, string> };

/**
 * Records of /dev/kmsg (Documentation/ABI/testing/dev-kmsg) and of netconsole's extended form (Documentation/networking/netconsole.rst): `\xNN` for bytes
 * that do not print (a line feed within a message among them), messages in fragments (`ncfrag=offset/total`), and lines that are continued (`c`, then `+`).
 * Records without any of these are lines as they are.
 */
export class KmsgRecords implements RecordForm {
  readonly #waiting = new Map<string, Fragments>();
  /** A line that may be continued. */
  #continued: string | null = null;

  take(text: string, emit: (text: string) => void): boolean {
    const head = header.exec(text);
    if (head === null) return this.#waiting.size > 0 && this.#dictionary(text, emit);
    if (text.includes("ncfrag=")) {
      // netconsole sends no line feed behind a fragment, and not every receiver adds one: the same header again begins the next.
      const again = head[0].slice(0, head[0].indexOf("ncfrag=") + 7);
      for (const piece of text.split(again).slice(1)) this.#fragment(again + piece, emit);
      return true;
    }
    const message = text.slice(head[0].length);
    if (head[2] === "+" && this.#continued !== null) {
      this.#continued += unescape(message);
      return true;
    }
    const held = this.#continued !== null;
    this.#release(emit);
    if (head[2] === "c") {
      this.#continued = head[0] + unescape(message);
      return true;
    }
    if (!text.includes("\\x", head[0].length)) {
      if (held || this.#waiting.size > 0) {
        emit(text);
        return true;
      }
      return false;
    }
    emitMessage(head[0], unescape(message), emit);
    return true;
  }

  flush(emit: (text: string) => void): void {
    this.#release(emit);
    for (const waiting of this.#waiting.values()) emitMessage(waiting.head, assembled(waiting), emit);
    this.#waiting.clear();
  }

  /** ` SUBSYSTEM=pci`, ` DEVICE=+pci:0000:00:1f.2`: a record's further lines, which say nothing here. */
  #dictionary(text: string, emit: (text: string) => void): boolean {
    if (!/^ [A-Z][A-Z0-9_]{0,63}=/.test(text)) return false;
    emit(text);
    return true;
  }

  #release(emit: (text: string) => void): void {
    if (this.#continued === null) return;
    const line = this.#continued;
    this.#continued = null;
    const head = header.exec(line)![0];
    emitMessage(head, line.slice(head.length), emit);
  }

  #fragment(text: string, emit: (text: string) => void): void {
    const head = header.exec(text);
    const place = head === null ? null : fragment.exec(head[3]!);
    if (head === null || place === null) {
      emit(text);
      return;
    }
    this.#release(emit);
    const total = Number(place[2]);
    let waiting = this.#waiting.get(head[1]!);
    if (waiting === undefined) {
      if (this.#waiting.size >= mostWaiting) this.flush(emit);
      waiting = { head: `${head[1]!}${head[2]!}${head[3]!.replace(place[0], "")};`, total, parts: new Map() };
      this.#waiting.set(head[1]!, waiting);
    }
    waiting.parts.set(Number(place[1]), text.slice(head[0].length));
    let size = 0;
    for (const part of waiting.parts.values()) size += part.length;
    // The total counts the line feed behind the message as well, which the receiver may have taken for the end of its line.
    if (size < total - 1) return;
    this.#waiting.delete(head[1]!);
    emitMessage(waiting.head, assembled(waiting), emit);
  }
}

/** The fragments in their order; what is missing leaves no mark, as its place in the text is unknown to a reader. */
function assembled({ parts }: Fragments): string {
  return unescape([...parts].sort(([one], [other]) => one - other).map(([, part]) => part).join(""));
}

function unescape(message: string): string {
  return message.includes("\\x") ? message.replace(/\\x([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16))) : message;
}

function emitMessage(head: string, message: string, emit: (text: string) => void): void {
  for (const line of message.split("\n")) emit(head + line);
}
