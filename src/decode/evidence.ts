import type { ImageOffset } from "../base/index.ts";
import { compareCode, enoughBytes, type Evidence } from "../kernel/index.ts";
import type { CodeLine, ParsedFrame } from "../oops/index.ts";
import type { KernelImage } from "./images.ts";
import type { Plan } from "./resolve.ts";

/** How many of the functions that the log names with their size have that size in the file. */
export function sizeEvidence(image: KernelImage, plans: readonly Plan[]): Evidence["sizes"] {
  const seen = new Set<string>();
  let compared = 0;
  let equal = 0;
  for (const { frame, image: of } of plans) {
    if (of !== image || frame.symbol === null || frame.size === null) continue;
    const key = `${frame.symbol}/${frame.size}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const named = image.symbols.get(frame.symbol);
    if (!named) continue;
    compared++;
    if (named.some((symbol) => image.image.fits(symbol, frame.size!))) equal++;
  }
  return { compared, equal };
}

/** What the `Code:` lines of a log say about the files: gathered while frames are planned. */
export class CodeEvidence {
  readonly #counts = new Map<KernelImage, { compared: number; equal: number }>();
  readonly #seen = new Set<string>();

  /** For an image: its comparable bytes and how many of them agree; null if no `Code:` line is its own. */
  of(image: KernelImage): Evidence["code"] {
    return this.#counts.get(image) ?? null;
  }

  /**
   * Compares the bytes of a report's `Code:` lines with the text at their pc. Where the pc's name stands for several functions, those whose text agrees
   * are kept. `wanted` says for which images a comparison is worth its time.
   */
  weigh(codes: readonly CodeLine[], planOf: ReadonlyMap<ParsedFrame, Plan>, wanted: (image: KernelImage) => boolean): void {
    for (const { bytes, trap, user, pc } of codes) {
      const plan = pc ? planOf.get(pc) : undefined;
      if (!pc || user || !plan?.image || plan.symbols.length === 0 || trap === null || pc.offset === null) continue;
      const { image } = plan;
      if (plan.symbols.length === 1 && !wanted(image)) continue;
      const key = `${plan.image.module} ${pc.symbol}+${pc.offset}/${pc.size} ${Buffer.from(bytes).toString("base64")}`;
      if (this.#seen.has(key) && plan.symbols.length === 1) continue;
      const results = plan.symbols.map((symbol) => ({ symbol, ...compareCode(image.code, (symbol.address + pc.offset!) as ImageOffset, bytes, trap) }));
      const agreeing = results.filter(({ compared, equal }) => compared > 0 && equal === compared);
      // What agrees in a few bytes only, the others being such as a kernel rewrites, rules nobody out.
      if (agreeing.some(({ compared }) => compared >= enoughBytes)) plan.symbols = agreeing.map(({ symbol }) => symbol);
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      const best = agreeing[0] ?? results.sort((a, b) => b.equal - a.equal)[0]!;
      const counts = this.#counts.get(image) ?? { compared: 0, equal: 0 };
      this.#counts.set(image, { compared: counts.compared + best.compared, equal: counts.equal + best.equal });
    }
  }
}

/** How far KASLR moved the kernel, by frames that the log gives both ways: one answer of all, or null. */
export function inferKaslr(plans: readonly Plan[], vmlinux: KernelImage | null): bigint | null {
  if (!vmlinux) return null;
  let moved: bigint | null = null;
  for (const { frame, image, symbols } of plans) {
    if (image !== vmlinux || frame.address === null || frame.offset === null || symbols.length !== 1) continue;
    const link = vmlinux.image.elf.addressOf((symbols[0]!.address + frame.offset) as ImageOffset);
    const distance = BigInt(frame.address) - link;
    if (moved !== null && moved !== distance) return null;
    moved = distance;
  }
  return moved;
}
