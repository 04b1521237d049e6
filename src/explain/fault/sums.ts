import { add, number, of, primaryText, single, textOf, unknown, type Atom, type Known, type Linear, type Place } from "./linear.ts";

// What instructions make of values, each in several ways to say it, best first.

/** Ways to say a value that are kept. */
export const mostAlternatives = 6;

/** A number that nothing is known of: an index, maybe. */
export function hiddenNumber(holder: string, index: number): Known {
  return of({ key: `?${holder}@${index}`, text: "…", primary: true, type: undefined, isAddress: false, kind: "computed" });
}

/** What an operator makes of two values that have names; `…` of one that has none. */
export function computed(left: readonly Linear[], right: readonly Linear[], operator: string): readonly Linear[] {
  const a = left.find((value): value is Known => value.unknown === null);
  const b = right.find((value): value is Known => value.unknown === null);
  if (!a || !b) return [unknown("it is computed of what is not known")];
  if (a.terms.length === 0 && b.terms.length === 0) {
    const [x, y] = [a.constant, b.constant];
    if (operator === "&") return [number(x & y)];
    if (operator === "|") return [number(x | y)];
  }
  // Of a number that has no name nothing is worth saying.
  if (a.terms.some(({ atom }) => atom.text === "…") || b.terms.some(({ atom }) => atom.text === "…")) return [of({ key: `c:${textOf(a)}${operator}${textOf(b)}`, text: "…", primary: true, type: undefined, isAddress: false, kind: "computed", inner: a })];
  const mask = operator === "&" && b.terms.length === 0 && b.constant < 0n && b.constant >= -4096n ? `~${-b.constant - 1n}` : primaryText(b);
  const text = `${primaryText(a)} ${operator} ${mask}`;
  const kept = single(a)?.type;
  return [of({ key: `c:${text}`, text, primary: false, type: kept, isAddress: false, kind: "computed", inner: a })];
}

/** The address that a read of KASAN's shadow is about; null for other accesses. */
export function shadowedBy(address: Known, shadowOffset: bigint | null): Known | null {
  const [term] = address.terms;
  if (shadowOffset === null || address.terms.length !== 1 || BigInt.asUintN(64, address.constant) !== shadowOffset || term!.factor !== 1n) return null;
  const { atom } = term!;
  return atom.kind === "computed" && atom.text.endsWith(">> 3") && atom.inner && atom.inner.unknown === null ? atom.inner : null;
}

export function entryAtom(register: string): Atom {
  return { key: `entry:${register}`, text: `what ${register} held at entry`, primary: false, type: undefined, isAddress: false, kind: "entry", register };
}

export function placeAtom(place: Place): Atom {
  return { key: `m:${place.text}`, text: place.text, primary: place.primary, type: place.type, isAddress: false, kind: "place", place };
}

/** `this_cpu_ptr(p)`: the kernel adds the processor's offset to a pointer of all of them. */
export function perCpuPointer(value: Linear): Linear {
  const atom = single(value);
  if (!atom || value.unknown !== null) return value;
  if (atom.isAddress) return of({ ...atom, key: `p:${atom.key}`, text: `this_cpu_ptr(&${atom.text})`, isAddress: false, type: undefined, kind: "per-cpu" });
  return of({ ...atom, key: `p:${atom.key}`, text: `this_cpu_ptr(${atom.text})`, primary: true, kind: "per-cpu" });
}

/** Sums of each with each, best ones first, not too many. What is not known beside a pointer is an index that is not known. */
export function product(left: readonly Linear[], right: readonly Linear[], factor: bigint, index: number): readonly Linear[] {
  const sums: Linear[] = [];
  const hidden = of({ key: `?${index}`, text: "…", primary: true, type: undefined, isAddress: false, kind: "computed" });
  for (const a of left) {
    for (const b of right) {
      if (a.unknown === null && b.unknown !== null && hasPointer(a)) sums.push(add(a, hidden, factor));
      else if (a.unknown !== null && b.unknown === null && hasPointer(b) && factor === 1n) sums.push(add(hidden, b));
      else sums.push(add(a, b, factor));
    }
  }
  return distinct(sums).slice(0, mostAlternatives * 2);
}

function hasPointer({ terms }: Known): boolean {
  return terms.some(({ atom }) => atom.isAddress || atom.type?.plain?.kind === "pointer");
}

/** Each value once; what is not known only where nothing is. */
export function distinct(values: readonly Linear[]): Linear[] {
  const seen = new Set<string>();
  const kept: Linear[] = [];
  for (const value of values) {
    const key = value.unknown ?? value.terms.map(({ atom, factor }) => `${factor}*${atom.isAddress ? "&" : ""}${atom.key}:${atom.type?.die.offset ?? 0}`).join("+") + value.constant.toString();
    if (seen.has(key)) continue;
    seen.add(key);
    kept.push(value);
  }
  const known = kept.filter(({ unknown: why }) => why === null);
  return known.length > 0 ? known.slice(0, mostAlternatives * 2) : kept.slice(0, 1);
}
