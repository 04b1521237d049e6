/** Random numbers that a seed repeats (mulberry32). */
export type Random = { readonly seed: number; /** An integer from 0 to `below`, exclusive. */ below(below: number): number; bytes(size: number): Uint8Array };

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * limit);
  };
  return { seed, below, bytes: (size) => Uint8Array.from({ length: size }, () => below(256)) };
}

/** Random numbers for a test: from OOPSCOPE_SEED, else from the clock; the seed is printed so that a failure can be repeated. */
export function randomForTest(name: string): Random {
  const seed = process.env["OOPSCOPE_SEED"] === undefined ? Date.now() % 1_000_000_000 : Number(process.env["OOPSCOPE_SEED"]);
  console.log(`${name}: OOPSCOPE_SEED=${seed}`);
  return randomFrom(seed);
}
