import { Cursor, OopscopeError } from "../base/index.ts";
import * as dw from "./constants.ts";
import { readDie, type AttributeValue } from "./die.ts";
import { indexedAddress } from "./entry.ts";
import type { Unit } from "./unit.ts";

// Where variables are: location expressions (DWARF 5, 2.5 and 7.7.1) and location lists (7.7.3; .debug_loc of version 4, 2.6.2). Nothing is evaluated
// beyond what can be told from the file: a location is said in terms of registers.

/** What a value or an address counts from. Registers by DWARF's numbers. `frame`: the canonical frame address, RSP before the call that entered. */
export type LocationBase =
  | { readonly kind: "register"; readonly register: number }
  | { readonly kind: "entry"; readonly register: number }
  | { readonly kind: "frame" }
  | { readonly kind: "constant" }
  /** The image itself: what is added is an image offset. */
  | { readonly kind: "image" };

/** What is computed of such: `register * 16 + table`. */
export type Computation = { readonly base: LocationBase; readonly offset: bigint } | { readonly operator: "+" | "-" | "*" | "<<" | "&" | "|" | "^" | ">>"; readonly left: Computation; readonly right: Computation };

export type Location =
  | { readonly kind: "register"; readonly register: number }
  /** The value itself: a base and an offset to it (wraps at 64 bits). */
  | { readonly kind: "value"; readonly base: LocationBase; readonly offset: bigint }
  /** The value itself, as more than a sum of two. */
  | { readonly kind: "computed"; readonly value: Computation }
  /** In memory at a base and an offset. */
  | { readonly kind: "memory"; readonly base: LocationBase; readonly offset: bigint }
  /** In memory at an address of the image. */
  | { readonly kind: "global"; readonly address: number }
  /** The value's bytes, as many as it has. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "pieces"; readonly pieces: readonly { readonly size: number; readonly location: Location }[] }
  | { readonly kind: "none"; readonly why: string };

/** Where something is from one address up to another, as image offsets. */
export type LocationRange = { readonly low: number; readonly high: number; readonly location: Location };

/** The frame base of a function: what DW_OP_fbreg counts from. */
export type FrameBase = { readonly base: LocationBase; readonly offset: bigint } | null;

const none = (why: string): Location => ({ kind: "none", why });
const mostRanges = 1 << 14;
const mostOperations = 256;

/**
 * All places of a DW_AT_location. One that holds wherever the variable is in scope is one range without bounds. An empty list is a variable that was
 * optimized out. Throws `malformed` for a list that its section does not hold.
 */
export function readLocations(unit: Unit, value: AttributeValue | undefined, frameBase: FrameBase): LocationRange[] {
  if (!value) return [];
  if (value.kind === "block") return [{ low: -Infinity, high: Infinity, location: evaluate(unit, value.bytes, frameBase) }];
  if (value.kind !== "list") return [];
  return unit.header.version >= 5 ? readList(unit, value.offset, value.indexed, frameBase) : readPairs(unit, value.offset, frameBase);
}

/** The frame base that a DW_AT_frame_base says. */
export function readFrameBase(unit: Unit, value: AttributeValue | undefined): FrameBase {
  if (value?.kind !== "block") return null;
  const location = evaluate(unit, value.bytes, null);
  if (location.kind === "register") return { base: location, offset: 0n };
  return location.kind === "memory" ? { base: location.base, offset: location.offset } : null;
}

const listBases = new WeakMap<Unit, number>();

function listBase(unit: Unit): number {
  let base = listBases.get(unit);
  if (base === undefined) {
    const root = readDie(unit, unit.header.first);
    const value = root?.attributes.get(dw.DW_AT_loclists_base);
    base = value?.kind === "list" ? value.offset : unit.header.sizes.offset * 2 + 4;
    listBases.set(unit, base);
  }
  return base;
}

