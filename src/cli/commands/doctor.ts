import { areas, diagnose, type Area, type Diagnosis, type State } from "../../doctor/index.ts";
import { visible } from "../../render/index.ts";
import { exit } from "../exit.ts";
import { say, writeResult } from "../output.ts";

/** The flags of `doctor`, as the command line gives them. */
export type DoctorFlags = { readonly format: "text" | "json"; readonly quiet?: boolean };

export async function runDoctor(capability: string | undefined, flags: DoctorFlags): Promise<number> {
  const area = areas.find((one) => one === capability);
  if (capability !== undefined && area === undefined) {
    say("error", `\`${capability}\` is none of ${areas.join(", ")}`, "oopscope doctor --help");
    return exit.usage;
  }
  const diagnosis = await diagnose(area === undefined ? areas : [area], { root: process.env["OOPSCOPE_ROOT"] || "/" });
  writeResult(flags.format === "json" ? `${JSON.stringify(diagnosis, null, 2)}\n` : diagnosisText(diagnosis, isUtf8(process.env)));
  return area !== undefined && diagnosis.areas[0]!.state === "missing" ? exit.missingPrivilege : exit.done;
}

const titles: Readonly<Record<Area, string>> = {
  decode: "decode and explain logs", btf: "types and BTF of modules", bpf: "BPF programs", trace: "trace functions", guard: "catch double frees as they happen", lab: "throw-away machines",
};

/** ✓ works, ! works in part, ✗ does not; in ASCII where the terminal may not have these. */
export function diagnosisText({ kernel, distribution, areas: found }: Diagnosis, utf8: boolean): string {
  const marks: Readonly<Record<State, string>> = utf8 ? { ok: "✓", limited: "!", missing: "✗" } : { ok: "+", limited: "!", missing: "x" };
  const lines = [`kernel ${visible(kernel ?? "unknown")}${distribution === null ? "" : `, ${visible(distribution)}`}`];
  for (const { area, state, findings } of found) {
    lines.push("", `${marks[state]} ${area}: ${titles[area]}`);
    for (const { state: one, finding, command } of findings) {
      lines.push(`    ${marks[one]} ${visible(finding)}`);
      if (command !== null) lines.push(`        ${visible(command)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Whether the locale's characters are those of UTF-8 (locale(7)). */
function isUtf8(env: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "");
}
