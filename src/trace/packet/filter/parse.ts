import { ExpressionError, type Span } from "../../expression/error.ts";
import { ethertypes, ipProtocols, refused } from "./names.ts";
import { tokensOf, type Token } from "./tokens.ts";
import type { BytesOf, Comparison, Direction, Filter, Operator, Value } from "./tree.ts";

/**
 * Reads pcap's filter syntax (pcap-filter(7), libpcap's grammar): `host`, `net`, `port`, `portrange`, `proto` with `src`, `dst`, `src or dst`, `src and dst`; ip, ip6, arp, rarp, ether and the
 * protocols with a keyword; `vlan`, `less`, `greater`, multicast and broadcast; comparisons of bytes, `len` and numbers; `and` and `or` (of equal rank, from the left), `not`, parentheses.
 * Refused: names of hosts, networks and services, which would be looked up; `protochain`, `gateway`, `ip broadcast`; link layers other than Ethernet; MPLS, PPPoE, Geneve.
 *
 * Throws `ExpressionError` with the place.
 */
export function parseFilter(text: string): Filter {
  return new Parser(text).whole();
}

/** What stands in front of an address or number, and holds for bare ones that follow. `protocol` and `type` are pcap's words. */
type Qualifiers = { readonly protocol: string | null; readonly direction: Direction; readonly type: "host" | "net" | "port" | "portrange" | "proto" | null };
type Found = { readonly filter: Filter; /** Null: a bare address cannot follow. */ readonly qualifiers: Qualifiers | null };

