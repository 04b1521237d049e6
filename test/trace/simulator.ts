/** Memory of the pretended kernel: pieces by their addresses. */
export type Memory = { readonly pieces: readonly { readonly address: bigint; readonly bytes: Uint8Array }[] };

export type Machine = {
  readonly memory: Memory;
  /** What programs get in r1. */
  readonly context: bigint;
  readonly pidTgid?: bigint;
  readonly cpu?: number;
  readonly comm?: string;
};

const stackEnd = 0xffff_c900_0000_2000n;
const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const s64 = (value: bigint): bigint => BigInt.asIntN(64, value);
const u32 = (value: bigint): bigint => BigInt.asUintN(32, value);

/**
 * Runs bytecode of the kind that traces are made of (Documentation/bpf/instruction-set.rst), little-endian, with the helpers that read memory. Throws for what the kernel's
 * verifier would refuse: a read of the stack that was not written, memory that is neither the stack nor the machine's, a register without a value.
 */
export function simulate(code: Uint8Array, machine: Machine): bigint {
  const view = new DataView(code.buffer, code.byteOffset, code.length);
  const stack = new Uint8Array(512);
  const written = new Uint8Array(512);
  const registers: (bigint | null)[] = Array.from({ length: 11 }, () => null);
  registers[1] = machine.context;
  registers[10] = stackEnd;
  const read = (address: bigint, size: number): Uint8Array | null => {
    for (const { address: base, bytes } of machine.memory.pieces) if (address >= base && address + BigInt(size) <= base + BigInt(bytes.length)) return bytes.subarray(Number(address - base), Number(address - base) + size);
    return null;
  };
  const onStack = (address: bigint, size: number): number | null => {
    const at = Number(s64(address - stackEnd)) + 512;
    return at >= 0 && at + size <= 512 ? at : null;
  };
  const value = (register: number): bigint => {
    const found = registers[register];
    if (found === null || found === undefined) throw new Error(`r${register} has no value`);
    return found;
  };
  const load = (address: bigint, size: number): bigint => {
    const at = onStack(address, size);
    let bytes: Uint8Array;
    if (at !== null) {
      if (written.subarray(at, at + size).includes(0)) throw new Error(`a read of the stack at ${at - 512} that was not written`);
      bytes = stack.subarray(at, at + size);
    } else {
      const found = read(address, size);
      if (!found) throw new Error(`a load at 0x${address.toString(16)}`);
      bytes = found;
    }
    return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  };
  const put = (address: bigint, bytes: Uint8Array): void => {
    const at = onStack(address, bytes.length);
    if (at === null) throw new Error(`a store at 0x${address.toString(16)}`);
    stack.set(bytes, at);
    written.fill(1, at, at + bytes.length);
  };
  const call = (helper: number): bigint => {
    const destination = (): bigint => value(1);
    switch (helper) {
      case 8:
        return BigInt(machine.cpu ?? 0);
      case 14:
        return machine.pidTgid ?? 0n;
      case 16: {
        const bytes = new Uint8Array(Number(value(2)));
        bytes.set(Buffer.from(machine.comm ?? "").subarray(0, bytes.length - 1));
        put(destination(), bytes);
        return 0n;
      }
      case 113: {
        const size = Number(value(2));
        const found = read(u64(value(3)), size);
        put(destination(), found ?? new Uint8Array(size));
        return found ? 0n : u64(-14n);
      }
      case 115: {
        const size = Number(value(2));
        const bytes: number[] = [];
        for (let at = u64(value(3)); bytes.length < size; at++) {
          const byte = read(at, 1)?.[0];
          if (byte === undefined) return u64(-14n);
          bytes.push(bytes.length === size - 1 ? 0 : byte);
          if (byte === 0) break;
        }
        put(destination(), Uint8Array.from(bytes));
        return BigInt(bytes.length);
      }
      default:
        throw new Error(`helper ${helper}`);
    }
  };
  let at = 0;
  for (let steps = 0; ; steps++) {
    if (steps > 100_000) throw new Error("it does not end");
    if (8 * at >= code.length) throw new Error("it runs over its end");
    const op = view.getUint8(8 * at);
    const dst = view.getUint8(8 * at + 1) & 15;
    const src = view.getUint8(8 * at + 1) >> 4;
    const off = view.getInt16(8 * at + 2, true);
    const imm = view.getInt32(8 * at + 4, true);
    at++;
    const kind = op & 7;
    if (kind === 4 || kind === 7) {
      if ((op & 0xf0) === 0xd0) {
        // To network order, cut to its bits.
        const bytes = Array.from({ length: imm / 8 }, (_, index) => (value(dst) >> BigInt(8 * index)) & 0xffn);
        if ((op & 8) === 0) bytes.reverse();
        registers[dst] = bytes.reduce((sum, byte) => (sum << 8n) | byte, 0n);
        continue;
      }
      const wide = kind === 7;
      const right = (op & 8) !== 0 ? value(src) : u64(BigInt(imm));
      const operation = op & 0xf0;
      const left = operation === 0xb0 ? 0n : value(dst);
      const bits = wide ? 64 : 32;
      const cut = (number: bigint): bigint => BigInt.asUintN(bits, number);
      const count = cut(right);
      if ([0x60, 0x70, 0xc0].includes(operation) && count >= BigInt(bits)) throw new Error(`a shift by ${count}`);
      const results: Readonly<Record<number, () => bigint>> = {
        0x00: () => left + right, 0x10: () => left - right, 0x20: () => left * right, 0x30: () => (cut(right) === 0n ? 0n : cut(left) / cut(right)), 0x40: () => left | right, 0x50: () => left & right,
        0x60: () => left << count, 0x70: () => cut(left) >> count, 0x80: () => -left, 0x90: () => (cut(right) === 0n ? left : cut(left) % cut(right)), 0xa0: () => left ^ right, 0xb0: () => right,
        0xc0: () => BigInt.asIntN(bits, left) >> count,
      };
      const result = results[operation];
      if (!result) throw new Error(`operation 0x${op.toString(16)}`);
      registers[dst] = cut(result());
    } else if (kind === 5) {
      const operation = op & 0xf0;
      if (operation === 0x90) return value(0);
      if (operation === 0x80) {
        const result = call(imm);
        for (let register = 0; register <= 5; register++) registers[register] = null;
        registers[0] = result;
        continue;
      }
      if (operation === 0) {
        at += off;
        continue;
      }
      const left = value(dst);
      const right = (op & 8) !== 0 ? value(src) : u64(BigInt(imm));
      const takes: Readonly<Record<number, () => boolean>> = {
        0x10: () => left === right, 0x20: () => left > right, 0x30: () => left >= right, 0x40: () => (left & right) !== 0n, 0x50: () => left !== right, 0x60: () => s64(left) > s64(right), 0x70: () => s64(left) >= s64(right),
        0xa0: () => left < right, 0xb0: () => left <= right, 0xc0: () => s64(left) < s64(right), 0xd0: () => s64(left) <= s64(right),
      };
      if (takes[operation]!()) at += off;
    } else if (kind === 1) registers[dst] = load(u64(value(src) + BigInt(off)), sizes[op & 0x18]!);
    else if (kind === 2 || kind === 3) {
      const size = sizes[op & 0x18]!;
      const number = kind === 3 ? value(src) : u64(BigInt(imm));
      put(u64(value(dst) + BigInt(off)), Uint8Array.from({ length: size }, (_, index) => Number((number >> BigInt(8 * index)) & 0xffn)));
    } else if (op === 0x18) {
      registers[dst] = u64((BigInt(view.getInt32(8 * at + 4, true)) << 32n) | u32(BigInt(imm)));
      at++;
    } else throw new Error(`code 0x${op.toString(16)}`);
  }
}

const sizes: Readonly<Record<number, number>> = { 0x10: 1, 0x08: 2, 0x00: 4, 0x18: 8 };
