import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { OopscopeError } from "../../src/base/index.ts";
import { headerText, jsonText, memberAt, openBtf, prototypeText, rawText, resolve, sizeOf, verifyBtf, type Btf, type BtfStruct } from "../../src/btf/index.ts";
import { CHeader } from "../../src/btf/dump/cheader.ts";
import { flatten } from "../../src/btf/flat.ts";
import { btfKernels } from "./kernels.ts";

// The truth: clang, as to the header's sizes and offsets; bpftool, as to its text.

const work = mkdtempSync(join(tmpdir(), "oopscope-btf-"));
afterAll(() => rmSync(work, { recursive: true }));
const kernels = btfKernels();
const large = { maxBuffer: 1 << 30 };
/** So many modules share one header: all of a kernel would be more than its text may have. */
const together = 150;

/** A file of bpftool's own kind. */
function rawFile(name: string, btf: Btf): string {
  const path = join(work, name);
  writeFileSync(path, btf.bytes);
  return path;
}

/** Sizes of all named types of the parts from `first` on, and offsets of all their members, also those of members without a name, as assertions of C. */
function assertions(parts: readonly Btf[], first: number): { header: Buffer; asserts: string[] } {
  const flat = flatten(parts);
  const header = new CHeader(flat);
  const text = Buffer.concat([...header.chunks()]);
  const asserts: string[] = [];
  for (const [part, btf] of parts.entries()) {
    if (part < first) continue;
    for (let id = btf.firstId; id < btf.endId; id++) {
      const type = btf.type(id);
      const word = type.kind === "struct" || type.kind === "union" ? `${type.kind} ` : type.kind === "enum" || type.kind === "enum64" ? "enum " : type.kind === "typedef" ? "" : null;
      const name = header.nameOf(flat.idOf(part, id));
      const size = sizeOf(btf, id);
      if (word === null || name === null || size === null || (type.kind === "enum" && type.values.length === 0) || name === "__builtin_va_list") continue;
      asserts.push(`_Static_assert(sizeof(${word}${name}) == ${size}, "");`);
      const target = type.kind === "typedef" ? btf.type(resolve(btf, id)) : type;
      if ((target.kind !== "struct" && target.kind !== "union") || (target !== type && target.name !== "")) continue;
      const walk = (record: BtfStruct, path: string, offset: number): void => {
        for (const member of record.members) {
          if (member.bitSize > 0) continue;
          const at = offset + member.bitOffset;
          if (member.name !== "") asserts.push(`_Static_assert(__builtin_offsetof(${word}${name}, ${path}${member.name}) == ${at / 8}, "");`);
          const inner = btf.type(resolve(btf, member.type, { typedefs: member.name === "" ? "through" : "keep" }));
          if ((inner.kind === "struct" || inner.kind === "union") && (inner.name === "" || member.name === "")) walk(inner, member.name === "" ? path : `${path}${member.name}.`, at);
        }
      };
      walk(target, "", 0);
    }
  }
  return { header: text, asserts };
}

/** What clang says to a program of these assertions. */
function compile(name: string, { header, asserts }: { header: Buffer; asserts: readonly string[] }): string {
  writeFileSync(join(work, `${name}.h`), header);
  writeFileSync(join(work, `${name}.c`), `#include "${name}.h"\n${asserts.join("\n")}\n`);
  const { stderr } = spawnSync("clang", ["--target=bpf", "-Wall", "-c", `${name}.c`, "-o", `${name}.o`], { cwd: work, encoding: "utf8", ...large });
  return stderr.slice(0, 2000);
}

/** All modules of a kernel, by their files; the same at each run. */
const modulesOf = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => /\.ko(\.xz)?$/.test(path)).sort().map((path) => join(folder, path));

