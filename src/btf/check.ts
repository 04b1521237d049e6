import type { ElfFile } from "../elf/index.ts";
import { OopscopeError } from "../base/index.ts";
import { Btf } from "./file.ts";
import { btfOfElf, isSplit } from "./open.ts";
import { relocateBtf, unfitText } from "./relocate.ts";
import { verifyBtf, type BtfProblem } from "./verify.ts";

/** What a kernel can do with the BTF of modules, as its own BTF tells. */
export type BtfAbilities = {
  /** Takes BTF of modules at all (5.11 and newer, CONFIG_DEBUG_INFO_BTF_MODULES). */
  readonly modules: boolean;
  /** Fits a distilled base to its own types when the module is loaded (6.11 and newer). */
  readonly distilled: boolean;
};

export function btfAbilities(kernel: Btf): BtfAbilities {
  return { modules: kernel.find("btf_module", "struct") !== null || kernel.find("btf_module_notify", "func") !== null, distilled: kernel.find("btf_relocate", "func") !== null };
}

/**
 * Whether a kernel will take a module's BTF. `good`: yes. `missing`: the module has none. `stand-alone`: it continues no base, as every module's must. `other-base`: it
 * continues another kernel's. `invalid`: its own fault. `not-taken`: the kernel takes none of any module.
 */
export type BtfVerdict = {
  readonly state: "good" | "missing" | "stand-alone" | "other-base" | "invalid" | "not-taken";
  /** One sentence: what was found, with the numbers. */
  readonly why: string;
  /** What the kernel's verifier refuses. */
  readonly problems: readonly BtfProblem[];
  /** How many types of its own. */
  readonly types: number;
  readonly distilled: boolean;
};

/** Judges the BTF of a module that is open, against the kernel's own. Throws what reading the ELF file throws; damaged BTF is a verdict. */
export async function checkModuleBtf(elf: ElfFile, kernel: Btf): Promise<BtfVerdict> {
  const abilities = btfAbilities(kernel);
  const verdict = (state: BtfVerdict["state"], why: string, own: { problems?: readonly BtfProblem[]; types?: number; distilled?: boolean } = {}): BtfVerdict => ({ state, why, problems: own.problems ?? [], types: own.types ?? 0, distilled: own.distilled ?? false });
  const section = elf.section(".BTF");
  const bytes = section && elf.bytes(section);
  if (!abilities.modules) return verdict("not-taken", "this kernel takes no BTF of modules: kernels do from 5.11 on, with CONFIG_DEBUG_INFO_BTF_MODULES");
  if (!bytes || bytes.length === 0) return verdict("missing", `there is no BTF in it (${bytes ? "its section .BTF is empty" : "no section .BTF"})`);
  try {
    if (!isSplit(elf.path, ".BTF", bytes)) {
      const alone = new Btf({ file: elf.path, section: ".BTF" }, bytes);
      return verdict("stand-alone", `its BTF stands alone, with ${alone.endId - 1} types of its own, as \`pahole --btf_encode\` makes it without a base: a module's must continue its kernel's`, { types: alone.endId - 1 });
    }
    const { btf, distilled } = await btfOfElf(elf, kernel);
    const own = { types: btf.endId - btf.firstId, distilled: distilled !== null };
    if (distilled) {
      if (!abilities.distilled) return verdict("other-base", "its BTF has a distilled base (.BTF.base), which kernels fit to their own from 6.11 on: this one does not", own);
      const { unfit } = relocateBtf(btf, kernel);
      if (unfit.length > 0) return verdict("other-base", `${unfit.length} of the ${distilled.endId - 1} types of its distilled base do not fit this kernel's: ${unfitText(unfit)}`, own);
    }
    const problems = verifyBtf(btf);
    const begun = distilled ? null : namesBegunWithin(btf);
    if (begun !== null) return verdict("other-base", `its BTF continues another kernel's: after the ${kernel.endId - 1} types and ${kernel.endString} bytes of names of this one, ${begun}`, { ...own, problems });
    if (problems.length > 0) return verdict("invalid", `its BTF breaks the kernel's rules: ${problems[0]!.type === null ? "" : `type ${problems[0]!.type}: `}${problems[0]!.what}`, { ...own, problems });
    return verdict("good", `its BTF is good: ${own.types} types of its own ${distilled ? "on a distilled base" : `after the kernel's ${kernel.endId - 1}`}`, own);
  } catch (error) {
    if (!(error instanceof OopscopeError) || (error.code !== "malformed" && error.code !== "unsupported")) throw error;
    return verdict("invalid", error.message);
  }
}

/**
 * Encoders write each string once, so that every name begins where another ended: with a base of another length in front, the names of types begin within others.
 * Null where all begin well.
 */
function namesBegunWithin(btf: Btf): string | null {
  let wrong = 0;
  for (const start of btf.starts) if (!beginsWell(btf, btf.words[start]!)) wrong++;
  return wrong === 0 ? null : `${wrong} of its ${btf.starts.length} types have names that begin within others, or past the end`;
}

function beginsWell(btf: Btf, offset: number): boolean {
  if (offset < btf.firstString) return beginsWell(btf.base!, offset);
  const from = offset - btf.firstString;
  return from === 0 || (from < btf.strings.length && btf.strings[from - 1] === 0);
}
