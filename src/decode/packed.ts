import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { OopscopeError } from "../base/index.ts";
import { moduleKey, type KernelClues } from "../kernel/index.ts";
import { openGsymImage, type GsymImage } from "../symbolize/index.ts";

/** A GSYM of a folder or that was named itself: the errors of the latter are the caller's. */
type Candidate = { readonly path: string; readonly named: boolean };

/**
 * GSYM files by what they are made of: vmlinux, or a module. A file's name tells (`nf_tables.ko.gsym`; `vmlinux-6.1.0-56-amd64.gsym`); the name of one that is
 * named itself need not: what stands beside it does.
 */
export class PackedFiles {
  readonly #candidates: Candidate[];
  readonly #opened = new Map<string, GsymImage>();

  /** Throws `not-found` for a path that is not there. */
  constructor(paths: readonly string[]) {
    this.#candidates = paths.flatMap(candidatesAt);
  }

  /** The vmlinux that fits the clues best. Throws where there are only damaged ones. */
  async vmlinux(clues: KernelClues): Promise<GsymImage | null> {
    let best: { image: GsymImage; score: number } | null = null;
    let failure: OopscopeError | null = null;
    for (const candidate of this.#candidates) {
      const module = moduleOfName(candidate.path);
      if (module !== null) continue;
      const opened = await this.#open(candidate, (error) => (failure ??= error));
      if (!opened || isModule(opened)) continue;
      const own = opened.image.elf.buildId();
      const score = clues.buildId !== null && own !== null ? (clues.buildId === own ? 2 : -2) : clues.release !== null && basename(candidate.path).includes(clues.release) ? 1 : 0;
      if (!best || score > best.score) best = { image: opened, score };
    }
    if (!best && failure) throw failure as OopscopeError;
    return best?.image ?? null;
  }

  /** The module that fits the clues best; what a damaged one says of itself is noted. */
  async module(key: string, clues: KernelClues, damaged: Map<string, string>): Promise<GsymImage | null> {
    let best: { image: GsymImage; score: number } | null = null;
    for (const candidate of this.#candidates) {
      const byName = moduleOfName(candidate.path);
      if (byName === null ? !candidate.named : byName !== key) continue;
      const opened = await this.#open(candidate, (error) => damaged.set(key, error.message));
      if (!opened) continue;
      const own = opened.image.elf.modinfo();
      const name = own.get("name")?.[0];
      if (byName === null && (!isModule(opened) || name === undefined || moduleKey(name) !== key)) continue;
      const release = own.get("vermagic")?.[0]?.split(" ", 1)[0];
      const score = release === undefined || clues.release === null ? 0 : release === clues.release ? 1 : -1;
      if (!best || score > best.score) best = { image: opened, score };
    }
    return best?.image ?? null;
  }

  close(): void {
    for (const { image } of this.#opened.values()) image.close();
  }

  async #open({ path, named }: Candidate, onDamage: (error: OopscopeError) => void): Promise<GsymImage | null> {
    const known = this.#opened.get(path);
    if (known) return known;
    try {
      const opened = await openGsymImage(path);
      this.#opened.set(path, opened);
      return opened;
    } catch (error) {
      if (!(error instanceof OopscopeError) || named) throw error;
      onDamage(error);
      return null;
    }
  }
}

const isModule = ({ image }: GsymImage): boolean => image.elf.relocatable;

/** The module that a file's name tells, or null. */
function moduleOfName(path: string): string | null {
  const name = /^(.+)\.ko(?:\.debug)?\.gsym$/.exec(basename(path))?.[1];
  return name === undefined ? null : moduleKey(name);
}

function candidatesAt(path: string): Candidate[] {
  let status;
  try {
    status = statSync(path);
  } catch (cause) {
    throw new OopscopeError("not-found", `${path}: no such file or directory`, { file: path }, cause);
  }
  if (!status.isDirectory()) return [{ path, named: true }];
  const names = readdirSync(path).filter((name) => name.endsWith(".gsym")).sort();
  if (names.length === 0) throw new OopscopeError("not-found", `${path}: no .gsym file is in this folder`, { file: path });
  return names.map((name) => ({ path: join(path, name), named: false }));
}
