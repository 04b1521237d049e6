/**
 * Log text with one character for each byte (ISO 8859-1). A log may hold any byte; in this form none is lost, patterns on ASCII work as usual,
 * and V8 stores it in one byte a character. It becomes real text only on its way out.
 */
export type ByteText = string & { readonly __kind: "bytes" };

export function byteText(bytes: Uint8Array): ByteText {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1") as ByteText;
}

/** The bytes again, exactly. */
export function bytesOf(text: ByteText): Buffer {
  return Buffer.from(text, "latin1");
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** As Unicode text: valid UTF-8 is decoded; in a text that is not valid, each byte that belongs to no valid character becomes `\xNN`. */
export function unicodeOf(text: ByteText): string {
   
  if (!/[^\x00-\x7f]/.test(text)) return text;
  const bytes = bytesOf(text);
  try {
    return strictUtf8.decode(bytes);
  } catch {
    let out = "";
    for (let at = 0; at < bytes.length; ) {
      const size = characterSize(bytes, at);
      out += size === 0 ? `\\x${bytes[at]!.toString(16).padStart(2, "0")}` : bytes.toString("utf8", at, at + size);
      at += size || 1;
    }
    return out;
  }
}

/** Length of the valid UTF-8 character at `at`, 0 if there is none (RFC 3629, table 3-7 of the Unicode standard). */
function characterSize(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const size = first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  if (size === 0 || at + size > bytes.length) return 0;
  for (let k = 1; k < size; k++) if ((bytes[at + k]! & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1]!;
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)) return 0;
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return 0;
  return size;
}
