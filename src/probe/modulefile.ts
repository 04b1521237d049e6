import { messageOf, OopscopeError } from "../base/index.ts";
import { btfOfElf, relocateBtf, unfitText, type Btf } from "../btf/index.ts";
import { SHF_EXECINSTR, type ElfFile, type Section } from "../elf/index.ts";
import { moduleOfFile } from "../kernel/index.ts";
import { countNames, FunctionTable, NO, YES, type KernelAbilities, type ModulePrototypes, type OtherSignatures } from "./functions.ts";
import { sourcePrototypes } from "./inlined.ts";
import { functionIds, Prototypes, type FentryLimits } from "./prototype.ts";

const STT_FUNC = 2;
const mostFunctions = 1_000_000;
/** ftrace's site is the function's first instruction, or the one behind a landing pad; arm64's lies among the instructions that are kept free before or at the start. */
const siteBefore = 8;
const siteWithin = 16;

/** Sections whose functions kprobes keep out of (kernel/kprobes.c, populate_kprobe_blacklist). */
const blacklistedSections: ReadonlySet<string> = new Set([".kprobes.text", ".noinstr.text"]);

/** The functions of a module's file, as they will be when it is loaded. */
export type ModuleFile = {
  readonly module: string;
  readonly table: FunctionTable;
  /** What the kernel will make of its BTF: `split` or `distilled` for BTF that continues a kernel's, `alone` for one that the kernel refuses because it does not, `none`. */
  readonly btf: "split" | "distilled" | "alone" | "none" | "damaged";
  readonly notes: readonly string[];
};

export type ModuleFileOptions = {
  /** The BTF of the kernel that the module was built for; null where it is not known: split BTF then says nothing. */
  readonly kernelBtf: Btf | null;
  readonly limits: FentryLimits;
  readonly abilities: KernelAbilities;
};

/** Reads the functions out of a module's symbols, its list of ftrace's sites, its BTF and its debug information. Throws `unsupported` for a file that is no module with symbols. */
export async function moduleFile(elf: ElfFile, { kernelBtf, limits, abilities }: ModuleFileOptions): Promise<ModuleFile> {
  const symbols = elf.symbols();
  if (!elf.relocatable || !symbols) throw new OopscopeError("unsupported", `${elf.path} is ${elf.relocatable ? "a module without symbols" : "no kernel module (a relocatable file)"}`, { file: elf.path });
  const name = elf.modinfo().get("name")?.[0] ?? moduleOfFile(elf.path.slice(elf.path.lastIndexOf("/") + 1)) ?? "module";
  const notes: string[] = [];
  const sites = sitesOf(elf);
  const refused = new Set(pointersOf(elf, elf.section("_kprobe_blacklist")));
  const rows: { name: string; value: number; section: Section }[] = [];
  for (let index = 1; index < symbols.count && rows.length < mostFunctions; index++) {
    if (symbols.type(index) !== STT_FUNC) continue;
    const section = elf.sections[symbols.section(index)];
    if (!section || (section.flags & SHF_EXECINSTR) === 0) continue;
    rows.push({ name: symbols.name(index), value: symbols.value(index), section });
  }
  const isInit = ({ section }: (typeof rows)[number]): boolean => section.name.startsWith(".init.text");
  const traced = Uint8Array.from(rows, ({ value }) => (hasSite(sites, value) ? YES : NO));
  const blacklisted = Uint8Array.from(rows, ({ value, section }) => (refused.has(value) || blacklistedSections.has(section.name) ? YES : NO));
  const byName = new Map(rows.map((row, index) => [row.name, index]));
  for (const [index, row] of rows.entries()) {
    const dot = row.name.indexOf(".");
    const base = dot > 0 ? byName.get(row.name.slice(0, dot)) : undefined;
    if (base === undefined) continue;
    if (traced[base] === YES) traced[index] = YES;
    if (blacklisted[base] === YES) blacklisted[index] = YES;
  }
  const { btf, form, why } = await moduleBtfOf(elf, kernelBtf);
  if (why !== null) notes.push(why);
  let known: ModulePrototypes | null = null;
  let others: ReadonlyMap<string, string> | null = null;
  const signatures = btf && { ...functionIds(btf), prototypes: new Prototypes(btf, limits) };
  // BTF that the kernel refuses tells the same prototypes, and makes no fentry.
  if (signatures && (form === "split" || form === "distilled")) known = signatures;
  const other: OtherSignatures = (wanted) => {
    const id = known ? undefined : signatures?.ids.get(wanted);
    if (signatures && id !== undefined) return { signature: signatures.prototypes.text(id, wanted), signatureFrom: "btf" };
    const signature = (others ??= sourcePrototypes(elf)).get(wanted) ?? null;
    return { signature, signatureFrom: signature === null ? null : "dwarf" };
  };
  const names = rows.map((row) => row.name);
  const modules = rows.map(() => 1);
  const moduleNames = [null, name];
  const columns = { names, modules, moduleNames, address: null, ...countNames(names, modules, moduleNames), init: Uint8Array.from(rows, (row) => (isInit(row) ? 1 : 0)), traced, blacklisted };
  return { module: name, table: new FunctionTable(columns, abilities, (module) => (module === 1 ? known : null), other), btf: form, notes };
}

