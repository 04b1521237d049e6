// fs/pstore/platform.c pstore_dump: each part begins with the reason (kmsg_dump_reason_str), the number of the dump, and the number of the part.
const head = /^(?:> ?)*(Panic|Oops|Emergency|Shutdown|Restart|Halt|Poweroff|Unknown)#(\d{1,9}) Part(\d{1,9})\s*$/;

type Part = { readonly part: number; readonly lines: readonly string[] };

/**
 * pstore cuts a dump into parts from its end: part 1 holds the last lines. Whatever order the parts came in, here they stand as they were spoken; dumps stay in
 * the order of their first parts. The first lines of all but a dump's first part are left out: they stand in the middle of reports.
 */
export function orderParts(lines: readonly string[]): readonly string[] {
  const begins: number[] = [];
  for (let k = 0; k < lines.length; k++) if (lines[k]!.includes(" Part") && head.test(lines[k]!)) begins.push(k);
  if (begins.length < 2) return lines;
  const dumps: Map<number, Part>[] = [];
  const current = new Map<string, Map<number, Part>>();
  for (const [k, begin] of begins.entries()) {
    const [, reason, dump, number] = head.exec(lines[begin]!)!;
    const key = `${reason!}#${dump!}`;
    const part = Number(number);
    let home = current.get(key);
    // The same part again is another machine's or another boot's dump of that number.
    if (home === undefined || home.has(part)) {
      home = new Map();
      current.set(key, home);
      dumps.push(home);
    }
    home.set(part, { part, lines: lines.slice(begin, begins[k + 1] ?? lines.length) });
  }
  return [...lines.slice(0, begins[0]), ...dumps.flatMap((parts) => [...parts.values()].sort((a, b) => b.part - a.part).flatMap((part, k) => (k === 0 ? part.lines : part.lines.slice(1))))];
}
