import type { ImageOffset } from "../base/index.ts";
import { hex } from "../base/index.ts";
import type { CaseFrame, CaseFunction, Unresolved } from "../case/index.ts";
import { moduleKey } from "../kernel/index.ts";
import type { ParsedFrame } from "../oops/index.ts";
import type { ImageSymbol, ResolvedPlace } from "../symbolize/index.ts";
import { callBefore } from "./callsite.ts";
import { byCallersCall, byOwnCall, candidatesOf } from "./candidates.ts";
import { functionsOfText } from "./decoded.ts";
import { isCode, type KernelImage, type KernelImages } from "./images.ts";
import type { PathCutter } from "./paths.ts";

/**
 * Frames to places, in three phases. `planFrame` finds for each frame its image and the functions that it may mean; `settle…` tell functions of one name
 * apart; `answerFrames` looks all addresses of an image up at once and writes the frames.
 */
export type Plan = {
  readonly frame: ParsedFrame;
  readonly image: KernelImage | null;
  /** What is left of the functions of this name. */
  symbols: readonly ImageSymbol[];
  /** For addresses that come without a name. */
  bare: ImageOffset | null;
  unresolved: Unresolved | null;
};

export type ResolveOptions = { readonly returnAddresses: "call" | "as-printed"; /** Images whose lines may be wrong. */ readonly doubtful: ReadonlySet<KernelImage> };

export const noVmlinux = "no vmlinux of this kernel was found";

/** Code that the kernel makes at run time; it stands in no file. Functions of vmlinux have such names too. */
const generated = /^(?:bpf_(?:prog|trampoline|dispatcher)_|ftrace_trampoline|kprobe_(?:optinsn|insn)|__builtin__kprobes|kretprobe_trampoline_)/;

/** `foreign` says why no image may be used, as for reports of another kernel. */
export function planFrame(frame: ParsedFrame, images: KernelImages, foreign: string | null): Plan {
  const failed = (reason: Unresolved["reason"], why: string, image: KernelImage | null = null): Plan => ({ frame, image, symbols: [], bare: null, unresolved: { reason, why } });
  if (frame.decoded !== null) return { frame, image: null, symbols: [], bare: null, unresolved: null };
  if (frame.user) return failed("user", "user-space code");
  if (foreign !== null) return failed("no-image", foreign);
  if (frame.symbol === null) {
    if (frame.address === null) return failed("no-address", "the log gives neither symbol nor address");
    if (!images.vmlinux) return failed("no-image", noVmlinux);
    return failed("no-address", "a bare address, and how far the kernel was moved at boot (KASLR) does not stand in the log", images.vmlinux);
  }
  const known = frame.module === null && images.vmlinux?.symbols.has(frame.symbol);
  if (frame.module === "bpf" || (frame.module === null && !known && generated.test(frame.symbol))) return failed("no-image", "code that was generated at run time");
  const key = frame.module === null ? null : moduleKey(frame.module);
  const image = key === null ? images.vmlinux : (images.modules.get(key) ?? null);
  if (!image) {
    if (key === null) return failed("no-image", noVmlinux);
    const damage = images.damaged.get(key);
    return failed("no-image", damage ? `the file of module ${frame.module} is unusable: ${damage}` : `no file of module ${frame.module} was found`);
  }
  if (frame.offset === null) return failed("no-address", "the log gives no offset into the function", image);
  const { symbols, failure } = candidatesOf(frame, image);
  return { frame, image, symbols, bare: null, unresolved: failure };
}

/** Gives bare addresses their places in vmlinux, once it is known how far that was moved. */
export function placeBare(plans: readonly Plan[], { vmlinux }: KernelImages, kaslr: bigint | null): void {
  if (!vmlinux || kaslr === null) return;
  const { elf } = vmlinux.image;
  for (const plan of plans) {
    const { frame } = plan;
    if (plan.image !== vmlinux || frame.symbol !== null || frame.address === null) continue;
    const place = Number(BigInt.asIntN(64, BigInt(frame.address) - kaslr - elf.base)) as ImageOffset;
    const inside = Number.isSafeInteger(place) && isCode(elf, place);
    plan.bare = inside ? place : null;
    plan.unresolved = inside ? null : { reason: "outside", why: "the address lies outside the code of vmlinux" };
  }
}

