import type { Instruction } from "../types.ts";
import { attText } from "./att.ts";
import { factsOf } from "./facts.ts";
import { withDecoders, type Decoders, type Engine } from "./iced.ts";
import { invalidAt, invalidOpcode, undocumented, unknownTwoByte, vectorBesidePrefixes, vectorPrefix, vectorRead } from "./invalid.ts";
import { prefixName, readPrefixes, type Prefixes } from "./prefixes.ts";

/**
 * Decodes all bytes in order, the way `objdump -d` walks through a section: bytes that make no instruction cost themselves alone, and where the
 * bytes end within an instruction its first byte is named and decoding goes on with the next.
 */
export function decodeAll(engine: Engine, bytes: Uint8Array, wide: boolean): Instruction[] {
  return withDecoders(engine, bytes, wide, (decoders) => {
    const list: Instruction[] = [];
    for (let at = 0; at < bytes.length; ) {
      const next = decodeAt(engine, decoders, bytes, at, wide);
      list.push(next);
      at += next.size;
    }
    return list;
  });
}

function decodeAt(engine: Engine, decoders: Decoders, bytes: Uint8Array, at: number, wide: boolean): Instruction {
  const { iced, instruction } = engine;
  const prefixes = readPrefixes(bytes, at, wide);
  const named = (count: number) => prefixes.bytes.slice(0, count).map((byte) => prefixName(byte, wide)!);
  if (prefixes.detached) return { offset: at, size: prefixes.bytes.length, text: named(prefixes.bytes.length).join(" "), valid: false };
  const place = at + prefixes.size;
  const opcode = bytes[place];
  if (opcode === undefined) return cutOff(bytes, at, wide);
  if (prefixes.wait >= 0 && (opcode < 0xd8 || opcode > 0xdf)) {
    return { offset: at, size: prefixes.wait + 1, text: [...named(prefixes.wait), "fwait"].join(" "), valid: true };
  }
  const reading = readingOf(bytes, place, prefixes, wide);
  const decoder = decoders[reading];
  // iced takes FWAIT for an instruction of its own: decode from after it, without the prefixes before it if there are any.
  const from = prefixes.wait < 0 ? at : prefixes.wait === 0 && prefixes.size === prefixes.bytes.length + 1 ? at + 1 : place;
  decoder.position = from;
  decoder.ip = BigInt(from);
  decoder.decodeOut(instruction);
  const error = decoder.lastError;
  if (error !== iced.DecoderError.None) {
    const vector = reading === "strict" ? vectorBesidePrefixes(engine, bytes, at, prefixes, wide) : undefined;
    if (vector !== undefined) return vector;
    const known = invalidOpcode(opcode, wide) || (opcode >= 0xd8 && opcode <= 0xdf && (bytes[place + 1] ?? 0) >= 0xc0) || vectorPrefix(bytes, place) || unknownTwoByte(engine, bytes, place, wide);
    const cut = error === iced.DecoderError.NoMoreBytes && !known;
    return (cut ? undefined : invalidAt(engine, bytes, at, prefixes, wide)) ?? cutOff(bytes, at, wide, prefixes);
  }
  if (undocumented(bytes, place, prefixes)) return invalidAt(engine, bytes, at, prefixes, wide) ?? cutOff(bytes, at, wide);
  const size = from - at + instruction.length;
  const text = attText({ engine, bytes, at, size, prefixes, wide, facts: factsOf(engine) });
  return { offset: at, size, text, valid: true };
}

/** Which decoder reads this opcode as binutils does. */
function readingOf(bytes: Uint8Array, place: number, prefixes: Prefixes, wide: boolean): keyof Decoders {
  const opcode = bytes[place]!;
  const next = bytes[place + 1] ?? 0;
  if (opcode === 0x62 || opcode === 0xc4 || opcode === 0xc5) return wide || next >= 0xc0 ? "strict" : "usual";
  if (opcode === 0x8f) return (next & 31) >= 8 ? "strict" : "usual";
  if (!prefixes.bytes.includes(0x66)) return "usual";
  const near = opcode === 0xe8 || opcode === 0xe9 || opcode === 0xc2 || opcode === 0xc3 || opcode === 0xff || (opcode === 0x0f && (next & 0xf0) === 0x80);
  return near ? "amd" : "usual";
}

/** The first byte of an instruction that the end of the bytes cuts off: a prefix by its name, anything else as data. */
function cutOff(bytes: Uint8Array, at: number, wide: boolean, prefixes?: Prefixes): Instruction {
  const byte = bytes[at]!;
  const forgotten = prefixes !== undefined && prefixes.rex !== 0 && prefixes.size === 1 && vectorRead(bytes, at + 1);
  return { offset: at, size: 1, text: (forgotten ? undefined : prefixName(byte, wide)) ?? `.byte 0x${byte.toString(16)}`, valid: false };
}
