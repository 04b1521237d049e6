import { join } from "node:path";
import { build } from "esbuild";
import { made } from "../bpf/guest.ts";

/** A program of test/trace/programs, as one file that Node runs anywhere. */
export async function bundleOf(name: string): Promise<string> {
  const outfile = join(made, `trace-${name}.mjs`);
  await build({ entryPoints: [join(import.meta.dirname, "programs", `${name}.ts`)], bundle: true, platform: "node", format: "esm", target: "node20.19", external: ["koffi", "iced-x86", "xz-decompress", "fzstd"], outfile, logLevel: "warning" });
  return outfile;
}
