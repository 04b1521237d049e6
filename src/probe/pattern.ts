import { OopscopeError } from "../base/index.ts";
import { moduleKey } from "../kernel/index.ts";

/**
 * Which functions are meant: `NAME`, `MODULE:NAME`, each with `*` (any letters) and `?` (one letter). Without a module the kernel's functions and all modules' are; `vmlinux:` are the
 * kernel's own.
 */
export type FunctionPattern = {
  readonly text: string;
  /** Null: any. */
  readonly module: ((name: string | null) => boolean) | null;
  readonly name: (name: string) => boolean;
  /** The name where it has no `*` and no `?`. */
  readonly exactName: string | null;
  readonly exactModule: string | null;
};

const longest = 1024;

export function parsePattern(text: string): FunctionPattern {
  if (text === "" || text.length > longest) throw new OopscopeError("bad-argument", text === "" ? "an empty pattern means no function" : `a pattern of ${text.length} letters; the longest has ${longest}`, {});
  const colon = text.indexOf(":");
  const modulePart = colon < 0 ? null : text.slice(0, colon);
  const namePart = text.slice(colon + 1);
  if (modulePart === "" || namePart === "" || namePart.includes(":")) throw new OopscopeError("bad-argument", `\`${text}\` is no pattern: it is like tcp_*, gtp5g:gtp5g_xmit_* or vmlinux:kfree`, { pattern: text });
  const moduleGlob = modulePart === null ? null : globOf(moduleKey(modulePart));
  return {
    text,
    module: moduleGlob && ((name) => moduleGlob(name ?? "vmlinux")),
    name: globOf(namePart),
    exactName: isGlob(namePart) ? null : namePart,
    exactModule: modulePart === null || isGlob(modulePart) ? null : moduleKey(modulePart),
  };
}

const isGlob = (text: string): boolean => text.includes("*") || text.includes("?");

/** Matches in a time that is linear in both, but for one step back at each `*`. */
function globOf(pattern: string): (name: string) => boolean {
  if (!isGlob(pattern)) return (name) => name === pattern;
  const [prefix] = pattern.split(/[*?]/, 1) as [string];
  // `gtp5g_*`
  if (pattern.length === prefix.length + 1 && pattern.endsWith("*")) return (name) => name.startsWith(prefix);
  return (name) => {
    if (!name.startsWith(prefix)) return false;
    let at = prefix.length;
    let in_ = prefix.length;
    let star = -1;
    let from = 0;
    while (at < name.length) {
      const letter = pattern[in_];
      if (letter === "*") {
        star = in_++;
        from = at;
      } else if (letter === "?" || letter === name[at]) {
        in_++;
        at++;
      } else if (star >= 0) {
        in_ = star + 1;
        at = ++from;
      } else return false;
    }
    while (pattern[in_] === "*") in_++;
    return in_ === pattern.length;
  };
}
