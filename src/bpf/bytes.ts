/** Bytes whose place in memory does not change as long as they are referred to: those of a buffer of their own, which the engine never moves. */
export function fixedBytes(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(size));
}

export const hostIsLittle = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

type Field = readonly ["u32" | "u64", number | bigint];

/**
 * A structure of libbpf's options: its size in front, then the fields, each aligned to its size (libbpf.h, `struct …_opts`). What a newer library would add is
 * behind that size, and taken as zero.
 */
export function options(...fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const bytes = fixedBytes(16 + 8 * fields.length);
  const view = viewOf(bytes);
  let at = 8;
  for (const [kind, value] of fields) {
    if (kind === "u32") {
      view.setUint32(at, Number(value), hostIsLittle);
      at += 4;
    } else {
      at = (at + 7) & ~7;
      view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), hostIsLittle);
      at += 8;
    }
  }
  at = (at + 7) & ~7;
  view.setBigUint64(0, BigInt(at), hostIsLittle);
  return bytes.subarray(0, at);
}

export function u32(value: number): Uint8Array<ArrayBuffer> {
  const bytes = fixedBytes(4);
  viewOf(bytes).setUint32(0, value, hostIsLittle);
  return bytes;
}
