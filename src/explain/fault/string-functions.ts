/** Of the functions that read and write strings and buffers in assembly: which arguments they write to and read from. */
export const stringFunctions: Readonly<Record<string, { readonly writes?: number; readonly reads?: number }>> = {
  memcpy: { writes: 0, reads: 1 }, memmove: { writes: 0, reads: 1 }, memset: { writes: 0 }, memcmp: { reads: 0 }, bcmp: { reads: 0 }, strlen: { reads: 0 }, strnlen: { reads: 0 }, strcpy: { writes: 0, reads: 1 },
  strncpy: { writes: 0, reads: 1 }, strscpy: { writes: 0, reads: 1 }, strlcpy: { writes: 0, reads: 1 }, strcmp: { reads: 0 }, strncmp: { reads: 0 }, strchr: { reads: 0 }, strrchr: { reads: 0 }, memchr: { reads: 0 },
  clear_page_erms: { writes: 0 }, clear_page_rep: { writes: 0 }, copy_page: { writes: 0, reads: 1 }, memset_erms: { writes: 0 }, memset_orig: { writes: 0 }, memcpy_erms: { writes: 0, reads: 1 }, memcpy_orig: { writes: 0, reads: 1 },
  kfree: { reads: 0 }, kmem_cache_free: { reads: 1 },
};

/** Which argument a function writes as many bytes to as its other arguments say; undefined for functions of another kind. */
export function writtenArgument(name: string): number | undefined {
  const plain = name.replace(/^_+(?:asan_)?/, "");
  return /^v?s(?:c?n)?printf$/.test(plain) || /^(?:strcat|strncat|strlcat|hex_dump_to_buffer|skb_copy_bits|copy_from_user|get_random_bytes)$/.test(plain) ? (known[plain] ?? 0) : stringFunctions[plain]?.writes;
}

/** Of those the ones whose first argument is another thing. */
const known: Readonly<Record<string, number>> = { hex_dump_to_buffer: 4, skb_copy_bits: 2 };
