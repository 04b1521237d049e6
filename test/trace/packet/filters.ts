import { Assembler, r0, r10, r2, r6, reg, type Register } from "../../../src/bpf/index.ts";
import { probedLoad } from "../../../src/trace/packet/filter/access.ts";
import { compileFilter, filterStack, type FilterLink } from "../../../src/trace/packet/filter/compile.ts";
import type { Filter } from "../../../src/trace/packet/filter/tree.ts";
import { simulate } from "../simulator.ts";

/** A packet as the filter's program meets it. `beside`: the VLAN's number in the tag beside the bytes. */
export type Met = { readonly bytes: Uint8Array; readonly length: number; readonly protocol: number; readonly beside?: number };

const base = 0xffff_8880_1234_5003n;
const context = 0xffff_c900_0001_0000n;
/** The program's context: what a tracer would have read from the socket buffer. */
const captured = 0, length = 8, protocol = 12, vlan = 16;
const top = -24;

/** A whole program: r0 is 1 where the filter matches. With `tags` it may look at the tag beside the bytes. */
export function programOf(filter: Filter, link: FilterLink, tags = false): Uint8Array {
  const code = new Assembler();
  code.mov(r6, reg(1));
  code.loadConstant(r0, base).store(8, r10, -8, reg(r0)).load(8, r0, r6, captured).store(8, r10, -16, reg(r0));
  compileFilter(filter, {
    code, link, stackTop: top, prefix: "f", match: "yes", noMatch: "no",
    access: {
      load: probedLoad({ base: -8, captured: -16, scratch: -24 }),
      length: (to, into) => to.load(4, into, r6, length),
      protocol: (to, into) => to.load(4, into, r6, protocol),
      ...(tags ? { vlan: (to: Assembler, into: Register, none: string) => to.load(4, r2, r6, vlan).jump("gt", r2, 0xfff, none).mov(into, reg(r2)) } : {}),
    },
  });
  code.label("yes").mov(r0, 1).exit().label("no").mov(r0, 0).exit();
  const bytes = code.assemble();
  checkReached(bytes);
  checkStack(bytes, top - filterStack);
  return bytes;
}

export function runProgram(program: Uint8Array, { bytes, length: whole, protocol: type, beside }: Met): boolean {
  const fields = new Uint8Array(24);
  const view = new DataView(fields.buffer);
  view.setBigUint64(captured, BigInt(bytes.length), true);
  view.setUint32(length, whole, true);
  view.setUint32(protocol, type, true);
  view.setUint32(vlan, beside ?? 0x1000, true);
  return simulate(program, { memory: { pieces: [{ address: context, bytes: fields }, { address: base, bytes }] }, context }) !== 0n;
}

/** The verifier refuses code that no jump leads to. */
function checkReached(program: Uint8Array): void {
  const view = new DataView(program.buffer, program.byteOffset, program.length);
  const seen = new Set<number>();
  const open = [0];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const op = view.getUint8(8 * at);
    const kind = op & 7;
    const jump = (kind === 5 || kind === 6) && (op & 0xf0) !== 0x80;
    if (op === 0x18) seen.add(at + 1);
    if (op === 0x95) continue;
    if (jump) open.push(at + 1 + view.getInt16(8 * at + 2, true));
    if (op !== 0x05) open.push(op === 0x18 ? at + 2 : at + 1);
  }
  for (let at = 0; at < program.length / 8; at++) if (!seen.has(at)) throw new Error(`instruction ${at} is not reached`);
}

function checkStack(program: Uint8Array, lowest: number): void {
  const view = new DataView(program.buffer, program.byteOffset, program.length);
  for (let at = 0; at < program.length / 8; at++) {
    const store = (view.getUint8(8 * at) & 7) === 3;
    const offset = view.getInt16(8 * at + 2, true);
    if (store && (view.getUint8(8 * at + 1) & 15) === 10 && offset < lowest) throw new Error(`instruction ${at} stores at ${offset}`);
  }
}
