/** What a 64-bit value is by its bits alone (include/linux/poison.h, include/linux/err.h). */
export type Meaning = {
  readonly is: "null" | "error" | "freed" | "fresh" | "redzone" | "list-poison" | "text" | "shadow" | "user" | "non-canonical";
  /** In words: `NULL plus 0x18`, `the error pointer -12 (ENOMEM)`. */
  readonly what: string;
};

const errors: Readonly<Record<number, string>> = {
  1: "EPERM", 2: "ENOENT", 3: "ESRCH", 4: "EINTR", 5: "EIO", 6: "ENXIO", 7: "E2BIG", 9: "EBADF", 11: "EAGAIN", 12: "ENOMEM", 13: "EACCES", 14: "EFAULT", 16: "EBUSY",
  17: "EEXIST", 19: "ENODEV", 20: "ENOTDIR", 21: "EISDIR", 22: "EINVAL", 25: "ENOTTY", 28: "ENOSPC", 30: "EROFS", 32: "EPIPE", 34: "ERANGE", 36: "ENAMETOOLONG",
  38: "ENOSYS", 61: "ENODATA", 71: "EPROTO", 75: "EOVERFLOW", 90: "EMSGSIZE", 95: "EOPNOTSUPP", 97: "EAFNOSUPPORT", 104: "ECONNRESET", 105: "ENOBUFS", 107: "ENOTCONN",
  110: "ETIMEDOUT", 111: "ECONNREFUSED", 113: "EHOSTUNREACH", 115: "EINPROGRESS", 512: "ERESTARTSYS", 517: "EPROBE_DEFER", 524: "ENOTSUPP",
};

/** The first page is never mapped. */
const page = 0x1000n;
const listPoison = [
  { at: 0xdead000000000100n, name: "LIST_POISON1, the `next` of an entry that was deleted" },
  { at: 0xdead000000000122n, name: "LIST_POISON2, the `prev` of an entry that was deleted" },
  { at: 0xdead000000000200n, name: "LIST_POISON2, the `prev` of an entry that was deleted" },
];
/** How far from a poisoned pointer a member may lie. */
const reach = 0x20n;

/** What is known of a value, or null for one that could be any pointer of the kernel. */
export function meaningOf(value: bigint): Meaning | null {
  const plus = (offset: bigint) => (offset === 0n ? "" : offset > 0n ? ` plus 0x${offset.toString(16)}` : ` minus 0x${(-offset).toString(16)}`);
  if (value < page) return { is: "null", what: `NULL${plus(value)}` };
  const negative = (1n << 64n) - value;
  if (negative <= 4095n) {
    const name = errors[Number(negative)];
    return { is: "error", what: `the error pointer -${negative}${name === undefined ? "" : ` (${name})`}` };
  }
  const digits = value.toString(16).padStart(16, "0");
  const filled = (byte: string) => digits.slice(0, 12) === byte.repeat(6);
  if (filled("6b")) return { is: "freed", what: `0x6b6b6b6b6b6b6b6b${plus(value - 0x6b6b6b6b6b6b6b6bn)}, the poison of freed slab memory` };
  if (filled("5a")) return { is: "fresh", what: `0x5a5a5a5a5a5a5a5a${plus(value - 0x5a5a5a5a5a5a5a5an)}, the poison of slab memory that nobody has written yet` };
  if (filled("aa")) return { is: "freed", what: "0xaaaaaaaaaaaaaaaa, the poison of a freed page" };
  if (filled("cc") || filled("bb")) return { is: "redzone", what: `0x${digits}, the red zone beside a slab object` };
  for (const { at, name } of listPoison) if (value - at <= reach && at - value <= reach) return { is: "list-poison", what: `${name}${plus(value - at)}` };
  const bytes = digits.match(/../g)!.reverse().map((pair) => parseInt(pair, 16));
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return { is: "text", what: `the text ${JSON.stringify(String.fromCharCode(...bytes))}` };
  // KASAN_SHADOW_OFFSET of x86-64; one byte of shadow stands for eight.
  const shadow = value - 0xdffffc0000000000n;
  if (shadow >= 0n && shadow < page >> 3n) return { is: "shadow", what: `KASAN's shadow of NULL${plus(shadow << 3n)}` };
  if (value < 1n << 47n) return { is: "user", what: "an address of user space" };
  return value < 0xff00000000000000n ? { is: "non-canonical", what: "no address at all (non-canonical)" } : null;
}
