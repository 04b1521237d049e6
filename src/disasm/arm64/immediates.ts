/**
 * The value of a bitmask immediate (DecodeBitMasks, shared/functions/pseudo): a run of `imms + 1` ones, rotated right by `immr`, in elements of 2 to 64
 * bits. Null for fields that stand for none.
 */
export function logicalImmediate(n: number, imms: number, immr: number, wide: boolean): bigint | null {
  if (n === 1 && !wide) return null;
  const length = 31 - Math.clz32((n << 6) | (~imms & 63));
  if (length < 1) return null;
  const size = 1 << length;
  const ones = (imms & (size - 1)) + 1;
  if (ones === size) return null;
  const rotate = BigInt(immr & (size - 1));
  const run = (1n << BigInt(ones)) - 1n;
  const element = BigInt.asUintN(size, (run >> rotate) | (run << (BigInt(size) - rotate)));
  let value = 0n;
  for (let at = 0; at < (wide ? 64 : 32); at += size) value |= element << BigInt(at);
  return value;
}
