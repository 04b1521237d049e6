import { closeFound, findVmlinux } from "../kernel/index.ts";
import { packOne } from "./commands/symbols-pack.ts";

/** Packs the debug file at `from` into the GSYM `to`, with what belongs beside it. */
export async function packDebugFile(from: string, to: string, signal: AbortSignal): Promise<void> {
  const found = (await findVmlinux({ release: null, version: null, banner: null, buildId: null, arch: null }, { vmlinux: from, root: null }))!;
  try {
    await packOne({ elf: found.elf, code: found.code, only: null }, to, { output: to, quiet: true }, signal);
  } finally {
    closeFound(found);
  }
}