/** .debug_loclists. */
function readList(unit: Unit, offset: number, indexed: boolean, frameBase: FrameBase): LocationRange[] {
  const { sections, header } = unit;
  let start = offset;
  if (indexed) {
    const table = sections.window("loclists", listBase(unit) + offset * header.sizes.offset, false);
    start = listBase(unit) + (header.sizes.offset === 8 ? table.u64() : table.u32());
  }
  return inWindow(unit, "loclists", start, (at) => {
    const address = () => (header.sizes.address === 8 ? at.u64From(unit.baseHigh, unit.baseLow) : at.u32() - unit.baseLow);
    const ranges: LocationRange[] = [];
    let base = unit.root.low;
    for (let count = 0; ; count++) {
      if (count > mostRanges) throw at.fail(`a list of more than ${mostRanges} locations`);
      sections.budget.spend(1);
      let low: number;
      let high: number;
      const kind = at.u8();
      switch (kind) {
        case 0: // DW_LLE_end_of_list
          return ranges;
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
        case 5: // default_location
          low = -Infinity;
          high = Infinity;
          break;
        case 6: // base_address
          base = address();
          continue;
        case 7: // start_end
          low = address();
          high = address();
          break;
        case 8: // start_length
          low = address();
          high = low + at.uleb();
          break;
        case 9: // GNU view_pair: says which of several places at one address; no place itself
          at.skipLeb();
          at.skipLeb();
          continue;
        default:
          throw at.fail(`location entry kind ${kind} is unknown`, at.at - 1);
      }
      push(ranges, unit, low, high, at, at.uleb(), frameBase);
    }
  });
}

/** .debug_loc. */
function readPairs(unit: Unit, start: number, frameBase: FrameBase): LocationRange[] {
  const { sections, header } = unit;
  const wide = header.sizes.address === 8;
  return inWindow(unit, "loc", start, (at) => {
    const ranges: LocationRange[] = [];
    let base: number | null = null;
    for (let count = 0; ; count++) {
      if (count > mostRanges) throw at.fail(`a list of more than ${mostRanges} locations`);
      sections.budget.spend(1);
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
      if (first === 0 && second === 0) return ranges;
      const end = at.at;
      let low: number;
      let high: number;
      // Without a base of the unit the pairs are addresses themselves: a unit of code in pieces says 0.
      const unitBase = Number.isNaN(unit.root.low) || unit.root.low === -(unit.baseHigh * 0x1_0000_0000 + unit.baseLow) ? null : unit.root.low;
      if (base === null && unitBase === null) {
        at.at = from;
        low = wide ? at.u64From(unit.baseHigh, unit.baseLow) : at.u32() - unit.baseLow;
        high = wide ? at.u64From(unit.baseHigh, unit.baseLow) : at.u32() - unit.baseLow;
      } else {
        low = (base ?? unitBase!) + first;
        high = (base ?? unitBase!) + second;
      }
      at.at = end;
      push(ranges, unit, low, high, at, at.u16(), frameBase);
    }
  });
}

function push(ranges: LocationRange[], unit: Unit, low: number, high: number, at: Cursor, size: number, frameBase: FrameBase): void {
  const from = at.at;
  at.skip(size);
  if (high > low) ranges.push({ low, high, location: evaluate(unit, at.bytes.subarray(from, from + size), frameBase) });
}

/** Reads within a part of the section; where that ends too early, within all of it. */
function inWindow<T>(unit: Unit, name: "loc" | "loclists", start: number, read: (at: Cursor) => T): T {
  try {
    return read(unit.sections.window(name, start, false));
  } catch (error) {
    if (!(error instanceof OopscopeError) || error.code !== "malformed") throw error;
    return read(unit.sections.window(name, start, true));
  }
}

/** A value on the expression's stack: a base and an offset, or something that only memory or arithmetic could tell. */
type Item = Computation | { readonly unknown: string };

const constant = (offset: bigint): Item => ({ base: { kind: "constant" }, offset: BigInt.asIntN(64, offset) });
const unknown = (why: string): Item => ({ unknown: why });

/** What a location expression says. Never throws: damaged ones have no location. */
export function evaluate(unit: Unit, bytes: Uint8Array, frameBase: FrameBase): Location {
  if (bytes.length === 0) return none("optimized out");
  const at = new Cursor(bytes, unit.sections.elf.header.little, { file: unit.sections.elf.path, section: "location expression", start: 0 });
  try {
    return run(unit, at, frameBase, 0);
  } catch (error) {
    if (!(error instanceof OopscopeError)) throw error;
    return none(`its location is damaged: ${error.message}`);
  }
}

