import { Assembler, r0, r1, r10, r2, r3, r4, r6, r7, r8, r9, reg, type MapReference } from "../../bpf/index.ts";
import type { Node } from "../expression/index.ts";
import type { Context } from "./context.ts";
import { Emitter } from "./emit.ts";
import { packetPart, status, type Field, type PacketLayout } from "./fields.ts";
import { helper } from "./helpers.ts";
import { emitPacketFilter, type PacketFilter } from "./packet-filter.ts";
import { header, kinds, kindShift, type RecordLayout } from "./record.ts";

/** Words of the map of counters. `probes`: from there on one word for each probe. */
export const counter = { full: 0, rate: 1, faults: 2, calls: 3, window: 4, inWindow: 5, probes: 8 } as const;

/** What programs share. */
export type ProgramMaps = {
  /** An array of eight-byte words in one value. */
  readonly counters: MapReference;
  readonly ring: MapReference;
  /** Calls that have not returned, by `callKeySize` bytes; null where none are kept. */
  readonly calls: MapReference | null;
  /** One value that is all zeros, as large as those of `calls`. */
  readonly blank: MapReference | null;
};

export const callKeySize = 16;

export type ProgramPlan = {
  readonly maps: ProgramMaps;
  readonly context: Context;
  readonly layout: RecordLayout;
  /** The probe's number, or what gives it: the cookie that it was attached with (5.15). */
  readonly probe: number | "cookie";
  /** Evaluated before all else; null for none. */
  readonly filter: Node | null;
  /** Asked after it; null for none. */
  readonly packet: PacketFilter | null;
  /** Events of this process are left out: what shows them would make more. Null for none, as in a PID namespace, where its number is not the kernel's. */
  readonly ownPid: number | null;
  /** Most events in 2^30 nanoseconds; null for no limit. */
  readonly rate: number | null;
};

/** Where the stack of expressions ends: above it is the key of a call, and the time. */
const stackTop = -32;
const keyAt = -16;
const timeAt = -24;
const probeAt = -32;

type Out = { readonly code: Assembler; readonly plan: ProgramPlan; labels: number };

/** Counts in the map of counters, at a constant word. */
function count(code: Assembler, maps: ProgramMaps, word: number): void {
  code.loadMapValue(r1, maps.counters, 8 * word).mov(r2, 1).atomic("add", 8, r1, 0, r2);
}

function begin(plan: ProgramPlan): Out {
  const code = new Assembler().mov(r6, reg(r1));
  const out: Out = { code, plan, labels: 0 };
  code.call(helper.ktimeGetNs).store(8, r10, timeAt, reg(r0));
  if (plan.probe === "cookie") code.mov(r1, reg(r6)).call(helper.getAttachCookie).store(8, r10, probeAt, reg(r0));
  else code.store(8, r10, probeAt, plan.probe);
  return out;
}

function skipOwn({ code, plan }: Out): void {
  if (plan.ownPid === null) return;
  code.call(helper.getCurrentPidTgid).alu("rsh", r0, 32).jump("eq", r0, plan.ownPid, "out");
}

function emitterOf(out: Out, prefix: string, ret: ((scratch: number) => void) | null, duration: (() => void) | null): Emitter {
  const { code, plan } = out;
  return new Emitter({
    code,
    argument: (index, scratch) => plan.context.argument(code, index, scratch),
    builtin: (name, scratch) => {
      if (name === "ret" && ret) ret(scratch);
      else if (name === "duration" && duration) duration();
      else throw new RangeError(`\`${name}\` is not known here`);
    },
    stackTop,
    prefix,
  });
}

function filter(out: Out, node: Node | null, ret: ((scratch: number) => void) | null, duration: (() => void) | null, drop: string): void {
  if (node === null) return;
  const { code, plan } = out;
  emitterOf(out, "f", ret, duration).value(node, "filter-fault", "filter-fault");
  if (code.leadsTo("filter-fault")) {
    code.jump("ne", r8, 0, "wanted").goto(drop).label("filter-fault");
    count(code, plan.maps, counter.faults);
    code.goto(drop).label("wanted");
  } else code.jump("eq", r8, 0, drop);
}

function packetFilter(out: Out, drop: string): void {
  const { code, plan } = out;
  if (plan.packet === null) return;
  emitPacketFilter(code, plan.packet, emitterOf(out, "k", null, null), stackTop, drop, "packet-fault");
  code.goto("packet-wanted").label("packet-fault");
  count(code, plan.maps, counter.faults);
  code.goto(drop).label("packet-wanted");
}

