import { existsSync, statSync } from "node:fs";
import { posix } from "node:path";
import { OopscopeError, messageOf, type Cursor } from "../base/index.ts";
import { openElfNow, type ElfFile } from "../elf/index.ts";
import * as dw from "./constants.ts";
import { DebugSections, type Contributions, type DebugSection } from "./sections.ts";
import { Unit, readUnitHeader, unitEnd } from "./unit.ts";

// Debug information in files of its own (DWARF 5, 7.3.2; before that GCC's extension to version 4): a skeleton in the image names a .dwo file, or somebody
// has put many of them into one .dwp file. Both know each other by a number, so a file of another build is never taken.

/** The units that skeletons of one image stand for. Files stay open until `close`. */
export class SplitUnits {
  readonly #sections: DebugSections;
  readonly #files = new Map<string, ElfFile | OopscopeError | null>();

  constructor(sections: DebugSections) {
    this.#sections = sections;
  }

  close(): void {
    for (const file of this.#files.values()) if (file && !(file instanceof OopscopeError)) file.close();
    this.#files.clear();
  }

  /** The unit that `skeleton` stands for. Throws `unsupported` that names where it was looked for. */
  unitOf(skeleton: Unit): Unit {
    const { path } = this.#sections.elf;
    const name = skeleton.root.dwoName!;
    const looked: string[] = [];
    const packed = this.#open(`${path}.dwp`);
    if (packed instanceof OopscopeError) looked.push(packed.message);
    else if (packed) {
      const unit = this.#packedUnit(packed, skeleton);
      if (unit) return unit;
      looked.push(`${packed.path} does not have it`);
    }
    for (const place of placesOf(name, skeleton.directory, path)) {
      const file = this.#open(place);
      if (file instanceof OopscopeError) looked.push(file.message);
      else if (file) {
        const unit = findUnit(new DebugSections(file, this.#sections), skeleton);
        if (unit) return unit;
        looked.push(`${place} is of another build`);
      }
    }
    const why = looked.length > 0 ? looked.join("; ") : "no such file";
    throw new OopscopeError("unsupported", `${path}: the debug information of ${skeleton.name ?? "this unit"} is in a file of its own, ${name}: ${why}`, {
      file: path, section: ".debug_info", offset: skeleton.header.offset,
    });
  }

  /** Null where there is no such file. */
  #open(path: string): ElfFile | OopscopeError | null {
    let file = this.#files.get(path);
    if (file === undefined) {
      try {
        file = existsSync(path) && statSync(path).isFile() ? openElfNow(path) : null;
      } catch (error) {
        file = error instanceof OopscopeError ? error : new OopscopeError("unreadable", `failed to open ${path}: ${messageOf(error)}`, { file: path }, error);
      }
      if (this.#files.size >= mostFiles) this.close();
      this.#files.set(path, file);
    }
    return file;
  }

  #packedUnit(file: ElfFile, skeleton: Unit): Unit | null {
    const { dwoId } = skeleton;
    const section = file.section(".debug_cu_index");
    if (!section || dwoId === null) return null;
    const parts = contributionsOf(file.cursor(section), dwoId);
    return parts && findUnit(new DebugSections(file, this.#sections, parts), skeleton);
  }
}

/** As many as a process may have open without asking. */
const mostFiles = 256;

/** Where a .dwo file may be: as the compiler named it, and beside the image, wherever the build's folder was carried. */
function placesOf(name: string, directory: string | null, image: string): string[] {
  const beside = posix.dirname(image);
  const places = [name.startsWith("/") || !directory ? name : posix.join(directory, name)];
  if (!name.startsWith("/")) places.push(posix.join(beside, name));
  places.push(posix.join(beside, posix.basename(name)));
  return [...new Set(places)].filter((place) => place.startsWith("/") || directory === null || beside === ".");
}

/** The unit with the skeleton's number. */
function findUnit(sections: DebugSections, skeleton: Unit): Unit | null {
  const size = sections.size("info");
  for (let offset = 0; offset + 11 <= size; ) {
    const end = unitEnd(sections, offset);
    const header = readUnitHeader(sections, offset);
    if (header.type === dw.DW_UT_compile || header.type === dw.DW_UT_split_compile) {
      const unit = new Unit(sections, header, true, skeleton);
      if (unit.dwoId !== null && unit.dwoId === skeleton.dwoId) return unit;
    }
    offset = end;
  }
  return null;
}

/** Columns of an index by their numbers (DWARF 5, table 7.1); those of the extension to version 4 are the same for what is needed here. */
const columns: Readonly<Record<number, DebugSection>> = { 1: "info", 3: "abbrev", 6: "str_offsets", 8: "rnglists" };

/** .debug_cu_index (DWARF 5, 7.3.5): the parts of the sections that belong to the unit of this number, or null. */
function contributionsOf(at: Cursor, dwoId: bigint): Contributions | null {
  // Two bytes of version and two of padding; four bytes in the older form.
  const version = at.little ? at.u16() : (at.skip(2), at.u16());
  if (at.little) at.skip(2);
  const old = version === 2;
  if (!old && !(version === 5 || at.view.getUint16(0, at.little) === 5)) throw at.fail(`an index of version ${version}`, 0);
  const width = at.u32();
  const units = at.u32();
  const slots = at.u32();
  const header = 16;
  const table = header + slots * 12;
  const end = table + width * 4 * (1 + 2 * units);
  if (width > 16 || end > at.end) throw at.fail(`an index of ${units} units in ${slots} slots with ${width} columns`, 0);
  for (let slot = 0; slot < slots; slot++) {
    at.at = header + slot * 8;
    if (at.u64Big() !== dwoId) continue;
    at.at = header + slots * 8 + slot * 4;
    const row = at.u32();
    if (row === 0 || row > units) continue;
    const parts = new Map<DebugSection, { from: number; size: number }>();
    for (let column = 0; column < width; column++) {
      at.at = table + column * 4;
      const name = columns[at.u32()];
      at.at = table + (row * width + column) * 4;
      const from = at.u32();
      at.at = table + ((units + row) * width + column) * 4;
      const size = at.u32();
      if (name !== undefined && !(old && name === "rnglists")) parts.set(name, { from, size });
    }
    return parts;
  }
  return null;
}
