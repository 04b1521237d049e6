import { OopscopeError } from "../base/index.ts";
import { sizeOf, typeText, type Btf } from "../btf/index.ts";
import { fixedBytes, hostIsLittle, viewOf } from "./bytes.ts";
import { mapFlags } from "./constants.ts";
import { decoderOf, type Decode } from "./decode.ts";
import { encodeValue } from "./encode.ts";
import type { Handle } from "./handle.ts";
import { mapShared, unmap, type BpfMap } from "./map.ts";
import type { Native } from "./native.ts";

/** A global variable of an object: before `load` its first value, afterwards the one that the programs see, shared with them. */
export class BpfVariable {
  readonly name: string;
  /** `.bss`, `.data`, `.rodata`: constants (`.rodata`, `.kconfig`) cannot be set any more once the object is loaded. */
  readonly section: string;
  /** Its type as C. */
  readonly type: string;
  readonly size: number;
  readonly #btf: Btf;
  readonly #typeId: number;
  readonly #memory: () => Uint8Array;
  readonly #writable: () => string | null;
  readonly #offset: number;
  #decode: Decode | null = null;

  /** @internal */
  constructor(btf: Btf, name: string, section: string, typeId: number, offset: number, size: number, memory: () => Uint8Array, writable: () => string | null) {
    this.name = name;
    this.section = section;
    this.type = typeText(btf, typeId);
    this.size = size;
    this.#btf = btf;
    this.#typeId = typeId;
    this.#offset = offset;
    this.#memory = memory;
    this.#writable = writable;
  }

  /** Its value now. Wider ones than the processor's words may be half written by a program at that moment. */
  get(): unknown {
    const bytes = fixedBytes(this.size);
    bytes.set(this.#memory().subarray(this.#offset, this.#offset + this.size));
    this.#decode ??= decoderOf(this.#btf, this.#typeId);
    return this.#decode(viewOf(bytes), 0, this.size);
  }

  /** Throws `bad-argument` for a value that does not fit the type, and for a constant of an object that is loaded. */
  set(value: unknown): void {
    const memory = this.#memory();
    const why = this.#writable();
    if (why !== null) throw new OopscopeError("bad-argument", `the variable ${this.name} cannot be set: ${why}`, { variable: this.name });
    memory.set(encodeValue(this.#btf, this.#typeId, value, this.name), this.#offset);
  }
}

/** The variables of one of an object's internal maps, which is named `OBJECT.bss` and described by the datasec `.bss`. */
export function variablesOf(native: Native, address: bigint, map: BpfMap, btf: Btf | null, object: Handle, state: () => string, atClose: (task: () => void) => void): BpfVariable[] {
  const section = /\.[^.]*(?:\..*)?$/.exec(map.name)?.[0] ?? map.name;
  const id = btf?.find(section, "datasec") ?? null;
  if (btf === null || id === null) return [];
  const datasec = btf.type(id);
  if (datasec.kind !== "datasec") return [];
  const constant = (map.flags & mapFlags.readOnlyForPrograms) !== 0 || section === ".kconfig";
  let first: Uint8Array | null = null;
  let shared: Uint8Array | null = null;
  const sizeOfMemory = fixedBytes(8);
  // Views stay in here, and `object.use` ends the way to them: nobody sees memory that has gone.
  const memory = (): Uint8Array => {
    object.use();
    if (!constant && state() === "loaded") return (shared ??= sharedMemory(native, map, atClose));
    if (first !== null) return first;
    const at = native.libbpf.bpf_map__initial_value(address, sizeOfMemory);
    if (at === null) throw new OopscopeError("unsupported", `the variables of ${map.name} are not in memory that can be read`, { map: map.name });
    return (first = new Uint8Array(native.view(at, viewOf(sizeOfMemory).getUint32(0, hostIsLittle))));
  };
  const writable = (): string | null => (!constant || state() === "open" ? null : "it is a constant, and its object is loaded");
  return datasec.variables.flatMap(({ type: variable, offset }) => {
    const type = btf.type(variable);
    if (type.kind !== "var") return [];
    const size = sizeOf(btf, type.type);
    return size === null ? [] : [new BpfVariable(btf, type.name, section, type.type, offset, size, memory, writable)];
  });
}

/** The map's own memory, that programs read and write (5.5 and newer). */
function sharedMemory(native: Native, map: BpfMap, atClose: (task: () => void) => void): Uint8Array {
  if ((map.flags & mapFlags.mappable) === 0) throw new OopscopeError("missing-feature", `the variables of ${map.name} are not shared: this kernel cannot map arrays into memory (5.5 and newer can)`, { map: map.name });
  const size = Math.ceil(map.valueSize / native.pageSize) * native.pageSize;
  const address = mapShared(native, map.descriptor, size, 0, "read-write", `the map ${map.name}`);
  atClose(() => unmap(native, address, size));
  return new Uint8Array(native.view(address, size));
}
