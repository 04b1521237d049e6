/** A symbol as the kernel prints it (`%pS`, `%pB`, `%pSb`: lib/vsprintf.c, kernel/kallsyms.c __sprint_symbol), with its place in the text. */
export type SymbolToken = {
  readonly from: number;
  readonly to: number;
  readonly symbol: string;
  readonly offset: number | null;
  readonly size: number | null;
  readonly module: string | null;
  readonly moduleBuildId: string | null;
  readonly decoded: string | null;
};

/** KSYM_NAME_LEN of the kernel. */
const longestName = 512;

/** Letters, digits, `_`, `.` and `$`: what a symbol's name is made of. */
export function isNameCode(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x5f || code === 0x2e || code === 0x24;
}

function isHexCode(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66) || (code >= 0x41 && code <= 0x46);
}

/** The end of a run of hexadecimal digits. */
export function hexEnd(text: string, at: number): number {
  while (isHexCode(text.charCodeAt(at))) at++;
  return at;
}

/** The first `symbol+0x1/0x2` at or after `at`, or null. Linear in the text. */
export function nextSymbol(text: string, at: number): SymbolToken | null {
  for (let plus = text.indexOf("+0x", at); plus >= 0; plus = text.indexOf("+0x", plus + 3)) {
    const token = symbolAround(text, plus, at);
    if (token !== null) return token;
  }
  return null;
}

/** The symbol whose `+0x` stands at `plus`, beginning no earlier than `least`. */
export function symbolAround(text: string, plus: number, least: number): SymbolToken | null {
  let from = plus;
  while (from > least && plus - from <= longestName && isNameCode(text.charCodeAt(from - 1))) from--;
  const first = text.charCodeAt(from);
  if (from === plus || (first >= 0x30 && first <= 0x39)) return null;
  const offsetEnd = hexEnd(text, plus + 3);
  if (text.charCodeAt(offsetEnd) !== 0x2f || text.charCodeAt(offsetEnd + 1) !== 0x30 || text.charCodeAt(offsetEnd + 2) !== 0x78) return null;
  const sizeEnd = hexEnd(text, offsetEnd + 3);
  if (offsetEnd - plus > 16 || offsetEnd === plus + 3 || sizeEnd - offsetEnd > 16 || sizeEnd === offsetEnd + 3) return null;
  // A size that runs into something else is torn: the rest of its digits may be elsewhere.
  const behind = text.charCodeAt(sizeEnd);
  if (isNameCode(behind) || behind === 0x5b) return null;
  const module = moduleAt(text, sizeEnd);
  const to = module?.to ?? sizeEnd;
  return {
    from,
    to,
    symbol: text.slice(from, plus),
    offset: parseInt(text.slice(plus + 3, offsetEnd), 16),
    size: parseInt(text.slice(offsetEnd + 3, sizeEnd), 16),
    module: module?.name ?? null,
    moduleBuildId: module?.buildId ?? null,
    decoded: decodedBehind(text, to)?.decoded ?? null,
  };
}

const bracketed = / \[(?:([0-9a-f]{40})|([A-Za-z0-9_][A-Za-z0-9_.-]{0,63})(?: ([0-9a-f]{40}))?)\]/y;

/** ` [module]`, ` [module <build id>]`, or ` [<build id>]` of vmlinux, at `at`. */
export function moduleAt(text: string, at: number): { name: string | null; buildId: string | null; to: number } | null {
  if (text.charCodeAt(at) !== 0x20 || text.charCodeAt(at + 1) !== 0x5b) return null;
  bracketed.lastIndex = at;
  const found = bracketed.exec(text);
  return found === null ? null : { name: found[2] ?? null, buildId: found[1] ?? found[3] ?? null, to: bracketed.lastIndex };
}

// As syzbot's reports have it: ` lib/dump_stack.c:120`, ` lib/dump_stack.c:94 [inline]`, at the end of the line.
const bare = /[ \t]((?:\.{0,2}\/)?[\w.+~-]{1,255}(?:\/[\w.+~-]{1,255}){0,40}\.(?:c|h|S|rs|cc):\d{1,7})(?: \[inline\])?(?=\s*$)/y;

/** What a decoder wrote behind a symbol: in parentheses, or bare at the end of the line; null if nothing. `size` is how much of the text it takes. */
export function decodedBehind(text: string, at: number): { readonly decoded: string; readonly size: number } | null {
  const inParentheses = decodedAt(text, at);
  if (inParentheses !== null) return { decoded: inParentheses, size: inParentheses.length + 3 };
  if (text.charCodeAt(at) !== 0x20 && text.charCodeAt(at) !== 0x09) return null;
  bare.lastIndex = at;
  const found = bare.exec(text);
  return found === null ? null : { decoded: found[1]!, size: found[0].length };
}

/** What a decoder wrote in parentheses after a symbol (` (file.c:12)`), parentheses within it matched; null if it names no line. */
export function decodedAt(text: string, at: number): string | null {
  if (text.charCodeAt(at) !== 0x20 || text.charCodeAt(at + 1) !== 0x28) return null;
  let depth = 0;
  for (let k = at + 1; k < text.length && k < at + 8192; k++) {
    const code = text.charCodeAt(k);
    if (code === 0x28) depth++;
    else if (code === 0x29 && --depth === 0) {
      const inner = text.slice(at + 2, k);
      return /[^\s:]:(?:\d|\?)/.test(inner) ? inner : null;
    }
  }
  return null;
}
