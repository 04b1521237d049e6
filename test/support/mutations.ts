import type { Random } from "./seed.ts";

/** Numbers that break readers: the edges of signed and unsigned, sizes that no file has. */
const edges = [0n, 1n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0xffffn, 0x7fff_ffffn, 0x8000_0000n, 0xffff_fff0n, 0xffff_ffffn, 1n << 53n, 1n << 60n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n];

/** One damaged copy of `bytes`: a few of flipped bytes, edge numbers, LEB128 numbers without end, copied and zeroed stretches, or a cut, mostly within `ranges`. */
export function mutated(bytes: Uint8Array, random: Random, ranges: readonly { readonly from: number; readonly to: number }[], other: Uint8Array): Uint8Array {
  let out = Uint8Array.from(bytes);
  const place = (room: number) => {
    const range = ranges.length > 0 && random.below(8) > 0 ? ranges[random.below(ranges.length)]! : { from: 0, to: out.length };
    return Math.min(range.from + random.below(Math.max(1, range.to - range.from)), Math.max(0, out.length - room));
  };
  for (let count = 1 + (random.below(3) === 0 ? random.below(6) : 0); count > 0 && out.length > 0; count--) {
    switch (random.below(8)) {
      case 0:
      case 1:
        out[place(1)] = random.below(256);
        break;
      case 2: {
        const at = place(1);
        out[at] = out[at]! ^ (1 << random.below(8));
        break;
      }
      case 3:
      case 4: {
        const size = [1, 2, 4, 8][random.below(4)]!;
        const at = place(size);
        let value = edges[random.below(edges.length)]!;
        for (let k = 0; k < size && at + k < out.length; k++, value >>= 8n) out[at + k] = Number(value & 0xffn);
        break;
      }
      case 5: {
        const size = 1 + random.below(20);
        out.fill([0xff, 0x80, 0][random.below(3)]!, place(size), Math.min(out.length, place(size) + size));
        break;
      }
      case 6: {
        const from = random.below(other.length);
        const part = other.subarray(from, from + 1 + random.below(64));
        out.set(part.subarray(0, out.length), Math.min(place(part.length), Math.max(0, out.length - part.length)));
        break;
      }
      default:
        if (random.below(4) === 0) out = out.slice(0, random.below(out.length));
        else out[place(1)] = random.below(256);
    }
  }
  return out;
}
