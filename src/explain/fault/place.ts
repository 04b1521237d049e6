import { typeName, type CType, type Member } from "../../dwarf/index.ts";
import { number, primaryText, textOf, type Atom, type Known, type Place, type Term } from "./linear.ts";

// From an address to the piece of memory that C names: members by offset, elements by index.

type Meant = { readonly size: number; readonly whole: string | null; /** Which bit of what is read matters, for bit-fields. */ readonly bit: number; /** The type of the variable that is read or written by it, which tells members of unions apart. */ readonly like: CType | null };

type Step = { readonly text: string; readonly type: CType | null | undefined; readonly field: string | null; readonly bounds: readonly number[] };

/** What stands at an address, of which `size` bytes are meant (0: not known). With `whole` the struct of that name is meant, and not its first member. Null where the types do not lead there. */
export function placeAt(address: Known, size: number, whole: string | null = null, bit = 0, like: CType | null = null): Place | null {
  for (const base of basesOf(address)) {
    const rest = address.terms.filter((term) => term !== base);
    const found = from(base.atom, rest, address.constant, { size, whole, bit, like });
    if (found) return found;
  }
  return null;
}

/** The same where no type leads there: `*(u32 *)(link + 8)`. */
export function rawPlace(address: Known, size: number): Place {
  const [base] = basesOf(address);
  const name = size === 8 ? "u64" : size === 4 ? "u32" : size === 2 ? "u16" : "u8";
  return { text: `*(${name} *)${primaryText(address)}`, primary: false, type: undefined, field: null, pointer: base?.atom ?? null, distance: address.constant, bounds: [] };
}

/** What may be the pointer in a sum, best first: addresses of variables, pointers. */
function basesOf(address: Known): Term[] {
  const rank = ({ atom, factor }: Term): number => {
    if (factor !== 1n) return 0;
    if (atom.isAddress) return 4;
    const kind = atom.type?.plain?.kind;
    if (kind === "pointer" || kind === "array") return 3;
    // An integer that is used as an address, where nothing else is.
    return address.terms.length === 1 ? 1 : 0;
  };
  return address.terms.filter((term) => rank(term) > 0).sort((a, b) => rank(b) - rank(a));
}

function from(atom: Atom, rest: readonly Term[], constant: bigint, size: Meant): Place | null {
  const offset = Number(constant);
  if (!Number.isSafeInteger(offset)) return null;
  if (atom.isAddress) {
    if (atom.type === undefined) return null;
    const step = descend(atom.type, offset, rest, size, 0);
    return step && { text: `${atom.primary ? atom.text : `(${atom.text})`}${step.text}`, primary: true, type: step.type, field: step.field, pointer: null, distance: constant, bounds: step.bounds };
  }
  const plain = atom.type?.plain;
  if (plain?.kind !== "pointer") return null;
  const target = plain.target;
  const base = atom.primary ? atom.text : `(${atom.text})`;
  const pointed = target?.plain ?? null;
  const own = pointed?.size ?? null;
  const done = (step: Step, how: "arrow" | "star" | "element", element = ""): Place | null => {
    const text = how === "arrow" ? `${base}->${step.text.replace(/^\./, "")}` : how === "star" ? `*${base}${step.text}` : `${base}${element}${step.text}`;
    if (how === "arrow" && !step.text.startsWith(".")) return null;
    return { text, primary: how !== "star", type: step.type, field: step.field, pointer: atom, distance: constant, bounds: step.bounds };
  };
  const isAggregate = pointed?.kind === "struct" || pointed?.kind === "union";
  if (rest.length === 0 && offset >= 0 && (own === null || own === 0 || offset < own)) {
    const step = descend(target, offset, rest, size, 0);
    if (step && isAggregate && step.text === "" && offset === 0) return done(step, "star");
    if (step) return isAggregate && step.text !== "" ? done(step, "arrow") : offset === 0 || step.text !== "" ? done(step, step.text === "" ? "star" : "star") : null;
    // An index into an array at the struct's end has no term where it is a constant; a pointer to nothing known is followed only itself.
    return pointed === null && offset === 0 ? done({ text: "", type: undefined, field: null, bounds: [] }, "star") : null;
  }
  if (isAggregate && rest.length > 0) {
    const step = descend(target, offset, rest, size, 0);
    if (step && step.text !== "") return done(step, "arrow");
  }
  const unit = own === null || own === 0 ? (pointed === null ? 1 : null) : own;
  if (unit === null) return null;
  // A pointer as an array of what it points to.
  const mine = rest.filter(({ factor }) => factor % BigInt(unit) === 0n);
  const others = rest.filter((term) => !mine.includes(term));
  const [index, left] = split(mine, offset, unit);
  if (isAggregate && rest.length === 0) return null; // beyond a struct by a constant lies another object
  const step = pointed === null ? (left === 0 && others.length === 0 ? { text: "", type: undefined, field: null, bounds: [] } : null) : descend(target, left, others, size, 0);
  return step && done(step, "element", `[${index}]`);
}

/** The index that terms and a distance make for elements of `unit` bytes, as text, and what is left of the distance. */
function split(terms: readonly Term[], offset: number, unit: number): [string, number] {
  const whole = Math.floor(offset / unit);
  const sum: Known = { terms: terms.map(({ atom, factor }) => ({ atom, factor: factor / BigInt(unit) })), constant: BigInt(whole), unknown: null };
  return [terms.some(({ atom }) => atom.text === "…") ? "…" : textOf(sum), offset - whole * unit];
}

