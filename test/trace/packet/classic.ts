/** An instruction of classic BPF, as `tcpdump -ddd` prints it. */
export type Classic = { readonly code: number; readonly jt: number; readonly jf: number; readonly k: number };

/** Reads `tcpdump -ddd`: their number, then a line each. */
export function classicOf(text: string): Classic[] {
  return text.trim().split("\n").slice(1).map((line) => {
    const [code, jt, jf, k] = line.split(" ").map(Number);
    return { code: code!, jt: jt!, jf: jf!, k: k! };
  });
}

/** Runs it (S. McCanne, V. Jacobson: The BSD Packet Filter, 1993): whether the packet is taken. A load past the end ends it with no. `length`: bytes on the wire. */
export function runClassic(program: readonly Classic[], packet: Uint8Array, length: number): boolean {
  let a = 0;
  let x = 0;
  const memory = new Array<number>(16).fill(0);
  const load = (at: number, size: number): number | null => {
    if (at + size > packet.length) return null;
    let value = 0;
    for (let index = 0; index < size; index++) value = value * 256 + packet[at + index]!;
    return value;
  };
  for (let at = 0; at < program.length; ) {
    const { code, jt, jf, k } = program[at++]!;
    const source = (code & 8) !== 0 ? x : k;
    const size = [4, 2, 1][(code >> 3) & 3]!;
    switch (code & 7) {
      case 0:
      case 1: {
        const modes: Readonly<Record<number, () => number | null>> = { 0x00: () => k, 0x20: () => load(k, size), 0x40: () => load(x + k, size), 0x60: () => memory[k]!, 0x80: () => length, 0xa0: () => { const byte = load(k, 1); return byte === null ? null : (byte & 15) * 4; } };
        const value = modes[code & 0xe0]!();
        if (value === null) return false;
        if ((code & 7) === 0) a = value;
        else x = value;
        break;
      }
      case 2:
        memory[k] = a;
        break;
      case 3:
        memory[k] = x;
        break;
      case 4: {
        if ([0x30, 0x90].includes(code & 0xf0) && source === 0) return false;
        const operations: Readonly<Record<number, () => number>> = {
          0x00: () => a + source, 0x10: () => a - source, 0x20: () => Math.imul(a, source), 0x30: () => Math.floor(a / source), 0x40: () => a | source, 0x50: () => a & source,
          0x60: () => (source > 31 ? 0 : a << source), 0x70: () => (source > 31 ? 0 : a >>> source), 0x80: () => -a, 0x90: () => a % source, 0xa0: () => a ^ source,
        };
        a = operations[code & 0xf0]!() >>> 0;
        break;
      }
      case 5: {
        const conditions: Readonly<Record<number, () => boolean>> = { 0x00: () => true, 0x10: () => a === source, 0x20: () => a > source, 0x30: () => a >= source, 0x40: () => (a & source) !== 0 };
        if ((code & 0xf0) === 0) at += k;
        else at += conditions[code & 0xf0]!() ? jt : jf;
        break;
      }
      case 6:
        return ((code & 0x18) === 0x10 ? a : k) !== 0;
      case 7:
        if ((code & 0xf8) === 0) x = a;
        else a = x;
        break;
    }
  }
  throw new Error("it runs over its end");
}
