import { OopscopeError } from "../base/index.ts";
import { indexedAddress, type Entry } from "./entry.ts";
import type { Unit } from "./unit.ts";

/** Ranges of one entry; a kernel function has at most a handful, a unit some thousands. */
const mostRanges = 1 << 20;

/** Calls `visit` with each `[low, high)` of an entry, as image offsets; empty and removed ones are left out. Ends early when `visit` says true. */
export function forEachRange(unit: Unit, entry: Entry, visit: (low: number, high: number) => boolean): boolean {
  if (entry.ranges >= 0) {
    if (unit.header.version >= 5) return forEachListed(unit, entry, visit);
    return forEachPair(unit, unit.rangesBase + entry.ranges, visit);
  }
  if (entry.high > entry.low && isPlace(entry.low)) return visit(entry.low, entry.high);
  return false;
}

export function covers(unit: Unit, entry: Entry, address: number): boolean {
  if (entry.ranges < 0) return address >= entry.low && address < entry.high;
  return forEachRange(unit, entry, (low, high) => address >= low && address < high);
}

/** Whether the entry says anything of where its code lies. */
export function hasRange(entry: Entry): boolean {
  return entry.ranges >= 0 || entry.high > entry.low;
}

const isPlace = (offset: number): boolean => Math.abs(offset) < Number.MAX_SAFE_INTEGER;

/** .debug_rnglists (DWARF 5, 7.25). A list that is longer than the window on the section is walked again on the whole, past what was visited. */
function forEachListed(unit: Unit, entry: Entry, visit: (low: number, high: number) => boolean): boolean {
  let visited = 0;
  try {
    return walkList(unit, entry, false, (low, high) => {
      visited++;
      return visit(low, high);
    });
  } catch (error) {
    if (!(error instanceof OopscopeError)) throw error;
    let skip = visited;
    return walkList(unit, entry, true, (low, high) => (skip-- > 0 ? false : visit(low, high)));
  }
}

function walkList(unit: Unit, entry: Entry, whole: boolean, visit: (low: number, high: number) => boolean): boolean {
  const { sections, header, rnglistsBase } = unit;
  const { address, offset } = header.sizes;
  let start = entry.ranges;
  if (entry.rangesIndexed) {
    const table = sections.window("rnglists", rnglistsBase + entry.ranges * offset, whole);
    start = rnglistsBase + (offset === 8 ? table.u64() : table.u32());
  }
  const at = sections.window("rnglists", start, whole);
  const readAddress = () => (address === 8 ? at.u64From(unit.baseHigh, unit.baseLow) : at.u32() - unit.baseLow);
  let base = unit.root.low;
  for (let count = 0; ; count++) {
    if (count > mostRanges) throw at.fail(`a list of more than ${mostRanges} ranges`);
    sections.budget.spend(1);
    let low: number;
    let high: number;
    const kind = at.u8();
    switch (kind) {
      case 0: // DW_RLE_end_of_list
        return false;
      case 1: // base_addressx
        base = indexedAddress(unit, at.uleb());
        continue;
      case 2: // startx_endx
        low = indexedAddress(unit, at.uleb());
        high = indexedAddress(unit, at.uleb());
        break;
      case 3: // startx_length
        low = indexedAddress(unit, at.uleb());
        high = low + at.uleb();
        break;
      case 4: // offset_pair
        low = base + at.uleb();
        high = base + at.uleb();
        break;
      case 5: // base_address
        base = readAddress();
        continue;
      case 6: // start_end
        low = readAddress();
        high = readAddress();
        break;
      case 7: // start_length
        low = readAddress();
        high = low + at.uleb();
        break;
      default:
        throw at.fail(`range entry kind ${kind} is unknown`, at.at - 1);
    }
    if (high > low && isPlace(low) && visit(low, high)) return true;
  }
}

/** .debug_ranges (DWARF 4, 2.17.3). */
function forEachPair(unit: Unit, start: number, visit: (low: number, high: number) => boolean): boolean {
  const { sections, header } = unit;
  const wide = header.sizes.address === 8;
  const at = sections.kept("ranges", start);
  let base: number | null = null;
  for (let count = 0; ; count++) {
    if (count > mostRanges) throw at.fail(`a list of more than ${mostRanges} ranges`);
    sections.budget.spend(1);
    // Offsets from the base, not addresses; all ones in the first announce a new base.
    const from = at.at;
    const first = wide ? at.u64From(0, 0) : at.u32();
    const isBase = wide ? at.view.getUint32(from, at.little) === 0xffff_ffff && at.view.getUint32(from + 4, at.little) === 0xffff_ffff : first === 0xffff_ffff;
    const secondAt = at.at;
    const second = wide ? at.u64From(0, 0) : at.u32();
    if (isBase) {
      at.at = secondAt;
      base = wide ? at.u64From(unit.baseHigh, unit.baseLow) : at.u32() - unit.baseLow;
      continue;
    }
    if (first === 0 && second === 0) return false;
    let low: number;
    let high: number;
    if (base === null && !(unit.root.low === unit.root.low && unit.root.low !== -imageBase(unit))) {
      // Without a base the pairs are addresses themselves.
      at.at = from;
      low = wide ? at.u64From(unit.baseHigh, unit.baseLow) : at.u32() - unit.baseLow;
      high = wide ? at.u64From(unit.baseHigh, unit.baseLow) : at.u32() - unit.baseLow;
    } else {
      low = (base ?? unit.root.low) + first;
      high = (base ?? unit.root.low) + second;
    }
    if (high > low && isPlace(low) && visit(low, high)) return true;
  }
}

/** What an address of 0 is less. */
const imageBase = (unit: Unit): number => unit.baseHigh * 0x1_0000_0000 + unit.baseLow;
