import { resolve, sizeOf, type Btf, type BtfType } from "../btf/index.ts";
import { fieldsOf, type Field } from "./decode.ts";
import { eventTypesOf } from "./present.ts";

/** TypeScript for an object: what its events, maps and variables are, and functions that decode events. */
export type TypesFile = { /** A module of declarations, `.d.ts`. */ readonly declarations: string; /** The module itself, `.js`. */ readonly code: string };

/** Longer arrays are read by a loop. */
const longestList = 16;
const deepest = 32;

/**
 * The types of an object's events (`eventTypesOf`, or those that are named) with a function `decode_NAME(record)` for each, which reads a `RingRecord` without looking at BTF; the types
 * of its maps' keys and values and of its global variables. Values are those of `decoderOf`. `made` stands in the first line.
 */
export function typesFileOf(btf: Btf, made: string, ids: readonly number[] = eventTypesOf(btf).map(({ id }) => id)): TypesFile {
  const writer = new TypesWriter(btf);
  const functions = ids.map((id) => writer.decoder(id));
  const maps = writer.maps();
  const variables = writer.variables();
  const head = `// Made by \`${made.replace(/[\r\n]/g, " ")}\`.\n`;
  return {
    declarations: [
      `${head}import type { RingRecord } from "oopscope/bpf";\n`,
      ...writer.interfaces(),
      ...functions.map(({ name, type }) => `/** Throws \`bad-argument\` for a record that is too short. */\nexport declare function ${name}(record: RingRecord): ${type};\n`),
      `/** Keys and values of the maps. */\nexport interface Maps {\n${maps}}\n`,
      `/** Global variables. */\nexport interface Variables {\n${variables}}\n`,
    ].join("\n"),
    code: [head + writer.tables(), ...functions.map(({ code }) => code)].join("\n"),
  };
}

const reserved = new Set("break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof new null return super switch this throw true try typeof var void while with yield let static await interface package private protected public implements any boolean number string symbol bigint object never unknown undefined Maps Variables RingRecord".split(" "));
const propertyOf = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

class TypesWriter {
  readonly #btf: Btf;
  /** Structs that have a name of their own, in the order in which they were met. */
  readonly #named = new Map<number, string>();
  readonly #taken = new Set<string>();
  /** Tables of the names of enums, by their text. */
  readonly #tables = new Map<string, string>();

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  #interfaceName(id: number, name: string): string {
    const known = this.#named.get(id);
    if (known !== undefined) return known;
    const clean = name.replace(/[^\w$]/g, "_").replace(/^(?=\d)/, "_");
    let chosen = reserved.has(clean) ? `${clean}_` : clean;
    for (let count = 2; this.#taken.has(chosen); count++) chosen = `${clean}_${count}`;
    this.#taken.add(chosen);
    this.#named.set(id, chosen);
    return chosen;
  }

  /** The interfaces of all structs that were met; writing one may meet others. */
  interfaces(): string[] {
    const texts: string[] = [];
    const done = new Set<number>();
    for (let before = -1; before !== done.size; ) {
      before = done.size;
      for (const [id, name] of this.#named) {
        if (done.has(id)) continue;
        done.add(id);
        texts.push(`export interface ${name} ${this.#members(id, 0)}\n`);
      }
    }
    return texts;
  }

  #members(id: number, depth: number): string {
    const indent = "  ".repeat(depth + 1);
    return `{\n${fieldsOf(this.#btf, id).map((field) => `${indent}${propertyOf(field.name)}: ${this.#fieldType(field, depth + 1)};\n`).join("")}${"  ".repeat(depth)}}`;
  }

