import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { btfFromBytes } from "../../src/btf/index.ts";
import { allKinds } from "../support/allkinds.ts";
import { writeBtf } from "../support/btfwriter.ts";
import { root } from "../support/cli.ts";
import { modinfoSection, writeElf, type WrittenSection } from "../support/elfwriter.ts";

const work = mkdtempSync(join(tmpdir(), "oopscope-btf-"));
afterAll(() => rmSync(work, { recursive: true }));

function oopscope(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${root}dist/cli/main.cjs`, "btf", ...args], { cwd: work, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

const kernelTypes = [...allKinds, { kind: "struct", name: "btf_module", size: 8, members: [{ name: "btf", type: 3, offset: 0 }] } as const];
const kernel = writeBtf({ types: kernelTypes });
writeFileSync(join(work, "vmlinux"), kernel);
const own = writeBtf({ types: [{ kind: "struct", name: "m_priv", size: 8, members: [{ name: "dev", type: 7, offset: 0 }] }, { kind: "func", name: "m_xmit", type: 19 }], baseStrings: btfFromBytes("vmlinux", kernel).strings });

function module(name: string, sections: readonly WrittenSection[]): string {
  writeFileSync(join(work, name), writeElf({ type: 1, sections: [{ name: ".modinfo", bytes: modinfoSection(["name=m", "vermagic=9.9.9 SMP"]) }, ...sections] }), { mode: 0o644 });
  return name;
}

module("m.ko", [{ name: ".BTF", bytes: own }]);
module("none.ko", []);

test("list", () => {
  expect(oopscope("list", "vmlinux", "m.ko")).toEqual({
    status: 0,
    out: `vmlinux: 34 types (little-endian), stands alone
  ptr 6, int 5, struct 4, array 2, const 2, func_proto 2, union 1, typedef 1, volatile 1, enum 1, enum64 1, fwd 1, restrict 1, func 1, var 1, datasec 1, float 1, decl_tag 1, type_tag 1
m.ko: 2 types (little-endian), continues vmlinux from type 35 on
  struct 1, func 1
`,
    err: "",
  });
  expect(JSON.parse(oopscope("list", "--format", "json", "--base", "vmlinux", "m.ko").out)).toEqual({
    files: [{ path: "m.ko", form: "elf", byteOrder: "little", types: 2, firstId: 35, kinds: { struct: 1, func: 1 }, base: { path: "vmlinux", types: 34, distilled: false }, code: null }],
  });
});

test("dump: a kernel and its module in one header; its own types as raw text", () => {
  const { status, out, err } = oopscope("dump", "vmlinux", "m.ko");
  expect([status, err]).toEqual([0, ""]);
  expect(out).toContain("struct m_priv {\n\tstruct net_device *dev;\n};");
  expect(oopscope("dump", "--base", "vmlinux", "m.ko").out).toBe(out);
  expect(oopscope("dump", "--format", "raw", "--base", "vmlinux", "m.ko").out).toBe("[35] STRUCT 'm_priv' size=8 vlen=1\n\t'dev' type_id=7 bits_offset=0\n[36] FUNC 'm_xmit' type_id=19 linkage=static\n");
});

test("what is wrong is named, and what helps", () => {
  expect(oopscope("dump", "--format", "json", "vmlinux", "m.ko")).toEqual({ status: 2, out: "", err: "oopscope: error: --format json writes one file at a time: ids of several are not of one numbering\n" });
  expect(oopscope("dump", "no_such_module")).toEqual({ status: 1, out: "", err: "oopscope: error: there is no file no_such_module, and the running kernel has no BTF of a module of this name: it is not loaded, or was loaded without\n" });
  expect(oopscope("dump", "m.ko").err).toBe("oopscope: error: m.ko continues the BTF of its kernel (split BTF): it is of kernel 9.9.9, of which no vmlinux with BTF was found; name that with --base: a vmlinux, or a copy of /sys/kernel/btf/vmlinux\n");
  expect(oopscope("dump", "none.ko").err).toBe("oopscope: error: none.ko has no BTF: no section .BTF\n");
  expect(oopscope("check", "m.ko").err).toBe("oopscope: error: m.ko is built for kernel 9.9.9, whose BTF was not found: name it with --base, a vmlinux or a copy of that machine's /sys/kernel/btf/vmlinux\n");
  expect(oopscope("check", "vmlinux", "--base", "vmlinux").status).toBe(1);
});

test("check", () => {
  expect(oopscope("check", "m.ko", "--base", "vmlinux")).toEqual({ status: 0, out: "m.ko: its BTF is good: 2 types of its own after the kernel's 34\n", err: "" });
  expect(oopscope("check", "none.ko", "--base", "vmlinux")).toEqual({ status: 1, out: "none.ko: there is no BTF in it (no section .BTF)\n  kernel: 9.9.9, its BTF: vmlinux\n  try: oopscope btf encode none.ko --base vmlinux\n", err: "" });
  expect(JSON.parse(oopscope("check", "none.ko", "--base", "vmlinux", "--format", "json").out)).toEqual({
    path: "none.ko", release: "9.9.9", base: "vmlinux", state: "missing", why: "there is no BTF in it (no section .BTF)", problems: [], types: 0, distilled: false, command: "oopscope btf encode none.ko --base vmlinux",
  });
});

test("encode leaves good BTF, and a module that it cannot help, as they are", () => {
  chmodSync(join(work, "m.ko"), 0o640);
  const before = readFileSync(join(work, "m.ko"));
  expect(oopscope("encode", "m.ko", "--base", "vmlinux")).toEqual({ status: 0, out: "", err: "oopscope: note: m.ko: its BTF is good: 2 types of its own after the kernel's 34; it is left as it is\n" });
  expect(readFileSync(join(work, "m.ko")).equals(before)).toBe(true);
  expect(oopscope("encode", "m.ko", "--base", "vmlinux", "-o", "copy.ko", "-q")).toEqual({ status: 0, out: "", err: "" });
  expect(readFileSync(join(work, "copy.ko")).equals(before)).toBe(true);
  expect(statSync(join(work, "copy.ko")).mode & 0o777).toBe(0o640);
  const plain = readFileSync(join(work, "none.ko"));
  expect(oopscope("encode", "none.ko", "--base", "vmlinux").err).toContain("none.ko has no debug information, of which BTF is made");
  expect(readFileSync(join(work, "none.ko")).equals(plain)).toBe(true);
  writeFileSync(join(work, "packed.ko.gz"), gzipSync(plain));
  expect(oopscope("encode", "packed.ko.gz", "--base", "vmlinux").err).toContain("packed.ko.gz is compressed (gzip), and BTF goes into a plain module, which the kernel loads as well: name it with -o packed.ko");
  expect(readdirSync(work).filter((name) => name.startsWith("."))).toEqual([]);
});
