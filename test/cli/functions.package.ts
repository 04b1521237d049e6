import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeBtf } from "../support/btfwriter.ts";
import { root } from "../support/cli.ts";
import { writeTree } from "../support/probetree.ts";

const machine = mkdtempSync(join(tmpdir(), "oopscope-machine-"));
afterAll(() => rmSync(machine, { recursive: true }));
beforeAll(() => {
  const btf = writeBtf({ types: [{ kind: "int", name: "int", size: 4, encoding: 1 }, { kind: "func_proto", result: 1, parameters: [["a", 1]] }, { kind: "func", name: "add_one", type: 2, linkage: 1 }, { kind: "func", name: "add_two", type: 2, linkage: 1 }] });
  writeTree(machine, {
    "proc/version": "Linux version 6.1.0-test (x) #1 SMP\n",
    "proc/kallsyms": "ffffffff81000000 T add_one\nffffffff81000010 T add_two\nffffffff81000020 T quiet\n",
    "proc/self/status": "CapEff:\t0000000000000000\n",
    "sys/kernel/tracing/available_filter_functions": "add_one\nadd_two\n",
    "sys/kernel/debug/kprobes/blacklist": "",
    "sys/kernel/btf/vmlinux": btf,
    "boot/config-6.1.0-test": "CONFIG_DYNAMIC_FTRACE=y\nCONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y\nCONFIG_KPROBE_EVENTS=y\n",
  });
});

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${root}dist/cli/main.cjs`, ...args], { cwd: root, encoding: "utf8", timeout: 60_000, env: { ...process.env, OOPSCOPE_ROOT: machine, NO_COLOR: "1", LC_ALL: "C", HOME: machine } });
  return { status, stdout: stdout.replaceAll(machine, ""), stderr: stderr.replaceAll(machine, "") };
}

test("the list: text, JSON, nothing found, wrong usage", () => {
  expect(run("functions", "add_*")).toEqual({ status: 0, stderr: "", stdout: "vmlinux  add_one  fentry,kprobe  int add_one(int a)\nvmlinux  add_two  fentry,kprobe  int add_two(int a)\n" });
  expect(run("functions", "*", "-q").stdout).not.toContain("quiet");
  expect(run("functions", "*").stderr).toBe("oopscope: note: 1 more function cannot be traced; why: oopscope functions --why NAME\n");
  expect(run("functions", "add_one", "--format", "json")).toEqual({
    status: 0, stderr: "", stdout: '{"module":null,"name":"add_one","address":"0xffffffff81000000","how":["fentry","kprobe"],"unsure":[],"signature":"int add_one(int a)","signatureFrom":"btf"}\n',
  });
  expect(run("functions", "add_noe")).toEqual({ status: 1, stdout: "", stderr: "oopscope: error: no function matches `add_noe`; near names: add_one\n  try: oopscope functions --why add_noe\n" });
  expect(run("functions", "a:b:c")).toEqual({ status: 2, stdout: "", stderr: "oopscope: error: `a:b:c` is no pattern: it is like tcp_*, gtp5g:gtp5g_xmit_* or vmlinux:kfree\n" });
  expect(run("functions", "add_one", "--why", "quiet")).toMatchObject({ status: 2, stdout: "" });
  expect(run("functions", "gtp5g:*")).toEqual({ status: 1, stdout: "", stderr: "oopscope: error: no module gtp5g is loaded, and none is among the files of 6.1.0-test\n" });
});

test("why", () => {
  const { status, stdout } = run("functions", "--why", "quiet");
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: "quiet: cannot be traced\n  no fentry, no kprobe: notrace: it has no site for ftrace (it is notrace, written in assembly, or in a part of the kernel that is built without)\n    instead: a kernel with CONFIG_KPROBE_EVENTS_ON_NOTRACE takes a kprobe there\n  no fentry: not-in-btf: BTF has no function of this name: pahole leaves out functions whose prototypes disagree between files or whose parameters the compiler changed\n",
  });
  expect(JSON.parse(run("functions", "--why", "add_one", "--format", "json").stdout)).toEqual({ module: null, name: "add_one", address: "0xffffffff81000000", how: ["fentry", "kprobe"], unsure: [], signature: "int add_one(int a)", signatureFrom: "btf", reasons: [], nearest: [], inlinedInto: [] });
});

test("the doctor's status is 4 only for what was asked", () => {
  expect(run("doctor").status).toBe(0);
  expect(run("doctor", "decode").status).toBe(0);
  const { status, stdout } = run("doctor", "trace", "--format", "json");
  expect(status).toBe(4);
  expect(JSON.parse(stdout)).toMatchObject({ kernel: "6.1.0-test", distribution: null, areas: [{ area: "trace", state: "missing" }] });
  expect(run("doctor", "everything")).toEqual({ status: 2, stdout: "", stderr: "oopscope: error: `everything` is none of decode, btf, bpf, trace, guard, lab\n  try: oopscope doctor --help\n" });
});