  #fieldType(field: Field, depth: number): string {
    return field.bitSize > 0 ? (field.bitSize <= 32 ? "number" : "bigint") : this.type(field.type, depth);
  }

  /** A type as TypeScript. */
  type(id: number, depth = 0): string {
    if (depth > deepest) throw this.#btf.fail(id, `type ${id} has more than ${deepest} types within one another`);
    const type = this.#btf.type(resolve(this.#btf, id));
    switch (type.kind) {
      case "int":
        return type.bool ? "boolean" : type.size <= 4 ? "number" : "bigint";
      case "ptr":
        return "bigint";
      case "float":
        return "number";
      case "enum":
      case "enum64":
        return [...new Set(type.values.map(({ name }) => JSON.stringify(name))), type.size <= 4 ? "number" : "bigint"].join(" | ");
      case "array": {
        const element = this.#btf.type(resolve(this.#btf, type.element));
        if (isByte(element)) return isText(element) ? "string" : "Uint8Array";
        const text = this.type(type.element, depth + 1);
        return text.includes(" | ") ? `(${text})[]` : `${text}[]`;
      }
      case "struct":
      case "union":
        return type.name === "" ? this.#members(type.id, depth) : this.#interfaceName(type.id, type.name);
      case "var":
        return this.type(type.type, depth + 1);
      case "void":
      case "fwd":
      case "func":
      case "func_proto":
      case "datasec":
      case "decl_tag":
      case "typedef":
      case "const":
      case "volatile":
      case "restrict":
      case "type_tag":
        return "never";
    }
  }

  #names(table: string): string {
    let name = this.#tables.get(table);
    if (name === undefined) this.#tables.set(table, (name = `names${this.#tables.size + 1}`));
    return name;
  }

  /** The tables that the decoders look names up in. */
  tables(): string {
    return [...this.#tables].map(([table, name]) => `const ${name} = new Map(${table});\n`).join("");
  }

  decoder(id: number): { readonly name: string; readonly type: string; readonly code: string } {
    const type = this.type(id);
    const name = `decode_${/^[\w$]+$/.test(type) ? type : id}`;
    return { name, type, code: `export function ${name}(record) {\n  return ${this.#read(id, "", 0, 1)};\n}\n` };
  }

  /** An expression that reads a value `at` bytes behind `base` (an expression, or nothing). */
  #read(id: number, base: string, at: number, depth: number): string {
    if (depth > deepest) throw this.#btf.fail(id, `type ${id} has more than ${deepest} types within one another`);
    const type = this.#btf.type(resolve(this.#btf, id));
    const place = base === "" ? String(at) : at === 0 ? base : `${base} + ${at}`;
    switch (type.kind) {
      case "int":
        return type.bool ? `record.u8(${place}) !== 0` : integer(type.size, type.signed, base, at);
      case "ptr":
        return integer(this.#btf.pointerSize, false, base, at);
      case "float":
        return `record.f${8 * type.size}(${place})`;
      case "enum":
      case "enum64": {
        const big = type.size > 4 ? "n" : "";
        const names = [...new Map(type.values.map(({ name, value }) => [value, name]))].map(([value, name]) => `[${value}${big}, ${JSON.stringify(name)}]`);
        const value = integer(type.size, type.signed, base, at);
        // Looked up once for the name, and read again where it has none.
        return `(${this.#names(`[${names.join(", ")}]`)}.get(${value}) ?? ${value})`;
      }
      case "array": {
        const element = this.#btf.type(resolve(this.#btf, type.element));
        const size = sizeOf(this.#btf, type.element) ?? 0;
        const rest = `record.length - ${base === "" ? at : `(${place})`}`;
        if (isByte(element)) return `record.${isText(element) ? "text" : "bytes"}(${place}, ${type.length === 0 ? rest : type.length})`;
        if (type.length > 0 && type.length <= longestList) return `[${Array.from({ length: type.length }, (_, index) => this.#read(type.element, base, at + index * size, depth + 1)).join(", ")}]`;
        const index = `i${depth}`;
        const length = type.length > 0 ? String(type.length) : size === 0 ? "0" : `Math.floor((${rest}) / ${size})`;
        return `Array.from({ length: ${length} }, (_, ${index}) => (${this.#read(type.element, `${base === "" ? "" : `${base} + `}${index} * ${size}`, at, depth + 1)}))`;
      }
      case "struct":
      case "union": {
        const indent = "  ".repeat(depth + 1);
        const members = fieldsOf(this.#btf, type.id).map((field) => `${indent}${propertyOf(field.name)}: ${field.bitSize > 0 ? this.#bits(field, base, at) : this.#read(field.type, base, at + (field.bitOffset >>> 3), depth + 1)},\n`);
        return `{\n${members.join("")}${"  ".repeat(depth)}}`;
      }
      case "var":
        return this.#read(type.type, base, at, depth + 1);
      case "void":
      case "fwd":
      case "func":
      case "func_proto":
      case "datasec":
      case "decl_tag":
      case "typedef":
      case "const":
      case "volatile":
      case "restrict":
      case "type_tag":
        return "undefined";
    }
  }

  /** A bit-field, byte by byte from its first one. */
  #bits(field: Field, base: string, at: number): string {
    const type = this.#btf.type(resolve(this.#btf, field.type));
    const signed = (type.kind === "int" || type.kind === "enum" || type.kind === "enum64") && type.signed;
    const first = field.bitOffset >>> 3;
    const last = (field.bitOffset + field.bitSize - 1) >>> 3;
    const bytes = Array.from({ length: last - first + 1 }, (_, index) => `BigInt(${integer(1, false, base, at + first + index)}) << ${8 * index}n`);
    const value = `BigInt.as${signed ? "Int" : "Uint"}N(${field.bitSize}, (${bytes.join(" | ")}) >> ${field.bitOffset & 7}n)`;
    return field.bitSize <= 32 ? `Number(${value})` : value;
  }

  /** The members of `Maps`: those that the section `.maps` describes, by the types that its pointers lead to (libbpf's `__type`). */
  maps(): string {
    return this.#variablesOf([".maps"]).map(({ name, type }) => {
      const struct = this.#btf.type(resolve(this.#btf, type));
      const member = (wanted: string): string => {
        const found = struct.kind === "struct" ? struct.members.find((one) => one.name === wanted) : undefined;
        const pointer = found && this.#btf.type(resolve(this.#btf, found.type));
        return pointer?.kind === "ptr" && pointer.type !== 0 ? this.type(pointer.type) : "unknown";
      };
      return `  ${propertyOf(name)}: { key: ${member("key")}; value: ${member("value")} };\n`;
    }).join("");
  }

  variables(): string {
    const sections = [...this.#btf.idsOfKind("datasec")].map((id) => this.#btf.nameOf(id)).filter((name) => /^\.(?:bss|data|rodata|kconfig)/.test(name));
    return this.#variablesOf(sections).map(({ name, type }) => `  ${propertyOf(name)}: ${this.type(type)};\n`).join("");
  }

  #variablesOf(sections: readonly string[]): { name: string; type: number }[] {
    return sections.flatMap((section) => {
      const id = this.#btf.find(section, "datasec");
      const datasec = id === null ? null : this.#btf.type(id);
      if (datasec?.kind !== "datasec") return [];
      return datasec.variables.flatMap(({ type: variable }) => {
        const type = this.#btf.type(variable);
        return type.kind === "var" ? [{ name: type.name, type: type.type }] : [];
      });
    });
  }
}

const isByte = (type: BtfType): boolean => type.kind === "int" && type.size === 1 && !type.bool;
const isText = (type: BtfType): boolean => type.kind === "int" && (type.char || type.name === "char");

function integer(size: number, signed: boolean, base: string, at: number): string {
  const place = (offset: number): string => (base === "" ? String(at + offset) : at + offset === 0 ? base : `${base} + ${at + offset}`);
  if (size === 16) {
    const whole = `(record.u64(${place(8)}) << 64n) | record.u64(${place(0)})`;
    return signed ? `BigInt.asIntN(128, ${whole})` : `(${whole})`;
  }
  return `record.${signed ? "i" : "u"}${8 * size}(${place(0)})`;
}
