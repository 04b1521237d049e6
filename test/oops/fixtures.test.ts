import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { decode } from "../../src/decode/index.ts";
import { renderText } from "../../src/render/index.ts";
import { root } from "../support/cli.ts";
import { pstoreFolder } from "../../src/cli/pstore.ts";

// One crash of a guest as each program printed it (test/fixtures/forms/README.md): all give the case of the plain log, but for the lines themselves.
const folder = `${root}test/fixtures/forms/`;
const modules = [`${root}test/fixtures/modules/6.1.0-56-amd64/null_chain.ko`];

/** The case without texts of lines and places in them. Line numbers count from the report's first line. */
async function caseOf(bytes: Uint8Array, numbers: "numbers" | "no numbers" = "numbers"): Promise<unknown> {
  const { case: found } = await decode(bytes, { modules, root: null });
  const first = found.reports[0]?.lines[0] ?? 0;
  return JSON.parse(JSON.stringify(found, (key, value: unknown) => {
    if (key === "log" || key === "column" || (numbers === "no numbers" && (key === "logLine" || key === "lines"))) return undefined;
    if (key === "logLine") return (value as number) - first;
    if (key === "lines") return (value as [number, number]).map((line) => line - first);
    return value;
  }));
}

const read = (name: string): Buffer => readFileSync(folder + name);
const plain = await caseOf(read("plain.log"));

test("the plain log is what happened", () => {
  expect(plain).toMatchObject({
    loose: [],
    kernel: { release: "6.1.0-56-amd64", arch: "x86_64" },
    reports: [{ title: "BUG: unable to handle kernel NULL pointer dereference in nc_admit", kind: "null-dereference", corrupted: null, context: { mode: "process" } }],
  });
});

// Two of its messages share a line.
test("serial-torn.log, without its numbers", async () => expect(await caseOf(read("serial-torn.log"), "no numbers")).toEqual(await caseOf(read("plain.log"), "no numbers")));

for (const name of readdirSync(folder).filter((file) => file.endsWith(".log") && file !== "plain.log" && file !== "serial-torn.log")) {
  test(name, async () => expect(await caseOf(read(name))).toEqual(plain));
}
// The kernel dumps its log before it prints the registers once more.
test("pstore", async () => {
  const text = read("plain.log").toString("latin1");
  const before = Buffer.from(text.slice(0, text.indexOf("\n", text.indexOf("---[ end trace")) + 1), "latin1");
  expect(await caseOf(pstoreFolder(folder, [`${folder}dmesg-ramoops-0`]))).toEqual(await caseOf(before));
});

// What decode wrote is a log again, and already decoded.
for (const name of readdirSync(folder).filter((file) => file.endsWith(".log"))) {
  test(`${name}, decoded twice`, async () => {
    const once = await decode(read(name), { modules, root: null });
    const text = renderText(once.case, once.log.lines, { terminated: once.log.terminated, onTerminal: false });
    const twice = await decode(text, { modules, root: null });
    expect(renderText(twice.case, twice.log.lines, { terminated: twice.log.terminated, onTerminal: false }).toString("latin1")).toBe(text.toString("latin1"));
    expect(text.toString("latin1")).toContain("nc_half_queue");
  });
}
