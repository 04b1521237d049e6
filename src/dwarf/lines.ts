import { OopscopeError, type Cursor } from "../base/index.ts";
import * as dw from "./constants.ts";
import type { Scratch } from "../elf/index.ts";
import type { DebugSections } from "./sections.ts";
import { lowerBound } from "./sorted.ts";

/** A row of the line table (DWARF 5, 6.2.2) that was looked for. */
export type LineRow = { readonly file: number; readonly line: number; readonly column: number; readonly discriminator: number };

/** Where texts stand: offsets in the section of texts that they are in, or in the program itself; -1 for one that cannot be read. One object for all: a kernel's unit has hundreds. */
type TextPlaces = { in: "inline" | "str" | "line_str"; readonly at: number[] };

const mostFiles = 1 << 20;

/** The header of a line program, and its file names, which are read only when one is asked for. */
export class LineProgram {
  readonly #sections: DebugSections;
  readonly #at: Cursor;
  readonly version: number;
  readonly #minimumLength: number;
  readonly #operationsPerInstruction: number;
  readonly #lineBase: number;
  readonly #lineRange: number;
  readonly #opcodeBase: number;
  readonly #operandCounts: Uint8Array;
  readonly #addressSize: number;
  readonly #program: number;
  readonly #directories: TextPlaces = { in: "inline", at: [] };
  readonly #fileNames: TextPlaces = { in: "inline", at: [] };
  readonly #fileDirectories: number[] = [];
  readonly #directory: string | null;
  readonly #paths = new Map<number, string | null>();

