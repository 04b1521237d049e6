import { r0, r1, r10, r2, r3, r4, r8, reg, type Assembler } from "../../bpf/index.ts";
import { OopscopeError } from "../../base/index.ts";
import { memberAt, type Btf } from "../../btf/index.ts";
import type { Node } from "../expression/index.ts";
import { probedLoad, type PacketAccess } from "../packet/filter/access.ts";
import { compileFilter, needsEthernet } from "../packet/filter/compile.ts";
import type { Filter } from "../packet/filter/tree.ts";
import type { Emitter } from "./emit.ts";
import type { PacketLayout } from "./fields.ts";
import { helper } from "./helpers.ts";

/** Where struct sk_buff has the VLAN tag that stands beside the bytes: its number, in bytes from the start, and the bits of a word that say whether there is one. */
export type TagLayout = { readonly tci: number; readonly present: { readonly offset: number; readonly size: 1 | 4; readonly mask: number } };

/** A packet filter on the sk_buff whose address `node` gives. */
export type PacketFilter = { readonly node: Node; readonly layout: PacketLayout; /** Null where this kernel's types do not tell. */ readonly tag: TagLayout | null; readonly filter: Filter };

/** Null where this kernel's types do not tell. */
export function tagLayout(btf: Btf, skb: number): TagLayout | null {
  const at = (path: string): { readonly bit: number; readonly bits: number; readonly size: number | null } | null => {
    try {
      const { bitOffset, bitSize, size } = memberAt(btf, skb, path);
      return { bit: bitOffset, bits: bitSize, size };
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      return null;
    }
  };
  const tci = at("vlan_tci");
  if (tci?.size !== 2) return null;
  // Before 354259fa73e2 (6.2) a bit says that there is a tag, since then protocol and number together, which are 0 without one.
  const all = at("vlan_all");
  if (all?.size === 4) return { tci: tci.bit / 8, present: { offset: all.bit / 8, size: 4, mask: -1 } };
  const bit = at("vlan_present");
  return bit?.bits === 1 ? { tci: tci.bit / 8, present: { offset: Math.floor(bit.bit / 8), size: 1, mask: 1 << (bit.bit % 8) } } : null;
}

/** Bytes from r10 that a packet filter uses: below these words the filter's own, and the sk_buff's copy at the stack's end. */
const slots = { base: -8, captured: -16, length: -24, scratch: -32 } as const;
const skb = -512;

/**
 * Falls through where the packet matches; jumps to `drop` where it does not, and to `fault` where that cannot be said: the sk_buff cannot be read, or has no header for the filter to begin
 * at. Changes r0 to r5 and r8.
 */
export function emitPacketFilter(code: Assembler, { node, layout, tag, filter }: PacketFilter, emitter: Emitter, stackTop: number, drop: string, fault: string): void {
  const slot = (of: keyof typeof slots): number => stackTop + slots[of];
  emitter.value(node, fault, fault);
  code.mov(r1, reg(r10)).alu("add", r1, skb).mov(r2, layout.size).mov(r3, reg(r8)).call(helper.probeReadKernel).jump("ne", r0, 0, fault);
  const link = needsEthernet(filter) ? "ethernet" : "cooked";
  code.load(2, r2, r10, skb + layout.networkHeader);
  // Headers that are not set: 0 of the network's, all ones of the link's; a link header without bytes is none.
  if (link === "cooked") code.jump("eq", r2, 0, fault);
  else code.load(2, r1, r10, skb + layout.macHeader).jump("eq", r1, 0xffff, fault).jump("eq", r1, reg(r2), fault).mov(r2, reg(r1));
  code.load(4, r3, r10, skb + layout.tail).alu("sub", r3, reg(r2)).jump("sge", r3, 0, "packet-captured").mov(r3, 0).label("packet-captured").store(8, r10, slot("captured"), reg(r3));
  code.load(8, r1, r10, skb + layout.head).alu("add", r1, reg(r2)).store(8, r10, slot("base"), reg(r1));
  // skb->len counts from skb->data.
  code.load(8, r3, r10, skb + layout.data).alu("sub", r3, reg(r1)).load(4, r4, r10, skb + layout.len).alu("add", r3, reg(r4)).store(8, r10, slot("length"), reg(r3));
  const vlan: PacketAccess["vlan"] = tag === null ? undefined : (to, into, none) => {
    const { offset, size, mask } = tag.present;
    to.load(size, into, r10, skb + offset);
    if (mask !== -1) to.alu("and", into, mask);
    to.jump("eq", into, 0, none).load(2, into, r10, skb + tag.tci).alu("and", into, 0xfff);
  };
  compileFilter(filter, {
    code, link, stackTop: slot("scratch"), prefix: "packet-", match: "packet-match", noMatch: drop,
    access: {
      load: probedLoad({ base: slot("base"), captured: slot("captured"), scratch: slot("scratch") }),
      length: (to, into) => void to.load(4, into, r10, slot("length")),
      protocol: (to, into) => void to.load(2, into, r10, skb + layout.protocol).swap(into, "big", 16),
      ...(vlan ? { vlan } : {}),
    },
  });
  code.label("packet-match");
}
