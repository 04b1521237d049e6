import { Budget, Cursor, OopscopeError, lightened, textOf } from "../base/index.ts";
import type { ElfFile, Scratch, Section } from "../elf/index.ts";

export type DebugSection = "info" | "abbrev" | "line" | "str" | "line_str" | "ranges" | "rnglists" | "loc" | "loclists" | "addr" | "str_offsets" | "aranges";

/** Single strings are read from the file one by one until so many were wanted; then the whole section is worth its memory. */
const stringsBeforeWhole = 2000;
/** Sections of names of files and folders are small, and most of a lookup's texts come from them. */
const smallStrings = 1 << 18;
const longestString = 1 << 14;
const stepsForAny = 1 << 25;
const stepsForEach = 1 << 12;
const rangesWindow = 1 << 12;
/** Windows grow by one of these with each that is read: of a few addresses each needs another. */
const largestWindow = 16;
const windowsBeforeWhole = 200;

/** Sections of which a unit in a file of its own has its part there; all others are the skeleton's file's. */
const split: ReadonlySet<DebugSection> = new Set(["info", "abbrev", "str", "rnglists", "str_offsets"]);

/** Where a unit's part of a section lies, in files that hold those of many (.dwp). */
export type Contributions = ReadonlyMap<DebugSection, { readonly from: number; readonly size: number }>;

/** The debug sections of one file, read in ranges, relocated; or of a unit whose entries lie in a file of their own, with what stays in the skeleton's file. */
export class DebugSections {
  readonly elf: ElfFile;
  readonly #skeleton: DebugSections | null;
  readonly #contributions: Contributions;
  #budget: Budget;
  readonly #sections = new Map<DebugSection, Section | null>();
  readonly #whole = new Map<DebugSection, Uint8Array>();
  readonly #windows = new Map<DebugSection, Cursor>();
  #windowsRead = 0;
  #stringsRead = 0;

  /** With `skeleton` the file is one of split debug information (.dwo, or .dwp with the parts of one unit). */
  constructor(elf: ElfFile, skeleton: DebugSections | null = null, contributions: Contributions = new Map()) {
    this.elf = elf;
    this.#skeleton = skeleton;
    this.#contributions = contributions;
    this.#budget = this.#newBudget(0);
  }

  /** Steps left for the lookup that runs: see `renewBudget`. */
  get budget(): Budget {
    return this.#skeleton ? this.#skeleton.budget : this.#budget;
  }

  /** The sections of the file that has the line programs, and the texts that they name. */
  get ofLines(): DebugSections {
    return this.#skeleton ?? this;
  }

  /** What addresses of the image count from. */
  get base(): bigint {
    return this.#skeleton ? this.#skeleton.base : this.elf.base;
  }

  /**
   * Steps for looking up so many addresses: an entry, abbreviation, range or row is one, and 16 bytes of entries or 4 of a line program are one. All of a vmlinux takes 15 million;
   * files made to take longer (lists that all entries share, units that overlap) get no more.
   */
  renewBudget(addresses: number): void {
    this.#budget = this.#newBudget(addresses);
  }

