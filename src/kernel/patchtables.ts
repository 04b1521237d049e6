import type { ElfFile, Section } from "../elf/index.ts";
import { SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS } from "../elf/index.ts";

// A running kernel is not the code of its file: at boot and later it patches itself at places that tables of the file name. Each table is a section of a
// module; in vmlinux some are sections, and some lie within others between two symbols of the linker script (include/asm-generic/vmlinux.lds.h,
// arch/x86/kernel/vmlinux.lds.S). What an entry looks like is told from the entries themselves, never from a version: a layout is right if its
// pointers lead to code.

export type PatchKind =
  | "alternatives" | "paravirt" | "lock" | "retpoline" | "return" | "endbr" | "call" | "cfi" | "ftrace" | "jump-label" | "static-call"
  | "runtime-pointer" | "runtime-shift";

/** How an entry gives the address of its site: by a distance from the field itself, or outright. */
type Layout = {
  readonly size: number;
  readonly pointer: "s32" | "word";
  /** Place of the byte that holds the size of the site. */
  readonly length?: number;
  /** Further pointer to code, which must make sense for the layout to be right. */
  readonly also?: number;
};

type Table = { readonly kind: PatchKind; readonly section: string; readonly start: string; readonly stop: string; layouts(word: number): Layout[] };

const distances = (): Layout[] => [{ size: 4, pointer: "s32" }];

const tables: readonly Table[] = [
  {
    // struct alt_instr, arch/x86/include/asm/alternative.h and arch/arm64/include/asm/alternative.h: s32 instr_offset, s32 repl_offset, then the feature in 2 or
    // 4 bytes, u8 instrlen, u8 replacementlen; until 5.11 u8 padlen.
    kind: "alternatives", section: ".altinstructions", start: "__alt_instructions", stop: "__alt_instructions_end",
    layouts: () => [12, 14, 13].map((size) => ({ size, pointer: "s32", length: size === 14 ? 12 : 10, also: 4 })),
  },
  {
    // struct paravirt_patch_site, arch/x86/include/asm/paravirt_types.h: u8 *instr, u8 type, u8 len.
    kind: "paravirt", section: ".parainstructions", start: "__parainstructions", stop: "__parainstructions_end",
    layouts: (word) => [{ size: 2 * word, pointer: "word", length: word + 1 }],
  },
  // LOCK_PREFIX_HERE, arch/x86/include/asm/alternative.h: s32 to a lock prefix, which becomes a DS prefix on one processor.
  { kind: "lock", section: ".smp_locks", start: "__smp_locks", stop: "__smp_locks_end", layouts: distances },
  // apply_retpolines, apply_returns, apply_ibt_endbr (apply_seal_endbr), arch/x86/kernel/alternative.c; written by tools/objtool/check.c: s32 each.
  { kind: "retpoline", section: ".retpoline_sites", start: "__retpoline_sites", stop: "__retpoline_sites_end", layouts: distances },
  { kind: "return", section: ".return_sites", start: "__return_sites", stop: "__return_sites_end", layouts: distances },
  { kind: "endbr", section: ".ibt_endbr_seal", start: "__ibt_endbr_seal", stop: "__ibt_endbr_seal_end", layouts: distances },
  // callthunks_patch_builtin_calls, arch/x86/kernel/callthunks.c; apply_fineibt, arch/x86/kernel/alternative.c: s32 each.
  { kind: "call", section: ".call_sites", start: "__call_sites", stop: "__call_sites_end", layouts: distances },
  { kind: "cfi", section: ".cfi_sites", start: "__cfi_sites", stop: "__cfi_sites_end", layouts: distances },
  // ftrace_process_locs, kernel/trace/ftrace.c: unsigned long; -fpatchable-function-entry names the section of a module otherwise.
  { kind: "ftrace", section: "__mcount_loc", start: "__start_mcount_loc", stop: "__stop_mcount_loc", layouts: (word) => [{ size: word, pointer: "word" }] },
  {
    kind: "ftrace", section: "__patchable_function_entries", start: "__start___patchable_function_entries", stop: "__stop___patchable_function_entries",
    layouts: (word) => [{ size: word, pointer: "word" }],
  },
  {
    // struct jump_entry, include/linux/jump_label.h: s32 code, s32 target, long key; three words where the architecture has absolute ones.
    kind: "jump-label", section: "__jump_table", start: "__start___jump_table", stop: "__stop___jump_table",
    layouts: (word) => [{ size: 8 + word, pointer: "s32", also: 4 }, { size: 3 * word, pointer: "word" }],
  },
  {
    // struct static_call_site, include/linux/static_call_types.h: s32 addr, s32 key.
    kind: "static-call", section: ".static_call_sites", start: "__start_static_call_sites", stop: "__stop_static_call_sites",
    layouts: () => [{ size: 8, pointer: "s32" }],
  },
];