/** The member or element of `type` that begins at `offset` and is `size` bytes long; `indices` are what is added to the offset. */
function descend(type: CType | null | undefined, offset: number, indices: readonly Term[], size: Meant, depth: number): Step | null {
  const plain = type?.plain;
  if (!plain || depth > 24) return null;
  switch (plain.kind) {
    case "struct":
    case "union": {
      if (plain.isDeclaration) return null;
      if (size.whole !== null && plain.name === size.whole && offset === 0 && indices.length === 0) return { text: "", type, field: null, bounds: [] };
      let best: Step[] = [];
      let bestScore = -1;
      for (const member of plain.members) {
        const found = memberAt(member, offset, indices, size, depth);
        if (!found) continue;
        // Of a union's members that with the access's own size, and of the type of what it is read to; else the one that needs the fewest names.
        const score = isOpen(member) ? 0 : 1 + (size.size > 0 && (found.type?.size ?? 0) === size.size ? 2 : 0) + (found.type?.plain?.kind === "pointer" && size.size === 8 ? 1 : 0) + (size.like !== null && found.type?.die.offset === size.like.die.offset ? 4 : 0);
        if (score > bestScore) best = [];
        if (score >= bestScore) best.push(found);
        bestScore = Math.max(score, bestScore);
        // Arrays without a length reach over what comes behind them.
        if (plain.kind === "struct" && member.bits === null && !isOpen(member)) break;
      }
      return plain.kind === "union" ? eitherOf(best) : (best[0] ?? null);
    }
    case "array":
      return elementAt(plain, plain.bounds, offset, indices, size, depth);
    case "base":
    case "pointer":
    case "enum":
      return offset >= 0 && offset < Math.max(1, plain.size ?? 1) && indices.length === 0 ? { text: "", type, field: null, bounds: [] } : null;
    case "function":
    case "typedef":
    case "qualifier":
    case "other":
      return null;
  }
}

/** Members of a union that nothing tells apart are named all: `.{id or seid}`. What they are is known where they are of one type. */
function eitherOf(steps: readonly Step[]): Step | null {
  const depth = ({ text }: Step): number => text.split(/[.[]/).length;
  const fewest = Math.min(...steps.map(depth));
  const [first, ...others] = steps.filter((step) => depth(step) === fewest);
  if (first === undefined || others.length === 0 || fewest < 2) return first ?? null;
  const names = [first, ...others].map(({ text }) => text.replace(/^\./, ""));
  const shown = names.length > mostEither ? [...names.slice(0, mostEither), "…"] : names;
  const isOne = others.every(({ type }) => type?.die.offset === first.type?.die.offset) || first.type?.plain?.kind !== "pointer";
  return { ...first, text: `.{${shown.join(" or ")}}`, type: isOne ? first.type : undefined };
}

const mostEither = 3;

/** An array that does not say how long it is: `data[]`, or `start[0]` of older sources. */
function isOpen({ type }: Member): boolean {
  return type?.plain?.kind === "array" && (type.size === null || type.size === 0);
}

function memberAt(member: Member, offset: number, indices: readonly Term[], size: Meant, depth: number): Step | null {
  const { name, bits, type } = member;
  if (bits !== null) {
    if (indices.length > 0 || name === null) return null;
    const first = Math.floor(bits.offset / 8);
    const last = Math.floor((bits.offset + bits.size - 1) / 8);
    const wanted = offset * 8 + size.bit;
    if (size.bit > 0 && (wanted < bits.offset || wanted >= bits.offset + bits.size)) return null;
    return offset <= last && offset + Math.max(1, size.size) > first ? { text: `.${name}`, type, field: name, bounds: [] } : null;
  }
  const length = type?.size ?? null;
  if (offset < member.offset || (!isOpen(member) && offset >= member.offset + (length ?? 0))) {
    // An index may begin below its array: `slots[i - 1]`.
    const kind = type?.plain?.kind;
    const near = kind === "array" ? (type!.plain!.elementSize ?? 0) * 4 : kind === "struct" || kind === "union" ? 64 : 0;
    if (!(indices.length > 0 && offset < member.offset && member.offset - offset <= near)) return null;
  }
  const inner = descend(type, offset - member.offset, indices, size, depth + 1);
  if (!inner) return null;
  return { text: `${name === null ? "" : `.${name}`}${inner.text}`, type: inner.type, field: inner.field ?? name, bounds: inner.bounds };
}

function elementAt(array: CType, bounds: readonly (number | null)[], offset: number, indices: readonly Term[], size: Meant, depth: number): Step | null {
  let unit = array.target?.size ?? null;
  for (const bound of bounds.slice(1)) unit = unit === null || bound === null ? null : unit * bound;
  if (unit === null || unit === 0) return null;
  const mine = indices.filter(({ factor }) => factor % BigInt(unit) === 0n);
  const others = indices.filter((term) => !mine.includes(term));
  const [index, left] = split(mine, offset, unit);
  const inner = bounds.length > 1 ? elementAt(array, bounds.slice(1), left, others, size, depth + 1) : descend(array.target, left, others, size, depth + 1);
  return inner && { text: `[${index}]${inner.text}`, type: inner.type, field: inner.field, bounds: [...(bounds[0] == null ? [] : [bounds[0]]), ...inner.bounds] };
}

/** The address of a place: `&far->action`, or what the place is an array of. */
export function addressText(address: Known): { readonly text: string; readonly type: string | null } {
  if (address.terms.length === 0) return { text: textOf(number(address.constant)), type: null };
  const only = address.terms.length === 1 && address.constant === 0n && address.terms[0]!.factor === 1n ? address.terms[0]!.atom : null;
  if (only && !only.isAddress) return { text: only.text, type: only.type === undefined ? null : typeName(only.type) };
  const place = placeAt(address, 0);
  return place ? { text: `&${place.text}`, type: place.type === undefined ? null : typeName(place.type, "*") } : { text: textOf(address), type: null };
}
