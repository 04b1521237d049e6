/**
 * Addresses come in three kinds that must never be mixed.
 *
 * - `RuntimeAddress`: as in the memory of the machine that crashed (with KASLR). A BigInt, since a number loses bits above 2^53.
 * - `LinkAddress`: as in the ELF file. A BigInt for the same reason.
 * - `ImageOffset`: a link address less the image's base, as a number: the unit of all hot paths. Exact as long as it is below 2^53;
 *   a link address that is farther than that from the base (0, or -1 as linkers write for removed code) has none.
 */
export type RuntimeAddress = bigint & { readonly __kind: "runtime" };
export type LinkAddress = bigint & { readonly __kind: "link" };
export type ImageOffset = number & { readonly __kind: "image-offset" };

/** `0x…` in lower case, as all of oopscope's JSON writes addresses. */
export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
