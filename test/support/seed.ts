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

/** Random numbers for a test: the same at each run, or those of OOPSCOPE_SEED (`random`: from the clock). The seed is printed so that a failure can be repeated. */
export function randomForTest(name: string): Random {
  const wanted = process.env["OOPSCOPE_SEED"] ?? "1";
  const seed = wanted === "random" ? Date.now() % 1_000_000_000 : Number(wanted);
  console.log(`${name}: OOPSCOPE_SEED=${seed}`);
  return randomFrom(seed);
}