function run(unit: Unit, at: Cursor, frameBase: FrameBase, depth: number): Location {
  const stack: Item[] = [];
  const pieces: { size: number; location: Location }[] = [];
  let simple: Location | null = null;
  const pop = (): Item => stack.pop() ?? unknown("its location expression pops an empty stack");
  const settle = (): Location => {
    const found = simple;
    simple = null;
    if (found) return found;
    const top = stack.pop();
    if (!top) return none("optimized out");
    if ("unknown" in top) return none(top.unknown);
    if ("operator" in top) return none("its address is computed");
    if (top.base.kind === "image") return { kind: "global", address: Number(top.offset) };
    if (top.base.kind === "constant") return unit.sections.elf.header.wide ? globalAt(unit, top.offset) : none("an absolute address");
    return { kind: "memory", base: top.base, offset: top.offset };
  };
  for (let steps = 0; at.at < at.end; steps++) {
    if (steps > mostOperations) return none("its location expression is too long");
    const op = at.u8();
    if (op >= 0x50 && op <= 0x6f) simple = { kind: "register", register: op - 0x50 };
    else if (op >= 0x30 && op <= 0x4f) stack.push(constant(BigInt(op - 0x30)));
    else if (op >= 0x70 && op <= 0x8f) stack.push({ base: { kind: "register", register: op - 0x70 }, offset: BigInt(at.sleb()) });
    else {
      switch (op) {
        case 0x03: { // addr
          const address = unit.header.sizes.address === 8 ? at.u64From(unit.baseHigh, unit.baseLow) : at.u32() - unit.baseLow;
          stack.push({ base: { kind: "image" }, offset: BigInt(Math.trunc(address)) });
          break;
        }
        case 0xa1: // addrx
        case 0xfb: // GNU_addr_index
          stack.push({ base: { kind: "image" }, offset: BigInt(Math.trunc(indexedAddress(unit, at.uleb()))) });
          break;
        case 0x06: // deref
          pop();
          stack.push(unknown("its value is read from memory"));
          break;
        case 0x94: // deref_size
          at.skip(1);
          pop();
          stack.push(unknown("its value is read from memory"));
          break;
        case 0xa6: // deref_type
        case 0xf6: // GNU_deref_type
          at.skip(1);
          at.skipLeb();
          pop();
          stack.push(unknown("its value is read from memory"));
          break;
        case 0x08: stack.push(constant(BigInt(at.u8()))); break;
        case 0x09: stack.push(constant(BigInt((at.u8() << 24) >> 24))); break;
        case 0x0a: stack.push(constant(BigInt(at.u16()))); break;
        case 0x0b: stack.push(constant(BigInt((at.u16() << 16) >> 16))); break;
        case 0x0c: stack.push(constant(BigInt(at.u32()))); break;
        case 0x0d: stack.push(constant(BigInt(at.i32()))); break;
        case 0x0e:
        case 0x0f: stack.push(constant(at.u64Big())); break;
        case 0x10: stack.push(constant(BigInt(at.uleb()))); break;
        case 0x11: stack.push(constant(BigInt(at.sleb()))); break;
        case 0x12: { // dup
          const top = pop();
          stack.push(top, top);
          break;
        }
        case 0x13: pop(); break; // drop
        case 0x16: { // swap
          const top = pop();
          const second = pop();
          stack.push(top, second);
          break;
        }
        case 0x1c: // minus
        case 0x22: { // plus
          const right = pop();
          const left = pop();
          stack.push(sum(left, right, op === 0x1c));
          break;
        }
        case 0x1a: case 0x1e: case 0x21: case 0x24: case 0x25: case 0x27: { // and, mul, or, shl, shr, xor
          const right = pop();
          const left = pop();
          const operator = op === 0x1a ? "&" : op === 0x1e ? "*" : op === 0x21 ? "|" : op === 0x24 ? "<<" : op === 0x25 ? ">>" : "^";
          stack.push("unknown" in left ? left : "unknown" in right ? right : { operator, left, right });
          break;
        }
        case 0x1b: case 0x1d: case 0x26: // two operands
        case 0x29: case 0x2a: case 0x2b: case 0x2c: case 0x2d: case 0x2e: {
          pop();
          pop();
          stack.push(unknown("its value is computed"));
          break;
        }
        case 0x19: case 0x1f: case 0x20: // abs, neg, not
          pop();
          stack.push(unknown("its value is computed"));
          break;
        case 0x23: stack.push(sum(pop(), constant(BigInt(at.uleb())), false)); break; // plus_uconst
        case 0x90: simple = { kind: "register", register: at.uleb() }; break; // regx
        case 0x91: { // fbreg
          const offset = BigInt(at.sleb());
          stack.push(frameBase ? { base: frameBase.base, offset: frameBase.offset + offset } : unknown("the function says no frame base"));
          break;
        }
        case 0x92: { // bregx
          const register = at.uleb();
          stack.push({ base: { kind: "register", register }, offset: BigInt(at.sleb()) });
          break;
        }
        case 0x93: { // piece
          const size = at.uleb();
          pieces.push({ size, location: settle() });
          break;
        }
        case 0x9d: // bit_piece
          return none("its bits are scattered");
        case 0x96: break; // nop
        case 0x9c: stack.push({ base: { kind: "frame" }, offset: 0n }); break; // call_frame_cfa
        case 0x9e: { // implicit_value
          const size = at.uleb();
          const from = at.at;
          at.skip(size);
          simple = { kind: "bytes", bytes: at.bytes.slice(from, from + size) };
          break;
        }
        case 0x9f: { // stack_value
          const top = pop();
          simple = "unknown" in top ? none(top.unknown) : "operator" in top ? { kind: "computed", value: top } : { kind: "value", base: top.base, offset: top.offset };
          break;
        }
        case 0xa3: // entry_value
        case 0xf3: { // GNU_entry_value
          const size = at.uleb();
          const end = at.at + size;
          if (depth > 4 || end > at.end) return none("its entry value is damaged");
          const inner = run(unit, new Cursor(at.bytes, at.little, at.origin, at.at, end), frameBase, depth + 1);
          at.at = end;
          stack.push(inner.kind === "register" ? { base: { kind: "entry", register: inner.register }, offset: 0n } : unknown("an entry value of another kind than a register"));
          break;
        }
        case 0xa0: // implicit_pointer
        case 0xf2:
          return none("points to a variable that was optimized out");
        case 0xa8: case 0xa9: case 0xf7: case 0xf9: // convert, reinterpret
          at.skipLeb();
          break;
        case 0xa5: case 0xf5: { // regval_type
          const register = at.uleb();
          at.skipLeb();
          stack.push({ base: { kind: "register", register }, offset: 0n });
          break;
        }
        case 0xa4: case 0xf4: // const_type
          at.skipLeb();
          at.skip(at.u8());
          stack.push(unknown("its value is a typed constant"));
          break;
        default:
          return none(`operation 0x${op.toString(16)} of its location is not read`);
      }
    }
  }
  return pieces.length > 0 ? { kind: "pieces", pieces } : settle();
}

function sum(left: Item, right: Item, minus: boolean): Item {
  if ("unknown" in left) return left;
  if ("unknown" in right) return right;
  const whole: Item = { operator: minus ? "-" : "+", left, right };
  if ("operator" in left || "operator" in right) return whole;
  if (right.base.kind === "constant") return { base: left.base, offset: BigInt.asIntN(64, left.offset + (minus ? -right.offset : right.offset)) };
  if (left.base.kind === "constant" && !minus) return { base: right.base, offset: BigInt.asIntN(64, left.offset + right.offset) };
  return whole;
}

function globalAt(unit: Unit, address: bigint): Location {
  const offset = Number(BigInt.asIntN(64, address - unit.sections.elf.base));
  return Number.isSafeInteger(offset) ? { kind: "global", address: offset } : none("an absolute address");
}
