import type { OopscopeError } from "../base/index.ts";
import { distribution, installCommand, runningRelease } from "../system/index.ts";

/** The command that gives what is missing on this machine, or null where there is none. */
export function privilegeAdvice({ code, facts }: OopscopeError): string | null {
  const install = (needed: "libbpf" | "clang"): string | null => installCommand(distribution()?.kind ?? null, needed, runningRelease());
  if (code === "missing-library") return facts["library"] === "koffi" ? "npm install koffi" : install("libbpf");
  if (code === "missing-tool") return facts["program"] === "clang" ? install("clang") : null;
  if (code === "not-permitted" && process.getuid?.() !== 0) return `sudo ${["oopscope", ...process.argv.slice(2)].map(quoted).join(" ")}`;
  return null;
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
