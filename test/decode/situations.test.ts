import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { decode, type DecodeOptions } from "../../src/decode/index.ts";
import { renderText } from "../../src/render/index.ts";
import { root } from "../support/cli.ts";
import { writeElf } from "../support/elfwriter.ts";
import { expectGolden } from "../support/golden.ts";

const release = "6.1.0-56-amd64";
const fixtures = `${root}test/fixtures/modules/${release}`;
const folder = mkdtempSync(join(tmpdir(), "oopscope-situations-"));
afterAll(() => rmSync(folder, { recursive: true }));

const head = (kernel = release) => [`BUG: unable to handle page fault for address: ffff888000000000`, `CPU: 0 PID: 1 Comm: a Tainted: G           OE      ${kernel} #1  Debian 6.1.192-2`];
const report = (frames: readonly string[], rip = "nc_admit+0x2e/0x50 [null_chain]", kernel = release) =>
  [...head(kernel), `RIP: 0010:${rip}`, "Modules linked in: null_chain(OE) init_null(OE)", "Call Trace:", " <TASK>", ...frames.map((frame) => ` ${frame}`), " </TASK>", "---[ end trace 0000000000000000 ]---"].join("\n");

/** What a person sees: the text that differs from the log, what is said, and whether all is well. */
async function seen(log: string | Uint8Array, options: DecodeOptions = {}): Promise<string> {
  const bytes = typeof log === "string" ? Buffer.from(`${log}\n`) : log;
  const { case: found, log: parsed, complete, remarks } = await decode(bytes, { modules: [fixtures], root: null, code: "none", ...options });
  const before = Buffer.from(bytes).toString("latin1").split("\n");
  const after = renderText(found, parsed.lines, { terminated: true, onTerminal: false }).toString("latin1").split("\n");
  const lines = before.flatMap((line, index) => (/\+0x|\[<|0x[0-9a-f]{12}/.test(line) ? [`- ${line}`, `+ ${after[index] === line ? "(as it was)" : after[index]}`] : []));
  const said = remarks.map(({ severity, text, command }) => `${severity}: ${text}${command === null ? "" : `\n  try: ${command}`}`);
  const matches = [...(found.image.vmlinux ? [found.image.vmlinux] : []), ...found.image.modules].map(({ match, why, path }) => `${path.replace(/^.*\//, "")}: ${match}: ${why}`);
  return `${[...lines, ...said, ...matches, complete ? "complete" : "incomplete"].join("\n").replaceAll(folder, "FOLDER").replaceAll(fixtures, "MODULES")}\n`;
}

const situations: Record<string, () => Promise<string>> = {
  "offsets within, at the start, at the end and behind it": () =>
    seen(
      report([
        "nc_write+0x1f/0x80 [null_chain]", "nc_write+0x0/0x80 [null_chain]", "? nc_write+0x0/0x80 [null_chain]", "nc_admit+0x50/0x50 [null_chain]", "? nc_admit+0x50/0x50 [null_chain]",
        "nc_write+0x80/0x80 [null_chain]", "nc_write+0x81/0x80 [null_chain]", "nc_show+0x9/0xed0 [null_chain]", "? in_claim+0x33/0x33 [init_null]", "in_init+0x9/0xfcd [init_null]",
      ]),
    ),
  "the last function of a section, and behind the section's end": () => seen(report(["nc_show+0x9/0xed0 [null_chain]", "nc_show+0x200/0xed0 [null_chain]", "? nc_show+0x200/0xed0 [null_chain]"], "nc_show+0x200/0xed0 [null_chain]")),
  "a size of another build, a name that is not there": () => seen(report(["nc_write+0x1f/0x90 [null_chain]", "nc_wrote+0x1f/0x90 [null_chain]", "nc_write+0x1f/0x80 [init_null]", "nc_write+0x1f/0x80 [null-chain]"])),
  "no file of a module, code made at run time, user space": () =>
    seen(report(["xt_match+0x1/0x20 [x_tables]", "gtp_xmit+0x1/0x20 [gtp5g]", "bpf_prog_6deef7357e7b4530_drop+0x1/0x20", "bpf_trampoline_6442450951_0+0x1/0x20", "vfs_write+0x10/0x200", "0xffffffffc0123456"]) + "\nRIP: 0033:0x47b7a0"),
  "another release": () => seen(report(["nc_write+0x1f/0x80 [null_chain]"], undefined, "6.1.0-57-amd64")),
  "--release against the log": () => seen(report(["nc_write+0x1f/0x80 [null_chain]"]), { release: "6.1.0-57-amd64" }),
  "reports of two kernels": () => seen(`${report(["nc_write+0x1f/0x80 [null_chain]"])}\n${report(["nc_write+0x1f/0x80 [null_chain]"], undefined, "6.1.0-57-amd64")}`),
  "no release, no report: frames alone": () => seen(" nc_write+0x1f/0x80 [null_chain]\n text with nc_write+0x1f/0x80 [null_chain] in it, and nc_write+0x1f/0x80 [null_chain] again"),
  "lines that are decoded already": () => seen(report(["nc_write+0x1f/0x80 [null_chain] (drivers/a.c:12)", "nc_write+0x1f/0x80 (drivers/a.c:12) [null_chain]", "nc_write (drivers/a.c:12) null_chain", "nc_write (a.c:1 in b, c.c:2) [null_chain]"])),
  "two files of one module: that of the release": async () => {
    const both = join(folder, "both");
    mkdirSync(join(both, "a"), { recursive: true });
    mkdirSync(join(both, "b"));
    copyFileSync(`${root}test/fixtures/modules/5.10.0-46-amd64/null_chain.ko.xz`, join(both, "a/null_chain.ko.xz"));
    copyFileSync(`${fixtures}/null_chain.ko`, join(both, "b/null-chain.ko"));
    return seen(report(["nc_write+0x1f/0x80 [null_chain]"]), { modules: [both] });
  },
  "a damaged module": () => {
    const file = join(folder, "null_chain.ko");
    writeFileSync(file, readFileSync(`${fixtures}/null_chain.ko`).subarray(0, 5000));
    return seen(report(["nc_write+0x1f/0x80 [null_chain]"]), { modules: [file] });
  },
  "a stripped module": () => {
    const file = join(folder, "stripped/null_chain.ko");
    mkdirSync(join(folder, "stripped"));
    writeFileSync(file, writeElf({ type: 1, sections: [{ name: ".text", flags: 6, bytes: new Uint8Array(64) }] }));
    return seen(report(["nc_write+0x1f/0x80 [null_chain]"]), { modules: [file] });
  },
  "no release at all": () => seen("BUG: unable to handle page fault for address: ffff888000000000\nRIP: 0010:vfs_write+0x10/0x200\nCall Trace:\n ksys_write+0x1/0x20\n"),
};

test.each(Object.keys(situations))("%s", async (name) => {
  expectGolden(await situations[name]!(), new URL(`situations/${name.replaceAll(/[^a-z0-9]+/gi, "-")}.txt`, import.meta.url));
});

test("bytes of the log: NUL, CR, invalid UTF-8, escapes and the missing line feed", async () => {
  const text = `${report(["nc_write+0x1f/0x80 [null_chain]"])}`.replace("Comm: a", "Comm: \xc3\xa9\xff\x1b[31m\0\xc2\x9bm\xe2\x80\xae").replaceAll("\n", "\r\n");
  const log = Buffer.from(text, "latin1");
  const { case: found, log: parsed } = await decode(log, { modules: [fixtures], root: null });
  const plain = renderText(found, parsed.lines, { terminated: parsed.terminated, onTerminal: false }).toString("latin1");
  const place = "nc_write (lab/modules/null_chain/null_chain.c:";
  expect(plain.replace(/nc_(?:write|admit) \([^)]*\)/g, (frame) => frame.slice(0, 8))).toBe(text.replace(/(nc_write|nc_admit)\+\S+/g, "$1"));
  expect(plain).toContain(place);
  expect(found.reports[0]!.context.comm).toBe("é\\xff\x1b[31m\0\x9bm\u202e");
  expect(found.log.lines[1]!.text).toContain("Comm: é\\xff\x1b[31m\0\x9bm\u202e Tainted");
  const terminal = renderText(found, parsed.lines, { terminated: parsed.terminated, onTerminal: true }).toString("utf8");
  expect(terminal).toContain("Comm: é\\xff\\x1b[31m\\x00\\x9bm\\u202e Tainted");
  expect(terminal).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
});

