import { visible } from "../../render/index.ts";
import { judgeModule, type JudgedModule } from "../btf-module.ts";
import { exit } from "../exit.ts";
import { writeResult } from "../output.ts";

/** The flags of `btf check`, as the command line gives them. */
export type BtfCheckFlags = { readonly format: "text" | "json"; readonly base?: string; readonly quiet?: boolean };

const mostShown = 8;

export async function runBtfCheck(path: string, flags: BtfCheckFlags): Promise<number> {
  const judged = await judgeModule(path, flags.base);
  const { verdict, release, base } = judged;
  const command = mendingCommand(judged, flags.base);
  if (flags.format === "json") writeResult(`${JSON.stringify({ path, release, base: base.path, ...verdict, command }, null, 2)}\n`);
  else {
    const lines = [`${path}: ${verdict.why}`];
    if (verdict.state !== "good") lines.push(`  kernel: ${release ?? "not named by the module"}, its BTF: ${base.path}`);
    const rest = verdict.problems.slice(verdict.state === "invalid" ? 1 : 0);
    for (const { type, offset, what } of rest.slice(0, mostShown)) lines.push(`  .BTF at offset 0x${offset.toString(16)}${type === null ? "" : `, type ${type}`}: ${what}`);
    if (rest.length > mostShown) lines.push(`  and ${rest.length - mostShown} more`);
    if (command !== null) lines.push(`  try: ${command}`);
    writeResult(lines.map((line) => `${visible(line)}\n`).join(""));
  }
  return verdict.state === "good" ? exit.done : verdict.state === "not-taken" ? exit.missingPrivilege : exit.failed;
}

/** What mends it; null where nothing is to be mended, or nothing can. */
function mendingCommand({ path, verdict }: JudgedModule, base: string | undefined): string | null {
  if (verdict.state === "good" || verdict.state === "not-taken") return null;
  const packed = /\.(?:gz|xz|zst)$/.exec(path);
  return `oopscope btf encode ${path}${base === undefined ? "" : ` --base ${base}`}${packed ? ` -o ${path.slice(0, packed.index).replace(/^.*\//, "")}` : ""}`;
}
