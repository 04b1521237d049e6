import type { DebugSections } from "./sections.ts";
import { Skips, lowerBound } from "./sorted.ts";

/**
 * Which unit owns each wanted address (sorted image offsets), by .debug_aranges (DWARF 5, 6.1.2): one pass over its tuples, that keeps nothing but the
 * answers. Returns the units that the section lists; `owners[i]` is the unit's offset or stays -1.
 */
export function ownersByAranges(sections: DebugSections, wanted: Float64Array, owners: Float64Array): Set<number> {
  const listed = new Set<number>();
  const size = sections.size("aranges");
  if (size === 0) return listed;
  const at = sections.kept("aranges", 0);
  const { base } = sections.elf;
  const baseHigh = Number(base >> 32n);
  const baseLow = Number(base & 0xffff_ffffn);
  const first = wanted[0]!;
  const last = wanted[wanted.length - 1]!;
  const free = new Skips(wanted.length);
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
    listed.add(unit);
    while (at.at + tuple <= end) {
      const low = address === 8 ? at.u64From(baseHigh, baseLow) : at.u32() - baseLow;
      const count = address === 8 ? at.u64From(0, 0) : at.u32();
      if (count === 0 || low > last || low + count <= first) continue;
      for (let index = free.from(lowerBound(wanted, low)); index < wanted.length && wanted[index]! < low + count; index = free.from(index + 1)) {
        owners[index] = unit;
        free.take(index);
      }
    }
    at.at = end;
  }
  return listed;
}
