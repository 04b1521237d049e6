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
 * Frames to places, in three phases. `plan` finds for each frame its image and the functions that it may mean; `settle` tells functions of one name apart
 * by the calls between the frames of a stack; `answer` looks all addresses of an image up at once and writes the frames.
 */
export type Plan = {
  readonly frame: ParsedFrame;
  readonly image: KernelImage | null;
  /** What is left of the functions of this name. */
  symbols: readonly ImageSymbol[];
  /** For addresses that come without a name. */
  readonly bare: ImageOffset | null;
  readonly unresolved: Unresolved | null;
};

export type ResolveOptions = { readonly returnAddresses: "call" | "as-printed"; /** Runtime less link addresses of vmlinux, where it is known. */ readonly kaslr: bigint | null; /** Why no image may be used, as for reports of another kernel. */ readonly foreign: string | null };

/** Code that the kernel makes at run time; it stands in no file. */
const generated = /^(?:bpf_(?:prog|trampoline|dispatcher)_|ftrace_trampoline|kprobe_(?:optinsn|insn)|__builtin__kprobes|kretprobe_trampoline_)/;

export function planFrame(frame: ParsedFrame, images: KernelImages, options: ResolveOptions): Plan {
  const failed = (reason: Unresolved["reason"], why: string, image: KernelImage | null = null): Plan => ({ frame, image, symbols: [], bare: null, unresolved: { reason, why } });
  if (frame.decoded !== null) return { frame, image: null, symbols: [], bare: null, unresolved: null };
  if (frame.user) return failed("user", "user-space code");
  if (options.foreign !== null) return failed("no-image", options.foreign);
  if (frame.symbol === null) return planAddress(frame, images, options, failed);
  if (frame.module === "bpf" || (frame.module === null && generated.test(frame.symbol))) return failed("no-image", "code that was generated at run time");
  const key = frame.module === null ? null : moduleKey(frame.module);
  const image = key === null ? images.vmlinux : (images.modules.get(key) ?? null);
  if (!image) {
    if (key === null) return failed("no-image", "no vmlinux of this kernel was found");
    const damage = images.damaged.get(key);
    return failed("no-image", damage ? `the file of module ${frame.module} is unusable: ${damage}` : `no file of module ${frame.module} was found`);
  }
  if (frame.offset === null) return failed("no-address", "the log gives no offset into the function", image);
  const { symbols, failure } = candidatesOf(frame, image);
  return { frame, image, symbols, bare: null, unresolved: failure };
}

function planAddress(frame: ParsedFrame, images: KernelImages, { kaslr }: ResolveOptions, failed: (reason: Unresolved["reason"], why: string, image?: KernelImage | null) => Plan): Plan {
  if (frame.address === null) return failed("no-address", "the log gives neither symbol nor address");
  if (!images.vmlinux) return failed("no-image", "no vmlinux of this kernel was found");
  if (kaslr === null) return failed("no-address", "a bare address, and how far the kernel was moved at boot (KASLR) does not stand in the log", images.vmlinux);
  const { elf } = images.vmlinux.image;
  const bare = Number(BigInt.asIntN(64, BigInt(frame.address) - kaslr - elf.base)) as ImageOffset;
  if (!Number.isSafeInteger(bare) || !isCode(elf, bare)) return failed("outside", "the address lies outside the code of vmlinux", images.vmlinux);
  return { frame, image: images.vmlinux, symbols: [], bare, unresolved: null };
}

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

/** Where to look for a frame in one function. */
function queryFor(frame: ParsedFrame, image: KernelImage, symbol: ImageSymbol, options: ResolveOptions): Query {
  const address = (symbol.address + frame.offset!) as ImageOffset;
  if (frame.exact) return { address, owner: symbol, note: null };
  if (frame.offset === 0) return { address, owner: symbol, note: "a pointer to the start of the function, not a return address" };
  const pastEnd = frame.offset === frame.size;
  if (pastEnd && /^__(?:pfx|cfi)_/.test(symbol.name)) return { address, owner: null, note: "a pointer to the start of the function, not a return address" };
  if (pastEnd && !frame.reliable && callBefore(image.code, address) === null) return { address, owner: null, note: "a pointer to the start of the next function, not a return address" };
  return { address: options.returnAddresses === "call" ? ((address - 1) as ImageOffset) : address, owner: symbol, note: null };
}

/** Answers for all planned frames, in their order. One lookup an image. */
export function answerFrames(plans: readonly Plan[], options: ResolveOptions, cutter: PathCutter): CaseFrame[] {
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
    return frameOf(plan, found, cutter);
  });
}

function frameOf(plan: Plan, found: readonly { query: Query; place: ResolvedPlace }[], cutter: PathCutter): CaseFrame {
  const { frame, image } = plan;
  const known = {
    logLine: frame.line,
    column: frame.from,
    text: "",
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
