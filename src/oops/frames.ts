/**
 * Symbols and addresses of one line.
 *
 * A line of a call trace is one that holds nothing but frames: stack markers, `?`, addresses in brackets, symbols, and the flags behind them. A
 * label line shows where a processor was (`RIP: 0010:f+0x1/0x2`, `pc : f+0x1/0x2`). Any other line may mention symbols. Each line is read once
 * from left to right; nothing here depends on other lines, so what a frame means (is it exact?) is decided later, in exact.ts.
 */
import { decodedBehind, isNameCode, moduleAt, nextSymbol, symbolAround, type SymbolToken } from "./symbols.ts";

/** A frame of one line, before its report is known. */
export type RawFrame = {
  readonly from: number;
  readonly to: number;
  readonly role: "pc" | "lr" | "call" | "register";
  readonly symbol: string | null;
  readonly offset: number | null;
  readonly size: number | null;
  readonly module: string | null;
  readonly moduleBuildId: string | null;
  readonly address: string | null;
  readonly reliable: boolean;
  readonly user: boolean;
  readonly decoded: string | null;
  /** The kernel itself says that the address is an instruction's own: arm64's `(P)`, powerpc's `--- interrupt:`. */
  readonly marked: boolean;
};

export type FrameLine = {
  readonly kind: "call" | "label" | "mention";
  readonly frames: readonly RawFrame[];
  /** `IRQ`, `/IRQ`, `TASK`, … where a stack marker stands in the line. */
  readonly marker: string | null;
};

/** More symbols than this in one line are left alone. */
const mostFrames = 16;

type More = { readonly address?: string | null; readonly reliable?: boolean; readonly user?: boolean; readonly marked?: boolean };

// Written out, not spread: frames of one shape keep a trace of thousands cheap.
function fromSymbol(token: SymbolToken, role: RawFrame["role"], more: More): RawFrame {
  return {
    from: token.from, to: token.to, role, symbol: token.symbol, offset: token.offset, size: token.size, module: token.module, moduleBuildId: token.moduleBuildId,
    address: more.address ?? null, reliable: more.reliable ?? true, user: false, decoded: token.decoded, marked: more.marked ?? false,
  };
}

function fromAddress(from: number, to: number, shown: string, role: RawFrame["role"], more: More): RawFrame {
  return {
    from, to, role, symbol: null, offset: null, size: null, module: null, moduleBuildId: null,
    address: shown, reliable: more.reliable ?? true, user: more.user ?? false, decoded: null, marked: more.marked ?? false,
  };
}

/** `0x…` without leading zeros, in lower case. */
export function address(digits: string): string {
  return `0x${digits.toLowerCase().replace(/^0+(?=.)/, "")}`;
}

/** Reads the frames of a line's message, or null if it holds none. `inTrace` also admits frames that only a decoder's mark tells from prose. */
export function readFrames(text: string, start: number, inTrace: boolean): FrameLine | null {
  return readLabels(text, start) ?? readCall(text, start, inTrace) ?? readMentions(text, start);
}