  #newBudget(addresses: number): Budget {
    const steps = stepsForAny + addresses * stepsForEach;
    return new Budget(steps, () => new OopscopeError("over-budget", `${this.elf.path}: the debug information of ${addresses} addresses takes more than ${steps} steps`, { file: this.elf.path, section: ".debug_info", steps }));
  }

  section(name: DebugSection): Section | null {
    let section = this.#sections.get(name);
    if (section === undefined) {
      const suffix = this.#skeleton ? ".dwo" : "";
      section = this.elf.section(`.debug_${name}${suffix}`) ?? this.elf.section(`.zdebug_${name}${suffix}`);
      this.#sections.set(name, section);
    }
    return section;
  }

  /** Of a split unit's parts that lie elsewhere: whose they are. */
  #holder(name: DebugSection): DebugSections | null {
    return this.#skeleton !== null && !split.has(name) ? this.#skeleton : null;
  }

  size(name: DebugSection): number {
    const holder = this.#holder(name);
    if (holder) return holder.size(name);
    const section = this.section(name);
    if (!section) return 0;
    const size = this.elf.sizeOf(section);
    const part = this.#contributions.get(name);
    return part ? Math.max(0, Math.min(part.size, size - part.from)) : size;
  }

  /** A cursor over `[from, to)`; its errors name places in the section. With `scratch` its bytes are that one's. */
  slice(name: DebugSection, from: number, to: number, scratch?: Scratch): Cursor {
    const holder = this.#holder(name);
    if (holder) return holder.slice(name, from, to, scratch);
    const section = this.section(name);
    if (!section) throw new OopscopeError("missing-section", `${this.elf.path}: .debug_${name} is referred to but absent`, { file: this.elf.path, section: `.debug_${name}` });
    const size = this.size(name);
    if (!(from >= 0 && from < size)) throw new OopscopeError("malformed", `${this.elf.path}: offset 0x${from.toString(16)} lies past .debug_${name} of 0x${size.toString(16)} bytes`, { file: this.elf.path, section: section.name, offset: from });
    const start = this.#contributions.get(name)?.from ?? 0;
    return new Cursor(this.elf.bytes(section, start + from, start + Math.min(to, size), scratch), this.elf.header.little, { file: this.elf.path, section: section.name, start: from });
  }

  /** Everything from `from` on, as a cursor whose `at` is there. The section is read once and kept: for small sections that are used again and again. */
  kept(name: DebugSection, from: number): Cursor {
    const holder = this.#holder(name);
    if (holder) return holder.kept(name, from);
    let bytes = this.#whole.get(name);
    if (!bytes) {
      bytes = this.slice(name, 0, Number.POSITIVE_INFINITY).bytes;
      this.#whole.set(name, bytes);
    }
    const at = new Cursor(bytes, this.elf.header.little, { file: this.elf.path, section: `.debug_${name}`, start: 0 }, from);
    if (!(from >= 0 && from < bytes.length)) throw at.fail(`past the section's end at 0x${bytes.length.toString(16)}`);
    return at;
  }

  /**
   * A cursor at `from` that has at least `rangesWindow` bytes before it ends, or all that the section has: lists that are used here and there need
   * not bring the whole section to memory. `whole` gives everything, for a list that is longer.
   */
  window(name: DebugSection, from: number, whole: boolean): Cursor {
    const holder = this.#holder(name);
    if (holder) return holder.window(name, from, whole);
    if (whole || this.#whole.has(name)) return this.kept(name, from);
    const known = this.#windows.get(name);
    if (known && from >= known.origin.start && from + rangesWindow <= known.origin.start + known.bytes.length) {
      known.at = lightened(from - known.origin.start);
      return known;
    }
    if (++this.#windowsRead > windowsBeforeWhole) return this.kept(name, from);
    const at = this.slice(name, from, from + rangesWindow * Math.min(this.#windowsRead, largestWindow));
    this.#windows.set(name, at);
    return at;
  }

  string(name: "str" | "line_str", offset: number): string {
    const holder = this.#holder(name);
    if (holder) return holder.string(name, offset);
    if (this.#whole.has(name) || this.size(name) <= smallStrings) return this.kept(name, offset).string();
    // Most references lead to a few dozen strings of a section of megabytes.
    if (++this.#stringsRead > stringsBeforeWhole) return this.kept(name, offset).string();
    for (let window = 128; ; window *= 8) {
      const at = this.slice(name, offset, offset + window);
      const nul = at.bytes.indexOf(0);
      if (nul >= 0) return textOf(at.bytes, 0, nul);
      if (at.bytes.length < window || window > longestString) throw at.fail("a string without its end");
    }
  }
}
