import type { Layer } from "./layers.ts";
import type { Slice } from "./slice.ts";

/** Goes down a packet, a method a header; each adds its layer and goes on with what is within. */
export type Walk = {
  add(layer: Layer): void;
  /** Whether a header of so many bytes is there; else the reason is the last layer. */
  whole(name: string, slice: Slice, size: number): boolean;
  malformed(what: string): void;
  /** What has no header that is known here. */
  payload(what: string | null, slice: Slice): void;
  ethernet(slice: Slice): void;
  byEthertype(type: number, slice: Slice): void;
  /** IPv4 or IPv6, as the first half byte says. */
  ip(slice: Slice): void;
  /** The packet that an ICMP error carries: a walk of its own, which quotes no further. */
  quoted(version: 4 | 6, slice: Slice): Layer[];
};
