import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DisasmArch } from "../../src/disasm/index.ts";

/** One row of `objdump -d`: offset, size and text of an instruction, or a run of zeros that objdump elides as `...`. */
export type ObjdumpRow = { readonly offset: number; readonly size: number; readonly text: string };

/** The only liberty that comparisons take: blanks at the end of a line do not count. */
export function normalise(text: string): string {
  return text.trimEnd();
}

const batchSize = 10_000;

/**
 * What `objdump -d` prints for each of the windows as if it were a file of its own: instructions cut off at the end of a window appear as they do
 * at the end of a file. One process for thousands of windows: an object file with one section a window.
 * With `elide`, the rows that stand for skipped zeros come out as `...`.
 */
export function objdumpWindows(windows: readonly Uint8Array[], arch: DisasmArch, zeros: "elide" | "show" = "show"): ObjdumpRow[][] {
  const folder = mkdtempSync(join(tmpdir(), "oopscope-objdump-"));
  try {
    const out: ObjdumpRow[][] = [];
    for (let from = 0; from < windows.length; from += batchSize) {
      const batch = windows.slice(from, from + batchSize);
      const file = join(folder, `${from}.o`);
      writeFileSync(file, objectOf(batch, arch));
      const options = ["-d", "--insn-width=16", ...(zeros === "show" ? ["-z"] : [])];
      const text = execFileSync(arch === "arm64" ? "aarch64-linux-gnu-objdump" : "objdump", [...options, file], { encoding: "latin1", maxBuffer: 1 << 30 });
      out.push(...rowsOf(text, batch.length));
      rmSync(file);
    }
    return out;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The rows of objdump's output, by the number in the section's name. */
function rowsOf(text: string, count: number): ObjdumpRow[][] {
  const out: ObjdumpRow[][] = Array.from({ length: count }, () => []);
  let rows: ObjdumpRow[] = [];
  for (const line of text.split("\n")) {
    const section = /^Disassembly of section w(\d+):/.exec(line);
    if (section) {
      rows = out[Number(section[1])]!;
      continue;
    }
    // Of arm64 whole words.
    const row = /^ *([0-9a-f]+):\t((?:[0-9a-f]{2} )+|[0-9a-f]{8} ) *(?:\t(.*))?$/.exec(line);
    if (row) rows.push({ offset: parseInt(row[1]!, 16), size: row[2]![2] === " " ? row[2]!.length / 3 : 4, text: row[3] ?? "" });
    else if (line === "\t...") rows.push({ offset: -1, size: 0, text: "..." });
  }
  return out;
}

/** A relocatable ELF file (gABI, chapter 4) with one executable section `w0`, `w1`, … for each window. */
function objectOf(windows: readonly Uint8Array[], arch: DisasmArch): Buffer {
  const wide = arch !== "i386";
  const headerSize = wide ? 64 : 52;
  const entrySize = wide ? 64 : 40;
  const names = Buffer.from(`\0.names\0${windows.map((_, k) => `w${k}\0`).join("")}`, "latin1");
  const bodies: { name: number; type: number; flags: number; offset: number; size: number }[] = [{ name: 0, type: 0, flags: 0, offset: 0, size: 0 }];
  let offset = headerSize;
  let name = 8;
  for (const [k, window] of windows.entries()) {
    bodies.push({ name, type: 1, flags: 6, offset, size: window.length });
    offset += window.length;
    name += `w${k}`.length + 1;
  }
  bodies.push({ name: 1, type: 3, flags: 0, offset, size: names.length });
  const tableAt = offset + names.length;
  const file = Buffer.alloc(tableAt + bodies.length * entrySize);
  file.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1], 0);
  const word = (at: number, value: number) => (wide ? file.writeBigUInt64LE(BigInt(value), at) : file.writeUInt32LE(value, at));
  file.writeUInt16LE(1, 16); // ET_REL
  file.writeUInt16LE({ x86_64: 62, i386: 3, arm64: 183 }[arch], 18);
  file.writeUInt32LE(1, 20);
  word(wide ? 40 : 32, tableAt);
  const tail = wide ? 52 : 40;
  file.writeUInt16LE(headerSize, tail);
  file.writeUInt16LE(entrySize, tail + 6);
  file.writeUInt16LE(bodies.length, tail + 8);
  file.writeUInt16LE(bodies.length - 1, tail + 10);
  for (const [k, window] of windows.entries()) file.set(window, bodies[k + 1]!.offset);
  file.set(names, offset);
  for (const [k, body] of bodies.entries()) {
    const at = tableAt + k * entrySize;
    file.writeUInt32LE(body.name, at);
    file.writeUInt32LE(body.type, at + 4);
    word(at + 8, body.flags);
    word(at + (wide ? 24 : 16), body.offset);
    word(at + (wide ? 32 : 20), body.size);
    word(at + (wide ? 48 : 32), body.type === 0 ? 0 : 1);
  }
  return file;
}
