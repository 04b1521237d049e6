import { resolve, sizeOf, type Btf } from "../btf/index.ts";
import { fieldsOf } from "./decode.ts";

/** What JSON has: pointers as `0x…`, integers beyond ±2^53 as decimal text, bytes as arrays of numbers. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Turns values of a type, as `decoderOf` reads them, into what JSON has. */
export function presenterOf(btf: Btf, id: number): (value: unknown) => Json {
  return presenter(btf, id, 0);
}

const deepest = 32;

function presenter(btf: Btf, id: number, depth: number): (value: unknown) => Json {
  if (depth > deepest) throw btf.fail(id, `type ${id} has more than ${deepest} types within one another`);
  const type = btf.type(resolve(btf, id));
  switch (type.kind) {
    case "ptr":
      return (value) => (typeof value === "bigint" ? `0x${value.toString(16)}` : plain(value));
    case "array": {
      const element = presenter(btf, type.element, depth + 1);
      return (value) => (Array.isArray(value) ? value.map(element) : plain(value));
    }
    case "struct":
    case "union": {
      const members = fieldsOf(btf, type.id).map(({ name, type: member }) => [name, presenter(btf, member, depth + 1)] as const);
      return (value) => {
        const all = value as Readonly<Record<string, unknown>>;
        return Object.fromEntries(members.map(([name, present]) => [name, present(all[name])]));
      };
    }
    case "var":
      return presenter(btf, type.type, depth + 1);
    case "int":
    case "float":
    case "enum":
    case "enum64":
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
      return plain;
  }
}

/** The same of a value whose type nobody knows. */
export function plain(value: unknown): Json {
  switch (typeof value) {
    case "bigint":
      return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "string":
    case "boolean":
      return value;
    case "object":
      if (value instanceof Uint8Array) return [...value];
      if (Array.isArray(value)) return value.map(plain);
      return value === null ? null : Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
    case "undefined":
    case "function":
    case "symbol":
      return null;
  }
}

/** A value of JSON on one line, as people read it: `{pid: 7, comm: "sh"}`. */
export function textOfJson(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(textOfJson).join(", ")}]`;
  if (typeof value === "object" && value !== null) return `{${Object.entries(value).map(([name, inner]) => `${name}: ${textOfJson(inner)}`).join(", ")}}`;
  return typeof value === "string" && !value.startsWith("0x") ? JSON.stringify(value) : String(value);
}

/** A type that a program declares for its events. */
export type EventType = { readonly id: number; readonly name: string; readonly size: number };

/**
 * The types of an object's events. A ring buffer has no type, and a compiler writes down only what is used; so by convention a program has a global pointer to each
 * (`const struct event *unused __attribute__((unused));`), and those are what is found here.
 */
export function eventTypesOf(btf: Btf): EventType[] {
  const found = new Map<number, EventType>();
  for (const id of btf.idsOfKind("var")) {
    const variable = btf.type(id);
    if (variable.kind !== "var") continue;
    const pointer = btf.type(resolve(btf, variable.type));
    if (pointer.kind !== "ptr") continue;
    const target = btf.type(resolve(btf, pointer.type));
    if ((target.kind !== "struct" && target.kind !== "union") || target.name === "") continue;
    found.set(target.id, { id: target.id, name: target.name, size: sizeOf(btf, target.id) ?? 0 });
  }
  return [...found.values()];
}

/**
 * Which of an object's event types a record of a length is: the only one if it is long enough, of several the only one of just this size. Null with a reason where that
 * does not tell.
 */
export function eventTypeFor(types: readonly EventType[], length: number): { readonly type: EventType } | { readonly type: null; readonly why: string } {
  const [only] = types;
  if (only === undefined) return { type: null, why: "the object declares no type of event" };
  if (types.length === 1) return length >= only.size ? { type: only } : { type: null, why: `${length} bytes, struct ${only.name} has ${only.size}` };
  const exact = types.filter(({ size }) => size === length);
  if (exact.length === 1) return { type: exact[0]! };
  return { type: null, why: `${length} bytes: ${exact.length === 0 ? "no type of event has that size" : `${exact.map(({ name }) => name).join(" and ")} have that size`}` };
}
