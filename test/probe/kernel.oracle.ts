import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { btfOfElf, prototypeText } from "../../src/btf/index.ts";
import { openElf } from "../../src/elf/index.ts";
import { denied, deniedIn, functionIds, Prototypes, sourceFunction } from "../../src/probe/index.ts";
import { btfKernels } from "../btf/kernels.ts";
import { debianKernel } from "../support/kernel.ts";

test("prototypes of all functions of a kernel are BTF's own text", async () => {
  const elf = await openElf(debianKernel().vmlinux);
  const { btf } = await btfOfElf(elf);
  const prototypes = new Prototypes(btf, { arguments: 12, words: 6, struct: 16 });
  const { ids } = functionIds(btf);
  elf.close();
  expect(ids.size).toBeGreaterThan(40_000);
  const wrong: string[] = [];
  for (const [name, id] of ids) {
    const text = prototypes.text(id, name);
    if (text !== prototypeText(btf, id)) wrong.push(text);
  }
  expect(wrong).toEqual([]);
});

test("a kernel's own list of the functions that BPF refuses, from its symbols, is what it compares with", async () => {
  let seen = 0;
  for (const { release, vmlinux } of btfKernels()) {
    const elf = await openElf(vmlinux);
    // The one of a headers package has types alone.
    if (elf.section(".text") === null) {
      elf.close();
      continue;
    }
    const { btf } = await btfOfElf(elf);
    const symbols = elf.symbols()!;
    const rows = Array.from({ length: symbols.count - 1 }, (_, index) => ({ name: symbols.name(index + 1), value: symbols.value(index + 1) })).filter(({ name }) => /BTF_ID|btf_id/.test(name)).sort((a, b) => a.value - b.value);
    const listed = deniedIn(Buffer.from(rows.map(({ name, value }) => `${value.toString(16)} r ${name}\n`).join("")));
    const hidden = deniedIn(Buffer.from(rows.map(({ name }) => `0000000000000000 r ${name}\n`).join("")));
    const [index] = symbols.named(["btf_id_deny"]).get("btf_id_deny") ?? [];
    expect([release, listed === null, hidden]).toEqual([release, index === undefined, listed]);
    if (index !== undefined && listed) {
      seen++;
      const section = elf.sections[symbols.section(index)]!;
      const from = symbols.value(index) - elf.placeOf(section);
      const at = elf.cursor(section, from, from + 4 * 64);
      const names = Array.from({ length: at.u32() }, () => at.u32()).filter((id) => id !== 0).map((id) => btf.nameOf(id));
      // Functions that BTF has not have an id of 0: nothing can be attached to them.
      expect([...listed].filter((name) => btf.find(name, "func") !== null).sort()).toEqual(names.sort());
    }
    elf.close();
  }
  expect(seen).toBeGreaterThan(0);
});

test("the functions that BPF refuses are on our list", async () => {
  const elf = await openElf(debianKernel().vmlinux);
  expect(existsSync(elf.path)).toBe(true);
  const { btf } = await btfOfElf(elf);
  // BTF_SET_START of include/linux/btf_ids.h: a count, then ids in order.
  const symbols = elf.symbols()!;
  const [index] = symbols.named(["btf_id_deny"]).get("btf_id_deny")!;
  const section = elf.sections[symbols.section(index!)]!;
  const from = symbols.value(index!) - elf.placeOf(section);
  const at = elf.cursor(section, from, from + 4 * 64);
  const names = Array.from({ length: at.u32() }, () => at.u32()).filter((id) => id !== 0).map((id) => btf.nameOf(id));
  elf.close();
  expect(names.length).toBeGreaterThan(1);
  expect(names.filter((name) => !denied.has(name))).toEqual([]);
});

test("a static function of a kernel is found in whom it is inlined into", async () => {
  const elf = await openElf(debianKernel().vmlinux);
  const found = sourceFunction(elf, "pde_write")!;
  elf.close();
  // As llvm-symbolizer and addr2line show it in a panic: proc_reg_write calls it at fs/proc/inode.c:352 of 6.1.
  expect(found).toMatchObject({ hasCode: false, damage: null });
  expect(found.inlinedInto.map(({ function: into, line }) => `${into}:${line}`)).toContain("proc_reg_write:352");
  expect(found.definitions.map(({ text, unit }) => `${unit}: ${text}`)).toEqual(["fs/proc/inode.c: ssize_t pde_write(struct proc_dir_entry *pde, struct file *file, const char *buf, size_t count, loff_t *ppos)"]);
});
