/** `Modules linked in: a b(OE) c(E+) d(O) <build id> [last unloaded: e]` (kernel/module/main.c print_modules), possibly torn over several lines. */
export type LinkedModule = { readonly name: string; readonly taint: string; readonly buildId: string | null };

const header = /\s{0,8}Modules linked in:/y;
const word = /\s*([A-Za-z0-9_][\w.-]{0,63})(?:\(([A-Z+-]{0,24})\))?(?: ([0-9a-f]{40}))?(?=\s|$)/y;
const unloaded = /\s*\[last unloaded: ([A-Za-z0-9_][\w.-]{0,63})(?:\(([A-Z+-]{0,24})\))?(?::[^\]]{0,64})?(?: ([0-9a-f]{40}))?\]/y;
const unloadedTainted = /\s*\[(?:unloaded tainted modules|last unloaded):[^\]\n]{0,4096}\]/y;
/** More modules than any kernel has loaded. */
const most = 4096;

export function isModulesLine(text: string, start: number): boolean {
  header.lastIndex = start;
  return header.test(text);
}

/** Reads module names from `at` on. `complete` is false where the line holds something else as well. */
export function readModules(text: string, at: number, into: Map<string, LinkedModule>): { lastUnloaded: string | null; complete: boolean; count: number } {
  let lastUnloaded: string | null = null;
  let count = 0;
  for (;;) {
    word.lastIndex = at;
    const match = word.exec(text);
    if (match !== null && into.size < most) {
      const [, name, taint, buildId] = match;
      if (!into.has(name!)) into.set(name!, { name: name!, taint: taint ?? "", buildId: buildId ?? null });
      at = word.lastIndex;
      count++;
      continue;
    }
    unloaded.lastIndex = at;
    const last = unloaded.exec(text);
    if (last !== null) {
      lastUnloaded = last[1]!;
      at = unloaded.lastIndex;
      continue;
    }
    unloadedTainted.lastIndex = at;
    if (!unloadedTainted.test(text)) break;
    at = unloadedTainted.lastIndex;
  }
  return { lastUnloaded, complete: text.slice(at).trim() === "", count };
}

export function readModulesLine(text: string, start: number, into: Map<string, LinkedModule>): { lastUnloaded: string | null; complete: boolean; count: number } {
  return readModules(text, text.indexOf(":", start) + 1, into);
}
