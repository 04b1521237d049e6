import { OopscopeError } from "../../../base/index.ts";
import { r1, r10, r2, reg, type Assembler, type JumpOp, type Register } from "../../../bpf/index.ts";
import type { PacketAccess } from "./access.ts";
import type { Comparison, Filter, Operator, Value } from "./tree.ts";

/**
 * Where the packet begins: `ethernet` at an Ethernet header; `raw` at an IPv4 or IPv6 header, whose version tells which; `cooked` at the network header, of a type that
 * `access.protocol` gives.
 */
export type FilterLink = "ethernet" | "raw" | "cooked";

export type FilterTarget = {
  readonly code: Assembler;
  readonly link: FilterLink;
  readonly access: PacketAccess;
  /** Bytes from r10 (negative, a multiple of 4) below which the filter may use `filterStack` bytes. */
  readonly stackTop: number;
  /** Labels are `${prefix}…`. */
  readonly prefix: string;
  /** Where it goes; both are placed by the caller, and code falls through to neither. */
  readonly match: string;
  readonly noMatch: string;
};

/** Values that arithmetic holds, and loads that are remembered: words of four bytes. */
const mostValues = 8;
const mostLoads = 8;
/** Bytes of the stack that a filter needs. */
export const filterStack = 4 * (mostValues + mostLoads);
/** Far more than people write, far fewer than the verifier reads. */
const mostInstructions = 20_000;

/**
 * Writes a filter's code: it jumps to `match` or `noMatch`, and changes r0 to r5 and its stack alone. As in pcap a byte that is not there ends it with no match, also below `not`.
 * Throws `unsupported` for what the link cannot have (`vlan` without tags, Ethernet addresses without Ethernet), `over-budget` for an expression that is too large.
 */
export function compileFilter(filter: Filter, target: FilterTarget): void {
  const { access, code, prefix } = target;
  if (!usesVlan(filter) || access.vlan === undefined) return new FilterCode(target, `${prefix}p`, false).run(filter);
  // A tag that stands beside the packet is the outermost one: with it, the first `vlan` takes no bytes.
  access.vlan(code, r1, `${prefix}untagged`);
  new FilterCode(target, `${prefix}t`, true).run(filter);
  code.label(`${prefix}untagged`);
  new FilterCode(target, `${prefix}u`, false).run(filter);
}

/** Whether a filter asks for Ethernet's header, which a `cooked` packet has not: `ether host`, `ether[…]`, `broadcast`, `multicast`. All else can be asked of either. */
export function needsEthernet(filter: Filter): boolean {
  if (filter.kind === "and" || filter.kind === "or") return needsEthernet(filter.left) || needsEthernet(filter.right);
  if (filter.kind === "not") return needsEthernet(filter.operand);
  if (filter.kind === "compare") return readsEthernet(filter.left) || readsEthernet(filter.right);
  return filter.kind === "ether host" || filter.kind === "ether broadcast" || filter.kind === "ether multicast";
}

function readsEthernet(value: Value): boolean {
  if (value.kind === "operation") return readsEthernet(value.left) || readsEthernet(value.right);
  return value.kind === "bytes" && (value.of.base === "ether" || readsEthernet(value.offset));
}

function usesVlan(filter: Filter): boolean {
  if (filter.kind === "and" || filter.kind === "or") return usesVlan(filter.left) || usesVlan(filter.right);
  return filter.kind === "not" ? usesVlan(filter.operand) : filter.kind === "vlan";
}

/** Loads at constant places that have been done on every way to here, with their slots: `offset:size`. */
type Known = ReadonlyMap<string, number>;
type Outcome = { readonly yes: Known; readonly no: Known };

