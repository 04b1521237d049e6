import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openBtf, rawText, relocateBtf } from "../../src/btf/index.ts";
import { cacheFolder } from "../../src/system/index.ts";
import { btfKernels } from "./kernels.ts";

// The truth: libbpf 1.5 and newer, which fits a distilled base to the kernel's when it reads a module. pahole and libbpf are those of the roots in which modules for newer kernels
// are built (scripts/toolchain.sh); the modules are 6.1's, with debug information to make a distilled base of.

const work = mkdtempSync(join(tmpdir(), "oopscope-relocate-"));
afterAll(() => rmSync(work, { recursive: true }));
const roots = ["trixie", "sid"].map((suite) => join(cacheFolder(), "roots", suite, "usr")).filter((usr) => existsSync(join(usr, "bin/pahole")) && existsSync(join(usr, "lib/x86_64-linux-gnu/libbpf.so.1")));
const kernel = btfKernels().find(({ release }) => release.startsWith("6.1."));
const modules = ["drivers/net/veth.ko", "drivers/net/geneve.ko", "drivers/net/bonding/bonding.ko", "net/netfilter/nf_tables.ko"];

const reader = `
#include <stdio.h>
struct btf;
struct btf *btf__parse(const char *path, void *ext);
struct btf *btf__parse_split(const char *path, struct btf *base);
const void *btf__raw_data(const struct btf *btf, unsigned *size);
int main(int count, char **args) {
  struct btf *base = btf__parse(args[1], 0);
  struct btf *btf = base ? btf__parse_split(args[2], base) : 0;
  unsigned size;
  const void *bytes = btf ? btf__raw_data(btf, &size) : 0;
  FILE *out = bytes ? fopen(args[3], "w") : 0;
  return !out || fwrite(bytes, 1, size, out) != size || fclose(out);
}
`;

describe.runIf(kernel && roots.length > 0)("as libbpf", () => {
  for (const usr of roots) {
    const libraries = join(usr, "lib/x86_64-linux-gnu");
    const run = (program: string, ...args: string[]): Buffer => execFileSync(join(libraries, "ld-linux-x86-64.so.2"), ["--library-path", libraries, program, ...args]);
    test(usr.replace(/^.*\/(\w+)\/usr$/, "$1"), async () => {
      const base = (await openBtf(kernel!.vmlinux)).btf;
      const rawBase = join(work, "vmlinux");
      writeFileSync(rawBase, base.bytes);
      writeFileSync(join(work, "reader.c"), reader);
      execFileSync("gcc", ["-o", join(work, "reader"), join(work, "reader.c"), join(libraries, "libbpf.so.1"), "-Wl,--allow-shlib-undefined"]);
      for (const path of modules) {
        const file = join(work, basename(path));
        copyFileSync(join(kernel!.vmlinux, "../../lib/modules", kernel!.release, "kernel", path), file);
        run(join(usr, "bin/pahole"), "-J", "--btf_base", rawBase, "--btf_features=encode_force,var,float,decl_tag,type_tag,enum64,optimized_func,consistent_func,distilled_base", file);
        const { btf, distilled } = await openBtf(file);
        expect(distilled).not.toBeNull();
        const ours = relocateBtf(btf, base);
        expect(ours.unfit).toEqual([]);
        run(join(work, "reader"), rawBase, file, join(work, "theirs"));
        const theirs = (await openBtf(join(work, "theirs"), base)).btf;
        expect([...rawText(ours.btf!)].join("")).toBe([...rawText(theirs)].join(""));
      }
    }, 120_000);
  }
});
