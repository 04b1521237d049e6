import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decode } from "../../../src/decode/index.ts";
import { DeepLook, explain } from "../../../src/explain/index.ts";
import { registerFileOf } from "../../../src/explain/fault/machines/index.ts";
import { looksLike } from "../../../src/explain/fault/registers.ts";
import { root } from "../../support/cli.ts";
import { expectGolden } from "../../support/golden.ts";

test.each([
  [0x0n, undefined],
  [0x18n, undefined],
  [0xfffffffffffffff4n, "the error pointer -12 (ENOMEM)"],
  [0xffffffffffffffean, "the error pointer -22 (EINVAL)"],
  [0x6b6b6b6b6b6b6b6bn, "0x6b6b6b6b6b6b6b6b, the poison of freed slab memory"],
  [0x6b6b6b6b6b6b6b83n, "0x6b6b6b6b6b6b6b6b plus 0x18, the poison of freed slab memory"],
  [0x5a5a5a5a5a5a5a5an, "0x5a5a5a5a5a5a5a5a, the poison of slab memory that nobody has written yet"],
  [0xdead000000000100n, "LIST_POISON1, the `next` of an entry that was deleted"],
  [0xdead000000000122n, "LIST_POISON2, the `prev` of an entry that was deleted"],
  [0xdead000000000108n, "LIST_POISON1, the `next` of an entry that was deleted plus 0x8"],
  [0xc0000000n, "a saturated refcount"],
  [0x4141414141414141n, 'the text "AAAAAAAA"'],
  [0x6c656e72656b2f3en, 'the text ">/kernel"'],
  [0xffff888012345678n, "an address in the direct map of all memory"],
  [0xffffc90000123456n, "an address in vmalloc memory"],
  [0xffffea0000123440n, "an address in the array of struct page"],
  [0xffffffff81000000n, "an address in the kernel's own image"],
  [0xffffffffc0280000n, "an address in memory of modules, or the kernel's image with KASLR"],
  [0x7fff12345678n, "an address of user space, or a number"],
  [0xbf16db305fefeeb0n, "no address at all (non-canonical)"],
  [0xff1332fb824ae700n, "a kernel address"],
])("0x%s", (value, what) => expect(looksLike(value, null, registerFileOf("x86_64")!)?.what).toBe(what));

test("what lies near RSP is on the stack", () => expect(looksLike(0xffffc90000123d80n, 0xffffc90000123c00n, registerFileOf("x86_64")!)?.what).toBe("an address on this task's stack"));
test("a number that could be anything is left alone", () => expect(looksLike(0x12345n, null, registerFileOf("x86_64")!)).toBeNull());

test("what registers hold, in whole", async () => {
  const texts: string[] = [];
  for (const [log, release] of [["oops/logs/i386", null], ["fixtures/logs/null-chain", "6.1.0-56-amd64"], ["fixtures/logs/null-chain", null], ["fixtures/logs/null-chain.6.1.0-56-arm64", "6.1.0-56-arm64"], ["fixtures/logs/object-use-after-free", "6.1.0-56-amd64"], ["fixtures/logs/warn-credit", "6.1.0-56-amd64"]] as const) {
    const { case: found } = await decode(readFileSync(`${root}test/${log}.log`), { root: null, modules: release === null ? [] : [`${root}test/fixtures/modules/${release}`] });
    const look = new DeepLook(found);
    const { reports } = await explain(found, { deepen: (step) => look.deepen(step) });
    look.close();
    for (const { lines, verdict } of reports) texts.push(`${log}, ${release === null ? "without files" : "with the module"}, line ${lines[0]}:`, ...verdict!.objects.map(({ address, what, why }) => `  ${address.padEnd(18)} ${what} (${why})`));
  }
  expectGolden(`${texts.join("\n")}\n`, new URL("registers.txt", import.meta.url));
});