/** Narrows frames whose address stands in the log beside their name. */
export function settleByAddress(plans: readonly Plan[], kaslr: bigint | null): void {
  if (kaslr === null) return;
  for (const plan of plans) {
    const { frame, image, symbols } = plan;
    if (symbols.length < 2 || !image || image.module !== null || frame.address === null || frame.offset === null) continue;
    const link = BigInt(frame.address) - kaslr - BigInt(frame.offset);
    const there = symbols.filter(({ address }) => image.image.elf.addressOf(address) === link);
    if (there.length > 0) plan.symbols = there;
  }
}

/** A report shows its program counter more than once: what one line has settled holds for the others. */
export function settleRepeats(plans: readonly Plan[]): void {
  const settled = new Map<string, readonly ImageSymbol[] | null>();
  for (const { frame, symbols } of plans) {
    if (frame.role !== "pc" || symbols.length !== 1) continue;
    const place = placeOf(frame);
    const before = settled.get(place);
    if (before === undefined) settled.set(place, symbols);
    else if (before !== null && before[0]!.address !== symbols[0]!.address) settled.set(place, null);
  }
  for (const plan of plans) {
    if (plan.symbols.length > 1 && plan.frame.exact) plan.symbols = settled.get(placeOf(plan.frame)) ?? plan.symbols;
  }
}

const placeOf = ({ symbol, offset, size, module }: ParsedFrame): string => `${symbol}+${offset}/${size} ${module}`;

/** Narrows ambiguous frames of one stack (callee first, caller last). */
export function settleStack(plans: readonly Plan[]): void {
  if (plans.every(({ symbols }) => symbols.length < 2)) return;
  // Left-over pointers call nobody.
  const chain = plans.filter(({ frame }) => frame.reliable);
  for (let round = 0; round < 2; round++) {
    for (const [index, plan] of chain.entries()) {
      const { frame, image } = plan;
      if (plan.symbols.length < 2 || !image || frame.offset === null) continue;
      const caller = chain[index + 1];
      const callerSymbol = caller?.symbols.length === 1 && !caller.frame.exact ? caller.symbols[0]! : null;
      if (caller?.image && callerSymbol && caller.frame.offset !== null) {
        plan.symbols = byCallersCall(plan.symbols, image, { image: caller.image, address: (callerSymbol.address + caller.frame.offset) as ImageOffset });
      }
      if (plan.symbols.length < 2 || frame.exact) continue;
      const above = chain[index - 1];
      plan.symbols = byOwnCall(plan.symbols, frame.offset, image, above?.image ? { image: above.image, symbols: above.symbols } : null);
    }
  }
}

/** An address to look up, with what it is known to belong to. */
type Query = { readonly address: ImageOffset; readonly owner: ImageSymbol | null; readonly note: string | null };

const otherBuild = "by a file of another build";
const pointer = "a pointer to its start";

/**
 * Where to look for a frame in one function. At either end of a function an address may be a pointer to the start of what begins there, or the return
 * address of a call that does not return and ends the function before: there is a call, or there is none. (`%pB`, which prints most traces, names the function
 * before, at its very end; `%pS`, which prints saved ones, the function behind, at offset 0.)
 */