/** Leaves where more events than wanted came in this window of time. Not exact when processors do it at once: a few more may pass. */
function limitRate({ code, plan }: Out, drop: string): void {
  if (plan.rate === null) return;
  code.loadMapValue(r1, plan.maps.counters, 0).load(8, r2, r10, timeAt).alu("rsh", r2, 30).load(8, r3, r1, 8 * counter.window).jump("eq", r2, reg(r3), "same-window");
  code.store(8, r1, 8 * counter.window, reg(r2)).store(8, r1, 8 * counter.inWindow, 0).label("same-window").load(8, r3, r1, 8 * counter.inWindow).jump("lt", r3, plan.rate, "within-rate");
  count(code, plan.maps, counter.rate);
  code.goto(drop).label("within-rate").mov(r2, 1).atomic("add", 8, r1, 8 * counter.inWindow, r2);
}

/** Room in the ring, in r7. */
function reserve({ code, plan }: Out, size: number, drop: string): void {
  code.loadMap(r1, plan.maps.ring).mov(r2, size).mov(r3, 0).call(helper.ringbufReserve).mov(r7, reg(r0)).jump("ne", r7, 0, "reserved");
  count(code, plan.maps, counter.full);
  code.goto(drop).label("reserved");
}

function submit({ code }: Out): void {
  code.mov(r1, reg(r7)).mov(r2, 0).call(helper.ringbufSubmit);
}

/** The header of the record in r7. */
function writeHeader({ code }: Out, kind: (typeof kinds)[number]): void {
  code.load(8, r1, r10, timeAt).store(8, r7, header.time, reg(r1));
  code.load(8, r1, r10, probeAt).alu("or", r1, kinds.indexOf(kind) << kindShift).store(4, r7, header.probe, reg(r1));
  code.call(helper.getSmpProcessorId).store(4, r7, header.cpu, reg(r0));
  code.call(helper.getCurrentPidTgid).store(8, r7, header.pidTgid, reg(r0));
  code.mov(r1, reg(r7)).alu("add", r1, header.comm).mov(r2, 16).call(helper.getCurrentComm);
  code.store(8, r7, header.duration, 0).store(8, r7, header.ret, 0);
}

function writeFields(out: Out, fields: readonly Field[]): void {
  const { code } = out;
  // Words at a time: a status is two bytes.
  const first = fields[0];
  if (first) for (let at = 0; at < ((2 * fields.length + 7) & ~7); at += 8) code.store(8, r7, header.end + at, 0);
  const emitter = emitterOf(out, "v", null, null);
  for (const [index, field] of fields.entries()) writeField(out, emitter, field, `field${index}`);
}

function writeField(out: Out, emitter: Emitter, { capture, offset, status: statusAt }: Field, label: string): void {
  const { code } = out;
  const [fault, zero, end] = [`${label}-fault`, `${label}-zero`, `${label}-end`];
  const destination = (at: number) => (): void => {
    code.mov(r1, reg(r7)).alu("add", r1, at);
  };
  /** What happens when the value itself cannot be had: the address is what is left of it. */
  const failures = (): void => {
    const [faults, zeros] = [code.leadsTo(fault), code.leadsTo(zero)];
    if (faults || zeros) code.goto(end);
    if (faults) code.label(fault).store(1, r7, statusAt, status.fault).store(8, r7, offset, reg(r8));
    if (faults && zeros) code.goto(end);
    if (zeros) code.label(zero).store(1, r7, statusAt, status.zero);
    code.label(end);
  };
  switch (capture.kind) {
    case "number":
      emitter.value(capture.node, fault, zero);
      code.store(8, r7, offset, reg(r8));
      failures();
      return;
    case "text":
      if (capture.place.kind === "pointer") {
        emitter.value(capture.place.address, fault, zero);
        code.store(8, r7, offset, reg(r8));
        code.mov(r1, reg(r7)).alu("add", r1, offset + 8).mov(r2, capture.size).mov(r3, reg(r8)).call(helper.probeReadKernelStr);
        code.jump("sge", r0, 0, `${label}-read`).store(1, r7, statusAt + 1, status.fault).label(`${label}-read`);
      } else emitter.text(capture.place, capture.size, destination(offset + 8), fault, zero);
      failures();
      return;
    case "memory":
      emitter.value(capture.address, fault, zero);
      destination(offset)();
      code.mov(r2, capture.size).mov(r3, reg(r8)).call(helper.probeReadKernel).jump("ne", r0, 0, fault);
      failures();
      return;
    case "pointee":
      emitter.value(capture.node, fault, zero);
      code.store(8, r7, offset, reg(r8));
      destination(offset + 8)();
      code.mov(r2, capture.size).mov(r3, reg(r8));
      if (capture.offset !== 0) code.alu("add", r3, capture.offset);
      code.call(helper.probeReadKernel).jump("eq", r0, 0, `${label}-read`).store(1, r7, statusAt + 1, status.fault).label(`${label}-read`);
      failures();
      return;
    case "packet":
      emitter.value(capture.node, fault, zero);
      writePacket(out, capture.layout, offset, statusAt, capture.bytes, label);
      failures();
      return;
    case "unreadable":
      return;
  }
}

