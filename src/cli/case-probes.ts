import { OopscopeError } from "../base/index.ts";
import { readCase, type Case } from "../case/index.ts";
import { decode } from "../decode/index.ts";
import { explain } from "../explain/index.ts";
import { probesOfCase } from "../trace/index.ts";
import { deepened, isCase } from "./commands/explain.ts";
import { fetchedPlaces } from "./fetched.ts";
import { readLog } from "./input.ts";
import { say } from "./output.ts";

/** The probes that a case asks for, or a log, which is explained with what is at hand; says which they are. Throws `not-found` where there is none. */
export async function probesFrom(path: string, quiet: boolean): Promise<string[]> {
  const found = await explained(path);
  const probes = probesOfCase(found);
  if (probes.length === 0) throw new OopscopeError("not-found", `${path}: ${found.reports.length === 0 ? "there is no crash in it" : "no verdict in it names a function to trace"}`, { file: path });
  if (!quiet) for (const { probe, function: name, why, within } of probes) say("note", `\`${probe}\` (${why}${within === null ? "" : `: \`${name}\`, which is inlined there`})`);
  return probes.map(({ probe }) => probe);
}

async function explained(path: string): Promise<Case> {
  const { name, bytes, damage } = await readLog(path);
  if (damage !== null) say("warning", damage);
  if (isCase(bytes)) return explain(await readCase(Buffer.from(bytes).toString("utf8"), name));
  return deepened((await decode(bytes, { name, also: fetchedPlaces(), code: "disassemble" })).case, {});
}
