import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { StreamDecoder, casesOf, decode, type Piece, type StreamWay } from "../../src/decode/index.ts";
import { renderText } from "../../src/render/index.ts";
import { root } from "../support/cli.ts";
import { randomForTest } from "../support/seed.ts";

const release = "6.1.0-56-amd64";
const options = { modules: ["null_chain", "skb_double_free", "warn_credit"].map((name) => `${root}test/fixtures/modules/${release}/${name}.ko`), root: null };
const logs = ["null-chain", "skb-double-free", "warn-credit-panic", "refcount-underflow", "rcu-stall"].map((name) => readFileSync(`${root}test/fixtures/logs/${name}.log`));
const others = readdirSync(`${root}test/oops/logs`).filter((name) => /^(?:interleaved|torn|serial|pasted)\.log$/.test(name))
  // All of one kernel: a piece is decoded for its own, a whole log for the first.
  .map((name) => Buffer.from(readFileSync(`${root}test/oops/logs/${name}`, "latin1").replace(/6\.1\.\S+ (?=#)/g, `${release} `), "latin1"));
const noise = Buffer.from(Array.from({ length: 400 }, (_, k) => `[${String(100 + k).padStart(5)}.000001] usb 1-1: new high-speed USB device number ${k}\n`).join(""));

type Streamed = { readonly text: string; readonly reports: readonly unknown[]; readonly pieces: number };

async function streamed(log: Uint8Array, way: StreamWay, sizes: () => number, quiet: () => boolean): Promise<Streamed> {
  const stream = new StreamDecoder(options, way);
  const texts: Buffer[] = [];
  const reports: unknown[] = [];
  let pieces = 0;
  const take = async (given: AsyncIterable<Piece>) => {
    for await (const { lines, terminated, bytes, decoded } of given) {
      pieces++;
      if (lines.length === 0) {
        texts.push(Buffer.concat(bytes!));
        continue;
      }
      expect(Buffer.concat(bytes!).toString("latin1")).toBe(lines.map(({ text }) => text).join("\n") + (terminated ? "\n" : ""));
      texts.push(renderText(decoded?.case ?? null, lines, { terminated, onTerminal: false }));
      if (decoded !== null) reports.push(...decoded.case.reports);
    }
  };
  for (let at = 0; at < log.length; ) {
    const size = sizes();
    await take(stream.push(log.subarray(at, at + size)));
    at += size;
    if (quiet()) await take(stream.flush());
  }
  await take(stream.end());
  return { text: Buffer.concat(texts).toString("latin1"), reports, pieces };
}

async function whole(log: Uint8Array): Promise<{ text: string; reports: readonly unknown[] }> {
  const { case: found, log: parsed } = await decode(log, options);
  return { text: renderText(found, parsed.lines, { terminated: parsed.terminated, onTerminal: false }).toString("latin1"), reports: found.reports };
}

test("a log in pieces of any size gives the text and the reports of the whole", async () => {
  const random = randomForTest("stream");
  for (let round = 0; round < 12; round++) {
    const all = [...logs, ...others];
    const log = Buffer.concat(Array.from({ length: 1 + random.below(5) }, () => (random.below(3) === 0 ? noise : all[random.below(all.length)]!)));
    const expected = await whole(log);
    const live = await streamed(log, "live", () => 1 + random.below(3000), () => false);
    expect({ text: live.text, reports: live.reports }, `seed ${random.seed}`).toEqual(expected);
    expect((await streamed(log, "bulk", () => 1 + random.below(30_000), () => false)).text).toBe(expected.text);
    const sifted = await streamed(log, "sieve", () => 1 + random.below(60_000), () => false);
    expect({ text: sifted.text, reports: sifted.reports }, `seed ${random.seed}`).toEqual(expected);
  }
});

test("silence ends a report, and what follows it is still there", async () => {
  const log = logs[0]!;
  const expected = await whole(log);
  const random = randomForTest("stream silence");
  for (let round = 0; round < 5; round++) {
    const { text } = await streamed(log, "live", () => 1 + random.below(4000), () => random.below(2) === 0);
    // Lines behind the report's sudden end have less to go by, but none is lost.
    expect(text.split("\n").map((line) => line.slice(0, 30)).filter((line) => line.startsWith("["))).toEqual(expected.text.split("\n").map((line) => line.slice(0, 30)).filter((line) => line.startsWith("[")));
  }
});

test("a long log comes in pieces, whose numbers are the log's", async () => {
  const parts: Buffer[] = [];
  for (let k = 0; k < 150; k++) parts.push(noise, noise, k % 10 === 0 ? logs[0]! : noise);
  const log = Buffer.concat(parts);
  const expected = await whole(log);
  for (const way of ["bulk", "sieve"] as const) {
    const { text, reports, pieces } = await streamed(log, way, () => 1 << 16, () => false);
    expect(pieces).toBeGreaterThan(1);
    expect(reports).toHaveLength(15);
    expect(text).toBe(expected.text);
    expect(reports).toEqual(expected.reports);
  }
});

test("each report is a case of its own", async () => {
  const foreign = Buffer.from(logs[1]!.toString("latin1").replaceAll(release, "6.2.0-1-amd64"), "latin1");
  const decoded = await decode(Buffer.concat([logs[0]!, noise, foreign, noise, Buffer.from("calling init_foo+0x0/0x20 @ 1\n")]), options);
  const cases = casesOf(decoded);
  expect(cases.map(({ reports, kernel, loose }) => [reports.map(({ title }) => title), kernel.release, loose.length])).toEqual([
    [["BUG: unable to handle kernel NULL pointer dereference in nc_admit"], release, 0],
    ...decoded.case.reports.slice(1).map(({ title }) => [[title], "6.2.0-1-amd64", 0]),
    [[], release, 1],
  ]);
  expect(cases[0]!.image.modules.map(({ name }) => name)).toEqual(["null_chain"]);
  expect(cases[1]!.image).toMatchObject({ vmlinux: null, modules: [] });
  for (const { reports, log } of cases) for (const { lines: [first, last] } of reports) expect(log.lines.filter(({ line }) => line >= first && line <= last)).toHaveLength(last - first + 1);
});
