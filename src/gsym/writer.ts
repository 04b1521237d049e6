import { OopscopeError } from "../base/index.ts";
import { ByteWriter } from "./bytes.ts";
import { aligned, headerSize, infoType, longestUuid, magic, version } from "./format.ts";
import { writeCall, type InlinedCall } from "./inlines.ts";
import { writeRows, type Rows } from "./lines.ts";

/** A function, or a part of one that stands apart. Addresses are of one scale throughout, such as image offsets. */
export type GsymFunction = {
  readonly start: number;
  readonly end: number;
  /** By `string`. */
  readonly name: number;
  /** Null where nothing is known but the name; else not empty, the first row at `start`. */
  readonly rows: Rows | null;
  /** What is inlined into it. */
  readonly calls: readonly InlinedCall[];
};

/** Makes a GSYM file of version 1. Functions are encoded as they come: what is kept of each is its bytes. */
export class GsymWriter {
  readonly #little: boolean;
  readonly #infos: ByteWriter;
  readonly #starts: number[] = [];
  readonly #offsets: number[] = [];
  readonly #strings: ByteWriter;
  readonly #stringOffsets = new Map<string, number>();
  readonly #files: number[] = [0, 0];
  readonly #fileNumbers = new Map<string, number>();

  constructor(little = true) {
    this.#little = little;
    this.#infos = new ByteWriter(little, 1 << 20);
    this.#strings = new ByteWriter(little);
    // Offset 0 is the empty string of what is absent; LLVM takes no function of that name, so those without one have that at 1.
    this.#strings.u8(0);
    this.#strings.u8(0);
  }

  get functions(): number {
    return this.#starts.length;
  }

  /** The offset of a text in the string table; `""` is a name that is not known. */
  string(text: string): number {
    if (text === "") return 1;
    let offset = this.#stringOffsets.get(text);
    if (offset === undefined) {
      offset = this.#strings.size;
      this.#strings.put(Buffer.from(`${text.replaceAll("\0", "")}\0`, "utf8"));
      this.#stringOffsets.set(text, offset);
    }
    return offset;
  }

  /** The number of a file by its path; null is 0, no file. The table has folder and name apart. */
  file(path: string | null): number {
    if (path === null || path === "") return 0;
    let number = this.#fileNumbers.get(path);
    if (number === undefined) {
      number = this.#files.length / 2;
      const slash = path.lastIndexOf("/");
      const folder = slash < 0 ? "" : slash === 0 ? "/" : path.slice(0, slash);
      this.#files.push(folder === "" ? 0 : this.string(folder), this.string(path.slice(slash + 1)));
      this.#fileNumbers.set(path, number);
    }
    return number;
  }

  add({ start, end, name, rows, calls }: GsymFunction): void {
    const out = this.#infos;
    out.align(4);
    this.#starts.push(start);
    this.#offsets.push(out.size);
    out.u32(Math.min(end - start, 0xffff_ffff));
    out.u32(name);
    if (rows) this.#chunk(infoType.lines, () => writeRows(out, rows, start));
    if (calls.length > 0) this.#chunk(infoType.inlines, () => writeCall(out, { name, callFile: 0, callLine: 0, ranges: [start, end], calls }, start));
    out.u32(infoType.end);
    out.u32(0);
  }

  /** The file. `base` is the address that addresses of 0 stand for, `uuid` a build id in hexadecimal. Functions may have come in any order. */
  finish(base: bigint, uuid: string | null): Uint8Array {
    const count = this.#starts.length;
    const order = Uint32Array.from(this.#starts.keys()).sort((a, b) => this.#starts[a]! - this.#starts[b]!);
    const first = count === 0 ? 0 : this.#starts[order[0]!]!;
    const reach = count === 0 ? 0 : this.#starts[order[count - 1]!]! - first;
    const addressSize = reach < 0x100 ? 1 : reach < 0x1_0000 ? 2 : reach < 0x1_0000_0000 ? 4 : 8;
    const infosAt = aligned(aligned(headerSize, addressSize) + addressSize * count, 4);
    const filesAt = infosAt + 4 * count;
    const stringsAt = filesAt + 4 + 4 * this.#files.length;
    const strings = this.#strings.written();
    const functionsAt = aligned(stringsAt + strings.length, 4);
    const infos = this.#infos.written();
    const size = functionsAt + infos.length;
    if (size > 0xffff_ffff) throw new OopscopeError("over-budget", `a GSYM of ${size} bytes: its offsets have 32 bits`, { size });
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    const little = this.#little;
    view.setUint32(0, magic, little);
    view.setUint16(4, version, little);
    view.setUint8(6, addressSize);
    const id = Buffer.from(uuid ?? "", "hex").subarray(0, longestUuid);
    view.setUint8(7, id.length);
    view.setBigUint64(8, BigInt.asUintN(64, base + BigInt(first)), little);
    view.setUint32(16, count, little);
    view.setUint32(20, stringsAt, little);
    view.setUint32(24, strings.length, little);
    bytes.set(id, 28);
    let at = aligned(headerSize, addressSize);
    for (const index of order) {
      const address = this.#starts[index]! - first;
      if (addressSize === 1) view.setUint8(at, address);
      else if (addressSize === 2) view.setUint16(at, address, little);
      else if (addressSize === 4) view.setUint32(at, address, little);
      else view.setBigUint64(at, BigInt(address), little);
      at += addressSize;
    }
    for (const [place, index] of order.entries()) view.setUint32(infosAt + 4 * place, functionsAt + this.#offsets[index]!, little);
    view.setUint32(filesAt, this.#files.length / 2, little);
    for (const [place, offset] of this.#files.entries()) view.setUint32(filesAt + 4 + 4 * place, offset, little);
    bytes.set(strings, stringsAt);
    bytes.set(infos, functionsAt);
    return bytes;
  }

  #chunk(type: number, write: () => void): void {
    const out = this.#infos;
    out.u32(type);
    const at = out.size;
    out.u32(0);
    write();
    out.fix32(at, out.size - at - 4);
  }
}
