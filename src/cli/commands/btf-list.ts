import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { OopscopeError, messageOf } from "../../base/index.ts";
import type { Btf, BtfFile, BtfKind } from "../../btf/index.ts";
import { visible } from "../../render/index.ts";
import { btfFolder, capabilities, runningRelease } from "../../system/index.ts";
import { openNamed } from "../btf-files.ts";
import { exit } from "../exit.ts";
import { say, writeResult } from "../output.ts";

/** The flags of `btf list`, as the command line gives them. */
export type BtfListFlags = { readonly format: "text" | "json"; readonly base?: string; readonly quiet?: boolean };

export async function runBtfList(named: readonly string[], flags: BtfListFlags): Promise<number> {
  return named.length === 0 ? listKernel(flags) : listFiles(await openNamed(named, flags.base, "distilled"), flags);
}

/** What the running kernel has, itself first. */
async function listKernel(flags: BtfListFlags): Promise<number> {
  let names: string[];
  try {
    names = readdirSync(btfFolder);
  } catch (cause) {
    say("error", `the running kernel shows no BTF: ${btfFolder}: ${messageOf(cause).replace(/^[A-Z]+: |, scandir .*$/g, "")} (CONFIG_DEBUG_INFO_BTF)`);
    return exit.missingPrivilege;
  }
  const ids = await idsOfKernel();
  const rank = (name: string): number => (name === "vmlinux" ? 0 : 1);
  const rows = names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)).map((name) => ({ name, size: statSync(join(btfFolder, name)).size, id: ids.get(name) ?? null }));
  if (flags.format === "json") writeResult(`${JSON.stringify({ kernel: runningRelease(), btf: rows }, null, 2)}\n`);
  else writeResult(rows.map(({ name, size, id }) => `${(id ?? "-").toString().padStart(4)}  ${size.toString().padStart(9)}  ${visible(name)}\n`).join(""));
  return exit.done;
}

/** What bpf(2) calls the kernel's types, by name; nothing where this process may not ask (CAP_SYS_ADMIN) or has no libbpf to ask by. */
async function idsOfKernel(): Promise<ReadonlyMap<string, number>> {
  if (capabilities()?.has("CAP_SYS_ADMIN") !== true) return new Map();
  try {
    const { listBtf } = await import("../../bpf/index.ts");
    return new Map((await listBtf()).filter(({ kernel }) => kernel).map(({ name, id }) => [name, id]));
  } catch (error) {
    if (error instanceof OopscopeError) return new Map();
    throw error;
  }
}

function listFiles(files: readonly BtfFile[], flags: BtfListFlags): number {
  const rows = files.map((file) => {
    const { btf, form, path, distilled } = file;
    return {
      path, form,
      byteOrder: btf.header.little ? "little" : "big",
      types: btf.endId - btf.firstId,
      firstId: btf.firstId,
      kinds: kindsOf(btf),
      base: btf.base && { path: btf.base.origin.file, types: btf.base.endId - 1, distilled: distilled !== null },
      code: codeOf(file),
    };
  });
  if (flags.format === "json") writeResult(`${JSON.stringify({ files: rows }, null, 2)}\n`);
  else {
    for (const row of rows) {
      const base = row.base === null ? "stands alone" : `continues ${row.base.distilled ? "its own distilled base" : visible(row.base.path)} from type ${row.firstId} on`;
      writeResult(`${visible(row.path)}: ${row.types} types (${row.byteOrder}-endian), ${base}\n  ${Object.entries(row.kinds).map(([kind, count]) => `${kind} ${count}`).join(", ")}\n`);
      if (row.code) writeResult(`  .BTF.ext: ${row.code.functions} functions, ${row.code.lines} lines, ${row.code.relocations} relocations\n`);
    }
  }
  return exit.done;
}

function codeOf(file: BtfFile): { functions: number; lines: number; relocations: number } | null {
  const ext = file.ext();
  if (!ext) return null;
  const count = (records: ReadonlyMap<string, readonly unknown[]>): number => [...records.values()].reduce((sum, list) => sum + list.length, 0);
  return { functions: count(ext.functions), lines: count(ext.lines), relocations: count(ext.relocations) };
}

/** How many own types there are of each kind, the commonest first. */
function kindsOf(btf: Btf): Partial<Record<BtfKind, number>> {
  const counts = new Map<BtfKind, number>();
  for (let id = btf.firstId; id < btf.endId; id++) {
    const kind = btf.kindOf(id);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  if (counts.size === 0) throw new OopscopeError("malformed", `${btf.origin.file}: ${btf.origin.section} has no types`, { ...btf.origin });
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]));
}
