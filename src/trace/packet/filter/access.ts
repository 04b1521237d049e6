import { r0, r1, r10, r2, r3, r4, reg, type Assembler, type Register } from "../../../bpf/index.ts";

/** How a filter's program gets at the packet. All of it may use r0 to r5, and nothing else. */
export type PacketAccess = {
  /** Puts a number of the packet's, which is in network order there, into `into`, in the machine's order; where the bytes are not there it jumps to `miss`. */
  readonly load: (code: Assembler, place: Place, size: 1 | 2 | 4, into: Register, miss: string) => void;
  /** Puts the packet's length in bytes, from where it begins for the filter, into `into`. */
  readonly length: (code: Assembler, into: Register) => void;
  /** Puts the ethertype (`skb->protocol`, in the machine's order) into `into`. For `cooked`. */
  readonly protocol?: (code: Assembler, into: Register) => void;
  /** Puts the number of the VLAN whose tag stands beside the packet (`skb->vlan_tci`, 12 bits) into `into`, or jumps to `none`. */
  readonly vlan?: (code: Assembler, into: Register, none: string) => void;
};

/** Bytes from where the packet begins, below 2^31; with `register` what is in it is added, a number of 32 bits. */
export type Place = { readonly offset: number; readonly register: Register | null };

/** Places on the stack (negative, from r10), eight bytes each. */
export type ProbedPacket = {
  /** The kernel's address of the packet's first byte, and how many bytes lie there in one piece. */
  readonly base: number;
  readonly captured: number;
  readonly scratch: number;
};

const probeReadKernel = 113;

/** Reads with bpf_probe_read_kernel (5.5), so that an address which is wrong is a miss. */
export function probedLoad({ base, captured, scratch }: ProbedPacket): PacketAccess["load"] {
  return (code, { offset, register }, size, into, miss) => {
    code.load(8, r4, r10, captured);
    if (register === null) code.jump("lt", r4, offset + size, miss).mov(r3, offset);
    else code.mov32(r3, reg(register)).alu("add", r3, offset).mov(r2, reg(r3)).alu("add", r2, size).jump("lt", r4, reg(r2), miss);
    code.load(8, r4, r10, base).alu("add", r3, reg(r4));
    code.mov(r1, reg(r10)).alu("add", r1, scratch).mov(r2, size).call(probeReadKernel).jump("ne", r0, 0, miss);
    code.load(size, into, r10, scratch);
    if (size > 1) code.swap(into, "big", size === 2 ? 16 : 32);
  };
}
