/** A field of `width` bits as a number in two's complement. */
export function signed(value: number, width: number): number {
  return value >= 2 ** (width - 1) ? value - 2 ** width : value;
}

/** An address as objdump prints it: 64 bits, wrapping. */
export function addressText(address: number): string {
  return `0x${BigInt.asUintN(64, BigInt(address)).toString(16)}`;
}

/** As C's `%.18e`. */
export function floatText(value: number): string {
  return value.toExponential(18).replace(/e([+-])(\d)$/, "e$10$2");
}
