import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeCase } from "../../src/case/index.ts";
import { oopscope, root } from "../support/cli.ts";
import { commanding, savedCase } from "./cases.ts";

const folder = mkdtempSync(join(tmpdir(), "oopscope-render-"));
afterAll(() => rmSync(folder, { recursive: true }));
const saved = "test/fixtures/cases/null-chain.json";
const golden = (name: string): string => readFileSync(`${root}test/render/goldens/${name}`, "utf8");

test("every form of a saved case is the one of the library, byte for byte, also in a file", () => {
  const forms = { terminal: golden("null-chain.txt"), markdown: golden("null-chain.md"), lkml: golden("null-chain.mail.txt"), html: golden("null-chain.html"), json: writeCase(savedCase("null-chain")) };
  for (const [format, text] of Object.entries(forms)) {
    const { status, stdout, stderr } = oopscope(["explain", "--format", format, saved]);
    expect({ status, stderr, same: stdout === text }, format).toEqual({ status: 0, stderr: "", same: true });
    const file = join(folder, `out.${format}`);
    expect(oopscope(["explain", "--format", format, "-o", file, saved])).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(readFileSync(file, "utf8") === text).toBe(true);
  }
  expect(oopscope(["explain", "-o", join(folder, "no/such/file"), saved])).toMatchObject({ status: 1, stdout: "", stderr: `oopscope: error: failed to write ${join(folder, "no/such/file")}: no such folder\n` });
});

test("colours are there when they are asked for, and on a terminal; there lines are cut and files are linked", () => {
  expect(oopscope(["explain", saved]).stdout).not.toMatch(commanding);
  expect(oopscope(["explain", "--color", "always", saved]).stdout).toContain("\u001b[1;31m");
  expect(oopscope(["explain", "--color", "always", saved]).stdout).not.toContain("\u001b]8;");
  const onTerminal = (environment: Record<string, string>, ...flags: string[]): string => {
    const call = ["stty cols 60;", process.execPath, "dist/cli/main.cjs", "explain", ...flags, saved].join(" ");
    const env: Record<string, string | undefined> = { ...process.env, TERM: "xterm-256color", ...environment };
    if (!("NO_COLOR" in environment)) delete env["NO_COLOR"];
    return execFileSync("script", ["-qec", call, "/dev/null"], { cwd: root, encoding: "utf8", timeout: 60_000, env }).replaceAll("\r\n", "\n");
  };
  const drawn = onTerminal({});
  expect(drawn).toContain("\u001b[1;31m");
  expect(drawn).toContain(`\u001b]8;;file://${root}lab/modules/null_chain/null_chain.c\u001b\\`);
  expect(drawn.replaceAll(/\x1b\[[\d;]*m|\x1b\]8;;[\x21-\x7e]*\x1b\\/g, "").replaceAll(/ +$/gm, "")).toBe(golden("null-chain.60.txt"));
  for (const plain of [onTerminal({ NO_COLOR: "1" }), onTerminal({}, "--color never"), onTerminal({ TERM: "dumb" })]) expect(plain).toBe(golden("null-chain.60.txt"));
});