describe.each(kernels)("$release", ({ release, vmlinux, modules }) => {
  test("vmlinux: every size and offset in the header is that of the BTF", async () => {
    const { btf } = await openBtf(vmlinux);
    expect(verifyBtf(btf)).toEqual([]);
    const all = assertions([btf], 0);
    expect(all.asserts.length).toBeGreaterThan(50_000);
    expect(compile(release, all)).toBe("");
  });

  // Those of newer kernels are compressed: some of them here, all in the sweep (OOPSCOPE_BTF=all).
  test("modules, with their kernel in one header", async () => {
    const { btf: base } = await openBtf(vmlinux);
    const files = modulesOf(modules).filter((path, index) => !path.endsWith(".xz") || index % 20 === 0 || process.env["OOPSCOPE_BTF"] === "all");
    let count = 0;
    for (let from = 0; from < files.length; from += together) {
      const parts = [base];
      for (const path of files.slice(from, from + together)) {
        try {
          const { btf } = await openBtf(path, base);
          expect(verifyBtf(btf), path).toEqual([]);
          parts.push(btf);
        } catch (error) {
          if (!(error instanceof OopscopeError) || error.code !== "missing-section") throw error;
        }
      }
      if (parts.length === 1) continue;
      const all = assertions(parts, 1);
      count += all.asserts.length;
      expect(compile(`${release}-${from}`, all), `${files[from]} and those after it`).toBe("");
    }
    // 5.10 has none.
    if (release.startsWith("5.10.")) expect(count).toBe(0);
    else expect(count).toBeGreaterThan(10_000);
  }, 1_800_000);

  test("raw text and JSON are bpftool's", async () => {
    const { btf } = await openBtf(vmlinux);
    const file = rawFile(`${release}.btf`, btf);
    expect([...rawText(btf)].join("") === execFileSync("bpftool", ["btf", "dump", "file", file], { encoding: "latin1", ...large })).toBe(true);
    type Row = { values?: { val: number | string }[]; kind: string };
    const rows = (text: string): Row[] => (JSON.parse(text.replace(/"val":(-?\d{16,})/g, '"val":"$1"')) as { types: Row[] }).types;
    // bpftool 7.1 has unsigned values of enums with their sign, and large ones as numbers that JSON readers round.
    const plain = (row: Row): Row => ({ ...row, ...(row.values ? { values: row.values.map((value) => ({ ...value, val: row.kind === "ENUM" ? Number(BigInt.asIntN(32, BigInt(value.val))) : String(value.val) })) } : {}) });
    const ours = rows([...jsonText(btf)].join("")).map(plain);
    const theirs = rows(execFileSync("bpftool", ["-j", "btf", "dump", "file", file], { encoding: "latin1", ...large })).map(plain);
    expect(ours.length).toBe(theirs.length);
    expect(ours.filter((row, index) => JSON.stringify(row) !== JSON.stringify(theirs[index])).slice(0, 3)).toEqual([]);
  });

  test("the header is bpftool's, byte for byte where that one is right", async () => {
    const { btf } = await openBtf(vmlinux);
    const file = rawFile(`${release}.btf`, btf);
    const lines = (text: string): string[] => text.split("\n");
    // The one difference everywhere: the kernel's va_list is not clang's on BPF.
    const ours = lines(Buffer.concat([...headerText([btf])]).toString("latin1").replace(/typedef struct __va_list_tag __builtin_va_list___2\[1\];\n\n/, "").replaceAll("__builtin_va_list___2", "__builtin_va_list"));
    const theirs = lines(execFileSync("bpftool", ["btf", "dump", "file", file, "format", "c"], { encoding: "latin1", ...large }));
    if (release.startsWith("6.1.")) {
      expect(ours.findIndex((line, index) => line !== theirs[index])).toBe(-1);
      expect(ours.length).toBe(theirs.length);
      return;
    }
    // Others have enums and unions that bpftool 7.1 gets wrong, 7.x members that it loses: the sizes above are the truth.
    const known = new Set(theirs);
    const added = ours.filter((line) => !known.has(line));
    expect(added.length).toBeLessThan(release.startsWith("7.") ? 60 : 10);
  });
});

test("prototypes and members of a kernel everyone knows", async () => {
  const kernel = kernels.find(({ release }) => release.startsWith("6.1."))!;
  const { btf } = await openBtf(kernel.vmlinux);
  expect(prototypeText(btf, btf.find("tcp_sendmsg", "func")!)).toBe("int tcp_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)");
  const skb = btf.find("sk_buff", "struct")!;
  // As pahole -C sk_buff prints them.
  expect(memberAt(btf, skb, "dev")).toMatchObject({ bitOffset: 16 * 8, bitSize: 0, size: 8 });
  expect(memberAt(btf, skb, "cloned")).toMatchObject({ bitSize: 1 });
});
