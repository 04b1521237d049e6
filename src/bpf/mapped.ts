import { OopscopeError } from "../base/index.ts";
import { sizeOf } from "../btf/index.ts";
import { fixedBytes, viewOf } from "./bytes.ts";
import { decoderOf, type Decode } from "./decode.ts";
import { encodeValue } from "./encode.ts";
import { closed } from "./handle.ts";
import { mapShared, unmap, type BpfMap } from "./map.ts";
import { loadNative, type Native } from "./native.ts";

/**
 * An array map as memory (BPF_F_MMAPABLE, 5.5 and newer): reads and writes that take no call of the kernel. `load` and `store` are whole for other processors, wider values
 * may be half written by a program while they are read. The object that the map is of may be closed first: the memory lives until `close`.
 */
export class MappedArray {
  readonly name: string;
  readonly length: number;
  readonly #native: Native;
  readonly #address: bigint;
  readonly #size: number;
  readonly #slot: number;
  readonly #map: BpfMap;
  readonly #decode: Decode | null;
  #memory: ArrayBuffer | null;
  #words: BigInt64Array | null;

  static async open(map: BpfMap): Promise<MappedArray> {
    return new MappedArray(await loadNative(), map);
  }

  private constructor(native: Native, map: BpfMap) {
    const { size, slot } = map.mapMemory();
    this.name = map.name;
    this.length = map.maxEntries;
    this.#native = native;
    this.#map = map;
    this.#size = size;
    this.#slot = slot;
    this.#address = mapShared(native, map.descriptor, size, 0, "read-write", `the map ${map.name}`);
    this.#memory = native.view(this.#address, size);
    this.#words = new BigInt64Array(this.#memory);
    const { types } = map;
    this.#decode = types !== null && types.value !== 0 && sizeOf(types.btf, types.value) === map.valueSize ? decoderOf(types.btf, types.value) : null;
  }

  #at(index: number): number {
    if (this.#memory === null) throw closed(`the mapped array ${this.name}`);
    if (!(Number.isInteger(index) && index >= 0 && index < this.length)) throw new OopscopeError("bad-argument", `the map ${this.name} has ${this.length} entries, ${index} is none of them`, { index });
    return index * this.#slot;
  }

  /** A value, copied. */
  get(index: number): unknown {
    const at = this.#at(index);
    const bytes = fixedBytes(this.#map.valueSize);
    bytes.set(new Uint8Array(this.#memory!, at, bytes.length));
    return this.#decode === null ? bytes : this.#decode(viewOf(bytes), 0, bytes.length);
  }

  set(index: number, value: unknown): void {
    const at = this.#at(index);
    const { types, valueSize } = this.#map;
    const bytes = value instanceof Uint8Array ? value : types === null || types.value === 0 ? null : encodeValue(types.btf, types.value, value);
    if (bytes?.length !== valueSize) throw new OopscopeError("bad-argument", `a value of the map ${this.name} is ${valueSize} bytes${bytes === null ? " without a known type: pass a Uint8Array" : `, not ${bytes.length}`}`, { map: this.name });
    new Uint8Array(this.#memory!, at, valueSize).set(bytes);
  }

  /** The first eight bytes of a value, at once; a program's stores before one that is seen are seen, too. */
  load(index: number): bigint {
    return BigInt.asUintN(64, Atomics.load(this.#words!, this.#word(index)));
  }

  /** Writes them at once, after all that was written before. */
  store(index: number, value: bigint): void {
    Atomics.store(this.#words!, this.#word(index), BigInt.asIntN(64, value));
  }

  /** Adds to them, and gives what they were. */
  add(index: number, value: bigint): bigint {
    return BigInt.asUintN(64, Atomics.add(this.#words!, this.#word(index), BigInt.asIntN(64, value)));
  }

  #word(index: number): number {
    if (this.#map.valueSize < 8) throw new OopscopeError("bad-argument", `a value of the map ${this.name} has ${this.#map.valueSize} bytes, not 8`, { map: this.name });
    return this.#at(index) / 8;
  }

  close(): void {
    if (this.#memory === null) return;
    this.#memory = null;
    this.#words = null;
    unmap(this.#native, this.#address, this.#size);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