  /** `directory` is the unit's DW_AT_comp_dir, `addressSize` the unit's, for versions before 5. */
  constructor(all: DebugSections, offset: number, directory: string | null, addressSize: number, scratch?: Scratch) {
    const sections = all.ofLines;
    this.#sections = sections;
    this.#directory = directory;
    const head = sections.slice("line", offset, offset + 12);
    let length = head.u32();
    let offsetSize = 4;
    if (length === 0xffff_ffff) {
      length = head.u64();
      offsetSize = 8;
    } else if (length >= 0xffff_fff0) throw head.fail(`a line program of reserved length 0x${length.toString(16)}`, 0);
    const end = offset + head.at + length;
    if (end > sections.size("line")) throw head.fail(`a line program that ends at 0x${end.toString(16)}, past the section's end at 0x${sections.size("line").toString(16)}`, 0);
    sections.budget.spend((end - offset) / 4);
    const at = sections.slice("line", offset, end, scratch);
    this.#at = at;
    at.at = head.at;
    this.version = at.u16();
    if (this.version < 2 || this.version > 5) throw new OopscopeError("unsupported", `${sections.elf.path}: .debug_line at offset 0x${offset.toString(16)}: version ${this.version}`, { file: sections.elf.path, offset });
    this.#addressSize = addressSize;
    if (this.version >= 5) {
      this.#addressSize = at.u8();
      at.skip(1); // segment selector
    }
    const headerLength = offsetSize === 8 ? at.u64() : at.u32();
    this.#program = at.at + headerLength;
    if (this.#program > at.end) throw at.fail(`a header of 0x${headerLength.toString(16)} bytes, longer than the program`);
    this.#minimumLength = at.u8();
    this.#operationsPerInstruction = this.version >= 4 ? at.u8() : 1;
    at.skip(1); // default_is_stmt: every row counts
    this.#lineBase = (at.u8() << 24) >> 24;
    this.#lineRange = at.u8();
    this.#opcodeBase = at.u8();
    if (this.#lineRange === 0) throw at.fail("a line range of 0");
    const operandCounts = new Uint8Array(Math.max(1, this.#opcodeBase));
    for (let opcode = 1; opcode < this.#opcodeBase; opcode++) operandCounts[opcode] = at.u8();
    this.#operandCounts = operandCounts;
    if (this.version >= 5) {
      this.#readEntries(offsetSize, this.#directories, null);
      this.#readEntries(offsetSize, this.#fileNames, this.#fileDirectories);
    } else this.#readOldTables();
  }

  /** Version 5 (6.2.4.1): entries of described form. */
  #readEntries(offsetSize: number, names: TextPlaces, directories: number[] | null): void {
    const at = this.#at;
    const formats: { content: number; form: number }[] = [];
    for (let count = at.u8(); count > 0; count--) formats.push({ content: at.uleb(), form: at.uleb() });
    for (const { content, form } of formats) if (content === 1) names.in = sectionOf(form);
    const count = at.uleb();
    if (count > mostFiles || (count > at.end - at.at && count > 0 && formats.length > 0) || (formats.length === 0 && count > 0)) throw at.fail(`a table of ${count} entries in ${at.end - at.at} bytes`);
    for (let index = 0; index < count; index++) {
      let name = -1;
      let directory = 0;
      for (let k = 0; k < formats.length; k++) {
        const { content, form } = formats[k]!;
        if (content === 1) name = this.#textPlace(form, offsetSize);
        else if (content === 2 && directories) directory = this.#number(form, offsetSize);
        else this.#skip(form, offsetSize);
      }
      names.at.push(name);
      directories?.push(directory);
    }
  }

  #textPlace(form: number, offsetSize: number): number {
    const at = this.#at;
    if (form === dw.DW_FORM_line_strp || form === dw.DW_FORM_strp) return offsetSize === 8 ? at.u64() : at.u32();
    const place = form === dw.DW_FORM_string ? at.at : -1;
    this.#skip(form, offsetSize);
    return place;
  }

  #number(form: number, offsetSize: number): number {
    const at = this.#at;
    switch (form) {
      case dw.DW_FORM_data1:
        return at.u8();
      case dw.DW_FORM_data2:
        return at.u16();
      case dw.DW_FORM_data4:
        return at.u32();
      case dw.DW_FORM_udata:
        return at.uleb();
      default:
        this.#skip(form, offsetSize);
        return 0;
    }
  }

  #skip(form: number, offsetSize: number): void {
    const at = this.#at;
    switch (form) {
      case dw.DW_FORM_data1:
      case dw.DW_FORM_strx1:
        return at.skip(1);
      case dw.DW_FORM_data2:
      case dw.DW_FORM_strx2:
        return at.skip(2);
      case dw.DW_FORM_strx3:
        return at.skip(3);
      case dw.DW_FORM_data4:
      case dw.DW_FORM_strx4:
        return at.skip(4);
      case dw.DW_FORM_data8:
        return at.skip(8);
      case dw.DW_FORM_data16:
        return at.skip(16);
      case dw.DW_FORM_udata:
      case dw.DW_FORM_strx:
        return at.skipLeb();
      case dw.DW_FORM_string:
        return at.skipString();
      case dw.DW_FORM_strp:
      case dw.DW_FORM_line_strp:
      case dw.DW_FORM_sec_offset:
        return at.skip(offsetSize);
      case dw.DW_FORM_block:
        return at.skip(at.uleb());
      case dw.DW_FORM_block1:
        return at.skip(at.u8());
      default:
        throw at.fail(`form 0x${form.toString(16)} in a line table's header`);
    }
  }

  /** Versions 2 to 4: texts one after the other, an empty one at the end. */
  #readOldTables(): void {
    const at = this.#at;
    for (;;) {
      const start = at.at;
      at.skipString();
      if (at.at === start + 1) break;
      this.#directories.at.push(start);
    }
    for (;;) {
      const start = at.at;
      at.skipString();
      if (at.at === start + 1) break;
      this.#fileNames.at.push(start);
      this.#fileDirectories.push(at.uleb());
      at.skipLeb(); // modification time
      at.skipLeb(); // length
    }
  }

  /**
   * The path of a file by its number in the program (from 0 in version 5, from 1 before), or null. As the compiler recorded it: name under its
   * directory, and that under the unit's unless it is absolute; nothing is normalised.
   */
  path(file: number): string | null {
    const known = this.#paths.get(file);
    if (known !== undefined) return known;
    const path = this.#compose(file);
    this.#paths.set(file, path);
    return path;
  }

