import { rmSync } from "node:fs";
import { clearStore, listStore, partsOfStore, repairStore, storeSize } from "../../fetch/index.ts";
import { visible } from "../../render/index.ts";
import { codeFolder, symbolsFolder } from "../../system/index.ts";
import { exit } from "../exit.ts";
import { say, writeResult } from "../output.ts";

/** The flags of `cache`, as the command line gives them. */
export type CacheFlags = { readonly format: "text" | "json"; readonly quiet?: boolean };

// eslint-disable-next-line @typescript-eslint/require-await
export async function runCache(flags: CacheFlags): Promise<number> {
  const folder = symbolsFolder();
  const { removed, bytes: repaired } = repairStore(folder);
  if (removed.length > 0 && !flags.quiet) say("note", `removed what an interruption had left: ${removed.join(", ")} (${megabytes(repaired)})`);
  const entries = listStore(folder);
  const parts = partsOfStore(folder);
  const size = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  const limit = storeSize();
  if (flags.format === "json") {
    const shown = entries.map(({ release, path, note, files, bytes, used }) => ({ release, path, package: note.package, version: note.version, packed: note.packed, modules: note.modules, files, bytes, used: new Date(used).toISOString() }));
    writeResult(`${JSON.stringify({ path: folder, bytes: size, limit, partial: parts.bytes, entries: shown }, null, 2)}\n`);
    return exit.done;
  }
  const lines = [`${visible(folder)}: ${megabytes(size)} of at most ${megabytes(limit)}`];
  for (const { release, note, files, bytes, used } of entries) {
    lines.push(`  ${visible(release)}  ${megabytes(bytes)}  ${files} ${files === 1 ? "file" : "files"}${note.packed ? " (packed)" : ""}  last used ${new Date(used).toISOString().slice(0, 10)}  ${visible(`${note.package}${note.version === null ? "" : ` ${note.version}`}`)}`);
  }
  if (parts.bytes > 0) lines.push(`  unfinished downloads: ${megabytes(parts.bytes)}`);
  writeResult(`${lines.join("\n")}\n`);
  return exit.done;
}

// eslint-disable-next-line @typescript-eslint/require-await
export async function runCacheClear(flags: CacheFlags): Promise<number> {
  const { releases, bytes } = clearStore(symbolsFolder());
  rmSync(codeFolder(), { recursive: true, force: true });
  if (flags.format === "json") writeResult(`${JSON.stringify({ removed: releases, bytes }, null, 2)}\n`);
  else writeResult(releases.length === 0 && bytes === 0 ? "nothing was there\n" : `removed ${megabytes(bytes)}${releases.length === 0 ? "" : `: ${visible(releases.join(", "))}`}\n`);
  return exit.done;
}

const megabytes = (bytes: number): string => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`);
