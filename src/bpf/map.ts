import { closeSync } from "node:fs";
import { OopscopeError } from "../base/index.ts";
import { btfFromBytes, resolve, sizeOf, type Btf } from "../btf/index.ts";
import { fixedBytes, hostIsLittle, options, u32, viewOf } from "./bytes.ts";
import { errno, mapFlags, mapTypes, nameOf } from "./constants.ts";
import { decoderOf, numberDecoder, type Decode } from "./decode.ts";
import { encodeValue, writeInteger } from "./encode.ts";
import { systemFailure } from "./failure.ts";
import { closed } from "./handle.ts";
import { mapInfo, type MapInfo } from "./info.ts";
import { loadNative, type Memory, type Native } from "./native.ts";

/** Of what types a map's keys and values are; 0 for unknown. */
export type MapTypes = { readonly btf: Btf; readonly key: number; readonly value: number };

/** Whether an entry may be new, may be there already, or both. */
export type UpdateMode = "any" | "create" | "replace";
const updateModes: Readonly<Record<UpdateMode, number>> = { any: 0, create: 1, replace: 2 };

/** What makes up a map: its shape, and where its descriptor comes from. */
export type MapParts = {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: () => number;
  readonly flags: number;
  readonly types: MapTypes | null;
  /** The descriptor. Throws `closed`. */
  readonly descriptor: () => number;
  /** Closes it, for a map that is nobody else's. */
  readonly close: () => void;
};

export type NewMap = { readonly type: (typeof mapTypes)[number]; readonly name?: string; readonly keySize: number; readonly valueSize: number; readonly maxEntries: number; readonly flags?: number; /** The pattern of the inner maps, for maps of maps. */ readonly inner?: BpfMap };

const perCpu: readonly number[] = (["percpu-hash", "percpu-array", "lru-percpu-hash", "percpu-cgroup-storage"] as const).map((name) => mapTypes.indexOf(name));
const ofMaps: readonly number[] = (["array-of-maps", "hash-of-maps"] as const).map((name) => mapTypes.indexOf(name));
const keyless: readonly number[] = (["queue", "stack", "bloom-filter"] as const).map((name) => mapTypes.indexOf(name));

/**
 * A map: of an object that is loaded, opened from a pin or an id, or made. Keys and values are objects, numbers and texts where BTF says how (see `decoderOf`), integers for
 * keys of 1 to 8 bytes without BTF, else bytes; bytes of the right size are always taken. A per-CPU map's values are arrays with one for each possible CPU; a
 * map of maps takes maps and gives ids.
 */
export class BpfMap {
  readonly name: string;
  readonly type: (typeof mapTypes)[number] | `number ${number}`;
  readonly keySize: number;
  readonly valueSize: number;
  readonly flags: number;
  readonly types: MapTypes | null;
  readonly #native: Native;
  readonly #parts: MapParts;
  readonly #cpus: number;
  /** Bytes that the kernel reads and writes for a value: for a per-CPU map eight-byte aligned, once for each CPU. */
  readonly #valueBytes: number;
  #keyDecoder: Decode | null = null;
  #valueDecoder: Decode | null = null;

  /** @internal */
  constructor(native: Native, parts: MapParts) {
    this.#native = native;
    this.#parts = parts;
    this.name = parts.name;
    this.type = nameOf(mapTypes, parts.type);
    this.keySize = parts.keySize;
    this.valueSize = parts.valueSize;
    this.flags = parts.flags;
    this.types = parts.types;
    this.#cpus = perCpu.includes(parts.type) ? native.libbpf.libbpf_num_possible_cpus() : 0;
    this.#valueBytes = this.#cpus === 0 ? parts.valueSize : this.#cpus * this.#slot;
  }

  get maxEntries(): number {
    return this.#parts.maxEntries();
  }

  get #slot(): number {
    return (this.#parts.valueSize + 7) & ~7;
  }