/** The packet whose sk_buff r8 has: what of it is shown goes into the record. The sk_buff is read once, onto the stack's end. */
function writePacket({ code }: Out, layout: PacketLayout, offset: number, statusAt: number, most: number, label: string): void {
  const skb = -512;
  const part = (at: number): number => offset + at;
  const [unread, noDevice, network, link, start, none, some, done] = ["unread", "no-device", "network", "link", "start", "none", "some", "done"].map((name) => `${label}-${name}`) as [string, string, string, string, string, string, string, string];
  code.store(8, r7, part(packetPart.address), reg(r8));
  code.mov(r1, reg(r10)).alu("add", r1, skb).mov(r2, layout.size).mov(r3, reg(r8)).call(helper.probeReadKernel).jump("ne", r0, 0, unread);
  code.load(4, r1, r10, skb + layout.len).store(4, r7, part(packetPart.length), reg(r1));
  code.load(2, r1, r10, skb + layout.protocol).swap(r1, "big", 16).store(4, r7, part(packetPart.protocol), reg(r1));
  // The device.
  code.store(4, r7, part(packetPart.hasDevice), 0).load(8, r9, r10, skb + layout.dev).jump("eq", r9, 0, noDevice);
  code.mov(r1, reg(r7)).alu("add", r1, part(packetPart.device)).mov(r2, 16).mov(r3, reg(r9)).alu("add", r3, layout.deviceName).call(helper.probeReadKernel).jump("ne", r0, 0, noDevice);
  code.mov(r1, reg(r7)).alu("add", r1, part(packetPart.index)).mov(r2, 4).mov(r3, reg(r9)).alu("add", r3, layout.deviceIndex).call(helper.probeReadKernel).jump("ne", r0, 0, noDevice);
  code.store(4, r7, part(packetPart.hasDevice), 1).label(noDevice);
  // Where its bytes begin: r9.
  code.load(8, r9, r10, skb + layout.head).load(2, r1, r10, skb + layout.networkHeader).jump("ne", r1, 0, network).load(2, r1, r10, skb + layout.macHeader).jump("ne", r1, 0xffff, link);
  code.load(8, r9, r10, skb + layout.data).store(4, r7, part(packetPart.from), 2).goto(start);
  code.label(link).alu("add", r9, reg(r1)).store(4, r7, part(packetPart.from), 1).goto(start);
  code.label(network).alu("add", r9, reg(r1)).store(4, r7, part(packetPart.from), 0);
  // How many there are up to the tail: skb->tail counts from skb->head.
  code.label(start).load(8, r2, r10, skb + layout.head).load(4, r1, r10, skb + layout.tail).alu("add", r2, reg(r1)).alu("sub", r2, reg(r9)).jump("sle", r2, 0, none).jump("le", r2, most, some).mov(r2, most).goto(some);
  code.label(none).store(4, r7, part(packetPart.count), 0).goto(done);
  code.label(some).store(4, r7, part(packetPart.count), reg(r2)).mov(r1, reg(r7)).alu("add", r1, part(packetPart.bytes)).mov(r3, reg(r9)).call(helper.probeReadKernel).jump("eq", r0, 0, done).goto(none);
  code.label(unread).store(1, r7, statusAt + 1, status.fault).label(done);
}

function writeStack({ code }: Out, stack: RecordLayout["stack"]): void {
  if (stack === null) return;
  code.mov(r1, reg(r6)).mov(r2, reg(r7)).alu("add", r2, stack.offset + 8).mov(r3, 8 * stack.depth).mov(r4, 0).call(helper.getStack).store(8, r7, stack.offset, reg(r0));
}

function end(out: Out): Uint8Array<ArrayBuffer> {
  return out.code.label("out").mov(r0, 0).exit().assemble();
}

/** A program that writes a record when it is run. */
export function entryProgram(plan: ProgramPlan, kind: "entry" | "tracepoint"): Uint8Array<ArrayBuffer> {
  const out = begin(plan);
  skipOwn(out);
  filter(out, plan.filter, null, null, "out");
  packetFilter(out, "out");
  limitRate(out, "out");
  reserve(out, plan.layout.size, "out");
  writeHeader(out, kind);
  writeFields(out, plan.layout.fields);
  writeStack(out, plan.layout.stack);
  submit(out);
  return end(out);
}