const bracketAddress = /\[<(?:0x)?([0-9a-fA-F]{8,16})>\]|\[([0-9a-f]{8,16})\](?= \[?)|\[?<?\(?_{2,4}ptrval_{2,4}\)?>?\]?/y;
const stackMarker = /<(\/?[#A-Z][A-Z0-9#_-]{1,15})>/y;
const bareAddress = /0x([0-9a-fA-F]{5,16})(?=[\s)]|$)/y;
const flagsBehind = / \((?:([A-Z]{1,6})|unreliable)\)/y;
const armCaller = /(?:\[<[0-9a-f]{8}>\] )?\(?[A-Za-z_.$][\w.$]{0,511}\)?(?: \[[\w-]{1,64}\])? from /y;
const powerpcInterrupt = /-{3,4} (?:interrupt|Exception): [0-9a-f]{1,4}(?: \([^)]{1,40}\))? at /y;

/** A line of a call trace. */
function readCall(text: string, start: number, inTrace: boolean): FrameLine | null {
  let at = start;
  let reliable = true;
  let pending: { from: number; to: number; address: string } | null = null;
  let marker: string | null = null;
  let marked = false;
  const frames: RawFrame[] = [];
  // arm prints callers as `f from g+0x1/0x2`: what the line shows is g. For an exception entry that is the interrupted pc.
  while (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09) at++;
  if (text.includes(" from ") && test(armCaller, text, at)) {
    marked = /(?:^|[ (])__[a-z]{3,5}_svc\W/.test(text.slice(at, armCaller.lastIndex));
    at = armCaller.lastIndex;
  }
  while (frames.length < mostFrames) {
    const code = text.charCodeAt(at);
    if (Number.isNaN(code)) break;
    if (code === 0x20 || code === 0x09 || code === 0x0d) at++;
    else if (code === 0x3f && text.charCodeAt(at + 1) === 0x20) {
      reliable = false;
      at += 2;
    } else if (code === 0x28 && (text.charCodeAt(at + 1) === 0x5b || frames.length === 0 && isNameCode(text.charCodeAt(at + 1)))) at++;
    else if (code === 0x29 && frames.length > 0) at++;
    else if (code === 0x3c && test(stackMarker, text, at)) {
      marker = text.slice(at + 1, stackMarker.lastIndex - 1);
      at = stackMarker.lastIndex;
    } else if ((code === 0x5b || code === 0x28) && test(bracketAddress, text, at)) {
      const digits = /[0-9a-fA-F]{8,16}/.exec(text.slice(at, bracketAddress.lastIndex));
      if (digits !== null && text.charCodeAt(at + 1) === 0x3c) pending = { from: at, to: bracketAddress.lastIndex, address: address(digits[0]) };
      else if (digits !== null) pending = { from: -1, to: -1, address: address(digits[0]) };
      at = bracketAddress.lastIndex;
    } else if (code === 0x2d && test(powerpcInterrupt, text, at)) {
      marked = true;
      at = powerpcInterrupt.lastIndex;
    } else if (code === 0x30 && test(bareAddress, text, at)) {
      const shown = address(text.slice(at + 2, bareAddress.lastIndex));
      // powerpc's kernel begins at 0xc000000000000000, or at 0xc0000000.
      const user = marked && (shown.length < 18 ? shown.length !== 10 || BigInt(shown) < 0xc000_0000n : BigInt(shown) < 0xc000_0000_0000_0000n);
      frames.push(fromAddress(at, bareAddress.lastIndex, shown, "call", { reliable, marked, user }));
      at = bareAddress.lastIndex;
      pending = null;
      reliable = true;
    } else if (code === 0x1b && text.charCodeAt(at + 1) === 0x5b) at = Math.min(text.length, colourEnd(text, at));
    else if (!isNameCode(code)) return null;
    else {
      const token = symbolHere(text, at, inTrace);
      if (token === null) return null;
      at = token.to + (decodedBehind(text, token.to)?.size ?? 0);
      let isPc = marked;
      if (test(flagsBehind, text, at)) {
        const flags = text.slice(at + 2, flagsBehind.lastIndex - 1);
        if (flags === "unreliable") reliable = false;
        else if (flags.includes("P")) isPc = true;
        at = flagsBehind.lastIndex;
      }
      if (token.decoded !== null && token.module === null) at = moduleBehind(text, at);
      frames.push(fromSymbol(token, "call", { reliable, address: pending?.address ?? null, marked: isPc }));
      pending = null;
      reliable = true;
      marked = false;
    }
  }
  if (at < text.length && !onlyControls(text, at)) return null;
  if (pending !== null && pending.from >= 0) frames.push(fromAddress(pending.from, pending.to, pending.address, "call", { reliable }));
  return frames.length > 0 || marker !== null ? { kind: "call", frames, marker } : null;
}

/** decode_stacktrace.sh writes the module behind the lines, without brackets in older versions. */
function moduleBehind(text: string, at: number): number {
  const found = moduleAt(text, at);
  if (found !== null) return found.to;
  const bare = /[ \t][A-Za-z_][\w-]{0,63}(?=\s*$)/y;
  return test(bare, text, at) ? bare.lastIndex : at;
}

/** The end of a control sequence (ECMA-48 CSI) that starts at `at`. */
function colourEnd(text: string, at: number): number {
  let end = at + 2;
  while (end < text.length && end < at + 32 && text.charCodeAt(end) >= 0x20 && text.charCodeAt(end) < 0x40) end++;
  return end + 1;
}

function test(form: RegExp, text: string, at: number): boolean {
  form.lastIndex = at;
  return form.test(text);
}

function onlyControls(text: string, at: number): boolean {
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x1b && text.charCodeAt(at + 1) === 0x5b) at = colourEnd(text, at) - 1;
    else if (code > 0x20) return false;
  }
  return true;
}

