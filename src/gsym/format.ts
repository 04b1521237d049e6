import { Cursor, OopscopeError } from "../base/index.ts";
import type { ByteSource } from "../elf/index.ts";

/** `GSYM` as a number (llvm/include/llvm/DebugInfo/GSYM/Header.h). */
export const magic = 0x4753594d;
export const version = 1;
export const headerSize = 48;
/** The header has room for so many bytes of a build id. */
export const longestUuid = 20;

/** What follows a function's size and name (FunctionInfo.cpp, InfoType). Others, as merged functions (3) and call sites (4), are stepped over. */
export const infoType = { end: 0, lines: 1, inlines: 2 } as const;

/** Operations of a line table (LineTable.cpp, LineTableOpCode). */
export const lineOp = { end: 0, setFile: 1, advanceAddress: 2, advanceLine: 3, firstSpecial: 4 } as const;

export type GsymHeader = {
  readonly little: boolean;
  /** Bytes of an entry of the address table: 1, 2, 4 or 8. */
  readonly addressSize: number;
  /** In hexadecimal: of ELF files the build id, cut to 20 bytes. Null where there is none. */
  readonly uuid: string | null;
  /** What all addresses of the table count from. */
  readonly base: bigint;
  readonly count: number;
  readonly strings: { readonly offset: number; readonly size: number };
};

/** Where the tables stand that follow the header, each at a multiple of its entry's size. */
export function tablesOf({ addressSize, count }: GsymHeader): { readonly addresses: number; readonly infos: number; readonly files: number } {
  const addresses = aligned(headerSize, addressSize);
  const infos = aligned(addresses + addressSize * count, 4);
  return { addresses, infos, files: aligned(infos + 4 * count, 4) };
}

export function aligned(offset: number, step: number): number {
  return Math.ceil(offset / step) * step;
}

/** Throws `malformed` where the file is no GSYM or contradicts itself, `unsupported` for a version that is not read. */
export function readHeader(source: ByteSource): GsymHeader {
  const fail = (what: string, offset: number) => new OopscopeError("malformed", `${source.name}: GSYM header at offset 0x${offset.toString(16)}: ${what}`, { file: source.name, section: "header", offset });
  if (source.size < headerSize) throw fail(`${source.size} bytes are less than a header`, 0);
  const bytes = source.read(0, headerSize);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = view.getUint32(0, true) === magic;
  if (!little && view.getUint32(0, false) !== magic) throw fail("it does not begin with the letters GSYM", 0);
  const at = new Cursor(bytes, little, { file: source.name, section: "header", start: 0 }, 4);
  const found = at.u16();
  if (found !== version) throw new OopscopeError("unsupported", `${source.name}: GSYM of version ${found}; version ${version} is read`, { file: source.name, version: found });
  const addressSize = at.u8();
  if (![1, 2, 4, 8].includes(addressSize)) throw fail(`addresses of ${addressSize} bytes`, 6);
  const uuidSize = at.u8();
  if (uuidSize > longestUuid) throw fail(`a UUID of ${uuidSize} bytes`, 7);
  const base = at.u64Big();
  const count = at.u32();
  const strings = { offset: at.u32(), size: at.u32() };
  const header = { little, addressSize, uuid: uuidSize === 0 ? null : Buffer.from(bytes.subarray(28, 28 + uuidSize)).toString("hex"), base, count, strings };
  const { files } = tablesOf(header);
  if (files + 4 > source.size) throw fail(`${count} addresses end at 0x${files.toString(16)}, past the file's end at 0x${source.size.toString(16)}`, 16);
  if (strings.offset + strings.size > source.size) throw fail(`a string table that ends at 0x${(strings.offset + strings.size).toString(16)}, past the file's end at 0x${source.size.toString(16)}`, 20);
  return header;
}