/** Parentheses, `not` and operators within one another. */
const deepest = 100;
const comparisons: Readonly<Record<string, Comparison>> = { "=": "=", "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=" };
/** From loose to tight. */
const ranks: readonly (readonly Operator[])[] = [["|", "^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/", "%"]];
const types = ["host", "net", "port", "portrange", "proto"] as const;
/** Protocols in front of addresses, ports and the like: `ether` and what it is also called, and all that have a keyword. */
const linkWords = ["ether", "link"];

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  /** For each opening parenthesis its closing one. */
  readonly #closing = new Map<number, number>();
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
    const open: number[] = [];
    for (const [index, token] of this.#tokens.entries()) {
      if (sign(token) === "(") open.push(index);
      else if (sign(token) === ")" && open.length > 0) this.#closing.set(open.pop()!, index);
    }
  }

  whole(): Filter {
    if (this.#tokens.length === 1) throw this.#wrong("the packet filter is empty");
    const { filter } = this.#expression();
    if (this.#at !== this.#tokens.length - 1) throw this.#wrong(sign(this.#token) === ")" ? "this parenthesis was not opened" : "`and` or `or` is missing here");
    return filter;
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #wrong(what: string, span: Span = this.#token): ExpressionError {
    return new ExpressionError(this.#text, span, what);
  }

  #is(...texts: readonly string[]): boolean {
    const { kind } = this.#token;
    return (kind === "sign" || kind === "word") && texts.includes((this.#token as { text: string }).text);
  }

  #take(...texts: readonly string[]): boolean {
    const found = this.#is(...texts);
    if (found) this.#at++;
    return found;
  }

  #expect(text: string, what: string): void {
    if (!this.#take(text)) throw this.#wrong(what);
  }

  #deeper<T>(read: () => T): T {
    if (++this.#depth > deepest) throw this.#wrong(`more than ${deepest} parentheses within one another`);
    const result = read();
    this.#depth--;
    return result;
  }

  /** Terms with `and` and `or` between them, from the left. */
  #expression(): Found {
    let found = this.#term(null);
    for (;;) {
      const kind = this.#take("and", "&&") ? "and" : this.#take("or", "||") ? "or" : null;
      if (kind === null) return found;
      const right = this.#term(found.qualifiers);
      found = { filter: { kind, left: found.filter, right: right.filter }, qualifiers: right.qualifiers };
    }
  }

  #term(before: Qualifiers | null): Found {
    if (this.#take("not", "!")) {
      const { filter, qualifiers } = this.#deeper(() => this.#term(before));
      return { filter: { kind: "not", operand: filter }, qualifiers };
    }
    if (this.#arithmeticFollows()) return { filter: this.#comparison(), qualifiers: null };
    if (this.#idFollows()) {
      if (before === null) throw this.#wrong("`host`, `net`, `port` or the like is missing in front of this");
      return { filter: this.#ids(before), qualifiers: before };
    }
    if (this.#take("(")) {
      const { filter } = this.#deeper(() => this.#expression());
      this.#expect(")", "a closing parenthesis is missing here");
      return { filter, qualifiers: null };
    }
    return this.#primitive();
  }

  /** Whether a comparison begins here, not a primitive or its parenthesis. */
  #arithmeticFollows(): boolean {
    const token = this.#token;
    const next = this.#tokens[this.#at + 1];
    if (sign(token) === "(") {
      const close = this.#closing.get(this.#at);
      return close !== undefined && isOperator(this.#tokens[close + 1]);
    }
    if (sign(token) === "-") return true;
    if (token.kind === "number") return isOperator(next);
    if (token.kind !== "word") return false;
    return token.text === "len" || token.text === "length" || sign(next) === "[";
  }

  /** Whether an address or number begins here, or a list of them in parentheses. */
  #idFollows(): boolean {
    let at = this.#at;
    while (sign(this.#tokens[at]) === "(" || this.#isNot(at)) at++;
    const token = this.#tokens[at]!;
    if (token.kind === "number") return !isOperator(this.#tokens[at + 1]);
    return token.kind === "ipv4" || token.kind === "ipv6" || token.kind === "mac" || token.kind === "name";
  }

  #isNot(at: number): boolean {
    const token = this.#tokens[at]!;
    return sign(token) === "!" || (token.kind === "word" && token.text === "not");
  }

  #primitive(): Found {
    const start = this.#token;
    if (start.kind !== "word") throw this.#wrong(start.kind === "end" ? "the packet filter ends too early" : sign(start) === ")" ? "there is nothing in front of this parenthesis" : "a packet filter cannot go on with this");
    const plain = (filter: Filter): Found => {
      this.#at++;
      return { filter, qualifiers: null };
    };
    this.#refuse();
    switch (start.text) {
      case "broadcast":
        return plain({ kind: "ether broadcast" });
      case "multicast":
        return plain({ kind: "ether multicast" });
      case "less":
      case "greater": {
        this.#at++;
        const right: Value = { kind: "number", value: this.#number("a number of bytes") };
        return { filter: { kind: "compare", op: start.text === "less" ? "<=" : ">=", left: { kind: "length" }, right }, qualifiers: null };
      }
      case "vlan":
        this.#at++;
        return { filter: { kind: "vlan", id: this.#vlanId() }, qualifiers: null };
    }
    const protocol = linkWords.includes(start.text) || Object.hasOwn(ethertypes, start.text) || Object.hasOwn(ipProtocols, start.text) ? start.text : null;
    if (protocol !== null) {
      this.#at++;
      this.#refuse();
    }
    if (protocol !== null && this.#is("broadcast", "multicast")) return { filter: this.#manycast(protocol, start), qualifiers: null };
    const direction = this.#direction();
    const type = types.find((each) => this.#take(each)) ?? null;
    if (protocol === null && direction === null && type === null) throw this.#unknownWord(start);
    const qualifiers: Qualifiers = { protocol, direction: direction ?? "either", type };
    if (direction === null && type === null) return { filter: this.#abbreviation(protocol!, start), qualifiers };
    return { filter: this.#ids(qualifiers), qualifiers };
  }

  /** Throws for a word of pcap's that is refused. */
  #refuse(): void {
    const token = this.#token;
    if (token.kind === "word" && Object.hasOwn(refused, token.text)) throw this.#wrong(refused[token.text]!);
  }

  #unknownWord(token: Token & { kind: "word" }): ExpressionError {
    const small = token.text.toLowerCase();
    const keyword = linkWords.includes(small) || Object.hasOwn(ethertypes, small) || Object.hasOwn(ipProtocols, small);
    return this.#wrong(keyword ? `packet filters are written in small letters: \`${small}\`` : `\`${token.text}\` is no word of packet filters; names of hosts and services are not looked up`, token);
  }

  #direction(): Direction | null {
    const one = (): "source" | "destination" | null => (this.#take("src") ? "source" : this.#take("dst") ? "destination" : null);
    const first = one();
    if (first === null) return null;
    const other = first === "source" ? "dst" : "src";
    const next = this.#tokens[this.#at + 1];
    if (next?.kind !== "word" || next.text !== other) return first;
    if (this.#take("or", "||")) {
      this.#at++;
      return "either";
    }
    if (this.#take("and", "&&")) {
      this.#at++;
      return "both";
    }
    return first;
  }

  #manycast(protocol: string, span: Span): Filter {
    const many = this.#take("multicast");
    const whole = { from: span.from, to: this.#token.to };
    if (!many) this.#at++;
    if (linkWords.includes(protocol)) return { kind: many ? "ether multicast" : "ether broadcast" };
    if (many && (protocol === "ip" || protocol === "ip6")) return { kind: `${protocol} multicast` };
    throw this.#wrong(protocol === "ip" ? "`ip broadcast` needs the mask of an interface's network; name the address with `ip dst host`" : `\`${protocol}\` has no ${many ? "multicast" : "broadcast"}`, whole);
  }

  /** A protocol alone: `tcp`. */
  #abbreviation(protocol: string, span: Span): Filter {
    if (linkWords.includes(protocol)) throw this.#wrong(`\`${protocol}\` is not enough: \`host\`, \`proto\`, \`src\` or \`dst\` is missing behind it`, span);
    const type = ethertypes[protocol];
    return type !== undefined ? { kind: "ethertype", type } : { kind: "protocol", ...ipProtocols[protocol]! };
  }

  #vlanId(): number | null {
    let open = 0;
    while (sign(this.#tokens[this.#at + open]) === "(") open++;
    const token = this.#tokens[this.#at + open]!;
    if (token.kind !== "number") return null;
    this.#at += open;
    const id = this.#number("a VLAN's number");
    if (id > 0xfff) throw this.#wrong(`VLANs have numbers of up to 4095, this is ${id}`, token);
    while (open-- > 0) this.#expect(")", "a closing parenthesis is missing here");
    return id;
  }

  #number(what: string): number {
    const token = this.#token;
    if (token.kind !== "number") throw this.#wrong(`${what} is missing here`);
    this.#at++;
    return token.value;
  }

  /** An address or number, or several in parentheses with `and`, `or` and `not`. */
  #ids(qualifiers: Qualifiers): Filter {
    if (this.#take("not", "!")) return { kind: "not", operand: this.#deeper(() => this.#ids(qualifiers)) };
    if (!this.#take("(")) return this.#id(qualifiers);
    let found = this.#deeper(() => this.#ids(qualifiers));
    for (;;) {
      const kind = this.#take("and", "&&") ? "and" : this.#take("or", "||") ? "or" : null;
      if (kind === null) break;
      found = { kind, left: found, right: this.#deeper(() => this.#ids(qualifiers)) };
    }
    this.#expect(")", "a closing parenthesis is missing here");
    return found;
  }

  #id(qualifiers: Qualifiers): Filter {
    const token = this.#token;
    const { protocol, direction, type } = qualifiers;
    if (type === "port" || type === "portrange") return this.#port(qualifiers);
    if (type === "proto") return this.#protocol(protocol, direction);
    switch (token.kind) {
      case "mac":
        this.#at++;
        if (protocol === null || !linkWords.includes(protocol) || type === "net") throw this.#wrong("an Ethernet address stands behind `ether host`, `ether src` or `ether dst`", token);
        return { kind: "ether host", direction, address: token.bytes };
      case "ipv6":
        this.#at++;
        return this.#host6(token, qualifiers);
      case "ipv4":
      case "number":
        this.#at++;
        return this.#host4(token, qualifiers);
      case "word":
      case "name":
        throw this.#wrong(`an address is missing here: names of ${type === "net" ? "networks" : "hosts"} are not looked up`);
      case "sign":
      case "end":
        throw this.#wrong("an address is missing here");
    }
  }

  #host4(token: Token & { kind: "ipv4" | "number" }, { protocol, direction, type }: Qualifiers): Filter {
    const family = protocol ?? "any";
    if (family !== "any" && family !== "ip" && family !== "arp" && family !== "rarp") throw this.#wrong(`\`${protocol}\` has no IPv4 addresses`, token);
    // A number alone is the whole address, but of a network its first bytes: `net 10`.
    const count = token.kind === "number" ? 4 : token.bytes.length;
    let address = token.kind === "number" ? token.value : token.bytes.reduce((sum, byte) => sum * 256 + byte, 0) * 256 ** (4 - count);
    let mask = prefix(8 * count);
    if (token.kind === "number" && type === "net") {
      let bytes = 4;
      while (address !== 0 && address < 0x100_0000) {
        address *= 256;
        bytes--;
      }
      mask = prefix(8 * bytes);
    }
    if (token.kind === "ipv4" && this.#is("/", "mask")) {
      const slash = this.#take("/");
      if (!slash) this.#at++;
      const from = this.#token;
      if (type !== "net") throw this.#wrong("a mask stands behind the address of a `net`", { from: token.from, to: from.to });
      if (slash) {
        const bits = this.#number("a number of bits");
        if (bits > 32) throw this.#wrong(`IPv4 addresses have 32 bits, this mask has ${bits}`, from);
        mask = prefix(bits);
      } else {
        if (from.kind !== "ipv4") throw this.#wrong("a mask like `255.255.0.0` is missing here");
        this.#at++;
        mask = from.bytes.reduce((sum, byte) => sum * 256 + byte, 0) * 256 ** (4 - from.bytes.length);
      }
      if ((address & ~mask) !== 0) throw this.#wrong("the address has bits outside of its mask", { from: token.from, to: from.to });
    }
    return { kind: "host", family, direction, address: [address], masks: [mask] };
  }

  #host6(token: Token & { kind: "ipv6" }, { protocol, direction, type }: Qualifiers): Filter {
    if (protocol !== null && protocol !== "ip6") throw this.#wrong(`\`${protocol}\` has no IPv6 addresses`, token);
    let masks: readonly number[] = [0, 1, 2, 3].map(() => 0xffff_ffff);
    if (this.#take("/")) {
      const from = this.#token;
      if (type !== "net") throw this.#wrong("a mask stands behind the address of a `net`", { from: token.from, to: from.to });
      const bits = this.#number("a number of bits");
      if (bits > 128) throw this.#wrong(`IPv6 addresses have 128 bits, this mask has ${bits}`, from);
      masks = masks.map((_, index) => prefix(Math.max(0, Math.min(32, bits - 32 * index))));
      if (token.words.some((word, index) => (word & ~masks[index]!) !== 0)) throw this.#wrong("the address has bits outside of its mask", { from: token.from, to: from.to });
    }
    return { kind: "host", family: "ip6", direction, address: token.words, masks };
  }

  #port({ protocol, direction, type }: Qualifiers): Filter {
    const token = this.#token;
    const transport = protocol === null ? null : (ipProtocols[protocol]?.protocol ?? 0);
    if (transport !== null && ![6, 17, 132].includes(transport)) throw this.#wrong(`\`${protocol}\` has no ports; tcp, udp and sctp do`, token);
    const range = token.kind === "word" ? /^(\d+|0[xX][\da-fA-F]+)-(\d+|0[xX][\da-fA-F]+)$/.exec(token.text) : null;
    if (token.kind !== "number" && (range === null || type === "port")) throw this.#wrong(token.kind === "word" || token.kind === "name" ? "a port's number is missing here: names of services are not looked up" : "a port's number is missing here");
    this.#at++;
    const ports = range === null ? [(token as { value: number }).value] : range.slice(1).map((each) => Number(/^0\d/.test(each) ? `0o${each.slice(1)}` : each));
    for (const port of ports) if (!(port <= 0xffff)) throw this.#wrong(`ports have numbers of up to 65535, this is ${port}`, token);
    return { kind: "port", protocol: transport, direction, first: Math.min(...ports), last: Math.max(...ports) };
  }

  #protocol(family: string | null, direction: Direction): Filter {
    const token = this.#token;
    if (direction !== "either") throw this.#wrong("a protocol has no direction", token);
    const name = token.kind === "name" ? token.text : null;
    const link = family !== null && linkWords.includes(family);
    if (!link && family !== null && family !== "ip" && family !== "ip6") throw this.#wrong(`\`${family}\` carries no protocols that have numbers`, token);
    const known = name === null ? undefined : link ? lookup(ethertypes, name) : lookup(ipProtocols, name)?.protocol;
    if (name !== null && known === undefined) throw this.#wrong(`no protocol \`${name}\` is known here; write its number`);
    if (token.kind === "word") throw this.#wrong(`a protocol's number is missing here, or its name behind a backslash: \`\\${token.text}\``);
    const value = known ?? this.#number("a protocol's number");
    if (known !== undefined) this.#at++;
    if (!link) return { kind: "protocol", family: family === "ip" || family === "ip6" ? family : "both", protocol: value };
    if (value <= 1500) throw this.#wrong("kinds of 802.3 frames are not compiled: ethertypes are above 1500", token);
    return { kind: "ethertype", type: value };
  }

  #comparison(): Filter {
    const left = this.#value();
    const op = this.#token.kind === "sign" ? comparisons[this.#token.text] : undefined;
    if (op === undefined) throw this.#wrong("a comparison is missing here: `=`, `!=`, `<`, `<=`, `>` or `>=`");
    this.#at++;
    return { kind: "compare", op, left, right: this.#value() };
  }

  /** Operands with operators between them. */
  #value(): Value {
    const negative = sign(this.#token) === "-";
    const values = [this.#factor()];
    const ops: (Span & { readonly op: Operator })[] = [];
    for (;;) {
      const token = this.#token;
      const op = ranks.flat().find((each) => each === sign(token));
      if (op === undefined) break;
      this.#at++;
      ops.push({ op, from: token.from, to: token.to });
      values.push(this.#factor());
    }
    // libpcap's grammar gives these two no rank: `7 % 4 * 2` is `7 % (4 * 2)` there, and `2 * 5 % 3` is `2 * (5 % 3)`. Nobody means that.
    const loose = ops.find(({ op }) => op === "%" || op === "^");
    if (loose !== undefined && (negative || ops.some(({ op }) => op !== "^") && ops.length > 1)) throw this.#wrong(`pcap reads \`${loose.op}\` beside other operators in its own way: use parentheses`, loose);
    for (const rank of ranks.toReversed()) {
      for (let index = 0; index < ops.length; ) {
        const { op, ...span } = ops[index]!;
        if (!rank.includes(op)) {
          index++;
          continue;
        }
        const [left, right] = [values[index]!, values[index + 1]!];
        if ((op === "/" || op === "%") && right.kind === "number" && right.value === 0) throw this.#wrong("division by zero", span);
        if ((op === "<<" || op === ">>") && right.kind === "number" && right.value > 31) throw this.#wrong(`a shift by ${right.value} bits, of 32`, span);
        values.splice(index, 2, folded({ kind: "operation", op, left, right }));
        ops.splice(index, 1);
      }
    }
    return values[0]!;
  }

  #factor(): Value {
    const token = this.#token;
    if (this.#take("-")) return folded({ kind: "operation", op: "-", left: { kind: "number", value: 0 }, right: this.#deeper(() => this.#factor()) });
    if (this.#take("(")) {
      const value = this.#deeper(() => this.#value());
      this.#expect(")", "a closing parenthesis is missing here");
      return value;
    }
    if (token.kind === "number") return { kind: "number", value: this.#number("a number") };
    if (this.#take("len", "length")) return { kind: "length" };
    if (token.kind !== "word") throw this.#wrong("a number is missing here");
    const of = bytesOf(token.text);
    if (of === null) {
      this.#refuse();
      throw this.#wrong(`\`${token.text}\` has no bytes that can be named`);
    }
    this.#at++;
    this.#expect("[", "`[` is missing here");
    const offset = this.#deeper(() => this.#value());
    let size = 1;
    if (this.#take(":")) {
      const at = this.#token;
      size = this.#number("a number of bytes");
      if (size !== 1 && size !== 2 && size !== 4) throw this.#wrong(`1, 2 or 4 bytes can be read, not ${size}`, at);
    }
    this.#expect("]", "`]` is missing here");
    return { kind: "bytes", of, offset, size: size as 1 | 2 | 4 };
  }
}

const sign = (token: Token | undefined): string | null => (token?.kind === "sign" ? token.text : null);
const isOperator = (token: Token | undefined): boolean => sign(token) !== null && /^(?:[=!<>]=?|==|[-+*/%&|^]|<<|>>)$/.test(sign(token)!) && sign(token) !== "!";
/** A mask of the first `bits` bits, of 32. */
const prefix = (bits: number): number => (bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0);
const lookup = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined => (Object.hasOwn(table, name) ? table[name] : undefined);

function bytesOf(name: string): BytesOf | null {
  if (linkWords.includes(name)) return { base: "ether" };
  if (name === "icmp6") return { base: "icmp6" };
  const ethertype = lookup(ethertypes, name);
  if (ethertype !== undefined) return { base: "link", ethertype };
  const protocol = lookup(ipProtocols, name);
  return protocol === undefined ? null : { base: "transport", protocol: protocol.protocol };
}

/** An operation on two numbers as its result. */
function folded(value: Value & { kind: "operation" }): Value {
  const { op, left, right } = value;
  if (left.kind !== "number" || right.kind !== "number") return value;
  const [a, b] = [left.value, right.value];
  const results: Readonly<Record<Operator, () => number>> = {
    "+": () => a + b, "-": () => a - b, "*": () => Math.imul(a, b), "/": () => Math.floor(a / b), "%": () => a % b, "&": () => a & b, "|": () => a | b, "^": () => a ^ b, "<<": () => a << b, ">>": () => a >>> b,
  };
  return { kind: "number", value: results[op]() >>> 0 };
}
