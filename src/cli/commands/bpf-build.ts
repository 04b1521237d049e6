import { headerText } from "../../btf/index.ts";
import { buildBpf } from "../../bpf/index.ts";
import { openNamed } from "../btf-files.ts";
import { exit } from "../exit.ts";
import { interruptible } from "../interrupt.ts";
import { say, writeTalk } from "../output.ts";
import { visible } from "../../render/index.ts";

export type BpfBuildFlags = { readonly output?: string; readonly btf?: string; readonly module?: string[]; readonly define?: string[]; readonly include?: string[]; readonly quiet?: boolean };

/** Packages that have the headers that BPF programs include. */
const packageOf = (header: string): string => (header.startsWith("bpf/") ? "libbpf-dev" : header.startsWith("asm/") || header.startsWith("linux/") ? "linux-libc-dev" : "");

/** Compiles BPF programs; clang's errors and warnings stand as it writes them, with their places. */
export async function runBpfBuild(sources: readonly string[], flags: BpfBuildFlags): Promise<number> {
  if (flags.output !== undefined && sources.length > 1) {
    say("error", `--output names one object, and there are ${sources.length} sources`);
    return exit.usage;
  }
  return interruptible(async (signal) => {
    let failed = false;
    for (const source of sources) {
      const { output, diagnostics, missingHeaders } = await buildBpf(source, {
        signal,
        ...(flags.output === undefined ? {} : { output: flags.output }),
        header: async () => headerText((await openNamed([flags.btf ?? "vmlinux", ...(flags.module ?? [])], undefined)).map(({ btf }) => btf)),
        flags: [...(flags.define ?? []).map((name) => `-D${name}`), ...(flags.include ?? []).map((folder) => `-I${folder}`)],
      });
      for (const line of diagnostics.split("\n").slice(0, -1)) writeTalk(`${visible(line)}\n`);
      if (output === null) {
        failed = true;
        const [packageName] = missingHeaders.map(packageOf).filter((name) => name !== "");
        say("error", `\`${source}\` does not compile`, packageName === undefined ? null : `sudo apt-get install ${packageName}`);
      } else if (flags.quiet !== true) say("note", `wrote ${output}`);
    }
    return failed ? exit.failed : exit.done;
  });
}
