import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { decode } from "../../src/decode/index.ts";
import { openElf } from "../../src/elf/index.ts";
import { renderScript } from "../../src/render/index.ts";
import { root } from "../support/cli.ts";
import { randomForTest } from "../support/seed.ts";

// The kernel's own scripts/decodecode, with the assembler and the objdump of arm64, on lines as arm64 prints them.
const script = `${dirname(execFileSync(`${root}scripts/peers.sh`, { encoding: "utf8" }).trim())}/decodecode`;
const release = "6.1.0-56-arm64";
const log = readFileSync(`${root}test/fixtures/logs/null-chain.${release}.log`, "latin1");

async function listingOfOurs(code: string): Promise<string> {
  const { case: found, log: parsed } = await decode(Buffer.from(log.replace(/Code: .*/, () => `Code: ${code}`), "latin1"), { root: null });
  const text = renderScript(found, parsed.lines, { base: null, onTerminal: false }).toString("latin1");
  return text.slice(text.indexOf("All code\n"), text.indexOf("\n[", text.indexOf("faulting instruction")) + 1);
}

function listingOfTheirs(code: string): string {
  const environment = { ...process.env, ARCH: "arm64", CROSS_COMPILE: "aarch64-linux-gnu-" };
  // Its exit status is that of its cleaning up.
  const text = spawnSync("bash", [script], { input: `Code: ${code}\n`, env: environment, encoding: "latin1" }).stdout;
  return `${text.slice(text.indexOf("All code\n")).trimEnd()}\n`;
}

test("lines of arm64 in exactly decodecode's form", async () => {
  const random = randomForTest("arm64 Code: lines");
  const elf = await openElf(`${root}test/fixtures/modules/${release}/skb_double_free.ko.xz`);
  const text = elf.bytes(elf.section(".text")!);
  const view = new DataView(text.buffer, text.byteOffset, text.length);
  const lines = Array.from({ length: 20 }, () => {
    const at = 4 * random.below((text.length >> 2) - 5);
    return Array.from({ length: 5 }, (_, k) => view.getUint32(at + 4 * k, true));
  });
  // Comments of each kind, words that are none, a zero. (Where zeros are left out decodecode loses count and marks nothing.)
  lines.push([0x92800000, 0x1a9f17e0, 0x54000042, 0xb2103fe0, 0xfa431804], [0xffffffff, 0x00200000, 0xd503201f, 0x54000050, 0xd4210000], [0xd503201f, 0, 0xd503201f, 0xd503201f, 0xf9400421]);
  for (const line of lines) {
    const words = line.map((word) => word.toString(16).padStart(8, "0"));
    const code = `${words.slice(0, 4).join(" ")} (${words[4]})`;
    expect(await listingOfOurs(code), code).toBe(listingOfTheirs(code));
  }
});