  /** Makes a map. Throws `refused`, `missing-feature` or `not-permitted`. */
  static async create({ type, name = "", keySize, valueSize, maxEntries, flags = 0, inner }: NewMap): Promise<BpfMap> {
    const native = await loadNative();
    const opts = options(["u32", 0], ["u32", 0], ["u32", 0], ["u32", 0], ["u32", inner?.descriptor ?? 0], ["u32", flags]);
    const { result, said } = native.heard(() => native.libbpf.bpf_map_create(mapTypes.indexOf(type), name.slice(0, 15), keySize, valueSize, maxEntries, opts));
    if (result < 0) throw systemFailure(`make a map of type ${type} with ${maxEntries} entries of ${keySize} and ${valueSize} bytes`, result, said, { type });
    return ofDescriptor(native, result, null);
  }

  /** A map that is pinned at a path of bpffs. */
  static async openPinned(path: string): Promise<BpfMap> {
    const native = await loadNative();
    const { result, said } = native.heard(() => native.libbpf.bpf_obj_get(path));
    if (result < 0) throw systemFailure(`open the pinned map \`${path}\``, result, said, { file: path });
    return ofDescriptor(native, result, `the pin \`${path}\``);
  }

  /** A map by its id (`listMaps`, values of maps of maps). Needs CAP_SYS_ADMIN. */
  static async openId(id: number): Promise<BpfMap> {
    const native = await loadNative();
    const { result, said } = native.heard(() => native.libbpf.bpf_map_get_fd_by_id(id));
    if (result < 0) throw systemFailure(`open map ${id}`, result, said, { id }, ["CAP_SYS_ADMIN"]);
    return ofDescriptor(native, result, `id ${id}`);
  }

  /** Its descriptor, which stays the map's own. Throws `closed`. */
  get descriptor(): number {
    return this.#parts.descriptor();
  }

