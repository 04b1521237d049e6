import { OopscopeError, messageOf, type ImageOffset } from "../base/index.ts";
import { SHF_EXECINSTR, type ElfFile } from "../elf/index.ts";
import { closeFound, fetchedGsym, findModules, findVmlinux, hasDebugInformation, moduleKey, patchSymbols, type FoundFile, type KernelClues, type ModuleClues, type NameListKind, type SearchPlaces } from "../kernel/index.ts";
import { imageOf, sourceRootSymbol, type GsymImage, type Image, type ImageSymbol } from "../symbolize/index.ts";
import type { DecodeOptions } from "./options.ts";
import type { PackedFiles } from "./packed.ts";

/** An image of the crashed kernel: vmlinux (`module` null) or a module, with the symbols that its frames name. */
export type KernelImage = {
  readonly module: string | null;
  readonly image: Image;
  /** The file that holds the code bytes. */
  readonly code: ElfFile;
  readonly how: string;
  /** Set where the file is a list of names alone. `kallsyms`: of a running kernel, so its addresses are those of one boot. */
  readonly names: NameListKind | null;
  /** What cannot be told for want of a file beside the image's; null if nothing is amiss. */
  readonly lacks: string | null;
  readonly symbols: ReadonlyMap<string, readonly ImageSymbol[]>;
};

export type KernelImages = {
  readonly vmlinux: KernelImage | null;
  /** vmlinux's own `Linux version …`. */
  readonly banner: string | null;
  readonly modules: ReadonlyMap<string, KernelImage>;
  /** Why a file that was found cannot be used, by module key. */
  readonly damaged: ReadonlyMap<string, string>;
  close(): void;
};

/** Symbols of vmlinux that are wanted beside those of frames. */
export const bannerSymbol = "linux_banner";

/**
 * `names` are the symbols that the frames of each image name, by module key; vmlinux's under "". `cluesFor` tells what the log says about the kernel of that
 * release, null standing for the one to look for: a log of several kernels is decoded for the one whose vmlinux is there.
 */
