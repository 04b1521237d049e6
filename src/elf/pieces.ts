import type { Cursor } from "../base/index.ts";

/** Bytes of a part of a section, for files that keep no more of it. */
export type Piece = { readonly section: number; /** From the section's start. */ readonly from: number; readonly bytes: Uint8Array };

/** The section that holds the pieces: for each u32 section, u32 length, u64 place in the section; then, after a section of 0, their bytes in that order. */
export const piecesSection = ".oopscope.pieces";

const headSize = 16;

export function writePieces(pieces: readonly Piece[], little: boolean): { readonly name: string; readonly bytes: Uint8Array } {
  const heads = (pieces.length + 1) * headSize;
  const bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.bytes.length, heads));
  const view = new DataView(bytes.buffer);
  let at = heads;
  for (const [index, piece] of pieces.entries()) {
    view.setUint32(index * headSize, piece.section, little);
    view.setUint32(index * headSize + 4, piece.bytes.length, little);
    view.setBigUint64(index * headSize + 8, BigInt(piece.from), little);
    bytes.set(piece.bytes, at);
    at += piece.bytes.length;
  }
  return { name: piecesSection, bytes };
}

/** Where the pieces of each section stand. Damaged ones are left out: there are no bytes then, which is said. */
export class Pieces {
  readonly #at: Cursor;
  readonly #bySection = new Map<number, { readonly from: number; readonly to: number; readonly at: number }[]>();

  constructor(at: Cursor) {
    this.#at = at;
    const heads: { section: number; length: number; from: number }[] = [];
    while (at.at + headSize <= at.end) {
      const section = at.u32();
      const length = at.u32();
      const from = at.u64From(0, 0);
      if (section === 0) break;
      heads.push({ section, length, from });
    }
    let next = at.at;
    for (const { section, length, from } of heads) {
      if (next + length > at.end) break;
      const list = this.#bySection.get(section);
      const piece = { from, to: from + length, at: next };
      if (list) list.push(piece);
      else this.#bySection.set(section, [piece]);
      next += length;
    }
  }

  /** The bytes from `from` up to `to` if one piece has them all, else null. */
  read(section: number, from: number, to: number): Uint8Array | null {
    const piece = this.#bySection.get(section)?.find((one) => from >= one.from && to <= one.to);
    return piece ? this.#at.bytes.slice(piece.at + from - piece.from, piece.at + to - piece.from) : null;
  }
}