  info(): MapInfo {
    return mapInfo(this.#native, this.descriptor);
  }

  /** The value of a key; undefined if there is none. A queue's or stack's key is null: its head is looked at and stays. */
  get(key: unknown): unknown {
    const value = fixedBytes(this.#valueBytes);
    const bytes = this.#key(key);
    const code = this.#native.libbpf.bpf_map_lookup_elem(this.descriptor, bytes, value);
    return this.#found(code, "read", key) ? this.#value(value) : undefined;
  }

  /** The value of a key, which is removed at the same time; undefined if there is none. Hash maps from 5.14 on; queues and stacks with the key null. */
  take(key: unknown): unknown {
    const value = fixedBytes(this.#valueBytes);
    const code = this.#native.libbpf.bpf_map_lookup_and_delete_elem(this.descriptor, this.#key(key), value);
    return this.#found(code, "take", key) ? this.#value(value) : undefined;
  }

  /** Throws `refused` for a mode that does not suit (EEXIST, ENOENT) and for a map that is full (E2BIG). A queue's or stack's key is null. */
  set(key: unknown, value: unknown, mode: UpdateMode = "any"): void {
    const code = this.#native.libbpf.bpf_map_update_elem(this.descriptor, this.#key(key), this.#valueOf(value), updateModes[mode]);
    if (code < 0) throw systemFailure(`write an entry of the map ${this.name}`, code, code === -errno.E2BIG ? [`it is full: it has room for ${this.maxEntries}`] : [], { map: this.name });
  }

  /** Whether there was one. */
  delete(key: unknown): boolean {
    return this.#found(this.#native.libbpf.bpf_map_delete_elem(this.descriptor, this.#key(key)), "delete", key);
  }

  #found(code: number, verb: string, key: unknown): boolean {
    if (code >= 0) return true;
    if (code === -errno.ENOENT) return false;
    throw systemFailure(`${verb} ${key === null ? "an entry" : "the entry of a key"} of the map ${this.name}`, code, [], { map: this.name });
  }

  /** All keys, in the kernel's order. Entries that come and go meanwhile may be missed; none is given twice, unless it was removed and came back. */
  *keys(): Generator<unknown> {
    for (const key of this.#rawKeys()) yield this.#keyValue(key);
  }

  *#rawKeys(): Generator<Uint8Array<ArrayBuffer>> {
    const seen = new Set<string>();
    let key: Uint8Array<ArrayBuffer> | null = null;
    for (;;) {
      const next = fixedBytes(this.keySize);
      const code = this.#native.libbpf.bpf_map_get_next_key(this.descriptor, key, next);
      if (code === -errno.ENOENT) return;
      if (code < 0) throw systemFailure(`walk the map ${this.name}`, code, [], { map: this.name });
      // A key that was removed under the walk makes the kernel begin anew.
      const mark = Buffer.from(next).toString("latin1");
      if (!seen.has(mark)) {
        seen.add(mark);
        yield next.slice();
      } else if (seen.size >= 2 * this.maxEntries) return;
      key = next;
    }
  }

  *entries(): Generator<[key: unknown, value: unknown]> {
    for (const key of this.#rawKeys()) {
      const value = fixedBytes(this.#valueBytes);
      if (this.#found(this.#native.libbpf.bpf_map_lookup_elem(this.descriptor, key, value), "read", key)) yield [this.#keyValue(key), this.#value(value)];
    }
  }

  [Symbol.iterator](): Generator<[key: unknown, value: unknown]> {
    return this.entries();
  }

  /** All entries, thousands a call of the kernel (5.6 and newer; hash and array maps). Throws `missing-feature` or `refused` where the kind of map has no such call. */
  *batches(size = 1024): Generator<[key: unknown, value: unknown][]> {
    const count = Math.max(1, Math.min(size, this.maxEntries));
    // A place of the kernel's own in hash maps; at least the key's size.
    const place = fixedBytes(Math.max(8, this.keySize));
    for (let first = true, more = true; more; first = false) {
      const keys = fixedBytes(count * this.keySize);
      const values = fixedBytes(count * this.#valueBytes);
      const got = u32(count);
      const code = this.#native.libbpf.bpf_map_lookup_batch(this.descriptor, first ? null : place, place, keys, values, got, null);
      if (code < 0 && code !== -errno.ENOENT) throw this.#batchFailure("read", code);
      more = code >= 0;
      const number = viewOf(got).getUint32(0, hostIsLittle);
      if (number > count) throw this.#batchFailure("read", -errno.EINVAL);
      const entries = Array.from({ length: number }, (_, index): [unknown, unknown] => [
        this.#keyValue(keys.subarray(index * this.keySize, (index + 1) * this.keySize)),
        this.#value(values.subarray(index * this.#valueBytes, (index + 1) * this.#valueBytes)),
      ]);
      if (entries.length > 0) yield entries;
    }
  }

  /** Writes many entries in one call. Gives how many; throws what stopped it before the first. */
  setAll(entries: readonly (readonly [key: unknown, value: unknown])[]): number {
    if (entries.length === 0) return 0;
    const count = u32(entries.length);
    const keys = fixedBytes(entries.length * this.keySize);
    const values = fixedBytes(entries.length * this.#valueBytes);
    for (const [index, [key, value]] of entries.entries()) {
      keys.set(this.#key(key)!, index * this.keySize);
      values.set(this.#valueOf(value), index * this.#valueBytes);
    }
    const code = this.#native.libbpf.bpf_map_update_batch(this.descriptor, keys, values, count, null);
    const done = code < 0 && code === -errno.EINVAL ? 0 : viewOf(count).getUint32(0, hostIsLittle);
    if (code < 0) throw this.#batchFailure(`write (${done} of ${entries.length} were written)`, code);
    return done;
  }

  /** Removes many entries in one call. */
  deleteAll(keys: readonly unknown[]): void {
    if (keys.length === 0) return;
    const bytes = fixedBytes(keys.length * this.keySize);
    for (const [index, key] of keys.entries()) bytes.set(this.#key(key)!, index * this.keySize);
    const code = this.#native.libbpf.bpf_map_delete_batch(this.descriptor, bytes, u32(keys.length), null);
    if (code < 0) throw this.#batchFailure("delete", code);
  }

  #batchFailure(verb: string, code: number): OopscopeError {
    return systemFailure(`${verb} many entries of the map ${this.name} (${this.type}) at once`, code, [], { map: this.name });
  }

  /** No process may write it from now on. */
  freeze(): void {
    const code = this.#native.libbpf.bpf_map_freeze(this.descriptor);
    if (code < 0) throw systemFailure(`freeze the map ${this.name}`, code, [], { map: this.name });
  }

  /** Keeps it beyond this process, under a path of bpffs; removing the file unpins it. */
  pin(path: string): void {
    const { result, said } = this.#native.heard(() => this.#native.libbpf.bpf_obj_pin(this.descriptor, path));
    if (result < 0) throw systemFailure(`pin the map ${this.name} at \`${path}\``, result, said, { file: path });
  }

  /** Closes a map that was made or opened; one of an object ends with the object. */
  close(): void {
    this.#parts.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #key(key: unknown): Uint8Array<ArrayBuffer> | null {
    if (keyless.includes(this.#parts.type)) {
      if (key !== null && key !== undefined) throw new OopscopeError("bad-argument", `the map ${this.name} is a ${this.type} and has no keys`, { map: this.name });
      return null;
    }
    return this.#encoded(key, this.keySize, this.types?.key ?? 0, "key");
  }

  #valueOf(value: unknown): Uint8Array<ArrayBuffer> {
    const { valueSize } = this;
    const typeId = this.types?.value ?? 0;
    if (value instanceof BpfMap) {
      if (!ofMaps.includes(this.#parts.type)) throw new OopscopeError("bad-argument", `the map ${this.name} is a ${this.type}: its values are no maps`, { map: this.name });
      return u32(value.descriptor);
    }
    if (this.#cpus === 0) return this.#encoded(value, valueSize, typeId, "value");
    const all = fixedBytes(this.#valueBytes);
    if (value instanceof Uint8Array && value.length === all.length) {
      all.set(value);
      return all;
    }
    if (!Array.isArray(value) || value.length !== this.#cpus) {
      throw new OopscopeError("bad-argument", `a value of the map ${this.name} (${this.type}) is an array of ${this.#cpus}, one for each possible CPU`, { map: this.name });
    }
    for (const [cpu, one] of value.entries()) all.set(this.#encoded(one, valueSize, typeId, "value"), cpu * this.#slot);
    return all;
  }

  /** A key or a value as bytes that the kernel may read: exactly as many as the map has. */
  #encoded(value: unknown, size: number, typeId: number, what: "key" | "value"): Uint8Array<ArrayBuffer> {
    if (value instanceof Uint8Array) {
      if (value.length !== size) throw new OopscopeError("bad-argument", `a ${what} of the map ${this.name} has ${size} bytes, not ${value.length}`, { map: this.name });
      const copy = fixedBytes(size);
      copy.set(value);
      return copy;
    }
    if (this.types !== null && typeId !== 0 && sizeOf(this.types.btf, typeId) === size) return encodeValue(this.types.btf, typeId, value);
    const bytes = fixedBytes(size);
    if (size > 8 || (typeof value !== "number" && typeof value !== "bigint")) throw new OopscopeError("bad-argument", `a ${what} of the map ${this.name} is ${size} bytes without a known type: pass a Uint8Array`, { map: this.name });
    writeInteger(viewOf(bytes), 0, size, value, value < 0, hostIsLittle, what);
    return bytes;
  }

  #keyValue(bytes: Uint8Array): unknown {
    this.#keyDecoder ??= this.#decoder(this.types?.key ?? 0, this.keySize);
    return this.#keyDecoder(viewOf(bytes), 0, bytes.length);
  }

  #value(bytes: Uint8Array): unknown {
    this.#valueDecoder ??= this.#decoder(this.types?.value ?? 0, this.valueSize);
    const view = viewOf(bytes);
    if (this.#cpus === 0) return this.#valueDecoder(view, 0, bytes.length);
    const slot = this.#slot;
    return Array.from({ length: this.#cpus }, (_, cpu) => this.#valueDecoder!(view, cpu * slot, cpu * slot + this.valueSize));
  }

  #decoder(typeId: number, size: number): Decode {
    if (ofMaps.includes(this.#parts.type) && size === 4) return numberDecoder(4, false, hostIsLittle);
    const types = this.types;
    if (types !== null && typeId !== 0 && sizeOf(types.btf, typeId) === size && types.btf.kindOf(resolve(types.btf, typeId)) !== "void") return decoderOf(types.btf, typeId);
    if (size === 1 || size === 2 || size === 4 || size === 8) return numberDecoder(size, false, hostIsLittle);
    return (view, at, end) => new Uint8Array(view.buffer, view.byteOffset + at, Math.min(size, end - at)).slice();
  }

  /** How large the map is as memory, and each value in it. Only arrays with BPF_F_MMAPABLE. @internal */
  mapMemory(): { readonly size: number; readonly slot: number } {
    if ((this.flags & mapFlags.mappable) === 0) throw new OopscopeError("bad-argument", `the map ${this.name} was made without BPF_F_MMAPABLE`, { map: this.name });
    const slot = this.#slot;
    const size = Math.ceil((slot * this.maxEntries) / this.#native.pageSize) * this.#native.pageSize;
    return { size, slot };
  }
}

/** Maps a descriptor's memory, shared. @internal */
export function mapShared(native: Native, descriptor: number, size: number, offset: number, access: "read" | "read-write", what: string): bigint {
  const address = native.libc.mmap(null, size, access === "read" ? 1 : 3, 1, descriptor, offset);
  // MAP_FAILED is all ones.
  if (address === null || BigInt.asIntN(64, address) === -1n) throw systemFailure(`map ${size} bytes of ${what} into memory`, native.errno(), []);
  return address;
}

/** @internal */
export function unmap(native: Native, address: Memory, size: number): void {
  native.libc.munmap(address, size);
}

/** A map of its own descriptor, which it closes; with types, where the kernel has those. */
function ofDescriptor(native: Native, descriptor: number, from: string | null): BpfMap {
  let open = true;
  try {
    const info = mapInfo(native, descriptor);
    const name = info.name === "" ? (from ?? "(nameless)") : info.name;
    return new BpfMap(native, {
      name,
      type: mapTypes.indexOf(info.type as (typeof mapTypes)[number]),
      keySize: info.keySize,
      valueSize: info.valueSize,
      maxEntries: () => info.maxEntries,
      flags: info.flags,
      types: info.btfId === 0 ? null : typesOf(native, info),
      descriptor: () => {
        if (!open) throw closed(`the map ${name}`);
        return descriptor;
      },
      close: () => {
        if (open) closeSync(descriptor);
        open = false;
      },
    });
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** The types that a map was made with, as the kernel keeps them. Null where this process may not read them (CAP_SYS_ADMIN). */
function typesOf(native: Native, info: MapInfo): MapTypes | null {
  const descriptor = native.libbpf.bpf_btf_get_fd_by_id(info.btfId);
  if (descriptor < 0) return null;
  try {
    // struct bpf_btf_info: where to write the bytes, and their size, which is learnt by a first call without room.
    const about = fixedBytes(16);
    if (native.libbpf.bpf_obj_get_info_by_fd(descriptor, about, u32(about.length)) < 0) return null;
    const bytes = fixedBytes(viewOf(about).getUint32(8, hostIsLittle));
    viewOf(about).setBigUint64(0, native.addressOf(bytes), hostIsLittle);
    if (native.libbpf.bpf_obj_get_info_by_fd(descriptor, about, u32(about.length)) < 0) return null;
    return { btf: btfFromBytes(`BTF ${info.btfId}`, bytes), key: info.keyTypeId, value: info.valueTypeId };
  } catch {
    return null;
  } finally {
    closeSync(descriptor);
  }
}
