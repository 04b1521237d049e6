import type { MemoryAccess } from "../types.ts";
import { decodeWord } from "./decode.ts";
import { signed } from "./numbers.ts";
import { register, registerOrSp } from "./operands.ts";

// Loads and stores by their encodings (C4.1.96). Sizes are of memory, not of registers; a pair's is that of both.

type Address = Pick<MemoryAccess, "index" | "offset" | "writeback">;

const plain: Address = { index: null, offset: 0, writeback: "none" };
const at = (offset: number): Address => ({ ...plain, offset });

/**
 * The memory operand of a word; null if it has none, is undefined, or is of a group whose accesses are no plain ones: memory tags, memory copies, SVE.
 */
export function accessOf(word: number): MemoryAccess | null {
  // bits 27 and 25: all loads and stores.
  if (((word >>> 25) & 5) !== 4 || !decodeWord(word, 0).valid) return null;
  const found = exclusive(word) ?? literal(word) ?? pair(word) ?? single(word) ?? orderedUnscaled(word) ?? structure(word);
  if (!found) return null;
  const [kind, size, address] = found;
  return { kind, base: address === null ? null : registerOrSp((word >>> 5) & 31, true), ...(address ?? at(literalOffset(word))), size };
}

/** Kind, size in bytes, and the address; null for one that counts from the instruction. */
type Found = readonly [kind: MemoryAccess["kind"], size: number, address: Address | null] | null;

const bit = (word: number, place: number) => (word >>> place) & 1;
const loadOrStore = (load: number) => (load ? "load" : "store");

function exclusive(word: number): Found {
  if ((word & 0x3f000000) !== 0x08000000) return null;
  const size = 1 << (word >>> 30);
  const [ordered, load, two] = [bit(word, 23), bit(word, 22), bit(word, 21)];
  if (!two) return [loadOrStore(load), size, plain];
  if (ordered) return ["update", size, plain]; // CAS
  return word >>> 31 === 0 ? ["update", 8 << bit(word, 30), plain] : [loadOrStore(load), 2 * size, plain]; // CASP; LDXP, STXP
}

function literal(word: number): Found {
  if ((word & 0x3b000000) !== 0x18000000) return null;
  const opc = word >>> 30;
  if (bit(word, 26)) return ["load", 4 << opc, null];
  return opc === 3 ? ["prefetch", 8, null] : ["load", opc === 1 ? 8 : 4, null];
}

const literalOffset = (word: number) => signed((word >>> 5) & 0x7ffff, 19) * 4;

function pair(word: number): Found {
  if ((word & 0x3a000000) !== 0x28000000) return null;
  const opc = word >>> 30;
  const load = bit(word, 22);
  const tagged = opc === 1 && !bit(word, 26) && !load; // STGP: offsets count in granules
  const one = bit(word, 26) ? 4 << opc : opc === 2 || tagged ? 8 : 4;
  const offset = signed((word >>> 15) & 127, 7) * (tagged ? 16 : one);
  const way = (word >>> 23) & 3;
  return [loadOrStore(load), 2 * one, indexedBy(way === 1 ? "after" : way === 3 ? "before" : "none", offset)];
}

/** One that is added after the access is no part of the address. */
function indexedBy(writeback: MemoryAccess["writeback"], offset: number): Address {
  return { index: null, offset: writeback === "after" ? 0 : offset, writeback };
}

function single(word: number): Found {
  if ((word & 0x3a000000) !== 0x38000000) return null;
  const vector = bit(word, 26);
  const opc = (word >>> 22) & 3;
  const log = vector ? ((opc >>> 1) << 2) | (word >>> 30) : word >>> 30;
  const size = 1 << log;
  const kind = !vector && log === 3 && opc === 2 ? "prefetch" : loadOrStore(vector ? opc & 1 : opc);
  if (bit(word, 24)) return [kind, size, at(((word >>> 10) & 0xfff) * size)];
  const way = (word >>> 10) & 3;
  if (!bit(word, 21)) return [kind, size, indexedBy(way === 1 ? "after" : way === 3 ? "before" : "none", signed((word >>> 12) & 511, 9))];
  if (way === 2) return [kind, size, { ...plain, index: indexOf(word, log) }];
  if (way === 0) return atomic(word, size);
  return ["load", 8, indexedBy(bit(word, 11) ? "before" : "none", signed(bit(word, 22) * 512 + ((word >>> 12) & 511), 10) * 8)]; // LDRAA, LDRAB
}

function indexOf(word: number, log: number): MemoryAccess["index"] {
  const option = (word >>> 13) & 7;
  const extend = option === 2 ? "uxtw" : option === 6 ? "sxtw" : option === 7 ? "sxtx" : "lsl";
  return { register: register((word >>> 16) & 31, (option & 1) === 1), extend, shift: bit(word, 12) ? log : 0 };
}

function atomic(word: number, size: number): Found {
  const operation = (word >>> 12) & 15;
  if (operation === 0b1100) return ["load", size, plain]; // LDAPR
  if (operation === 0b1101) return ["load", 64, plain]; // LD64B
  if (operation >= 0b1001) return ["store", 64, plain]; // ST64B, ST64BV, ST64BV0
  return ["update", size, plain];
}

/** LDAPUR and STLUR. */
function orderedUnscaled(word: number): Found {
  if ((word & 0x3f200c00) !== 0x19000000) return null;
  return [loadOrStore((word >>> 22) & 3), 1 << (word >>> 30), at(signed((word >>> 12) & 511, 9))];
}

/** LD1 to LD4 and their like. */
function structure(word: number): Found {
  if ((word & 0xbe000000) >>> 0 !== 0x0c000000) return null;
  const address = indexedBy(bit(word, 23) ? "after" : "none", 0);
  const kind = loadOrStore(bit(word, 22));
  if (!bit(word, 24)) {
    const registers = { 0: 4, 2: 4, 4: 3, 6: 3, 7: 1, 8: 2, 10: 2 }[(word >>> 12) & 15]!;
    return [kind, registers * (bit(word, 30) ? 16 : 8), address];
  }
  const registers = ((word >>> 13) & 1) * 2 + bit(word, 21) + 1;
  const scale = (word >>> 14) & 3;
  const log = scale === 2 ? 2 + bit(word, 10) : scale === 3 ? (word >>> 10) & 3 : scale;
  return [kind, registers << log, address];
}
