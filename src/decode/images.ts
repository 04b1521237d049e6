import { OopscopeError, messageOf, type ImageOffset } from "../base/index.ts";
import { SHF_EXECINSTR, SHT_NOBITS, type ElfFile } from "../elf/index.ts";
import { closeFound, findModules, findVmlinux, moduleKey, patchSymbols, type FoundFile, type KernelClues, type ModuleClues, type NameListKind } from "../kernel/index.ts";
import { Image, type ImageSymbol } from "../symbolize/index.ts";
import type { DecodeOptions } from "./options.ts";

/** An image of the crashed kernel: vmlinux (`module` null) or a module, with the symbols that its frames name. */
export type KernelImage = {
  readonly module: string | null;
  readonly image: Image;
  /** The file that holds the code bytes. */
  readonly code: ElfFile;
  readonly how: string;
  /** Set where the file is a list of names alone. `kallsyms`: of a running kernel, so its addresses are those of one boot. */
  readonly names: NameListKind | null;
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
const bannerSymbol = "linux_banner";
export const sourceRootSymbol = "start_kernel";

/**
 * `names` are the symbols that the frames of each image name, by module key; vmlinux's under "". `cluesFor` tells what the log says about the kernel of that
 * release, null standing for the one to look for: a log of several kernels is decoded for the one whose vmlinux is there.
 */
export async function openImages(cluesFor: (release: string | null) => KernelClues, modules: readonly ModuleClues[], names: ReadonlyMap<string, ReadonlySet<string>>, options: DecodeOptions): Promise<KernelImages> {
  const damaged = new Map<string, string>();
  const places = { ...(options.vmlinux === undefined ? {} : { vmlinux: options.vmlinux }), modules: options.modules ?? [], ...(options.root === undefined ? {} : { root: options.root }), ...options.also };
  const opened: FoundFile[] = [];
  const close = () => {
    for (const file of opened) closeFound(file);
  };
  try {
    options.onProgress?.("looking for the kernel's files");
    const vmlinuxFile = await findVmlinux(cluesFor(null), places, damaged);
    if (vmlinuxFile) opened.push(vmlinuxFile);
    options.signal?.throwIfAborted();
    const vmlinux = vmlinuxFile ? imageOf(null, vmlinuxFile, [...(names.get("") ?? []), bannerSymbol, sourceRootSymbol]) : null;
    const banner = vmlinux && textAt(vmlinux, bannerSymbol);
    const clues = cluesFor(releaseOf(banner));
    const wanted = modules.filter(({ name }) => names.has(moduleKey(name)));
    const moduleFiles = wanted.length === 0 ? new Map<string, FoundFile>() : await findModules(wanted, clues, places, damaged);
    opened.push(...moduleFiles.values());
    options.signal?.throwIfAborted();
    const byModule = new Map<string, KernelImage>();
    for (const [key, file] of moduleFiles) {
      try {
        byModule.set(key, imageOf(key, file, names.get(key) ?? []));
      } catch (error) {
        if (!(error instanceof OopscopeError)) throw error;
        damaged.set(key, messageOf(error));
      }
    }
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

function imageOf(module: string | null, file: FoundFile, names: Iterable<string>): KernelImage {
  const image = new Image(file.elf);
  // One pass over a vmlinux's names finds these too.
  if (module === null) file.elf.symbols()?.named([...names, ...patchSymbols]);
  return { module, image, code: file.code, how: file.how, names: file.names, symbols: image.symbols(names) };
}

/** The text that a symbol of vmlinux holds (`linux_banner`), or null. */
function textAt({ code, symbols }: KernelImage, name: string): string | null {
  const symbol = symbols.get(name)?.[0];
  const section = symbol && code.sectionAt(symbol.address);
  if (!symbol || !section || section.type === SHT_NOBITS) return null;
  const from = symbol.address - code.placeOf(section);
  const bytes = code.bytes(section, from, Math.min(from + 1024, section.size));
  const nul = bytes.indexOf(0);
  return Buffer.from(bytes.subarray(0, nul < 0 ? bytes.length : nul)).toString("utf8");
}

export function isCode(elf: ElfFile, address: ImageOffset): boolean {
  const section = elf.sectionAt(address);
  return section !== null && (section.flags & SHF_EXECINSTR) !== 0;
}
