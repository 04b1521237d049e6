import type { ElfFile } from "../elf/index.ts";
import type { KernelClues, ModuleClues } from "./clues.ts";

export type MatchResult = { readonly match: "verified" | "mismatch" | "unknown"; readonly why: string };

/** What was compared between the log and a file, besides what the file says of itself. */
export type Evidence = {
  /** The log's `Code:` bytes against the file's text, over those bytes that a running kernel leaves alone. */
  readonly code: { readonly compared: number; readonly equal: number } | null;
  /** Sizes of symbols that the log prints: how many fit a symbol of that name in the file. */
  readonly sizes: { readonly compared: number; readonly equal: number };
};

/** Fewer equal bytes than this prove nothing: a prologue is the same in a thousand functions. */
export const enoughBytes = 16;

/** EM_NONE: what stands in for a file that does not say (a GSYM alone). */
const noMachine = 0;

/** `banner` is the file's `linux_banner`, `Linux version …`. */
export function matchVmlinux(elf: ElfFile, banner: string | null, clues: KernelClues, evidence: Evidence): MatchResult {
  const own = elf.buildId();
  if (clues.buildId !== null && own !== null) {
    return clues.buildId === own
      ? { match: "verified", why: `build id ${own} stands in the log` }
      : { match: "mismatch", why: `the log's kernel has the build id ${clues.buildId}, the file ${own}` };
  }
  if (clues.arch !== null && elf.header.machine !== noMachine && elf.header.arch !== clues.arch && !(clues.arch === "i386" && elf.header.arch === "x86_64")) return { match: "mismatch", why: `the log's kernel is for ${clues.arch}, the file for ${elf.header.arch}` };
  const fileRelease = banner === null ? null : (/^Linux version (\S+)/.exec(banner)?.[1] ?? null);
  if (fileRelease !== null && clues.release !== null && fileRelease !== clues.release) return { match: "mismatch", why: `the log's kernel is ${clues.release}, the file's ${fileRelease}` };
  if (banner !== null && clues.banner !== null) {
    return sameText(banner, clues.banner)
      ? { match: "verified", why: "the file's banner is the log's version line, letter for letter" }
      : { match: "mismatch", why: `the log's version line is "${clues.banner.trim()}", the file's "${banner.trim()}"` };
  }
  if (banner !== null && clues.version !== null && !versionFits(clues.version, banner)) return { match: "mismatch", why: `the log's kernel is ${clues.release} ${clues.version}, the file says "${banner.trim()}"` };
  const same = fileRelease !== null && clues.release !== null ? `release ${fileRelease} agrees` : null;
  return byEvidence(evidence, same);
}

export function matchModule(elf: ElfFile, module: ModuleClues, clues: KernelClues, evidence: Evidence): MatchResult {
  const own = elf.buildId();
  if (module.buildId !== null && own !== null) {
    return module.buildId === own
      ? { match: "verified", why: `build id ${own} stands in the log` }
      : { match: "mismatch", why: `the log's module has the build id ${module.buildId}, the file ${own}` };
  }
  if (clues.arch !== null && elf.header.machine !== noMachine && elf.header.arch !== clues.arch) return { match: "mismatch", why: `the log's kernel is for ${clues.arch}, the file for ${elf.header.arch}` };
  const vermagic = elf.modinfo().get("vermagic")?.[0]?.split(" ", 1)[0];
  if (vermagic !== undefined && clues.release !== null && vermagic !== clues.release) return { match: "mismatch", why: `the log's kernel is ${clues.release}, the module was built for ${vermagic}` };
  return byEvidence(evidence, vermagic !== undefined && clues.release !== null ? `vermagic ${vermagic} agrees` : null);
}

function byEvidence({ code, sizes }: Evidence, same: string | null): MatchResult {
  const parts = same === null ? [] : [same];
  if (code !== null && code.compared > 0 && code.equal < code.compared) {
    return { match: "mismatch", why: `${code.compared - code.equal} of ${code.compared} comparable bytes of the log's Code: line differ from the file's` };
  }
  const others = sizes.compared - sizes.equal;
  if (others > 0 && others * 4 >= sizes.compared) {
    return { match: "mismatch", why: `${others} of ${sizes.compared} functions have another size in the file than in the log` };
  }
  if (code !== null && code.compared > 0) parts.push(`${code.compared} bytes of the log's Code: line agree`);
  if (sizes.compared > 0) parts.push(sizes.compared === 1 ? "the size of the one function agrees" : `the sizes of ${others === 0 ? "" : `${sizes.equal} of `}${sizes.compared} functions agree`);
  if (code !== null && code.compared >= enoughBytes) return { match: "verified", why: parts.join(", ") };
  parts.push(code === null ? "the log has no Code: bytes of this image to compare" : code.compared === 0 ? "none of the log's Code: bytes can be compared with the file" : `${code.compared} bytes are too few to be sure`);
  return { match: "unknown", why: parts.join("; ") };
}

const sameText = (a: string, b: string): boolean => a.trim().replaceAll(/\s+/g, " ") === b.trim().replaceAll(/\s+/g, " ");

/**
 * Whether the words that an oops prints of the version (`#1 Debian 6.1.192-2`) stand in the banner. How the kernel preempts is said in other words there
 * (`PREEMPT(lazy)` in the oops of 6.13 and newer, `PREEMPT_DYNAMIC` in the banner).
 */
export function versionFits(version: string, banner: string): boolean {
  const words = new Set(banner.split(/\s+/));
  return version.split(/\s+/).every((word) => word === "" || /^(?:SMP|PREEMPT\S*|NOPREEMPT|\(\S*\))$/.test(word) || words.has(word));
}