/** A program that only counts, each probe by itself. `probes`: how many there are. */
export function countProgram(plan: ProgramPlan, probes: number): Uint8Array<ArrayBuffer> {
  const out = begin(plan);
  const { code } = out;
  skipOwn(out);
  filter(out, plan.filter, null, null, "out");
  packetFilter(out, "out");
  code.load(8, r2, r10, probeAt).jump("ge", r2, probes, "out").alu("lsh", r2, 3).loadMapValue(r1, plan.maps.counters, 8 * counter.probes).alu("add", r1, reg(r2)).mov(r2, 1).atomic("add", 8, r1, 0, r2);
  return end(out);
}

/** Puts the key of the call whose frame is in r8 onto the stack, and the key's address into r2. */
function key({ code }: Out): void {
  code.store(8, r10, keyAt, reg(r8)).load(8, r1, r10, probeAt).store(8, r10, keyAt + 8, reg(r1)).mov(r2, reg(r10)).alu("add", r2, keyAt);
}

/** A program that keeps a record until the function returns; `alsoNow`: and writes it now, too. */
export function keepingProgram(plan: ProgramPlan, alsoNow: boolean): Uint8Array<ArrayBuffer> {
  const { maps, layout } = plan;
  const out = begin(plan);
  const { code } = out;
  skipOwn(out);
  filter(out, plan.filter, null, null, "unwanted");
  packetFilter(out, "unwanted");
  plan.context.frame(code, keyAt);
  key(out);
  code.loadMap(r1, maps.calls!).loadMapValue(r3, maps.blank!).mov(r4, 0).call(helper.mapUpdate).jump("eq", r0, 0, "kept");
  count(code, maps, counter.calls);
  code.goto("out").label("kept").mov(r2, reg(r10)).alu("add", r2, keyAt).loadMap(r1, maps.calls!).call(helper.mapLookup).mov(r7, reg(r0)).jump("eq", r7, 0, "out");
  if (alsoNow) {
    code.load(8, r1, r10, timeAt).store(8, r7, header.time, reg(r1));
    limitRate(out, "out");
    reserve(out, layout.size, "out");
  }
  writeHeader(out, "entry");
  writeFields(out, layout.fields);
  writeStack(out, layout.stack);
  if (alsoNow) submit(out);
  if (code.leadsTo("unwanted")) {
    // An earlier call whose return the kernel missed (kretprobes have a limited number) may have left its record under this key: it must not be taken for this one's.
    code.goto("out").label("unwanted");
    plan.context.frame(code, keyAt);
    key(out);
    code.loadMap(r1, maps.calls!).call(helper.mapDelete);
  }
  return end(out);
}

/**
 * The other half: when the function returns it takes the record that was kept (`whole`), adds result and duration and writes it; else it writes a short one. `filter` may ask for both.
 */
export function returnProgram(plan: ProgramPlan, whole: boolean): Uint8Array<ArrayBuffer> {
  const { maps, layout, context } = plan;
  const out = begin(plan);
  const { code } = out;
  skipOwn(out);
  context.frame(code, keyAt);
  if (context.frameStep !== 0) code.alu("sub", r8, context.frameStep);
  key(out);
  // r9 is the record that was kept.
  code.loadMap(r1, maps.calls!).call(helper.mapLookup).mov(r9, reg(r0)).jump("eq", r9, 0, "out");
  code.load(8, r1, r10, timeAt).load(8, r2, r9, header.time).alu("sub", r1, reg(r2)).store(8, r9, header.duration, reg(r1));
  context.ret(code, timeAt - 16);
  code.store(8, r9, header.ret, reg(r8));
  filter(out, plan.filter, () => void code.load(8, r8, r9, header.ret), () => void code.load(8, r8, r9, header.duration), "drop");
  if (whole) limitRate(out, "drop");
  if (whole) {
    code.load(8, r1, r10, timeAt).store(8, r9, header.time, reg(r1)).load(4, r1, r9, header.probe).alu("and", r1, 2 ** kindShift - 1).alu("or", r1, kinds.indexOf("exit") << kindShift).store(4, r9, header.probe, reg(r1));
    code.loadMap(r1, maps.ring).mov(r2, reg(r9)).mov(r3, layout.size).mov(r4, 0).call(helper.ringbufOutput).jump("eq", r0, 0, "drop");
    count(code, maps, counter.full);
  } else {
    reserve(out, layout.size, "drop");
    writeHeader(out, "exit");
    code.load(8, r1, r9, header.duration).store(8, r7, header.duration, reg(r1)).load(8, r1, r9, header.ret).store(8, r7, header.ret, reg(r1));
    submit(out);
  }
  code.label("drop").loadMap(r1, maps.calls!).mov(r2, reg(r10)).alu("add", r2, keyAt).call(helper.mapDelete);
  return end(out);
}