test("user-space code of a 32-bit program", async () => {
  const log = (segment: string) => `${report(["nc_write+0x1f/0x80 [null_chain]"]).replace(" </TASK>", "")}`.replace("---[", `RIP: ${segment}:0xf7fd3579\nCode: 51 52 55 89 e5 0f 34 cd <80> 5d 5a 59 c3 40 48\n </TASK>\n---[`);
  const list = async (segment: string) => (await decode(Buffer.from(log(segment)), { root: null })).case.reports[0]!.instructions!.list.map(({ text }) => text);
  expect((await list("0023")).slice(-2)).toEqual(["inc    %eax", "dec    %eax"]);
  expect((await list("0033")).slice(-1)).not.toEqual(["dec    %eax"]);
});

test("logs without a crash, and no log at all", async () => {
  for (const log of ["", "\n", "hello\n", "\0\xff\xfe\n\n", "[    0.000000] Linux version 6.1.0-56-amd64 (x) (gcc) #1 SMP\n"]) {
    const { case: found, complete, remarks } = await decode(Buffer.from(log, "latin1"), { root: null });
    expect({ reports: found.reports, loose: found.loose, complete, remarks }).toEqual({ reports: [], loose: [], complete: true, remarks: [] });
  }
});

test("a thousand reports in a few seconds", async () => {
  const log = readFileSync(`${root}test/fixtures/logs/null-chain.log`, "utf8").split("\n").filter((line) => !line.includes("Linux version")).join("\n");
  const { case: found } = await decode(Buffer.from(log.repeat(1000)), { modules: [fixtures], root: null, code: "none" });
  expect(found.reports.length).toBe(1000);
}, 20_000);
