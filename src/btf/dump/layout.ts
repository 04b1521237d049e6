import { KIND, malformed } from "../format.ts";
import type { Flat } from "../flat.ts";

/** Types within one another by value. */
const deepest = 400;

/** Sizes and alignments as C has them without attributes, of flat BTF. */
export class Layout {
  readonly #flat: Flat;
  /** Bytes; 0 where it is not known yet. By id. */
  readonly #aligns: Uint8Array;
  /** 1 for structs and unions that are packed, where the alignment is known. By id. */
  readonly #packed: Uint8Array;
  /** Bytes; 0 where it is not known yet. By id. */
  readonly #sizes: Float64Array;

  constructor(flat: Flat) {
    this.#flat = flat;
    this.#aligns = new Uint8Array(flat.starts.length);
    this.#packed = new Uint8Array(flat.starts.length);
    this.#sizes = new Float64Array(flat.starts.length);
  }

  #fail(id: number, what: string): Error {
    return malformed(this.#flat.file, "BTF", 4 * (this.#flat.starts[id]! - 3), what);
  }

  /** Bytes of a value; 0 where it has none. */
  sizeOf(id: number): number {
    const known = this.#sizes[id]!;
    return known !== 0 ? known : (this.#sizes[id] = this.#sizeOf(id));
  }

  #sizeOf(id: number): number {
    const { words, starts, pointerSize } = this.#flat;
    let count = 1;
    for (let steps = 0, at = id; steps < deepest; steps++) {
      const start = starts[at]!;
      switch ((words[start + 1]! >>> 24) & 0x1f) {
        case KIND.int:
        case KIND.struct:
        case KIND.union:
        case KIND.enum:
        case KIND.enum64:
        case KIND.float:
          return count * words[start + 2]!;
        case KIND.ptr:
          return count * pointerSize;
        case KIND.array:
          count *= words[start + 5]!;
          at = words[start + 3]!;
          break;
        case KIND.typedef:
        case KIND.volatile:
        case KIND.const:
        case KIND.restrict:
        case KIND.typeTag:
          at = words[start + 2]!;
          break;
        default:
          return 0;
      }
    }
    throw this.#fail(id, `type ${id} leads through more than ${deepest} types`);
  }

  /** Bytes that its address is a multiple of, as the compiler has it; 1 for a struct that must be packed, and for what has no size. */
  alignOf(id: number, depth = 0): number {
    const known = this.#aligns[id]!;
    if (known !== 0) return known;
    const align = this.#alignOf(id, depth);
    this.#aligns[id] = align;
    return align;
  }

  #alignOf(id: number, depth: number): number {
    const { words, starts, pointerSize } = this.#flat;
    if (depth > deepest) throw this.#fail(id, `type ${id} has more than ${deepest} types within one another`);
    for (let steps = 0, at = id; steps < deepest; steps++) {
      const start = starts[at]!;
      const info = words[start + 1]!;
      switch ((info >>> 24) & 0x1f) {
        case KIND.int:
        case KIND.float:
          // An __int128 is aligned to its 16 bytes, on x86-64, arm64 and BPF alike.
          return Math.max(1, Math.min(16, words[start + 2]!));
        case KIND.enum:
        case KIND.enum64:
          return Math.max(1, Math.min(pointerSize, words[start + 2]!));
        case KIND.ptr:
          return pointerSize;
        case KIND.array:
          at = words[start + 3]!;
          break;
        case KIND.typedef:
        case KIND.volatile:
        case KIND.const:
        case KIND.restrict:
        case KIND.typeTag:
          at = words[start + 2]!;
          break;
        case KIND.struct:
        case KIND.union:
          if (this.#aligns[at] !== 0) return this.#aligns[at]!;
          this.#packed[at] = this.#isPacked(start, depth) ? 1 : 0;
          return (this.#aligns[at] = this.#packed[at] === 1 ? 1 : this.#largest);
        default:
          return 1;
      }
    }
    throw this.#fail(id, `type ${id} leads through more than ${deepest} types`);
  }

  /** Whether members stand where C would not put them, or the size is none that C would give: then it was packed. */
  isPacked(id: number): boolean {
    this.alignOf(id);
    return this.#packed[id] === 1;
  }

  /** What `#isPacked` found beside its answer. */
  #largest = 1;

  #isPacked(start: number, depth: number): boolean {
    const { words } = this.#flat;
    const info = words[start + 1]!;
    const flag = info >>> 31 === 1;
    const end = start + 3 + 3 * (info & 0xffff);
    let largest = 1;
    for (let at = start + 3; at < end; at += 3) {
      const align = this.alignOf(words[at + 1]!, depth + 1);
      if (align > largest) largest = align;
      const offset = words[at + 2]!;
      const bits = flag ? offset >>> 24 : 0;
      const from = flag ? offset & 0xff_ffff : offset;
      if (bits === 0) {
        if (from % (8 * align) !== 0) return true;
        continue;
      }
      // A bit-field stands within one unit of its type.
      const unit = 8 * this.sizeOf(words[at + 1]!);
      if ((from % unit) + bits > unit) return true;
    }
    this.#largest = largest;
    return words[start + 2]! % largest !== 0;
  }
}
