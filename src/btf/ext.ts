import { Cursor, OopscopeError } from "../base/index.ts";
import { baseHeaderSize, looksLikeBtf, malformed } from "./format.ts";
import type { Btf } from "./file.ts";

/** The source line of an instruction. `offset` is in bytes from the start of the program's section. */
export type BtfLine = { readonly offset: number; readonly file: string; /** The line's text, as the compiler saw it. */ readonly text: string; readonly line: number; readonly column: number };
/** A function of a section: `type` is its func. */
export type BtfFunction = { readonly offset: number; readonly type: number };
/** A place that is to be fitted to the running kernel's types: `access` is like `0:1:2`, `kind` a bpf_core_relo_kind. */
export type BtfRelocation = { readonly offset: number; readonly type: number; readonly access: string; readonly kind: number };

/** What `.BTF.ext` says, by the name of the section of code. Records in the order of the file. */
export type BtfExt = {
  readonly functions: ReadonlyMap<string, readonly BtfFunction[]>;
  readonly lines: ReadonlyMap<string, readonly BtfLine[]>;
  readonly relocations: ReadonlyMap<string, readonly BtfRelocation[]>;
};

const section = ".BTF.ext";

/**
 * `.BTF.ext` of a BPF object, whose strings and types are those of its `.BTF` (Documentation/bpf/btf.rst, ".BTF.ext section"). Records may be longer than what is
 * known of them: the rest is passed over. Throws `malformed`.
 */
export function readBtfExt(btf: Btf, bytes: Uint8Array): BtfExt {
  const { file } = btf.origin;
  if (bytes.length < baseHeaderSize || !looksLikeBtf(bytes)) throw malformed(file, section, 0, bytes.length < baseHeaderSize ? `${bytes.length} bytes are too few for a header` : "it does not begin with BTF's 0xeb9f");
  const at = new Cursor(bytes, bytes[0] === 0x9f, { file, section, start: 0 }, 2);
  const version = at.u8();
  if (version !== 1) throw new OopscopeError("unsupported", `${file}: ${section}: version ${version} is unknown`, { file, section, offset: 2 });
  at.skip(1);
  const headerSize = at.u32();
  if (headerSize < baseHeaderSize || headerSize > bytes.length) throw at.fail(`a header of ${headerSize} bytes in a section of ${bytes.length}`, 4);
  const part = <T>(place: number, smallest: number, read: (record: Cursor) => T): Map<string, T[]> => {
    if (place + 8 > headerSize) return new Map<string, T[]>();
    at.at = place;
    const offset = headerSize + at.u32();
    const size = at.u32();
    if (offset + size > bytes.length) throw at.fail(`0x${size.toString(16)} bytes at 0x${offset.toString(16)} reach past the end at 0x${bytes.length.toString(16)}`, place);
    return readPart(btf, new Cursor(bytes, at.little, at.origin, offset, offset + size), smallest, read);
  };
  return {
    functions: part(8, 8, (record) => ({ offset: record.u32(), type: record.u32() })),
    lines: part(16, 16, (record) => {
      const offset = record.u32();
      const name = btf.string(record.u32());
      const text = btf.string(record.u32());
      const place = record.u32();
      return { offset, file: name, text, line: place >>> 10, column: place & 0x3ff };
    }),
    relocations: part(24, 16, (record) => ({ offset: record.u32(), type: record.u32(), access: btf.string(record.u32()), kind: record.u32() })),
  };
}

function readPart<T>(btf: Btf, at: Cursor, smallest: number, read: (record: Cursor) => T): Map<string, T[]> {
  const parts = new Map<string, T[]>();
  if (at.at === at.end) return parts;
  const recordSize = at.u32();
  if (recordSize < smallest || recordSize % 4 !== 0) throw at.fail(`records of ${recordSize} bytes, ${smallest} are needed`, at.at - 4);
  while (at.at < at.end) {
    const name = btf.string(at.u32());
    const count = at.u32();
    if (count * recordSize > at.end - at.at) throw at.fail(`${count} records of ${recordSize} bytes, ${at.end - at.at} bytes are left`, at.at - 4);
    const records = parts.get(name) ?? [];
    for (let index = 0; index < count; index++) {
      const next = at.at + recordSize;
      records.push(read(at));
      at.at = next;
    }
    parts.set(name, records);
  }
  return parts;
}
