/** An assertion in a source text: `BUG_ON` and its condition. */
export type Assertion = { readonly macro: string; readonly condition: string };

const macros = /\b((?:\w+_)?(?:BUG_ON|WARN_ON|WARN|WARN_ONCE|ASSERT)(?:_\w+)?|assert|lockdep_assert\w*)\s*\(/i;
const mostLines = 12;

/**
 * The condition of the assertion that begins on a line (1-based) or on one of the two before it, since compilers record a line of its own for what is spread
 * over several. Null where there is none.
 */
export function assertionAt(lines: readonly string[], line: number): Assertion | null {
  for (const start of [line, line - 1, line - 2]) {
    const text = lines[start - 1];
    const found = text === undefined ? null : macros.exec(text);
    if (!found) continue;
    const rest = [text!.slice(found.index + found[0].length), ...lines.slice(start, start + mostLines)].join("\n");
    const condition = firstArgument(rest);
    if (condition === null) continue;
    // An assertion on an earlier line must reach to the wanted one.
    if (start + condition.lines - 1 < line) continue;
    return { macro: found[1]!, condition: condition.text };
  }
  return null;
}

/** The text up to the comma or the parenthesis that ends the first argument, with blanks made one. */
function firstArgument(text: string): { readonly text: string; readonly lines: number } | null {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (letter === '"' || letter === "'") {
      for (at++; at < text.length && text[at] !== letter; at++) if (text[at] === "\\") at++;
    } else if (letter === "(" || letter === "[") depth++;
    else if ((letter === ")" && depth === 0) || (letter === "," && depth === 0)) {
      const own = text.slice(0, at);
      const condition = own.replace(/\/\*[\s\S]*?\*\//g, " ").replace(/\s+/g, " ").trim();
      return condition === "" ? null : { text: condition, lines: own.split("\n").length };
    } else if (letter === ")" || letter === "]") depth--;
    else if (letter === ";") return null;
  }
  return null;
}