const jumps: Readonly<Record<Comparison, JumpOp>> = { "=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge" };
const opposite: Readonly<Record<Comparison, Comparison>> = { "=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<" };
const operations = { "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "&": "and", "|": "or", "^": "xor", "<<": "lsh", ">>": "rsh" } as const satisfies Record<Operator, string>;
/** Beyond what any packet has, so that offsets are numbers of 31 bits. */
const farthest = 0x7fff_ff00;

const ipv4 = 0x0800;
const ipv6 = 0x86dd;

/** One pass over the expression, in its order, since `vlan` moves what follows. A test falls through where it holds, and jumps to `no` where it does not. */
class FilterCode {
  readonly #target: FilterTarget;
  readonly #code: Assembler;
  readonly #prefix: string;
  #labels = 0;
  /** Where the ethertype and the network header are; -1: not in the bytes. */
  #typeAt: number;
  #networkAt: number;
  /** Whether the next `vlan` is that of the tag beside the packet. */
  #tagBeside: boolean;

  constructor(target: FilterTarget, prefix: string, tagBeside: boolean) {
    this.#target = target;
    this.#code = target.code;
    this.#prefix = prefix;
    this.#typeAt = target.link === "ethernet" ? 12 : -1;
    this.#networkAt = target.link === "ethernet" ? 14 : 0;
    this.#tagBeside = tagBeside;
  }

  run(filter: Filter): void {
    this.#test(filter, new Map(), this.#target.noMatch);
    this.#code.goto(this.#target.match);
  }

  #label(): string {
    return `${this.#prefix}${this.#labels++}`;
  }

  /** Falls through where the filter holds; jumps to `no` where it does not. */
  #test(filter: Filter, known: Known, no: string): Outcome {
    if (this.#code.length > mostInstructions) throw new OopscopeError("over-budget", `the packet filter needs more than ${mostInstructions} instructions`, {});
    switch (filter.kind) {
      case "and": {
        const left = this.#test(filter.left, known, no);
        const right = this.#test(filter.right, left.yes, no);
        return { yes: right.yes, no: common(left.no, right.no) };
      }
      case "or":
        return this.#either((out) => this.#test(filter.left, known, out), (from) => this.#test(filter.right, from, no));
      case "not":
        return this.#not(no, (out) => this.#test(filter.operand, known, out));
      case "host":
        return this.#host(filter, known, no);
      case "ether host":
        return this.#etherHost(filter, known, no);
      case "port":
        return this.#port(filter, known, no);
      case "protocol":
        return this.#protocol(filter.family, filter.protocol, known, no);
      case "ethertype":
        return this.#ethertype(filter.type, known, no);
      case "ether broadcast":
        return this.#etherHost({ direction: "destination", address: [255, 255, 255, 255, 255, 255] }, known, no);
      case "ether multicast":
        this.#needsEthernet("`multicast`");
        return this.#compareBytes(0, 1, known, no, { op: "!=", value: 0, mask: 1 });
      case "ip multicast":
        return this.#all(known, (from) => this.#ethertype(ipv4, from, no), (from) => this.#compareBytes(this.#networkAt + 16, 1, from, no, { op: ">=", value: 224 }));
      case "ip6 multicast":
        return this.#all(known, (from) => this.#ethertype(ipv6, from, no), (from) => this.#compareBytes(this.#networkAt + 24, 1, from, no, { op: "=", value: 255 }));
      case "vlan":
        return this.#vlan(filter.id, known, no);
      case "compare":
        return this.#compare(filter, known, no);
    }
  }

  /** Both, in this order. */
  #all(known: Known, ...tests: readonly ((known: Known) => Outcome)[]): Outcome {
    let yes = known;
    let failed: Known | null = null;
    for (const test of tests) {
      const outcome = test(yes);
      failed = failed === null ? outcome.no : common(failed, outcome.no);
      yes = outcome.yes;
    }
    return { yes, no: failed ?? known };
  }

  #either(first: (no: string) => Outcome, second: (known: Known) => Outcome): Outcome {
    const [other, done] = [this.#label(), this.#label()];
    const left = first(other);
    this.#code.goto(done).label(other);
    const right = second(left.no);
    this.#code.label(done);
    return { yes: common(left.yes, right.yes), no: right.no };
  }

  #not(no: string, operand: (no: string) => Outcome): Outcome {
    const fails = this.#label();
    const { yes, no: failed } = operand(fails);
    this.#code.goto(no).label(fails);
    return { yes: failed, no: yes };
  }

  /** A test whose result is known. It jumps all the same, on a constant: the verifier refuses code that no jump leads to, but not code that no value leads to. */
  #constant(holds: boolean, known: Known, no: string): Outcome {
    this.#code.mov(r1, 0).jump(holds ? "ne" : "eq", r1, 0, no);
    return { yes: known, no: known };
  }

  /** A number at a constant place, compared with a constant. */
  #compareBytes(offset: number, size: 1 | 2 | 4, known: Known, no: string, { op, value, mask }: { readonly op: Comparison; readonly value: number; readonly mask?: number }): Outcome {
    const after = this.#load(offset, size, known, r1);
    if (mask !== undefined && mask !== 0xffff_ffff) this.#code.alu32("and", r1, mask);
    this.#jumpUnless(op, value, no);
    return { yes: after, no: after };
  }

  /** Leaves a number at a constant place in a register. */
  #load(offset: number, size: 1 | 2 | 4, known: Known, into: Register): Known {
    const key = `${offset}:${size}`;
    const { noMatch, access, stackTop } = this.#target;
    const slot = known.get(key);
    if (slot !== undefined) {
      this.#code.load(4, into, r10, slot);
      return known;
    }
    if (offset > farthest) this.#constant(false, known, noMatch);
    access.load(this.#code, { offset: Math.min(offset, farthest), register: null }, size, into, noMatch);
    return this.#remember(key, into, known, stackTop);
  }

  #remember(key: string, register: Register, known: Known, stackTop: number): Known {
    if (known.size >= mostLoads) return known;
    const used = new Set(known.values());
    let slot = stackTop - 4;
    while (used.has(slot)) slot -= 4;
    this.#code.store(4, r10, slot, reg(register));
    return new Map(known).set(key, slot);
  }

  /** Jumps unless `r1 op value`; both are numbers of 32 bits without sign. */
  #jumpUnless(op: Comparison, value: number, no: string): void {
    const jump = jumps[opposite[op]];
    // A constant of a jump is extended with its sign.
    if (value <= 0x7fff_ffff) this.#code.jump(jump, r1, value, no);
    else this.#code.mov32(r2, value).jump(jump, r1, reg(r2), no);
  }

  #needsEthernet(what: string): void {
    if (this.#target.link !== "ethernet") throw new OopscopeError("unsupported", `${what} needs the Ethernet header, and these packets begin at the network header`, { link: this.#target.link });
  }

  #ethertype(type: number, known: Known, no: string): Outcome {
    switch (this.#target.link) {
      case "ethernet":
        return this.#compareBytes(this.#typeAt, 2, known, no, { op: "=", value: type });
      case "raw":
        if (type !== ipv4 && type !== ipv6) return this.#constant(false, known, no);
        return this.#compareBytes(this.#networkAt, 1, known, no, { op: "=", value: type === ipv4 ? 0x40 : 0x60, mask: 0xf0 });
      case "cooked": {
        // Behind a tag in the bytes the type is there too.
        if (this.#typeAt >= 0) return this.#compareBytes(this.#typeAt, 2, known, no, { op: "=", value: type });
        const { access, stackTop } = this.#target;
        const slot = known.get("type");
        if (slot !== undefined) this.#code.load(4, r1, r10, slot);
        else if (access.protocol === undefined) throw new OopscopeError("bad-argument", "a filter on cooked packets needs a way to their protocol", {});
        else access.protocol(this.#code, r1);
        const after = slot === undefined ? this.#remember("type", r1, known, stackTop) : known;
        this.#jumpUnless("=", type, no);
        return { yes: after, no: after };
      }
    }
  }

  #host({ family, direction, address, masks }: Filter & { kind: "host" }, known: Known, no: string): Outcome {
    // Source and destination, from the network header: RFC 791, RFC 8200; of ARP the protocol addresses of sender and target.
    const kinds = { ip: [ipv4, 12, 16], arp: [0x0806, 14, 24], rarp: [0x8035, 14, 24], ip6: [ipv6, 8, 24] } as const;
    const one = (name: keyof typeof kinds, from: Known, out: string): Outcome => {
      const [type, source, destination] = kinds[name];
      const at = (place: number) => (start: Known, fails: string) => this.#words(this.#networkAt + place, address, masks, start, fails);
      return this.#all(from, (start) => this.#ethertype(type, start, out), (start) => this.#sides(direction, start, out, at(source), at(destination)));
    };
    if (family !== "any") return one(family, known, no);
    return this.#either((out) => this.#either((inner) => one("ip", known, inner), (from) => one("arp", from, out)), (from) => one("rarp", from, no));
  }

  #sides(direction: "source" | "destination" | "either" | "both", known: Known, no: string, source: (known: Known, no: string) => Outcome, destination: (known: Known, no: string) => Outcome): Outcome {
    switch (direction) {
      case "source":
        return source(known, no);
      case "destination":
        return destination(known, no);
      case "both":
        return this.#all(known, (from) => source(from, no), (from) => destination(from, no));
      case "either":
        return this.#either((out) => source(known, out), (from) => destination(from, no));
    }
  }

  #words(offset: number, words: readonly number[], masks: readonly number[], known: Known, no: string): Outcome {
    const tests = words.flatMap((value, index) => (masks[index] === 0 ? [] : [(from: Known) => this.#compareBytes(offset + 4 * index, 4, from, no, { op: "=", value, mask: masks[index]! })]));
    return tests.length === 0 ? this.#constant(true, known, no) : this.#all(known, ...tests);
  }

  #etherHost({ direction, address }: { readonly direction: "source" | "destination" | "either" | "both"; readonly address: readonly number[] }, known: Known, no: string): Outcome {
    this.#needsEthernet("an Ethernet address");
    const [a, b, c, d, e, f] = address as [number, number, number, number, number, number];
    const last = ((c << 24) | (d << 16) | (e << 8) | f) >>> 0;
    // libpcap looks at the last four bytes first, which is seen in packets that end between.
    const at = (offset: number) => (from: Known, out: string) =>
      this.#all(from, (start) => this.#compareBytes(offset + 2, 4, start, out, { op: "=", value: last }), (start) => this.#compareBytes(offset, 2, start, out, { op: "=", value: (a << 8) | b }));
    return this.#sides(direction, known, no, at(6), at(0));
  }

  #protocol(family: "both" | "ip" | "ip6", protocol: number, known: Known, no: string): Outcome {
    const byte = (offset: number, value: number) => (from: Known, out: string) => this.#compareBytes(this.#networkAt + offset, 1, from, out, { op: "=", value });
    const four = (from: Known, out: string) => this.#all(from, (start) => this.#ethertype(ipv4, start, out), (start) => byte(9, protocol)(start, out));
    // The next header, or the one behind a fragment header.
    const six = (from: Known, out: string) =>
      this.#all(from, (start) => this.#ethertype(ipv6, start, out), (start) => this.#either((inner) => byte(6, protocol)(start, inner), (rest) => this.#all(rest, (next) => byte(6, 44)(next, out), (next) => byte(40, protocol)(next, out))));
    if (family === "ip") return four(known, no);
    if (family === "ip6") return six(known, no);
    return this.#either((out) => four(known, out), (from) => six(from, no));
  }

  #port({ protocol, direction, first, last }: Filter & { kind: "port" }, known: Known, no: string): Outcome {
    const protocols = protocol === null ? [132, 6, 17] : [protocol];
    const anyOf = (offset: number, from: Known, out: string): Outcome => {
      const [only, second, third] = protocols.map((value) => (start: Known, fails: string) => this.#compareBytes(this.#networkAt + offset, 1, start, fails, { op: "=", value }));
      if (second === undefined || third === undefined) return only!(from, out);
      return this.#either((inner) => this.#either((deep) => only!(from, deep), (rest) => second(rest, inner)), (rest) => third(rest, out));
    };
    const inRange = (from: Known, out: string, load: (from: Known) => Known): Outcome => {
      const after = load(from);
      if (first === last) this.#jumpUnless("=", first, out);
      else {
        this.#jumpUnless(">=", first, out);
        this.#jumpUnless("<=", last, out);
      }
      return { yes: after, no: after };
    };
    const six = (from: Known, out: string): Outcome => {
      const at = (place: number) => (start: Known, fails: string) => inRange(start, fails, (loaded) => this.#load(this.#networkAt + 40 + place, 2, loaded, r1));
      return this.#all(from, (start) => this.#ethertype(ipv6, start, out), (start) => anyOf(6, start, out), (start) => this.#sides(direction, start, out, at(0), at(2)));
    };
    const four = (from: Known, out: string): Outcome => {
      const at = (place: number) => (start: Known, fails: string) => inRange(start, fails, (loaded) => this.#loadTransport(place, loaded));
      return this.#all(from, (start) => this.#ethertype(ipv4, start, out), (start) => anyOf(9, start, out), (start) => this.#firstFragment(start, out), (start) => this.#sides(direction, start, out, at(0), at(2)));
    };
    return this.#either((out) => six(known, out), (from) => four(from, no));
  }

  #firstFragment(known: Known, no: string): Outcome {
    return this.#compareBytes(this.#networkAt + 6, 2, known, no, { op: "=", value: 0, mask: 0x1fff });
  }

  /** Two bytes behind the IPv4 header, into r1. */
  #loadTransport(place: number, known: Known): Known {
    const key = `transport ${this.#networkAt} ${place}`;
    const slot = known.get(key);
    if (slot !== undefined) {
      this.#code.load(4, r1, r10, slot);
      return known;
    }
    const { access, noMatch, stackTop } = this.#target;
    const after = this.#load(this.#networkAt, 1, known, r1);
    this.#code.alu32("and", r1, 0xf).alu32("lsh", r1, 2);
    access.load(this.#code, { offset: this.#networkAt + place, register: r1 }, 2, r1, noMatch);
    return this.#remember(key, r1, after, stackTop);
  }

  #vlan(id: number | null, known: Known, no: string): Outcome {
    const { access, link } = this.#target;
    if (this.#tagBeside) {
      this.#tagBeside = false;
      if (id === null) return this.#constant(true, known, no);
      access.vlan!(this.#code, r1, no);
      this.#jumpUnless("=", id, no);
      return { yes: known, no: known };
    }
    if (link === "raw" || (link === "cooked" && access.vlan === undefined)) throw new OopscopeError("unsupported", "`vlan` needs the Ethernet header or the tag beside the packet, and these packets have neither", { link });
    const tags = [0x8100, 0x88a8, 0x9100];
    const tag = (value: number) => (from: Known, out: string) => this.#ethertype(value, from, out);
    const tagged = this.#either((out) => this.#either((inner) => tag(tags[0]!)(known, inner), (from) => tag(tags[1]!)(from, out)), (from) => tag(tags[2]!)(from, no));
    const right = id === null ? tagged : this.#all(tagged.yes, (from) => this.#compareBytes(this.#networkAt, 2, from, no, { op: "=", value: id, mask: 0xfff }));
    // The tag's own type stands where the network header would be, behind two bytes.
    this.#typeAt = this.#networkAt + 2;
    this.#networkAt += 4;
    return { yes: right.yes, no: id === null ? tagged.no : common(tagged.no, right.no) };
  }

  #compare({ op, left, right }: Filter & { kind: "compare" }, known: Known, no: string): Outcome {
    const checks = [...this.#checks(left), ...this.#checks(right)].map((check) => (from: Known) => check(from, no));
    const checked = this.#all(known, ...checks);
    this.#evaluate(left, checked.yes, 0);
    if (right.kind === "number") {
      this.#code.load(4, r1, r10, this.#slot(0));
      this.#jumpUnless(op, right.value, no);
    } else {
      this.#evaluate(right, checked.yes, 1);
      this.#code.load(4, r1, r10, this.#slot(0)).load(4, r2, r10, this.#slot(1)).jump(jumps[opposite[op]], r1, reg(r2), no);
    }
    return { yes: checked.yes, no: common(checked.no, checked.yes) };
  }

  /** What must hold before the bytes are read, in libpcap's order. */
  #checks(value: Value): ((known: Known, no: string) => Outcome)[] {
    const type = (ethertype: number) => (known: Known, no: string) => this.#ethertype(ethertype, known, no);
    switch (value.kind) {
      case "number":
      case "length":
        return [];
      case "operation":
        return [...this.#checks(value.left), ...this.#checks(value.right)];
      case "bytes": {
        const { of } = value;
        const within = this.#checks(value.offset);
        const byte = (offset: number, wanted: number) => (known: Known, no: string) => this.#compareBytes(this.#networkAt + offset, 1, known, no, { op: "=", value: wanted });
        switch (of.base) {
          case "ether":
            this.#needsEthernet("`ether[…]`");
            return within;
          case "link":
            return [...within, type(of.ethertype)];
          case "icmp6":
            return [...within, type(ipv6), byte(6, 58)];
          case "transport":
            return [type(ipv4), ...within, byte(9, of.protocol), (known, no) => this.#firstFragment(known, no)];
        }
      }
    }
  }

  #slot(depth: number): number {
    if (depth >= mostValues) throw new OopscopeError("over-budget", `the packet filter's arithmetic holds more than ${mostValues} numbers at once`, {});
    return this.#target.stackTop - 4 * mostLoads - 4 * (depth + 1);
  }

  /** Leaves a value in a slot. */
  #evaluate(value: Value, known: Known, depth: number): void {
    const code = this.#code;
    const { access, noMatch } = this.#target;
    const slot = this.#slot(depth);
    switch (value.kind) {
      case "number":
        code.mov32(r1, value.value);
        break;
      case "length":
        access.length(code, r1);
        break;
      case "operation":
        this.#operate(value, known, depth);
        break;
      case "bytes":
        this.#bytes(value, known, depth, noMatch);
        break;
    }
    code.store(4, r10, slot, reg(r1));
  }

  /** Leaves bytes of the packet in r1. */
  #bytes({ of, offset, size }: Value & { kind: "bytes" }, known: Known, depth: number, miss: string): void {
    const code = this.#code;
    const start = of.base === "ether" ? 0 : of.base === "icmp6" ? this.#networkAt + 40 : this.#networkAt;
    const constant = offset.kind === "number" ? offset.value : null;
    if (constant !== null && of.base !== "transport") {
      const key = `${start + constant}:${size}`;
      const found = known.get(key);
      if (found !== undefined) code.load(4, r1, r10, found);
      else if (start + constant <= farthest) this.#target.access.load(code, { offset: start + constant, register: null }, size, r1, miss);
      else {
        this.#constant(false, known, miss);
        code.mov(r1, 0);
      }
      return;
    }
    if (constant === null) this.#evaluate(offset, known, depth);
    if (of.base === "transport") {
      const header = known.get(`${this.#networkAt}:1`);
      if (header !== undefined) code.load(4, r1, r10, header);
      else this.#target.access.load(code, { offset: this.#networkAt, register: null }, 1, r1, miss);
      code.alu32("and", r1, 0xf).alu32("lsh", r1, 2);
      if (constant === null) code.load(4, r2, r10, this.#slot(depth)).alu32("add", r1, reg(r2));
      else if (constant !== 0) code.alu32("add", r1, constant);
    } else code.load(4, r1, r10, this.#slot(depth));
    this.#target.access.load(code, { offset: start, register: r1 }, size, r1, miss);
  }

  /** Leaves the result in r1. */
  #operate({ op, left, right }: Value & { kind: "operation" }, known: Known, depth: number): void {
    const code = this.#code;
    this.#evaluate(left, known, depth);
    if (right.kind === "number") {
      code.load(4, r1, r10, this.#slot(depth)).alu32(operations[op], r1, right.value);
      return;
    }
    this.#evaluate(right, known, depth + 1);
    code.load(4, r1, r10, this.#slot(depth)).load(4, r2, r10, this.#slot(depth + 1));
    // As in classic BPF: a division by zero is no match; a shift by 32 or more leaves nothing.
    if (op === "/" || op === "%") code.jump("eq", r2, 0, this.#target.noMatch);
    if (op !== "<<" && op !== ">>") {
      code.alu32(operations[op], r1, reg(r2));
      return;
    }
    const [large, done] = [this.#label(), this.#label()];
    code.jump("gt", r2, 31, large).alu32(operations[op], r1, reg(r2)).goto(done).label(large).mov(r1, 0).label(done);
  }
}

/** What both have, in the same slots. */
function common(one: Known, other: Known): Known {
  return new Map([...one].filter(([key, slot]) => other.get(key) === slot));
}