/** Sections of arch/x86/include/asm/runtime-const.h: s32 to an immediate that boot fills in, a pointer or a shift count. One for each constant. */
const runtimeConstants: Readonly<Record<string, PatchKind>> = { runtime_ptr_: "runtime-pointer", runtime_shift_: "runtime-shift" };

/** All that the file's tables name. A table whose entries make sense by no known layout is named in `unread`. */
export type PatchTables = {
  readonly tables: readonly PatchTable[];
  readonly unread: readonly PatchKind[];
  /** Trampolines of static calls, from and to: rewritten whole. */
  readonly trampolines: readonly (readonly [number, number])[];
};

const trampolineBounds = ["__static_call_text_start", "__static_call_text_end"];

/** Names of the symbols that a vmlinux's tables are found by. Who looks up names of a vmlinux and will compare its code asks for these in the same call. */
export const patchSymbols: readonly string[] = [...tables.flatMap(({ start, stop }) => [start, stop]), ...trampolineBounds];

const known = new WeakMap<ElfFile, PatchTables>();

/** Read once for each file: for Debian's vmlinux 1.3 MB. */
export function patchTables(elf: ElfFile): PatchTables {
  let read = known.get(elf);
  if (!read) {
    read = readTables(elf);
    known.set(elf, read);
  }
  return read;
}

type Range = { readonly section: Section; readonly from: number; readonly to: number };

function readTables(elf: ElfFile): PatchTables {
  const bounds = elf.relocatable ? new Map<string, number>() : valuesOf(elf, patchSymbols);
  const code = new CodeRanges(elf);
  const found: PatchTable[] = [];
  const unread: PatchKind[] = [];
  const add = (kind: PatchKind, range: Range, layouts: readonly Layout[]) => {
    const bytes = elf.bytes(range.section, range.from, range.to);
    const table = layouts.map((layout) => new PatchTable(elf, kind, range, bytes, layout)).find((one) => one.makesSense(code));
    if (table) found.push(table);
    else unread.push(kind);
  };
  for (const table of tables) {
    const range = rangeOf(elf, table, bounds);
    if (range && range.to > range.from) add(table.kind, range, table.layouts(elf.header.wide ? 8 : 4));
  }
  for (const section of elf.sections) {
    const kind = Object.entries(runtimeConstants).find(([prefix]) => section.name.startsWith(prefix))?.[1];
    if (kind && section.size > 0) add(kind, { section, from: 0, to: section.size }, distances());
  }
  const trampolines: [number, number][] = [];
  const section = elf.section(".static_call.text");
  if (section) trampolines.push([elf.placeOf(section), elf.placeOf(section) + section.size]);
  const [first, last] = trampolineBounds.map((name) => bounds.get(name));
  if (first !== undefined && last !== undefined) trampolines.push([first, last]);
  return { tables: found, unread, trampolines };
}

function valuesOf(elf: ElfFile, names: readonly string[]): Map<string, number> {
  const symbols = elf.symbols();
  const values = new Map<string, number>();
  for (const [name, indices] of symbols?.named(names) ?? []) values.set(name, symbols!.value(indices[0]!));
  return values;
}

function rangeOf(elf: ElfFile, table: Table, bounds: ReadonlyMap<string, number>): Range | null {
  const section = elf.section(table.section);
  if (section) return section.type === SHT_NOBITS ? null : { section, from: 0, to: section.size };
  const start = bounds.get(table.start);
  const stop = bounds.get(table.stop);
  if (start === undefined || stop === undefined || stop <= start) return null;
  const holder = elf.sectionAt(start);
  if (!holder || holder.type === SHT_NOBITS) return null;
  const place = elf.placeOf(holder);
  return { section: holder, from: start - place, to: Math.min(stop - place, holder.size) };
}

/** Where the file has code, for the question whether a pointer makes sense. */
class CodeRanges {
  /** From, to, from, to, … */
  readonly #ranges: readonly number[];

  constructor(elf: ElfFile) {
    const wanted = SHF_ALLOC | SHF_EXECINSTR;
    this.#ranges = elf.sections.filter(({ flags }) => (flags & wanted) === wanted).flatMap((section) => [elf.placeOf(section), elf.placeOf(section) + section.size]);
  }

