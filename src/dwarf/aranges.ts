import type { Cursor } from "../base/index.ts";
import type { DebugSections } from "./sections.ts";
import { Skips, lowerBound } from "./sorted.ts";

/** What .debug_aranges lists: of each range its first address (image offset), its size and its unit's offset; and all units that it names. */
export type Aranges = { readonly lows: Column; readonly sizes: Column; readonly owners: Column; readonly units: ReadonlySet<number> };

/** In small integers if all fit: each number that is read out of a Float64Array is put on the heap. */
type Column = Int32Array | Float64Array;

/** Reads .debug_aranges (DWARF 5, 6.1.2) whole. */
export function readAranges(sections: DebugSections): Aranges {
  const size = sections.size("aranges");
  if (size === 0) return { lows: new Int32Array(), sizes: new Int32Array(), owners: new Int32Array(), units: new Set() };
  const at = sections.slice("aranges", 0, size);
  return readSets(sections, at, Int32Array) ?? readSets(sections, at, Float64Array)!;
}

/** Null where a number does not fit the columns. */
function readSets(sections: DebugSections, at: Cursor, Kind: typeof Int32Array | typeof Float64Array): Aranges | null {
  const units = new Set<number>();
  const size = at.end;
  const most = Kind === Int32Array ? 0x7fff_ffff : Infinity;
  const { base } = sections.elf;
  const baseHigh = Number(base >> 32n);
  const baseLow = Number(base & 0xffff_ffffn);
  // A tuple has 8 bytes at least.
  const lows = new Kind(size >>> 3);
  const sizes = new Kind(size >>> 3);
  const owners = new Kind(size >>> 3);
  let count = 0;
  at.at = 0;
  while (at.at + 12 <= size) {
    const start = at.at;
    let length = at.u32();
    let wide = false;
    if (length === 0xffff_ffff) {
      length = at.u64();
      wide = true;
    }
    const end = at.at + length;
    if (length === 0 || end > size) throw at.fail(`a set that ends at 0x${end.toString(16)}, past the section's end at 0x${size.toString(16)}`, start);
    const version = at.u16();
    const unit = wide ? at.u64() : at.u32();
    const address = at.u8();
    const segment = at.u8();
    if (version !== 2 || (address !== 4 && address !== 8) || segment !== 0) throw at.fail(`a set of version ${version} with addresses of ${address} and segments of ${segment} bytes`, start);
    // Tuples begin at a multiple of their own size from the set's start.
    const tuple = address * 2;
    at.at = start + Math.ceil((at.at - start) / tuple) * tuple;
    units.add(unit);
    while (at.at + tuple <= end) {
      const low = address === 8 ? at.u64From(baseHigh, baseLow) : at.u32() - baseLow;
      const length = address === 8 ? at.u64From(0, 0) : at.u32();
      if (length === 0) continue;
      if (low > most || low < -most || length > most || unit > most) return null;
      lows[count] = low;
      sizes[count] = length;
      owners[count] = unit;
      count++;
    }
    at.at = end;
  }
  return { lows: lows.subarray(0, count), sizes: sizes.subarray(0, count), owners: owners.subarray(0, count), units };
}

/** Which unit owns each wanted address (sorted image offsets): `found[i]` is the unit's offset or stays -1. The first range wins. */
export function ownersByAranges({ lows, sizes, owners }: Aranges, addresses: Float64Array, found: Float64Array): void {
  const wanted = addresses.every((address) => (address | 0) === address) ? new Int32Array(addresses) : addresses;
  const first = wanted[0]!;
  const last = wanted[wanted.length - 1]!;
  const free = new Skips(wanted.length);
  for (let range = 0; range < lows.length; range++) {
    const low = lows[range]!;
    const high = low + sizes[range]!;
    if (low > last || high <= first) continue;
    for (let index = free.from(lowerBound(wanted, low)); index < wanted.length && wanted[index]! < high; index = free.from(index + 1)) {
      found[index] = owners[range]!;
      free.take(index);
    }
  }
}