/** Where ftrace can patch the module, as image offsets in order: __mcount_loc; on architectures without it __patchable_function_entries (on x86-64 those are padding for calls). */
function sitesOf(elf: ElfFile): Float64Array {
  const section = elf.section("__mcount_loc") ?? (elf.header.arch === "x86_64" ? null : elf.section("__patchable_function_entries"));
  return Float64Array.from(pointersOf(elf, section)).sort();
}

/** A section of pointers, relocated: image offsets. */
function pointersOf(elf: ElfFile, section: Section | null): number[] {
  if (!section || section.size > 1 << 24) return [];
  const found: number[] = [];
  for (const holder of elf.sections) {
    // A module may have one such section for each section of its code.
    if (holder.name !== section.name) continue;
    const at = elf.cursor(holder);
    const size = elf.header.wide ? 8 : 4;
    for (let left = Math.floor(at.bytes.length / size); left > 0; left--) found.push(size === 8 ? at.u64() : at.u32());
  }
  return found;
}

function hasSite(sites: Float64Array, value: number): boolean {
  let low = 0;
  let high = sites.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sites[middle]! < value - siteBefore) low = middle + 1;
    else high = middle;
  }
  return low < sites.length && sites[low]! < value + siteWithin;
}

async function moduleBtfOf(elf: ElfFile, kernelBtf: Btf | null): Promise<{ btf: Btf | null; form: ModuleFile["btf"]; why: string | null }> {
  const section = elf.section(".BTF");
  if (!section || section.size === 0) return { btf: null, form: "none", why: null };
  const read = async (base: Btf | null) => {
    try {
      return await btfOfElf(elf, base);
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      return error;
    }
  };
  const alone = await read(null);
  if (!(alone instanceof OopscopeError)) {
    return alone.distilled
      ? relocatedOf(elf, alone.btf, kernelBtf)
      : { btf: alone.btf, form: "alone", why: `the BTF of ${elf.path} does not continue a kernel's: the kernel refuses it, and there will be no fentry` };
  }
  if (kernelBtf === null) return { btf: null, form: "split", why: `the BTF of ${elf.path} continues that of its kernel, which is not here: prototypes are taken from its debug information` };
  const split = await read(kernelBtf);
  if (split instanceof OopscopeError) return { btf: null, form: "damaged", why: messageOf(split) };
  return { btf: split.btf, form: "split", why: null };
}

/** BTF on a distilled base as its kernel makes it when it loads the module; by itself, where names and sizes must do, without that kernel's. */
function relocatedOf(elf: ElfFile, own: Btf, kernelBtf: Btf | null): { btf: Btf; form: ModuleFile["btf"]; why: string | null } {
  if (kernelBtf === null) return { btf: own, form: "distilled", why: null };
  const { btf, unfit } = relocateBtf(own, kernelBtf);
  if (btf) return { btf, form: "distilled", why: null };
  return { btf: own, form: "alone", why: `the distilled base of ${elf.path} does not fit this kernel's types, so that the kernel refuses its BTF, and there will be no fentry: ${unfitText(unfit)}` };
}
