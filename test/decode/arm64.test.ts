import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import type { ImageOffset } from "../../src/base/index.ts";
import { callBefore } from "../../src/decode/callsite.ts";
import { decode } from "../../src/decode/index.ts";
import { flow } from "../../src/disasm/index.ts";
import { openElf } from "../../src/elf/index.ts";
import { renderScript, renderText } from "../../src/render/index.ts";
import { root } from "../support/cli.ts";
import { expectGolden } from "../support/golden.ts";

const release = "6.1.0-56-arm64";
const modules = `${root}test/fixtures/modules/${release}`;

test.each(["null-chain", "user-pointer"])("the whole log of %s with its module's file", async (name) => {
  const decoded = await decode(readFileSync(`${root}test/fixtures/logs/${name}.${release}.log`), { modules: [modules], root: null });
  expectGolden(renderText(decoded.case, decoded.log.lines, { terminated: decoded.log.terminated, onTerminal: false }).toString("latin1"), new URL(`arm64/${name}.txt`, import.meta.url));
  const script = renderScript(decoded.case, decoded.log.lines, { base: null, onTerminal: false }).toString("latin1").split("\n");
  const from = script.indexOf("All code");
  expectGolden(`${script.slice(from, script.findIndex((line, at) => at > from + 10 && line.startsWith("["))).join("\n")}\n`, new URL(`arm64/${name}.listing.txt`, import.meta.url));
  expect(decoded.case.image.modules.map(({ name: module, match }) => ({ module, match }))).toEqual([{ module: name.replace("-", "_"), match: name === "user-pointer" ? "verified" : "unknown" }]);
});

test("a log's Code: of another build is told", async () => {
  const log = readFileSync(`${root}test/fixtures/logs/user-pointer.${release}.log`, "latin1");
  const other = log.replace(/(Code: )97ffffe7 72001c1f/, "$197ffffe7 72001c3f");
  expect(other).not.toBe(log);
  const { case: found } = await decode(Buffer.from(other, "latin1"), { modules: [modules], root: null });
  expect(found.image.modules.map(({ name, match }) => ({ name, match }))).toEqual([{ name: "user_pointer", match: "mismatch" }]);
});

test("a call ends at an address where, and only where, the instruction before it is one", async () => {
  let calls = 0;
  for (const name of readdirSync(modules)) {
    const elf = await openElf(`${modules}/${name}`);
    for (const section of elf.sections.filter(({ flags, size }) => (flags & 4) !== 0 && size > 0)) {
      const place = elf.placeOf(section);
      for (const one of await flow(elf.bytes(section), "arm64")) {
        const site = callBefore(elf, (place + one.offset + one.size) as ImageOffset);
        const expected = one.flow === "call" ? "direct" : one.flow === "indirect-call" ? "indirect" : null;
        if (expected !== null) calls++;
        expect(site === null || site === "unknown" ? site : site.kind, `${name} ${section.name}+0x${one.offset.toString(16)}`).toBe(expected);
      }
    }
  }
  expect(calls).toBeGreaterThan(50);
});
