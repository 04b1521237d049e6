import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { decode, type Decoded } from "../../src/decode/index.ts";
import { renderScript, renderText } from "../../src/render/index.ts";
import { root } from "../support/cli.ts";
import { randomForTest, type Random } from "../support/seed.ts";

const release = "6.1.0-56-amd64";
const folder = `${root}test/fixtures/logs/`;
const logs = ["null-chain", "skb-double-free", "init-null", "kmalloc-double-free-slub-debug", "warn-credit-panic"].map((name) => readFileSync(`${folder}${name}.log`));
const others = readdirSync(`${root}test/oops/logs`).filter((name) => name.endsWith(".log")).map((name) => readFileSync(`${root}test/oops/logs/${name}`));
const modules = ["null_chain", "skb_double_free", "init_null", "kmalloc_double_free", "warn_credit"].map((name) => `${root}test/fixtures/modules/${release}/${name}.ko`);

const spice = ["+0x", "/0x", "[<", ">]", "(", ")", "\n", "\r\n", "\x1b[31m", "\0", "\xff", "\xc2\x9b", " ? ", "Code: ", "RIP: 0010:", "All code\n", "Linux version 5.0 ", "Kernel Offset: 0x1000000", "nc_write+0x1/0x2 [null_chain]", "nc_write+0x0/0x22 [null_chain]", " (a.c:1)", "[null_chain]", "0xffffffffc0000000", "f".repeat(2000)];

function mutate(random: Random): Buffer {
  const own = logs[random.below(logs.length)]!;
  let bytes: Buffer = own;
  for (let edits = random.below(6); edits > 0; edits--) {
    const at = random.below(bytes.length + 1);
    const end = Math.min(bytes.length, at + random.below(300));
    const between = (part: Buffer) => Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
    switch (random.below(6)) {
      case 0:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
        break;
      case 1:
        bytes = between(Buffer.from(spice[random.below(spice.length)]!, "latin1"));
        break;
      case 2:
        bytes = Buffer.from(bytes);
        for (let k = at; k < Math.min(end, at + 4); k++) bytes[k] = random.below(256);
        break;
      case 3: {
        // Hexadecimal digits change: offsets, sizes, addresses, code.
        bytes = Buffer.from(bytes);
        for (let k = at; k < end; k++) if (/[0-9a-f]/.test(String.fromCharCode(bytes[k]!)) && random.below(3) === 0) bytes[k] = "0123456789abcdef".charCodeAt(random.below(16));
        break;
      }
      case 4:
        bytes = bytes.subarray(0, at);
        break;
      default: {
        const [from] = [[...logs, ...others][random.below(logs.length + others.length)]!];
        const start = random.below(from.length);
        bytes = between(from.subarray(start, start + random.below(1500)));
      }
    }
  }
  return bytes;
}

/** What is wrong with the text, or null. */
function problemOf(log: Buffer, { case: found, log: parsed }: Decoded): string | null {
  const lines = log.toString("latin1").split("\n");
  const frames = new Map<number, number>();
  for (const { logLine, column } of [...found.reports.flatMap(({ stacks }) => stacks.flatMap((stack) => stack.frames)), ...found.loose]) frames.set(logLine, Math.min(column, frames.get(logLine) ?? column));
  const unlisted = { ...found, reports: found.reports.map((report) => ({ ...report, instructions: null, moreInstructions: [] })) };
  const options = { terminated: parsed.terminated, onTerminal: false };
  const plain = renderText(unlisted, parsed.lines, options).toString("latin1").split("\n");
  if (!parsed.asWritten) return null;
  if (plain.length !== lines.length) return `${lines.length} lines became ${plain.length}`;
  for (const [index, line] of lines.entries()) {
    const column = frames.get(index + 1);
    if (column === undefined ? plain[index] !== line : plain[index]!.slice(0, column) !== line.slice(0, column)) return `line ${index + 1}: ${JSON.stringify(line)} became ${JSON.stringify(plain[index])}`;
  }
  // With listings: the same lines in the same order, and nothing else but rows of listings.
  let next = 0;
  for (const line of renderText(found, parsed.lines, options).toString("latin1").split("\n")) {
    if (line === plain[next]) next++;
    else if (!/^(?:All code(?: \(user space\))?|=+|Code starting with the faulting instruction| *[0-9a-f]+:\*?\t.*|\t\.\.\.|)\r?$/.test(line)) return `a line from nowhere: ${JSON.stringify(line)}`;
  }
  if (next !== plain.length) return `line ${next + 1} is missing: ${JSON.stringify(plain[next])}`;
  if (/[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]/.test(renderText(found, parsed.lines, { ...options, onTerminal: true }).toString("latin1"))) return "a control character on the terminal";
  renderScript(found, parsed.lines, { base: null, onTerminal: true });
  JSON.stringify(found);
  return null;
}

test("mutated logs against real modules: never throws, keeps every other byte, and a second run changes nothing", async () => {
  const random = randomForTest("decode fuzz");
  for (let round = 0; round < 500; round++) {
    const log = mutate(random);
    const decoded = await decode(log, { modules, root: null });
    const problem = problemOf(log, decoded);
    if (problem !== null) expect(problem, `round ${round}, OOPSCOPE_SEED=${random.seed}`).toBeNull();
    if (round % 5 !== 0) continue;
    const text = renderText(decoded.case, decoded.log.lines, { terminated: decoded.log.terminated, onTerminal: false });
    const again = await decode(text, { modules, root: null });
    const second = renderText(again.case, again.log.lines, { terminated: again.log.terminated, onTerminal: false });
    expect(second.toString("latin1"), `round ${round}, OOPSCOPE_SEED=${random.seed}`).toBe(text.toString("latin1"));
  }
}, 60_000);