  /** A pointer to the end counts: a label may stand there. */
  has(address: number): boolean {
    const ranges = this.#ranges;
    for (let k = 0; k < ranges.length; k += 2) if (address >= ranges[k]! && address <= ranges[k + 1]!) return true;
    return false;
  }
}

/** So many entries, evenly spread, tell whether a layout is right. */
const sample = 256;

/** One table. Entries are looked at where they stand: of a hundred thousand a question touches a few. */
export class PatchTable {
  readonly kind: PatchKind;
  readonly count: number;
  readonly #elf: ElfFile;
  readonly #range: Range;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #layout: Layout;
  /** Address of the first byte. */
  readonly #place: number;

  constructor(elf: ElfFile, kind: PatchKind, range: Range, bytes: Uint8Array, layout: Layout) {
    this.kind = kind;
    this.count = Math.floor(bytes.length / layout.size);
    this.#elf = elf;
    this.#range = range;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#layout = layout;
    this.#place = elf.placeOf(range.section) + range.from;
  }

  /** Whether nearly all entries lead to code; a few may be padding, or lead to sections that were dropped. */
  makesSense(code: CodeRanges): boolean {
    const { length, also, size } = this.#layout;
    const step = Math.max(1, Math.floor(this.count / sample));
    let right = 0;
    let wrong = 0;
    for (let entry = 0; entry < this.count; entry += step) {
      const at = entry * size;
      const start = this.#pointer(at);
      if (start === "padding") continue;
      const other = also === undefined ? start : this.#pointer(at + also);
      const leads = start !== null && code.has(start) && (other === "padding" || (other !== null && code.has(other)));
      // A replacement is never longer than what it replaces.
      const fits = length === undefined || (this.#bytes[at + length]! > 0 && (this.kind !== "alternatives" || this.#bytes[at + length + 1]! <= this.#bytes[at + length]!));
      if (leads && fits) right++;
      else wrong++;
    }
    return wrong * 20 <= right;
  }

  /** Every site that begins from `from` up to `to`, with its size where the table says it. */
  eachWithin(from: number, to: number, visit: (start: number, size: number | null) => void): void {
    const { length, size } = this.#layout;
    const found = (entry: number, start: number) => visit(start, length === undefined ? null : this.#bytes[entry * size + length]!);
    if (this.#elf.relocatable) {
      for (let entry = 0; entry < this.count; entry++) {
        const start = this.#pointer(entry * size);
        if (typeof start === "number" && start >= from && start < to) found(entry, start);
      }
      return;
    }
    const view = this.#view;
    const { little, wide } = this.#elf.header;
    const place = this.#place;
    const end = this.count * size;
    if (this.#layout.pointer === "s32") {
      for (let at = 0; at < end; at += size) {
        const start = place + at + view.getInt32(at, little);
        if (start >= from && start < to) found(at / size, start);
      }
      return;
    }
    // The low words decide; the range is far smaller than what they span.
    const low = Number((this.#elf.base + BigInt(from)) & 0xffff_ffffn) | 0;
    const offset = wide && !little ? 4 : 0;
    const span = to - from;
    for (let at = 0; at < end; at += size) {
      const distance = (view.getInt32(at + offset, little) - low) | 0;
      if (distance < 0 || distance >= span) continue;
      const start = this.#pointer(at);
      if (typeof start === "number" && start >= from && start < to) found(at / size, start);
    }
  }

  /** The address that the field at a place of the table leads to: by its bytes in a linked file, by its relocation in a relocatable one. */
  #pointer(at: number): number | null | "padding" {
    const { little, wide } = this.#elf.header;
    if (this.#elf.relocatable) return this.#relocated(at);
    if (this.#layout.pointer === "s32") {
      const distance = this.#view.getInt32(at, little);
      return distance === 0 ? "padding" : this.#place + at + distance;
    }
    const address = wide ? this.#view.getBigUint64(at, little) : BigInt(this.#view.getUint32(at, little));
    return address === 0n ? "padding" : Number(address - this.#elf.base);
  }

  #relocated(at: number): number | null {
    const place = this.#range.from + at;
    const table = this.#elf.relocationsOf(this.#range.section)?.within(place, place + 1);
    const symbols = this.#elf.symbols();
    if (!table || table.count === 0 || !symbols) return null;
    const symbol = table.symbols[0]!;
    if (symbols.section(symbol) === 0) return null;
    return symbols.value(symbol) + (table.addends ? table.addends[0]! : this.#view.getInt32(at, this.#elf.header.little));
  }
}