function queryFor(frame: ParsedFrame, image: KernelImage, symbol: ImageSymbol, options: ResolveOptions): Query {
  const address = (symbol.address + frame.offset!) as ImageOffset;
  const back = options.returnAddresses === "call" ? 1 : 0;
  if (frame.exact) return { address, owner: symbol, note: null };
  if (frame.offset === 0) {
    const call = frame.reliable ? callBefore(image.code, address) : null;
    if (call === null || call === "unknown") return { address, owner: symbol, note: pointer };
    return { address: (address - back) as ImageOffset, owner: null, note: "its last call, which does not return" };
  }
  if (frame.offset === frame.size) {
    const call = /^__(?:pfx|cfi)_/.test(symbol.name) ? null : callBefore(image.code, address);
    if (call === null || (call === "unknown" && !frame.reliable)) return { address, owner: null, note: pointer };
  }
  return { address: (address - back) as ImageOffset, owner: symbol, note: null };
}

/** Answers for all planned frames, in their order. One lookup an image. `textOf` gives a frame as the log has it. */
export function answerFrames(plans: readonly Plan[], options: ResolveOptions, cutter: PathCutter, textOf: (frame: ParsedFrame) => string): CaseFrame[] {
  const queries = new Map<KernelImage, Query[]>();
  // For each frame the places of its queries in its image's list.
  const slots: number[][] = plans.map((plan) => {
    const { image, frame } = plan;
    if (!image || plan.unresolved) return [];
    let list = queries.get(image);
    if (!list) queries.set(image, (list = []));
    const wanted =
      plan.bare !== null
        ? [{ address: (frame.exact || options.returnAddresses === "as-printed" ? plan.bare : plan.bare - 1) as ImageOffset, owner: null, note: null }]
        : plan.symbols.map((symbol) => queryFor(frame, image, symbol, options));
    return wanted.map((query) => list.push(query) - 1);
  });
  const places = new Map<KernelImage, ResolvedPlace[]>();
  for (const [image, list] of queries) {
    places.set(image, image.image.lookup(list.map(({ address }) => address), list.map(({ owner }) => owner)));
  }
  return plans.map((plan, index) => {
    const { image } = plan;
    const found = image ? slots[index]!.map((slot) => ({ query: queries.get(image)![slot]!, place: places.get(image)![slot]! })) : [];
    const frame = frameOf(plan, found, cutter, textOf(plan.frame));
    if (!image || !options.doubtful.has(image) || found.length === 0) return frame;
    return { ...frame, note: frame.note === null ? otherBuild : `${frame.note}; ${otherBuild}` };
  });
}

function frameOf(plan: Plan, found: readonly { query: Query; place: ResolvedPlace }[], cutter: PathCutter, text: string): CaseFrame {
  const { frame, image } = plan;
  const known = {
    logLine: frame.line,
    column: frame.from,
    text,
    symbol: frame.symbol,
    offset: frame.offset,
    size: frame.size,
    module: frame.module,
    reliable: frame.reliable,
    exact: frame.exact,
  };
  const nowhere = { address: frame.address, section: null, functions: [], candidates: [], note: null };
  if (frame.decoded !== null) return { ...known, ...nowhere, functions: functionsOfText(frame.decoded, frame.symbol ?? "??"), note: "resolved in the log already", unresolved: null };
  if (!image || found.length === 0) return { ...known, ...nowhere, unresolved: plan.unresolved };
  const { elf } = image.image;
  const written = found.map(({ query, place }) => {
    const section = elf.sectionAt(query.address);
    // In a module addresses count from the section's start: that is how objdump and addr2line -j show them.
    const shown = elf.relocatable && section ? BigInt(query.address - elf.placeOf(section)) : elf.addressOf(query.address);
    return { address: hex(shown), section: section?.name ?? null, functions: place.functions.map((fn): CaseFunction => ({ ...fn, file: fn.file === null ? null : cutter.cut(fn.file, place.directory) })) };
  });
  if (written.length > 1) {
    const why = `${written.length} functions of ${image.image.path} are named ${frame.symbol}, and nothing in the log tells which`;
    return { ...known, ...nowhere, candidates: written, unresolved: { reason: "ambiguous", why } };
  }
  const [{ query, place }] = found as [{ query: Query; place: ResolvedPlace }];
  return { ...known, ...nowhere, ...written[0]!, note: query.note, unresolved: place.failure };
}
