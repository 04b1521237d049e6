import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { btfFromBytes } from "../../src/btf/index.ts";
import { parsePattern } from "../../src/probe/index.ts";
import { LiveTypes } from "../../src/trace/exact.ts";
import { cutLists, globProbes, limitsOf } from "../../src/trace/glob.ts";
import { probesByLists } from "../../src/trace/patterns.ts";
import { probeText, type Probe, type RefusedProbe } from "../../src/trace/probe.ts";
import { writeBtf, type WrittenType } from "../support/btfwriter.ts";
import { writeTree } from "../support/probetree.ts";

// The truth is the long way, which reads the lists in whole: the short way must mean the same. But it does not read the blacklist of kprobes: there the kernel itself refuses.

const names = ["net_plain", "net_twin", "net_untraced", "net_blocked", "net_at_boot", "net_alias_two", "net_seven", "net_shared", "other", "bpf_net", "_raw_spin_lock"];
const types: readonly WrittenType[] = [
  { kind: "int", name: "int", size: 4, encoding: 1 },
  { kind: "func_proto", result: 1, parameters: [["number", 1]] },
  { kind: "func_proto", result: 1, parameters: Array.from({ length: 7 }, (_, k) => [`a${k}`, 1] as const) },
  ...names.map((name): WrittenType => ({ kind: "func", name, type: name === "net_seven" ? 3 : 2, linkage: 1 })),
];
const vmlinux = writeBtf({ types });
const kernel = btfFromBytes("vmlinux", vmlinux);
const gtp = writeBtf({ types: ["gtp_one", "gtp_two", "net_shared"].map((name): WrittenType => ({ kind: "func", name, type: 2, linkage: 1 })), baseStrings: kernel.strings });
const kallsyms = [
  "ffffffff81000000 T _stext", "ffffffff81000000 t net_plain", "ffffffff81000010 T __pfx_net_plain", "ffffffff81000100 t net_twin", "ffffffff81000200 t net_twin", "ffffffff81000300 T net_untraced", "ffffffff81000400 T net_blocked", "ffffffff81000500 T alias_one",
  "ffffffff81000500 T net_alias_two", "ffffffff81000600 T net_seven", "ffffffff81000700 t net_part.isra.0", "ffffffff81000780 t net_part.cold", "ffffffff81000800 T net_shared", "ffffffff81000900 T other", "ffffffff81000a00 T bpf_net", "ffffffff81000b00 T _raw_spin_lock",
  "ffffffff81000c00 D net_data", "ffffffff82000000 T _sinittext", "ffffffff82000010 t net_at_boot", "ffffffff82000100 T _einittext", "ffffffffc0000000 t gtp_one\t[gtp]", "ffffffffc0000100 t gtp_two\t[gtp]", "ffffffffc0000180 t gtp_two.part.0\t[gtp]", "ffffffffc0000200 t net_shared\t[gtp]", "ffffffffc0000300 t net_bare\t[bare]", "",
].join("\n");
const ftrace = ["net_plain", "net_twin", "net_twin", "net_blocked", "alias_one", "net_seven", "net_part.isra.0", "net_shared", "other", "bpf_net", "_raw_spin_lock", "gtp_one [gtp]", "gtp_two [gtp]", "gtp_two.part.0 [gtp]", "net_shared [gtp]", "net_bare [bare]", ""].join("\n");
const root = mkdtempSync(join(tmpdir(), "oopscope-glob-"));
beforeAll(() => {
  writeTree(root, {
    "proc/version": "Linux version 6.1.0-test (me@here) #1 SMP Debian 6.1.1-1\n", "proc/kallsyms": kallsyms, "sys/kernel/tracing/available_filter_functions": ftrace, "sys/kernel/debug/kprobes/blacklist": "",
    "sys/kernel/btf/vmlinux": vmlinux, "sys/kernel/btf/gtp": gtp, "boot/config-6.1.0-test": "CONFIG_DYNAMIC_FTRACE=y\nCONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y\nCONFIG_KPROBE_EVENTS=y\n# CONFIG_KPROBE_EVENTS_ON_NOTRACE is not set\n",
  });
});
afterAll(() => rmSync(root, { recursive: true }));

const lists = { kallsyms: Buffer.from(kallsyms), ftrace: Buffer.from(ftrace) };
const limits = limitsOf(lists, new LiveTypes(kernel, root), "x86_64");
const plain = (probes: readonly Probe[], refused: readonly RefusedProbe[]): unknown => ({
  probes: probes.map((probe) => (probe.kind === "function" ? `${probeText(probe)} ${probe.how.join()} ${String(probe.address)} ${String(probe.type)} ${String(probe.prototype)} ${probe.fallback ?? ""}` : "")).sort(),
  refused: refused.map(({ probe, why }) => `${probe}: ${why}`).sort(),
});

for (const pinned of ["may pin modules", "leaves modules free"] as const) {
  test.each(["net_*", "vmlinux:net_*", "gtp:*", "gtp:gtp_*", "net_t?in", "*:net_*", "net_at*"])(`%s (${pinned})`, async (text) => {
    const short = globProbes(lists, new LiveTypes(kernel, root), parsePattern(text), pinned, limits)!;
    const cut = cutLists(lists, short.left)!;
    const rest = short.left.length === 0 ? { probes: [], refused: [] } : await probesByLists(short.left, { pinned, root }, { ...cut, kernelBtf: kernel });
    const long = await probesByLists([text], { pinned, root });
    expect(plain([...short.probes, ...rest.probes], [...short.refused, ...rest.refused])).toEqual(plain(long.probes, long.refused));
    expect(short.probes.length + short.refused.length + short.left.length).toBeGreaterThan(0);
  });
}

test("what the short way does not tell", () => {
  const short = (text: string, kallsymsText = kallsyms): unknown => globProbes({ kallsyms: Buffer.from(kallsymsText), ftrace: lists.ftrace }, new LiveTypes(kernel, root), parsePattern(text), "may pin modules", limits);
  expect(short("*_plain")).toBeNull();
  expect(short("gone_*")).toBeNull();
  expect(short("nothing:*")).toBeNull();
  expect(short("net_*", kallsyms.replaceAll(/^[0-9a-f]{16}/gm, "0".repeat(16)))).toBeNull();
});
