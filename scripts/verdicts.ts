// How the verdicts on all logs of test/fixtures stand against what their scenarios promise: a table as Markdown, misses named. With the lab's modules, and with the
// kernels' debug files where the cache has them.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { judged, logNames, promisedBy, saidByLog, withCode, type Row } from "../test/support/verdicts.ts";

const cache = process.env["OOPSCOPE_CACHE"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "oopscope");
const debugFile = (release: string): string | null => {
  const root = join(cache, "kernels", release);
  return [join(root, "usr/lib/debug/boot", `vmlinux-${release}`), join(root, "vmlinux")].find(existsSync) ?? null;
};

const rows: Row[] = [];
const files = new Set<string>();
for (const name of logNames) {
  const { release } = promisedBy(name);
  const vmlinux = debugFile(release);
  if (vmlinux !== null) files.add(release);
  rows.push(await judged(name, vmlinux === null ? {} : { vmlinux }, withCode));
}

const count = (right: (row: Row) => boolean) => rows.filter(right).length;
const per = (right: (row: Row) => boolean) => `${count(right)} of ${rows.length} (${((count(right) / rows.length) * 100).toFixed(1)}%)`;
const place = ({ function: name, line }: { readonly function: string; readonly line: number | null }) => `\`${name}\`:${line ?? "?"}`;
const lines = [
  "| | right | aim |",
  "|---|---|---|",
  `| kind, as far as the log proves it | ${per(({ kindRight }) => kindRight)} | all |`,
  `| guilty function | ${per(({ functionRight }) => functionRight)} | |`,
  `| guilty line | ${per(({ lineRight }) => lineRight)} | 95% |`,
  "",
  "| log | kernel | kind | rule | confidence | guilty | truth |",
  "|---|---|---|---|---|---|---|",
  ...rows.map(({ name, promised, report, verdict, kindRight, lineRight }) => {
    const { guilty } = verdict;
    const kind = kindRight ? `${report.kind}${name in saidByLog ? ` (in truth ${promised.kind})` : ""}` : `**${report.kind}**, not ${promised.kind}`;
    return `| ${promised.scenario} | ${promised.release} | ${kind} | \`${verdict.rule}\` | ${verdict.confidence} | ${guilty === null ? "-" : place(guilty)} | ${lineRight ? "right" : `**${place(promised.guilty)}**`} |`;
  }),
];
console.log(lines.join("\n"));
console.error(`${rows.length} logs; debug files of ${[...files].sort().join(", ") || "no kernel"}`);
