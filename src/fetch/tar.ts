import { StreamReader, type Bytes } from "./stream.ts";

/** An entry of an archive. The body of a file is to be read, if at all, before the next entry is asked for. */
export type TarEntry = {
  /** As it stands in the archive; it may lead anywhere. */
  readonly path: string;
  readonly kind: "file" | "link" | "symlink" | "folder" | "other";
  /** Of a file. */
  readonly size: number;
  /** What a link leads to. */
  readonly target: string | null;
  readonly body: Bytes;
};

const mostEntries = 1_000_000;
const longestName = 1 << 16;
/** All files of the largest debug package have 6 GB. */
const largestArchive = 2 ** 36;
const kinds: Readonly<Record<string, TarEntry["kind"]>> = { "": "file", "0": "file", "7": "file", "1": "link", "2": "symlink", "5": "folder" };

/**
 * The entries of a tar archive (POSIX.1-2024 pax, "ustar interchange format"; GNU tar's long names `L` and `K`). Global and unknown extensions are passed over.
 * The archive ends with a block of zeros.
 */
export async function* tarEntries(name: string, source: Bytes): AsyncGenerator<TarEntry> {
  const reader = new StreamReader(name, source);
  /** What an extended header says of the entry behind it. */
  let extended = new Map<string, string>();
  try {
    for (let count = 0; ; count++) {
      const bytes = await reader.read(512);
      if (!bytes) throw reader.fail("the archive has no end");
      if (bytes.every((byte) => byte === 0)) {
        await reader.drain();
        return;
      }
      if (count === mostEntries) throw reader.fail(`more than ${mostEntries} entries`);
      const header = Buffer.from(bytes);
      if (!checksumFits(header)) throw reader.fail("the checksum of an entry's header is wrong");
      const type = header.toString("latin1", 156, 157).replace("\0", "");
      const claimed = type === "x" || type === "g" || type === "L" || type === "K" ? undefined : extended.get("size");
      const size = claimed === undefined ? numberAt(header, 124, 12) : /^\d{1,15}$/.test(claimed) ? Number(claimed) : null;
      if (size === null || size > largestArchive || reader.at + size > largestArchive) throw reader.fail("an entry with an impossible size");
      const padded = Math.ceil(size / 512) * 512;
      if (type === "L" || type === "K" || type === "x" || type === "g") {
        if (size > longestName) throw reader.fail(`an extended header of ${size} bytes, the limit is ${longestName}`);
        const body = Buffer.from((await reader.read(padded)) ?? []).subarray(0, size);
        if (type === "x") for (const [key, value] of paxRecords(body)) extended.set(key, value);
        if (type === "L") extended.set("path", body.toString("utf8").replace(/\0.*$/s, ""));
        if (type === "K") extended.set("linkpath", body.toString("utf8").replace(/\0.*$/s, ""));
        continue;
      }
      const kind = kinds[type] ?? "other";
      const prefix = header.toString("latin1", 257, 262) === "ustar" && header[262] === 0 ? textAt(header, 345, 155) : "";
      const short = textAt(header, 0, 100);
      // Links and folders may claim the size of what they stand for, and have none.
      const own = kind === "file" || kind === "other" ? size : 0;
      const end = reader.at + (own === 0 ? 0 : padded);
      yield {
        path: extended.get("path") ?? (prefix === "" ? short : `${prefix}/${short}`),
        kind,
        size: own,
        target: kind === "link" || kind === "symlink" ? (extended.get("linkpath") ?? textAt(header, 157, 100)) : null,
        body: reader.take(own),
      };
      extended = new Map();
      await reader.skip(end - reader.at);
    }
  } finally {
    await reader.close();
  }
}

/** The sum of all bytes of the header, its own field taken as spaces; old tars took them as signed. */
function checksumFits(header: Buffer): boolean {
  let unsigned = 0;
  let signed = 0;
  for (const [at, byte] of header.entries()) {
    const counted = at >= 148 && at < 156 ? 0x20 : byte;
    unsigned += counted;
    signed += (counted << 24) >> 24;
  }
  const told = numberAt(header, 148, 8);
  return told === unsigned || told === signed;
}

/** Octal digits, or GNU's base 256 where the first bit is set; null for anything else. */
function numberAt(header: Buffer, at: number, size: number): number | null {
  if ((header[at]! & 0x80) !== 0) {
    let value = header[at]! & 0x7f;
    for (let k = 1; k < size; k++) value = value * 256 + header[at + k]!;
    return Number.isSafeInteger(value) ? value : null;
  }
  const digits = /^ *([0-7]*)[\0 ]*$/.exec(header.toString("latin1", at, at + size));
  return digits ? Number.parseInt(digits[1] || "0", 8) : null;
}

function textAt(header: Buffer, at: number, size: number): string {
  const text = header.subarray(at, at + size);
  const nul = text.indexOf(0);
  return text.toString("utf8", 0, nul < 0 ? size : nul);
}

/** `LENGTH KEY=VALUE\n` each. */
function paxRecords(body: Buffer): [string, string][] {
  const records: [string, string][] = [];
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at);
    const size = space < 0 ? 0 : Number(body.toString("latin1", at, space));
    if (!Number.isInteger(size) || size <= space - at || at + size > body.length) break;
    const record = body.toString("utf8", space + 1, at + size - 1);
    const equals = record.indexOf("=");
    if (equals > 0) records.push([record.slice(0, equals), record.slice(equals + 1)]);
    at += size;
  }
  return records;
}
