import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { decode } from "../../src/decode/index.ts";
import type { CaseFrame } from "../../src/case/index.ts";
import { debianKernel } from "../support/kernel.ts";
import { randomForTest, type Random } from "../support/seed.ts";
import { readSectionBytes } from "../support/text.ts";

// Names that stand for several functions of vmlinux: stacks are made of real calls that objdump finds, and decode has to tell which function each frame is.

const { vmlinux, release } = debianKernel();
const sections = [".text", ".init.text"];

type Fn = { readonly name: string; readonly address: number; size: number; /** Return addresses of its calls, with their direct targets. */ readonly calls: { readonly back: number; readonly target: number | null }[]; readonly instructions: number[] };

/** All functions of vmlinux with their calls, by objdump. Addresses count from 0xffffffff80000000, sizes reach to the next function. */
async function functionsOf(): Promise<Fn[]> {
  const functions: Fn[] = [];
  const child = spawn("objdump", ["-d", "--no-show-raw-insn", ...sections.flatMap((name) => ["-j", name]), vmlinux], { stdio: ["ignore", "pipe", "ignore"] });
  let current: Fn | null = null;
  let pending: { target: number | null } | null = null;
  for await (const line of createInterface({ input: child.stdout })) {
    const head = /^ffffffff([0-9a-f]{8}) <([^>]+)>:$/.exec(line);
    const at = /^ffffffff([0-9a-f]{8}):\t(.*)/.exec(line);
    if (!head && !at) continue;
    const address = parseInt((head ?? at)![1]!, 16) - 0x8000_0000;
    if (pending && current) current.calls.push({ back: address, target: pending.target });
    pending = null;
    if (head) {
      if (current) current.size = address - current.address;
      functions.push((current = { name: head[2]!, address, size: 0, calls: [], instructions: [] }));
    } else {
      if (current) current.instructions.push(address);
      // Calls of the tracer's hook are no calls while nothing is traced.
      const call = /^(?:cs |notrack )*call +(?:ffffffff([0-9a-f]{8}) )?/.exec(at![2]!);
      if (call && !at![2]!.includes("<__fentry__>")) pending = { target: call[1] === undefined ? null : parseInt(call[1], 16) - 0x8000_0000 };
    }
  }
  return functions;
}

type Place = { readonly fn: Fn; readonly address: number };

const shown = ({ fn, address }: Place): string => `${fn.name}+0x${(address - fn.address).toString(16)}/0x${fn.size.toString(16)}`;
const pick = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)]!;

/** A stack of up to six frames, the first one running, made of direct calls that lead through a function whose name is not its own alone. */
function stackThrough(fn: Fn, callers: ReadonlyMap<number, Place[]>, random: Random): Place[] {
  const places: Place[] = [{ fn, address: pick(random, fn.instructions) }];
  // Downwards: what it calls, which may have such a name too.
  while (places.length < 3) {
    const top = places[0]!.fn;
    const calls = top.calls.filter(({ back, target }) => target !== null && back < top.address + top.size && starts.has(target));
    if (calls.length === 0) break;
    const { back, target } = pick(random, calls);
    const callee = starts.get(target!)!;
    if (callee.instructions.length === 0) break;
    places[0] = { fn: top, address: back };
    places.unshift({ fn: callee, address: pick(random, callee.instructions) });
  }
  for (let up = 0; up < 3; up++) {
    const above = callers.get(places.at(-1)!.fn.address);
    if (!above) break;
    places.push(pick(random, above));
  }
  return places;
}

const starts = new Map<number, Fn>();

test("stacks through functions of one name: what is chosen is right, and what cannot be told is shown in whole", async () => {
  const random = randomForTest("duplicates");
  const functions = await functionsOf();
  const named = new Map<string, Fn[]>();
  const callers = new Map<number, Place[]>();
  for (const fn of functions) {
    starts.set(fn.address, fn);
    named.set(fn.name, [...(named.get(fn.name) ?? []), fn]);
    for (const { back, target } of fn.calls) {
      if (target === null || back >= fn.address + fn.size) continue;
      const list = callers.get(target);
      if (list) list.push({ fn, address: back });
      else callers.set(target, [{ fn, address: back }]);
    }
  }
  const duplicates = [...named.values()].filter((list) => list.length > 1 && list.every(({ instructions }) => instructions.length > 0)).flat();
  expect(duplicates.length).toBeGreaterThan(500);
  const code = new Map(sections.map((name) => [name, readSectionBytes(vmlinux, name)]));
  const textStart = named.get("_text")?.[0]?.address ?? functions[0]!.address;

  const lines: string[] = [];
  const truth = new Map<number, Place & { readonly exact: boolean }>();
  for (let round = 0; round < 1500; round++) {
    const stack = stackThrough(pick(random, duplicates), callers, random);
    const say = (text: string) => lines.push(`[ ${round}.000000] ${text}`);
    const place = (text: string, at: Place, exact: boolean) => truth.set(say(text), { ...at, exact });
    say("BUG: unable to handle page fault for address: ffffc90000000000");
    say(`CPU: 0 PID: 1 Comm: a Not tainted ${release} #1`);
    const [top, ...rest] = stack as [Place, ...Place[]];
    place(`RIP: 0010:${shown(top)}`, top, true);
    const bytes = code.get(".text")!;
    const at = top.address - textStart;
    if (random.below(3) === 0 && at > 42 && at + 21 < bytes.length) {
      say(`Code: ${Array.from(bytes.subarray(at - 42, at + 22), (byte, k) => (k === 42 ? `<${byte.toString(16).padStart(2, "0")}>` : byte.toString(16).padStart(2, "0"))).join(" ")}`);
    }
    say("Call Trace:");
    say(" <TASK>");
    for (const one of rest) place(` ${shown(one)}`, one, false);
    say(" </TASK>");
    say("---[ end trace 0000000000000000 ]---");
  }
  const { case: found } = await decode(Buffer.from(`${lines.join("\n")}\n`), { vmlinux, root: null, code: "none" });
  const frames = new Map<number, CaseFrame>(found.reports.flatMap(({ stacks }) => stacks.flatMap((stack) => stack.frames.map((frame) => [frame.logLine, frame] as const))));
  const counts = { right: 0, ambiguous: 0, wrong: [] as string[] };
  for (const [line, { fn, address, exact }] of truth) {
    if (named.get(fn.name)!.length < 2) continue;
    const frame = frames.get(line);
    const wanted = `0xffffffff${(0x8000_0000 + address - (exact || address === fn.address ? 0 : 1)).toString(16)}`;
    if (frame?.address === wanted) counts.right++;
    else if (frame?.unresolved?.reason === "ambiguous" && frame.functions.length === 0 && frame.candidates.length > 1 && frame.candidates.some((one) => one.address === wanted)) counts.ambiguous++;
    else counts.wrong.push(`${lines[line - 1]}: wanted ${wanted}, not ${JSON.stringify(frame)}`);
  }
  console.log(`${counts.right} right, ${counts.ambiguous} ambiguous, ${counts.wrong.length} wrong`);
  expect(counts.wrong).toEqual([]);
  expect(counts.right).toBeGreaterThan(1000);
});
