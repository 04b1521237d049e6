import { OopscopeError, hex } from "../../base/index.ts";
import { SHF_EXECINSTR } from "../../elf/index.ts";
import { closeFound, findModules, findVmlinux, type FoundFile, type SearchPlaces } from "../../kernel/index.ts";
import { linesBetween } from "../log-lines.ts";
import type { DeepStep } from "../types.ts";
import { readings } from "./access.ts";
import type { Case, CaseReport, CaseVerdict } from "../../case/index.ts";
import type { SourceFolders } from "../../source/index.ts";
import { blameWriter } from "./blame-writer.ts";
import { earlierFrees } from "./earlier.ts";
import { faultOf, wantedIn } from "./fault.ts";
import type { FaultImage, ImageFiles } from "./image.ts";
import { faultClues, pcOf } from "./clues.ts";
import { registerFileOf } from "./machines/index.ts";
import { registerNotes, type ObjectNote, type SymbolOf } from "./registers.ts";
import { CaseCode, type OpenFiles } from "./stack.ts";

export type DeepenOptions = {
  /** Opens the files of an image, which stay the caller's. Left out: those that the case names, by their paths, with code from where `places` says. */
  readonly open?: OpenFiles;
  readonly places?: SearchPlaces;
  /** Where sources are looked for. */
  readonly sources?: SourceFolders;
};

/** The symbols of vmlinux's code by runtime address, where the log tells how far KASLR has moved it. */
function symbolsOf(found: Case, { lines, registers }: CaseReport, vmlinux: FaultImage | null): SymbolOf {
  if (!vmlinux) return () => null;
  // The panic tells it at its end, which may be reports later; another boot's kernel was moved elsewhere.
  const told = linesBetween(found, [lines[0], Infinity]).find(({ text }) => /Kernel Offset: (?:0x[0-9a-f]+|disabled)|Linux version /.test(text))?.text;
  if (told === undefined || told.includes("Linux version ")) return () => null;
  const moved = BigInt(/Kernel Offset: (0x[0-9a-f]+)/.exec(told)?.[1] ?? 0);
  const placeOf = (address: bigint): number | null => {
    const offset = Number(BigInt.asIntN(64, address - moved - vmlinux.elf.base));
    const section = Number.isSafeInteger(offset) ? vmlinux.elf.sectionAt(offset) : null;
    return section && (section.flags & SHF_EXECINSTR) !== 0 ? offset : null;
  };
  vmlinux.findSymbols(Object.values(registers).flatMap((value) => placeOf(BigInt(value)) ?? []));
  return (address) => {
    const offset = placeOf(address);
    if (offset === null) return null;
    const symbol = vmlinux.symbolAt(offset);
    return symbol && (symbol.address === offset ? symbol.name : `${symbol.name}+${hex(offset - symbol.address)}`);
  };
}

/** Looks deeper into the reports of one case, with its files. Close it when done: it keeps files open from one report to the next. */
export class DeepLook {
  readonly #sources: SourceFolders | null;
  readonly #code: CaseCode;
  readonly #opened: FoundFile[] = [];

  constructor(found: Case, options: DeepenOptions = {}) {
    this.#sources = options.sources ?? null;
    this.#code = new CaseCode(options.open ?? ((module) => this.#openByPath(found, module, options.places ?? {})));
  }

  close(): void {
    for (const file of this.#opened) closeFound(file);
    this.#opened.length = 0;
  }

  /** Refines a verdict: the faulting expression, what the registers hold, the earlier free. What cannot be found out stays as it was. */
  async deepen(step: DeepStep): Promise<CaseVerdict> {
    step.signal?.throwIfAborted();
    const question = { ...step, code: this.#code, sources: this.#sources };
    const verdict = (await unlessDamaged(() => blameWriter(question))) ?? step.verdict;
    const wantsEarlier = verdict.earlier.length === 0 && (step.report.kind === "double-free" || step.report.kind === "use-after-free" || verdict.rule.startsWith("double-free"));
    // A damaged file costs what it would have told.
    const answer = (await unlessDamaged(() => faultOf(question))) ?? { fault: null, unknown: { reason: "broken", why: "a file that it is looked for in is damaged" } as const };
    const { fault } = answer;
    const earlier = wantsEarlier ? ((await unlessDamaged(() => earlierFrees(question))) ?? []) : verdict.earlier;
    const objects = (await unlessDamaged(() => this.#objects(step))) ?? [];
    return { ...verdict, fault, faultUnknown: fault === null ? answer.unknown : null, earlier, objects: [...verdict.objects, ...objects] };
  }

  async #objects({ case: found, report, at, pc }: DeepStep): Promise<ObjectNote[]> {
    const file = registerFileOf(found.kernel.arch) ?? (report.registers["rax"] === undefined ? null : registerFileOf("x86_64"));
    if (!file || !file.general.some((register) => report.registers[register] !== undefined)) return [];
    // Of a function of the kernel that was only called by the guilty one, the variables are not worth reading its unit.
    const own = pc && (pc.module !== null || at === null || at.frame.module === null) ? pc : null;
    const place = own && (await this.#code.placeOf(own));
    const all = place ? readings(place.code, place.at, wantedIn({ at }, own)) : [];
    const vmlinux = pcOf(report) === null && report.registers["sp"] === undefined && !place ? null : await this.#code.image(null);
    return registerNotes(report, place, all, symbolsOf(found, report, vmlinux), file, faultClues(found, report).address);
  }

  async #openByPath({ image, kernel }: Case, module: string | null, places: SearchPlaces): Promise<ImageFiles | null> {
    const path = module === null ? image.vmlinux?.path : image.modules.find(({ name }) => name === module)?.path;
    if (path === undefined) return null;
    const { release, version, arch } = kernel;
    const clues = { release, version, arch, banner: null, buildId: null };
    const found = await unlessDamaged(async () => {
      if (module === null) return findVmlinux(clues, { ...places, vmlinux: path });
      return [...(await findModules([{ name: module, buildId: null }], clues, { ...places, modules: [path] }, new Map())).values()][0] ?? null;
    });
    if (found) this.#opened.push(found);
    return found;
  }
}

async function unlessDamaged<T>(find: () => Promise<T>): Promise<T | null> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof OopscopeError) return null;
    throw error;
  }
}
