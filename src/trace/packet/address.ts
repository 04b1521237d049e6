/** An IPv4 address, four bytes, as `192.0.2.1`. */
export function ipv4Text(bytes: Uint8Array): string {
  return `${bytes[0]!}.${bytes[1]!}.${bytes[2]!}.${bytes[3]!}`;
}

/**
 * An IPv6 address, sixteen bytes, in the one form that RFC 5952 recommends: lower case, no leading zeros, the longest run of two or more zero groups as `::` (the first of
 * equal ones), and the last four bytes of an IPv4-mapped address (::ffff:0:0/96) in decimal.
 */
export function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return `::ffff:${ipv4Text(bytes.subarray(12))}`;
  let longest = { from: 0, size: 1 };
  for (let from = 0; from < 8; from++) {
    let size = 0;
    while (groups[from + size] === 0) size++;
    if (size > longest.size) longest = { from, size };
  }
  const text = (from: number, to: number) => groups.slice(from, to).map((group) => group.toString(16)).join(":");
  return longest.size === 1 ? text(0, 8) : `${text(0, longest.from)}::${text(longest.from + longest.size, 8)}`;
}

/** An Ethernet address, six bytes, as `02:00:5e:10:00:ff`; other lengths alike. */
export function macText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** An IPv4 or IPv6 address with a port: `192.0.2.1:80`, `[2001:db8::1]:80` (RFC 5952, section 6). */
export function withPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
