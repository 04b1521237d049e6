/** A packet filter, as pcap's syntax means it. Addresses and masks are words of 32 bits in host order. */
export type Filter =
  | { readonly kind: "and" | "or"; readonly left: Filter; readonly right: Filter }
  | { readonly kind: "not"; readonly operand: Filter }
  /** `masks` has as many words as `address`: one (IPv4, ARP, RARP) or four (IPv6). `family` any: IPv4, ARP and RARP. */
  | { readonly kind: "host"; readonly family: "any" | "ip" | "arp" | "rarp" | "ip6"; readonly direction: Direction; readonly address: readonly number[]; readonly masks: readonly number[] }
  | { readonly kind: "ether host"; readonly direction: Direction; readonly address: readonly number[] }
  /** TCP, UDP or SCTP, if `protocol` is null. */
  | { readonly kind: "port"; readonly protocol: number | null; readonly direction: Direction; readonly first: number; readonly last: number }
  /** The protocol that an IP header names; of IPv6 the one behind a fragment header too. */
  | { readonly kind: "protocol"; readonly family: "both" | "ip" | "ip6"; readonly protocol: number }
  | { readonly kind: "ethertype"; readonly type: number }
  | { readonly kind: "ether multicast" | "ether broadcast" | "ip multicast" | "ip6 multicast" }
  /** What stands behind it in the expression counts from behind the tag. */
  | { readonly kind: "vlan"; readonly id: number | null }
  | { readonly kind: "compare"; readonly op: Comparison; readonly left: Value; readonly right: Value };

export type Direction = "source" | "destination" | "either" | "both";
export type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=";
export type Operator = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" | "<<" | ">>";

/** Numbers of 32 bits without sign. */
export type Value =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "length" }
  /** A packet that is not of that protocol makes the comparison false. */
  | { readonly kind: "bytes"; readonly of: BytesOf; readonly offset: Value; readonly size: 1 | 2 | 4 }
  | { readonly kind: "operation"; readonly op: Operator; readonly left: Value; readonly right: Value };

/**
 * Where the bytes count from. `ether`: the link header; `link`: what follows the link header, if its type is `ethertype`; `transport`: what follows an IPv4 header of that
 * protocol, in the first fragment; `icmp6`: what follows an IPv6 header without extensions.
 */
export type BytesOf = { readonly base: "ether" } | { readonly base: "link"; readonly ethertype: number } | { readonly base: "transport"; readonly protocol: number } | { readonly base: "icmp6" };
