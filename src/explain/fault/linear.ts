import type { CType } from "../../dwarf/index.ts";

// Values as sums: `base + 8 * index + 16`. That is how addresses are made, and how container_of and array indices come undone.

/** Something that has a name in the source, or stands for what has none. */
export type Atom = {
  /** Two atoms of one key are one. */
  readonly key: string;
  /** C. */
  readonly text: string;
  /** Whether `text` can be followed by `->`, `.` or `[` without parentheses. */
  readonly primary: boolean;
  /** Undefined: not known. */
  readonly type: CType | null | undefined;
  /** It is the address of what `text` names, and `type` is that thing's own. */
  readonly isAddress: boolean;
  /** `variable`: named by debug information. `place`: read from memory. `call`: a result. `entry`: what a register held when the function began. */
  readonly kind: "variable" | "place" | "call" | "entry" | "frame" | "per-cpu" | "symbol" | "page" | "computed";
  /** Of `page`: its image offset. */
  readonly address?: number;
  /** Of `entry`. */
  readonly register?: string;
  /** Of `place`: what of the source it was read through, for `field` and `variable` of a fault. */
  readonly place?: Place;
  /** Values that no pointer has: what comes out of an `and` and the like. */
  readonly inner?: Linear;
};

export type Term = { readonly atom: Atom; readonly factor: bigint };

/** A sum that wraps at 64 bits; or why it is not known. */
export type Linear = { readonly terms: readonly Term[]; readonly constant: bigint; readonly unknown: null } | { readonly unknown: string };
export type Known = Extract<Linear, { unknown: null }>;

/** A piece of memory as C names it. */
export type Place = {
  readonly text: string;
  readonly primary: boolean;
  readonly type: CType | null | undefined;
  /** The last member's name; null where the place is no member. */
  readonly field: string | null;
  /** The pointer that is followed; null for variables themselves. */
  readonly pointer: Atom | null;
  /** How far the bytes are from where the pointer points. */
  readonly distance: bigint;
  /** How many elements the arrays have that are indexed on the way. */
  readonly bounds: readonly number[];
};

export const unknown = (why: string): Linear => ({ unknown: why });
export const number = (constant: bigint): Known => ({ terms: [], constant: BigInt.asIntN(64, constant), unknown: null });
export const of = (atom: Atom): Known => ({ terms: [{ atom, factor: 1n }], constant: 0n, unknown: null });

export function add(left: Linear, right: Linear, factor = 1n): Linear {
  if (left.unknown !== null) return left;
  if (right.unknown !== null) return right;
  const terms = new Map<string, Term>(left.terms.map((term) => [term.atom.key, term]));
  for (const { atom, factor: own } of right.terms) {
    const sum = (terms.get(atom.key)?.factor ?? 0n) + own * factor;
    if (sum === 0n) terms.delete(atom.key);
    else terms.set(atom.key, { atom, factor: sum });
  }
  return { terms: [...terms.values()], constant: BigInt.asIntN(64, left.constant + right.constant * factor), unknown: null };
}

export function times(value: Linear, factor: bigint): Linear {
  return add(number(0n), value, factor);
}

/** The one atom that the value is; null if it is a sum or a number. */
export function single(value: Linear): Atom | null {
  if (value.unknown !== null || value.terms.length !== 1 || value.constant !== 0n || value.terms[0]!.factor !== 1n) return null;
  return value.terms[0]!.atom;
}

/** As C; addresses with `&`. */
export function textOf(value: Known): string {
  const parts: string[] = [];
  for (const { atom, factor } of value.terms) {
    const own = atom.isAddress ? `&${atom.text}` : atom.text;
    const sign = factor < 0n ? "- " : parts.length > 0 ? "+ " : "";
    const size = factor < 0n ? -factor : factor;
    parts.push(`${sign}${size === 1n ? own : `${size} * ${atom.primary && !atom.isAddress ? own : `(${own})`}`}`);
  }
  if (value.constant !== 0n || parts.length === 0) {
    const { constant } = value;
    const small = constant < 4096n && constant > -4096n;
    const text = (magnitude: bigint): string => (small ? magnitude.toString() : `0x${magnitude.toString(16)}`);
    parts.push(parts.length === 0 ? (constant < 0n && !small ? `0x${BigInt.asUintN(64, constant).toString(16)}` : constant.toString()) : constant < 0n ? `- ${text(-constant)}` : `+ ${text(constant)}`);
  }
  return parts.join(" ");
}

/** As text that `->`, `[` or an operator may follow. */
export function primaryText(value: Known): string {
  const atom = single(value);
  if (atom) return atom.primary && !atom.isAddress ? atom.text : `(${atom.isAddress ? "&" : ""}${atom.text})`;
  const text = textOf(value);
  return value.terms.length === 0 ? text : `(${text})`;
}