  #compose(file: number): string | null {
    const index = this.version >= 5 ? file : file - 1;
    const name = this.#text(this.#fileNames, index);
    if (!name) return null;
    if (name.startsWith("/")) return name;
    const directory = this.#directoryPath(this.#fileDirectories[index]!);
    return directory ? joined(directory, name) : name;
  }

  #directoryPath(number: number): string | null {
    if (this.version < 5 && number === 0) return this.#directory;
    const name = this.#text(this.#directories, this.version >= 5 ? number : number - 1);
    if (name === null) return this.#directory;
    // Directory 0 of version 5 is the compilation's own.
    if (name.startsWith("/") || (this.version >= 5 && number === 0) || !this.#directory) return name;
    return joined(this.#directory, name);
  }

  #text(places: TextPlaces, index: number): string | null {
    const place = places.at[index] ?? -1;
    if (place < 0) return null;
    if (places.in !== "inline") return this.#sections.string(places.in, place);
    const at = this.#at;
    at.at = place;
    return at.string();
  }

  /**
   * The rows that hold the wanted addresses (sorted image offsets): of each the last row at or below it within a sequence; the first sequence wins.
   * One pass over the program, which stops for nothing but rows that matter.
   */
  rowsAt(wanted: Float64Array, baseHigh: number, baseLow: number): (LineRow | null)[] {
    const found: (LineRow | null)[] = Array.from({ length: wanted.length }, () => null);
    this.#run(wanted, found, null, baseHigh, baseLow);
    return found;
  }

  /** Every row that holds an address, in the order of the program: with where it begins and ends. Where two hold the same addresses the first counts. */
  everyRow(baseHigh: number, baseLow: number): LineRows {
    const rows = new LineRows();
    this.#run(new Float64Array(), [], rows, baseHigh, baseLow);
    return rows;
  }

  #run(wanted: Float64Array, found: (LineRow | null)[], every: LineRows | null, baseHigh: number, baseLow: number): void {
    const at = this.#at;
    const { end } = at;
    const { budget } = this.#sections;
    const minimumLength = this.#minimumLength;
    const lineBase = this.#lineBase;
    const lineRange = this.#lineRange;
    const opcodeBase = this.#opcodeBase;
    const operations = Math.max(1, this.#operationsPerInstruction);
    const constAdd = Math.floor((255 - opcodeBase) / lineRange);
    // What special opcodes do: a division would leave a number on the heap, a million times.
    const steps = new Int32Array(256);
    const lineSteps = new Int32Array(256);
    for (let opcode = opcodeBase; opcode < 256; opcode++) {
      steps[opcode] = Math.floor((opcode - opcodeBase) / lineRange);
      lineSteps[opcode] = lineBase + ((opcode - opcodeBase) % lineRange);
    }
    // DW_LNS_negate_stmt, which has no operand in any program that was ever seen.
    const plainMark = this.#operandCounts[6] === 0;
    // Rows beyond the last one wanted cost nothing, once every address has its own.
    let missing = wanted.length;

    let address = 0;
    let operation = 0;
    let file = 1;
    let line = 1;
    let column = 0;
    let discriminator = 0;
    // The row before this one; `open` while it belongs to the same sequence.
    let open = false;
    let rowAddress = 0;
    let rowFile = 0;
    let rowLine = 0;
    let rowColumn = 0;
    let rowDiscriminator = 0;
    // Index of the first wanted address that is not below the last row.
    let next = 0;
    let target = wanted.length > 0 ? wanted[0]! : Infinity;

    const { bytes } = at;
    let position = this.#program;
    while (position < end) {
      const opcode = bytes[position++]!;
      let ends = false;
      if (opcode >= opcodeBase) {
        const step = steps[opcode]!;
        line += lineSteps[opcode]!;
        if (operations === 1) address += minimumLength * step;
        else {
          address += minimumLength * Math.floor((operation + step) / operations);
          operation = (operation + step) % operations;
        }
      } else if (opcode !== 1) {
        // Everything but DW_LNS_copy and the special opcodes changes the state and makes no row, save the end of a sequence. What most of a program is comes
        // first: a mark, or one small operand.
        const operand = position < end ? bytes[position]! : 0x80;
        if (opcode === 5 && operand < 0x80) {
          column = operand;
          position++;
          continue;
        }
        if (opcode === 6 && plainMark) continue;
        if (opcode === 3) {
          if (operand < 0x80) {
            line += (operand & 0x40) === 0 ? operand : operand - 0x80;
            position++;
            continue;
          }
          if (position + 1 < end && bytes[position + 1]! < 0x80) {
            // The far jumps between a function and what is inlined into it.
            const wide = (operand & 0x7f) | (bytes[position + 1]! << 7);
            line += (wide & 0x2000) === 0 ? wide : wide - 0x4000;
            position += 2;
            continue;
          }
        } else if (opcode === 4) {
          if (operand < 0x80) {
            file = operand;
            position++;
            continue;
          }
        } else if (opcode === 0 && operand === 2 && position + 2 < end && bytes[position + 1] === 4 && bytes[position + 2]! < 0x80) {
          discriminator = bytes[position + 2]!;
          position += 3;
          continue;
        }
        at.at = position;
        let advance = 0;
        switch (opcode) {
          case 0: {
            const size = at.uleb();
            const after = at.at + size;
            if (size === 0) break;
            if (after > end) throw at.fail(`an extended opcode of ${size} bytes`);
            const extended = at.u8();
            if (extended === 1) ends = true;
            else if (extended === 2) {
              const wide = size - 1 === 8 || (size - 1 !== 4 && this.#addressSize === 8);
              address = wide ? at.u64From(baseHigh, baseLow) : at.u32() - baseLow;
              operation = 0;
            } else if (extended === 3) {
              // DW_LNE_define_file, of versions before 5, whose names stand in the program.
              this.#fileNames.at.push(this.#fileNames.in === "inline" ? at.at : -1);
              at.skipString();
              this.#fileDirectories.push(at.uleb());
            } else if (extended === 4) discriminator = at.uleb();
            at.at = after;
            break;
          }
          case 2: // DW_LNS_advance_pc
            advance = at.uleb();
            break;
          case 3: // advance_line
            line += at.sleb();
            break;
          case 4: // set_file
            file = at.uleb();
            break;
          case 5: // set_column
            column = at.uleb();
            break;
          case 8: // const_add_pc
            advance = constAdd;
            break;
          case 9: // fixed_advance_pc
            address += at.u16();
            operation = 0;
            break;
          default: // negate_stmt and other marks without meaning here, and opcodes of vendors
            for (let count = this.#operandCounts[opcode]!; count > 0; count--) at.skipLeb();
        }
        position = at.at;
        if (advance !== 0) {
          if (operations === 1) address += minimumLength * advance;
          else {
            address += minimumLength * Math.floor((operation + advance) / operations);
            operation = (operation + advance) % operations;
          }
        }
        if (!ends) continue;
      }
      // A row: what lies between the last one and this belongs to the last.
      if (open && address >= rowAddress) {
        if (target < address) {
          const first = next;
          do {
            if (target >= rowAddress && found[next] === null) {
              found[next] = { file: rowFile, line: rowLine, column: rowColumn, discriminator: rowDiscriminator };
              missing--;
            }
            target = ++next < wanted.length ? wanted[next]! : Infinity;
          } while (target < address);
          budget.spend(next - first);
          if (missing === 0) break;
        }
        if (every !== null && address > rowAddress && Math.abs(rowAddress) < Number.MAX_SAFE_INTEGER) every.push(rowAddress, address, rowFile, rowLine);
      } else if (!ends) {
        next = lowerBound(wanted, address);
        target = next < wanted.length ? wanted[next]! : Infinity;
      }
      rowAddress = address;
      rowFile = file;
      rowLine = line;
      rowColumn = column;
      rowDiscriminator = discriminator;
      discriminator = 0;
      open = !ends;
      if (ends) {
        address = 0;
        operation = 0;
        file = 1;
        line = 1;
        column = 0;
      }
    }
  }
}

/** Rows in columns. */
export class LineRows {
  count = 0;
  lows = new Float64Array(1024);
  highs = new Float64Array(1024);
  files = new Uint32Array(1024);
  lines = new Float64Array(1024);

  push(low: number, high: number, file: number, line: number): void {
    const { count } = this;
    if (count === this.lows.length) {
      this.lows = grown(this.lows, new Float64Array(count * 2));
      this.highs = grown(this.highs, new Float64Array(count * 2));
      this.files = grown(this.files, new Uint32Array(count * 2));
      this.lines = grown(this.lines, new Float64Array(count * 2));
    }
    this.lows[count] = low;
    this.highs[count] = high;
    this.files[count] = file;
    this.lines[count] = line;
    this.count = count + 1;
  }
}

function grown<T extends Float64Array | Uint32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}

const sectionOf = (form: number): TextPlaces["in"] => (form === dw.DW_FORM_line_strp ? "line_str" : form === dw.DW_FORM_strp ? "str" : "inline");

const joined = (directory: string, name: string): string => (directory.endsWith("/") ? directory + name : `${directory}/${name}`);