/** The symbol that begins exactly at `at`: with its offset, or (in a trace) with a decoder's file and line behind the bare name. */
function symbolHere(text: string, at: number, inTrace: boolean): SymbolToken | null {
  let end = at;
  while (isNameCode(text.charCodeAt(end))) end++;
  if (end === at) return null;
  if (text.charCodeAt(end) === 0x2b) return symbolAround(text, end, at);
  if (!inTrace || text.charCodeAt(end) !== 0x20) return null;
  const first = text.charCodeAt(at);
  if (first >= 0x30 && first <= 0x39) return null;
  const module = moduleAt(text, end);
  const to = module?.to ?? end;
  const decoded = decodedBehind(text, to)?.decoded ?? null;
  if (decoded === null) return null;
  return { from: at, to, symbol: text.slice(at, end), offset: null, size: null, module: module?.name ?? null, moduleBuildId: module?.buildId ?? null, decoded };
}

type Label = { readonly form: RegExp; readonly role: "pc" | "lr"; /** A number alone is a register, not a frame. */ readonly symbolOnly?: true; /** 32-bit addresses, of which the kernel has the upper quarter. */ readonly narrow?: true };

// x86: show_ip; arm64, riscv, arm, powerpc, mips, loongarch, s390: their __show_regs and show_regs.
const labels: readonly Label[] = [
  { form: /RIP:? (?:([0-9a-f]{4}):)?/y, role: "pc" },
  { form: /EIP(?: is at |: (?:([0-9a-f]{4}):)?)/y, role: "pc", narrow: true },
  { form: /(?:pc|PC) (?:: (?!\[<[0-9a-f]{8,16}>\]\s{1,8}(?:lr|ps))|is at )/y, role: "pc" },
  { form: /(?:lr|LR) (?:: (?!\[<[0-9a-f]{8,16}>\]\s{1,8}ps)|is at )/y, role: "lr" },
  { form: /epc {0,3}: ?/y, role: "pc", symbolOnly: true },
  { form: /ra {0,4}: ?/y, role: "lr", symbolOnly: true },
  { form: /(?:NIP|Instruction pointer):? /y, role: "pc", symbolOnly: true },
  { form: /LR:? /y, role: "lr", symbolOnly: true },
  { form: /ERA: /y, role: "pc", symbolOnly: true },
  { form: /Krnl PSW : [0-9a-f]{16} (?=[0-9a-f]{16} \()/y, role: "pc", symbolOnly: true },
];
const labelBegins = new Set([..."REpPleLrNIK"].map((letter) => letter.charCodeAt(0)));
const addresses = /(?:\[?<?(?:0x)?([0-9a-fA-F]{8,16})>?\]? *|_{2,4}ptrval_{2,4} *|\[<\(_{2,4}ptrval_{2,4}\)>\] *)+/y;
const number = /(?:0x)?([0-9a-fA-F]{1,16})(?=[\s.]|$)/y;

/** A line that shows program counters by name, such as riscv's `epc : f+0x1/0x2 ra : g+0x3/0x4`. */
function readLabels(text: string, start: number): FrameLine | null {
  let at = start;
  const frames: RawFrame[] = [];
  while (frames.length < mostFrames) {
    while (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09) at++;
    if (!labelBegins.has(text.charCodeAt(at))) break;
    const label = labels.find(({ form }) => test(form, text, at));
    if (label === undefined) break;
    label.form.lastIndex = at;
    const segment = label.form.exec(text)?.[1];
    const read = labelled(text, label.form.lastIndex, label, segment === undefined ? null : parseInt(segment, 16));
    if (read === null) break;
    frames.push(read);
    at = read.to;
  }
  return frames.length > 0 ? { kind: "label", frames, marker: null } : null;
}

function labelled(text: string, at: number, label: Label, segment: number | null): RawFrame | null {
  const user = segment !== null && (segment & 3) === 3;
  const { role } = label;
  let shown: string | null = null;
  let shownFrom = -1;
  let shownTo = -1;
  while (text.charCodeAt(at) === 0x20) at++;
  if (test(addresses, text, at) && addresses.lastIndex > at) {
    const digits = /[0-9a-fA-F]{8,16}/.exec(text.slice(at, addresses.lastIndex));
    const behind = text.charCodeAt(addresses.lastIndex);
    if (!isNameCode(behind) || text.charCodeAt(addresses.lastIndex - 1) === 0x20 || text.charCodeAt(addresses.lastIndex - 1) === 0x5d) {
      if (digits !== null) {
        shown = address(digits[0]);
        shownFrom = at;
        shownTo = at + text.slice(at, addresses.lastIndex).trimEnd().length;
      }
      at = addresses.lastIndex;
    }
  }
  // s390: `Krnl PSW : … 000003ff80380118 (f+0x1/0x2)`
  if (shown !== null && text.charCodeAt(at) === 0x28) at++;
  let end = at;
  while (isNameCode(text.charCodeAt(end))) end++;
  if (end > at && text.charCodeAt(end) === 0x2b) {
    const token = symbolAround(text, end, at);
    if (token !== null && !user) return fromSymbol(token, role, { address: shown });
  }
  const decoded = symbolHere(text, at, true);
  if (decoded !== null && decoded.decoded !== null && !user) return fromSymbol(decoded, role, { address: shown });
  if (label.symbolOnly === true) return null;
  const isUser = (value: string): boolean => user || (label.narrow === true ? value.length > 6 && BigInt(value) < 0xc000_0000n : segment === null && isLow(value));
  if (shown !== null) return fromAddress(shownFrom, shownTo, shown, role, { user: isUser(shown) });
  if (!test(number, text, at)) return null;
  const value = address(text.slice(text.startsWith("0x", at) ? at + 2 : at, number.lastIndex));
  return fromAddress(at, number.lastIndex, value, role, { user: isUser(value) });
}

/** Below the kernel's half of a 64-bit address space. */
function isLow(value: string): boolean {
  return value.length < 18 && value.length > 10;
}

/** Symbols within other text. */
function readMentions(text: string, start: number): FrameLine | null {
  const frames: RawFrame[] = [];
  let at = start;
  while (frames.length < mostFrames) {
    const token = nextSymbol(text, at);
    if (token === null) break;
    const before = /\[<([0-9a-f]{8,16})>\] $/.exec(text.slice(Math.max(start, token.from - 24), token.from));
    frames.push(fromSymbol(token, "register", { address: before === null ? null : address(before[1]!) }));
    at = token.to;
  }
  return frames.length > 0 ? { kind: "mention", frames, marker: null } : null;
}

/** True if the line may hold a frame at all; much cheaper than reading it. */
export function mayHoldFrame(text: string): boolean {
  return text.includes("+0x") || text.includes("[<");
}