export async function openImages(cluesFor: (release: string | null) => KernelClues, modules: readonly ModuleClues[], names: ReadonlyMap<string, ReadonlySet<string>>, options: DecodeOptions, pool: ImagePool | null = null): Promise<KernelImages> {
  const damaged = new Map<string, string>();
  const named = { ...(options.vmlinux === undefined ? {} : { vmlinux: options.vmlinux }), modules: options.modules ?? [], ...(options.root === undefined ? {} : { root: options.root }), ...options.also };
  const opened: FoundFile[] = [];
  let packed: PackedFiles | null = null;
  const close = () => {
    if (!pool) for (const file of opened) closeFound(file);
    packed?.close();
  };
  const open = async (module: string | null, file: FoundFile, wanted: Iterable<string>) => imageOfFile(module, pool ? await pool.kept(file) : { ...file, image: await imageOf(file.elf) }, wanted);
  try {
    options.onProgress?.("looking for the kernel's files");
    const vmlinuxNames = [...(names.get("") ?? []), bannerSymbol, sourceRootSymbol];
    const symbols = [...(options.symbols ?? []), ...(options.vmlinux === undefined ? fetchedGsym(options.also?.fetched, cluesFor(null)) : [])];
    packed = symbols.length === 0 ? null : new (await import("./packed.ts")).PackedFiles(symbols);
    const packedVmlinux = options.vmlinux === undefined && packed ? await packed.vmlinux(cluesFor(null)) : null;
    const vmlinuxFile = packedVmlinux ? null : await findVmlinux(cluesFor(null), named, damaged);
    if (vmlinuxFile) opened.push(vmlinuxFile);
    options.signal?.throwIfAborted();
    const vmlinux = packedVmlinux ? imageOfPacked(null, packedVmlinux, vmlinuxNames) : vmlinuxFile ? await open(null, vmlinuxFile, vmlinuxNames) : null;
    const banner = vmlinux && textAt(vmlinux, bannerSymbol);
    const clues = cluesFor(releaseOf(banner));
    const wanted = modules.filter(({ name }) => names.has(moduleKey(name)));
    const byModule = new Map<string, KernelImage>();
    const use = async (key: string, open: () => KernelImage | Promise<KernelImage>) => {
      try {
        byModule.set(key, await open());
      } catch (error) {
        if (!(error instanceof OopscopeError)) throw error;
        damaged.set(key, messageOf(error));
      }
    };
    const moduleFiles = await findWanted(wanted, clues, named, packed, damaged, (key, found) => use(key, () => imageOfPacked(key, found, names.get(key) ?? [])));
    opened.push(...moduleFiles.values());
    options.signal?.throwIfAborted();
    for (const [key, file] of moduleFiles) await use(key, () => open(key, file, names.get(key) ?? []));
    return { vmlinux, banner, modules: byModule, damaged, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** The release in a banner. */
export function releaseOf(banner: string | null): string | null {
  return banner === null ? null : (/^Linux version (\S+)/.exec(banner)?.[1] ?? null);
}

/** Files that stay open from one part of a log to the next, with what was read of them. A file that was replaced meanwhile is still the old one. */
export class ImagePool {
  readonly #kept = new Map<string, FoundFile & { readonly image: Image }>();

  /** The file as it was opened first; a second opening of it is closed. */
  async kept(file: FoundFile): Promise<FoundFile & { readonly image: Image }> {
    const key = `${file.elf.path}\0${file.code.path}`;
    const known = this.#kept.get(key);
    if (known) {
      closeFound(file);
      return known;
    }
    const kept = { ...file, image: await imageOf(file.elf) };
    this.#kept.set(key, kept);
    return kept;
  }

  close(): void {
    for (const { image, elf, code } of this.#kept.values()) {
      image.close();
      if (code !== elf) code.close();
    }
    this.#kept.clear();
  }
}

function imageOfFile(module: string | null, file: FoundFile & { readonly image: Image }, names: Iterable<string>): KernelImage {
  const { image } = file;
  // One pass over a vmlinux's names finds these too.
  if (module === null) file.elf.symbols()?.named([...names, ...patchSymbols]);
  return { module, image, code: file.code, how: file.how, names: file.names, lacks: null, symbols: image.symbols(names) };
}

function imageOfPacked(module: string | null, { image, lacks }: GsymImage, names: Iterable<string>): KernelImage {
  return { module, image, code: image.elf, how: "packed", names: null, lacks, symbols: image.symbols(names) };
}

/** Modules that the caller names as files, then packed ones, for which `onPacked` is called, then those of the usual places. */
async function findWanted(wanted: readonly ModuleClues[], clues: KernelClues, places: SearchPlaces, packed: PackedFiles | null, damaged: Map<string, string>, onPacked: (key: string, found: GsymImage) => Promise<void>): Promise<Map<string, FoundFile>> {
  if (wanted.length === 0) return new Map();
  if (!packed) return findModules(wanted, clues, places, damaged);
  const found = await findModules(wanted, clues, { ...places, root: null }, damaged);
  const rest: ModuleClues[] = [];
  for (const module of wanted) {
    const key = moduleKey(module.name);
    const file = found.get(key);
    if (file && hasDebugInformation(file.elf)) continue;
    const image = await packed.module(key, clues, damaged);
    if (image) {
      if (file) closeFound(file);
      found.delete(key);
      await onPacked(key, image);
    } else if (!file) rest.push(module);
  }
  for (const [key, file] of rest.length === 0 ? [] : await findModules(rest, clues, { ...places, modules: [] }, damaged)) found.set(key, file);
  return found;
}

/** The text that a symbol of vmlinux holds (`linux_banner`), or null. */
function textAt({ code, symbols }: KernelImage, name: string): string | null {
  const symbol = symbols.get(name)?.[0];
  const section = symbol && code.sectionAt(symbol.address);
  if (!symbol || !section) return null;
  const from = symbol.address - code.placeOf(section);
  const to = Math.min(from + (symbol.size > 0 ? Math.min(symbol.size, 1024) : 1024), section.size);
  if (!code.holds(section, from, to)) return null;
  const bytes = code.bytes(section, from, to);
  const nul = bytes.indexOf(0);
  return Buffer.from(bytes.subarray(0, nul < 0 ? bytes.length : nul)).toString("utf8");
}

export function isCode(elf: ElfFile, address: ImageOffset): boolean {
  const section = elf.sectionAt(address);
  return section !== null && (section.flags & SHF_EXECINSTR) !== 0;
}
