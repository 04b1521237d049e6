import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OopscopeError } from "../../src/base/index.ts";
import { btfFromBytes, prototypeText } from "../../src/btf/index.ts";
import { fentryLimits, functionIds, openCatalogue, Prototypes, whyTraceable, type Catalogue, type Why } from "../../src/probe/index.ts";
import { lineWriter, whyText } from "../../src/cli/commands/functions.ts";
import { writeBtf, type WrittenType } from "../support/btfwriter.ts";
import { writeElf } from "../support/elfwriter.ts";
import { mutated } from "../support/mutations.ts";
import { writeTree } from "../support/probetree.ts";
import { randomForTest } from "../support/seed.ts";

const work = mkdtempSync(join(tmpdir(), "oopscope-functions-"));
afterAll(() => rmSync(work, { recursive: true }));

const pointer = 3;
const kernelTypes: readonly WrittenType[] = [
  /* 1 */ { kind: "int", name: "int", size: 4, encoding: 1 },
  /* 2 */ { kind: "struct", name: "sk_buff", size: 232, members: [] },
  /* 3 */ { kind: "ptr", type: 2 },
  /* 4 */ { kind: "struct", name: "pair", size: 16, members: [] },
  /* 5 */ { kind: "struct", name: "large", size: 24, members: [] },
  /* 6 */ { kind: "union", name: "either", size: 8, members: [] },
  /* 7 */ { kind: "func_proto", result: 1, parameters: [["skb", pointer], ["flags", 1]] },
  /* 8 */ { kind: "func_proto", result: 1, parameters: [["fmt", pointer], ["", 0]] },
  /* 9 */ { kind: "func_proto", result: 1, parameters: [["p", 4], ["q", 1]] },
  /* 10 */ { kind: "func_proto", result: 1, parameters: [["l", 5]] },
  /* 11 */ { kind: "func_proto", result: 4, parameters: [] },
  /* 12 */ { kind: "func_proto", result: 1, parameters: Array.from({ length: 7 }, (_, k) => [`a${k}`, 1] as const) },
  /* 13 */ { kind: "func_proto", result: 1, parameters: Array.from({ length: 13 }, (_, k) => [`a${k}`, 1] as const) },
  /* 14 */ { kind: "func_proto", result: 0, parameters: [["e", 6]] },
  /* 15 */ { kind: "ptr", type: 7 },
  /* 16 */ { kind: "func_proto", result: 15, parameters: [["cb", 15], ["table", 17], ["", 1]] },
  /* 17 */ { kind: "array", element: 1, index: 1, length: 4 },
  /* 18 */ { kind: "func_proto", result: 0, parameters: [] },
  /* 19 */ { kind: "struct", name: "btf_func_model", size: 24, members: [{ name: "arg_flags", type: 17, offset: 0 }] },
  ...(
    [
      ["plain", 7], ["printk", 8], ["by_pair", 9], ["by_large", 10], ["gives_pair", 11], ["seven", 12], ["thirteen", 13], ["by_union", 14], ["callbacks", 16], ["nothing", 18], ["migrate_disable", 18], ["at_boot", 18], ["untraced", 18],
      ["blocked", 18], ["twin", 18], ["alias_two", 18],
    ] as const
  ).map(([name, type]): WrittenType => ({ kind: "func", name, type, linkage: 1 })),
];
const kernelBtf = writeBtf({ types: kernelTypes });
const kernel = btfFromBytes("vmlinux", kernelBtf);
const next = kernelTypes.length + 1;
const moduleBtf = writeBtf({
  types: [{ kind: "func_proto", result: 1, parameters: [["skb", pointer]] }, { kind: "func", name: "gtp5g_xmit", type: next, linkage: 1 }, { kind: "func", name: "plain", type: next, linkage: 1 }],
  baseStrings: kernel.strings,
});

const kallsyms = [
  "ffffffff81000000 T _stext", "ffffffff81000000 t plain", "ffffffff81000100 T printk", "ffffffff81000200 T by_pair", "ffffffff81000300 T by_large", "ffffffff81000400 T gives_pair", "ffffffff81000500 T seven", "ffffffff81000600 T thirteen",
  "ffffffff81000700 T by_union", "ffffffff81000800 T callbacks", "ffffffff81000900 T nothing", "ffffffff81000a00 T migrate_disable", "ffffffff81000b00 t untraced", "ffffffff81000c00 t blocked", "ffffffff81000d00 t twin", "ffffffff81000e00 t twin",
  "ffffffff81000f00 t shrunk.isra.0", "ffffffff81001000 T __pfx_plain", "ffffffff81001100 T dropped", "ffffffff81001200 T alias_one", "ffffffff81001200 T alias_two", "ffffffff81001300 t plain_part.cold", "ffffffff82000000 T _sinittext", "ffffffff82000010 t at_boot",
  "ffffffff82000100 T _einittext", "ffffffffc0000000 t gtp5g_xmit\t[gtp5g]", "ffffffffc0000100 t plain_too\t[gtp5g]", "ffffffffc0000200 t bare\t[no_btf]", "ffffffffc0000300 t seven\t[no_btf]", "",
].join("\n");
const traced = ["plain", "printk", "by_pair", "by_large", "gives_pair", "seven", "thirteen", "by_union", "callbacks", "nothing", "migrate_disable", "blocked", "twin", "twin", "shrunk.isra.0", "dropped", "alias_one", "gtp5g_xmit [gtp5g]", "plain_too [gtp5g]", "bare [no_btf]", "seven [no_btf]", "__ftrace_invalid_address___0"];
const files = {
  "proc/version": "Linux version 6.1.0-test (me@here) #1 SMP Debian 6.1.1-1\n",
  "proc/kallsyms": kallsyms,
  "sys/kernel/tracing/available_filter_functions": `${traced.join("\n")}\n`,
  "sys/kernel/debug/kprobes/blacklist": "0xffffffff81000c00-0xffffffff81000c10\tblocked\n",
  "sys/kernel/btf/vmlinux": kernelBtf,
  "sys/kernel/btf/gtp5g": moduleBtf,
  "boot/config-6.1.0-test": "CONFIG_DYNAMIC_FTRACE=y\nCONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y\nCONFIG_KPROBE_EVENTS=y\n# CONFIG_KPROBE_EVENTS_ON_NOTRACE is not set\n",
};
const root = join(work, "root");
const nobody = join(work, "nobody");
beforeAll(() => {
  writeTree(root, files);
  writeTree(nobody, { ...files, "proc/kallsyms": kallsyms.replaceAll(/^[0-9a-f]{16}/gm, "0".repeat(16)), "sys/kernel/tracing": null, "sys/kernel/tracing/available_filter_functions": "", "sys/kernel/debug/kprobes/blacklist": "" });
  rmSync(join(nobody, "sys/kernel/tracing/available_filter_functions"));
  rmSync(join(nobody, "sys/kernel/debug"), { recursive: true });
});

async function opened<T>(options: Parameters<typeof openCatalogue>[0], use: (catalogue: Catalogue) => T | Promise<T>): Promise<T> {
  const catalogue = await openCatalogue({ root, arch: "x86_64", ...options });
  try {
    return await use(catalogue);
  } finally {
    catalogue.close();
  }
}

function lines({ table, pattern, module }: Catalogue): string[] {
  const rows = table.select(pattern, module);
  const line = lineWriter(table, rows);
  return rows.map((row) => line(row).replaceAll(/ {2,}/g, "  ").trimEnd());
}

const why = (name: string, options: { module?: string; root?: string } = {}): Promise<Why[]> =>
  opened({ pattern: name, module: options.module ?? null, root: options.root ?? root }, ({ table, pattern, module, loaded, debug }) => whyTraceable(table, pattern!, module, { debug, loaded }));
const codes = async (name: string): Promise<string[][]> => (await why(name)).map(({ reasons }) => reasons.map(({ code, of }) => `${code}: ${of.join("+")}`));

test("everything, as a list", async () => {
  expect(await opened({ pattern: null }, lines)).toEqual([
    "vmlinux  _stext  kprobe",
    "vmlinux  plain  fentry,kprobe  int plain(struct sk_buff *skb, int flags)",
    "vmlinux  printk  kprobe  int printk(struct sk_buff *fmt, ...)",
    "vmlinux  by_pair  fentry,kprobe  int by_pair(struct pair p, int q)",
    "vmlinux  by_large  kprobe  int by_large(struct large l)",
    "vmlinux  gives_pair  kprobe  struct pair gives_pair(void)",
    "vmlinux  seven  kprobe-address  int seven(int a0, int a1, int a2, int a3, int a4, int a5, int a6)",
    "vmlinux  thirteen  kprobe  int thirteen(int a0, int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8, int a9, int a10, int a11, int a12)",
    "vmlinux  by_union  kprobe  void by_union(union either e)",
    "vmlinux  callbacks  kprobe  int (*callbacks(int (*cb)(struct sk_buff *skb, int flags), int table[4], int))(struct sk_buff *skb, int flags)",
    "vmlinux  nothing  fentry,kprobe  void nothing(void)",
    "vmlinux  migrate_disable  kprobe  void migrate_disable(void)",
    "vmlinux  untraced    void untraced(void)",
    "vmlinux  blocked  fentry  void blocked(void)",
    "vmlinux  twin  kprobe-address  void twin(void)",
    "vmlinux  twin  kprobe-address  void twin(void)",
    "vmlinux  shrunk.isra.0  kprobe",
    "vmlinux  dropped  kprobe",
    "vmlinux  alias_one  kprobe",
    "vmlinux  alias_two  fentry,kprobe  void alias_two(void)",
    "vmlinux  plain_part.cold",
    "vmlinux  _sinittext",
    "vmlinux  at_boot    void at_boot(void)",
    "vmlinux  _einittext",
    "gtp5g  gtp5g_xmit  fentry,kprobe  int gtp5g_xmit(struct sk_buff *skb)",
    "gtp5g  plain_too  kprobe",
    "no_btf  bare  kprobe",
    "no_btf  seven  kprobe",
  ].map((line) => line.replaceAll(/ {2,}/g, "  ")));
});

test("patterns, modules, a module's name alone", async () => {
  const names = (options: Parameters<typeof openCatalogue>[0]) => opened(options, ({ table, pattern, module }) => table.select(pattern, module).map((row) => table.columns.names[row]));
  expect(await names({ pattern: "by_*" })).toEqual(["by_pair", "by_large", "by_union"]);
  expect(await names({ pattern: "gtp5g:*" })).toEqual(["gtp5g_xmit", "plain_too"]);
  expect(await names({ pattern: "gtp5g" })).toEqual(["gtp5g_xmit", "plain_too"]);
  expect(await names({ pattern: "*_too", module: "gtp5g" })).toEqual(["plain_too"]);
  expect(await names({ pattern: "vmlinux:seven" })).toEqual(["seven"]);
  expect(await names({ pattern: "no-btf:*" })).toEqual(["bare", "seven"]);
  expect(await names({ pattern: "nosuch" })).toEqual([]);
  await expect(names({ pattern: "gtp6g:*" })).rejects.toMatchObject({ code: "not-found", message: "no module gtp6g is loaded, and none is among the files of 6.1.0-test; loaded is gtp5g" });
});

test("each reason has its name", async () => {
  expect({
    plain: await codes("plain"), printk: await codes("printk"), large: await codes("by_large"), union: await codes("by_union"), result: await codes("gives_pair"), seven: await codes("vmlinux:seven"), thirteen: await codes("thirteen"), denied: await codes("migrate_disable"),
    notrace: await codes("untraced"), blocked: await codes("blocked"), twin: await codes("twin"), renamed: await codes("shrunk"), itself: await codes("shrunk.isra.0"), dropped: await codes("dropped"), gone: await codes("at_boot"), padding: await codes("__pfx_plain"),
    cold: await codes("plain_part.cold"), module: await codes("no_btf:bare"), typo: await codes("pliant"), nothing: await codes("zzzzzzzzz"),
  }).toEqual({
    plain: [[]], printk: [["variadic: fentry"]], large: [["struct-by-value: fentry"]], union: [["unsupported-type: fentry"]], result: [["struct-result: fentry"]], seven: [["too-many-arguments: fentry", "ambiguous: kprobe"]], thirteen: [["too-many-arguments: fentry"]],
    denied: [["denied: fentry"]], notrace: [["notrace: fentry+kprobe"]], blocked: [["blacklist: kprobe"]], twin: [["ambiguous: fentry", "ambiguous: kprobe"], ["ambiguous: fentry", "ambiguous: kprobe"]],
    renamed: [["renamed: fentry+kprobe"]], itself: [["renamed: fentry"]], dropped: [["not-in-btf: fentry"]], gone: [["gone: fentry+kprobe"]], padding: [["placeholder: fentry+kprobe", "notrace: fentry+kprobe", "not-in-btf: fentry"]],
    cold: [["cold-part: fentry", "notrace: kprobe"]], module: [["no-module-btf: fentry"]], typo: [["typo: fentry+kprobe"]], nothing: [["no-symbol: fentry+kprobe"]],
  });
});

test("on whose list what fentry refuses is", async () => {
  const whyDenied = async (list: readonly string[] | null): Promise<(string | undefined)[]> => {
    const kernel = join(work, `denied-${list === null ? "unknown" : list.length}`);
    const lines = list?.map((name, index) => `ffffffff82570004 r __BTF_ID__func__${name}__${index}\n`) ?? [];
    writeTree(kernel, { ...files, "proc/kallsyms": `${kallsyms}${list === null ? "" : `ffffffff82570000 r __BTF_ID__set__btf_id_deny\n${lines.join("")}`}` });
    return Promise.all(["migrate_disable", "nothing"].map(async (name) => (await why(name, { root: kernel }))[0]!.reasons.find(({ code }) => code === "denied")?.text));
  };
  expect(await whyDenied(["migrate_disable", "nothing"])).toEqual(["BPF refuses it: it is on this kernel's list of functions that every BPF program calls (btf_id_deny)", "BPF refuses it: it is on this kernel's list of functions that every BPF program calls (btf_id_deny)"]);
  expect(await whyDenied([])).toEqual(["other kernels' BPF refuses it (btf_id_deny: every BPF program calls it); it is not on this kernel's list, and a program there would hang the machine", undefined]);
  expect(await whyDenied(null)).toEqual(["BPF refuses it or would hang there (btf_id_deny: every BPF program calls it; this kernel's own list is not among its symbols)", undefined]);
});

test("answers in words", async () => {
  const text = async (name: string) => (await why(name)).map(whyText).join("");
  expect(await text("shrunk")).toBe("shrunk: no such function can be traced\n  no fentry, no kprobe: renamed: the compiler renamed it: `shrunk.isra.0` (parameters removed or passed in parts); such a function has no BTF, so no fentry\n    instead: a kprobe on `shrunk.isra.0`\n");
  expect(await text("twin")).toContain("  no kprobe by name: ambiguous: 2 functions have this name (the kernel at 0xffffffff81000d00, the kernel at 0xffffffff81000e00): a kprobe needs the address\n    instead: a kprobe at 0xffffffff81000e00\n");
  expect(await text("plain")).toBe("plain: can be traced by fentry and kprobe\n  int plain(struct sk_buff *skb, int flags)\n");
});

test("without privilege what is unknown is said, and nothing is claimed", async () => {
  expect(await opened({ pattern: "plain*", root: nobody }, lines)).toEqual([
    "vmlinux  plain  fentry?,kprobe?  int plain(struct sk_buff *skb, int flags)",
    "vmlinux  plain_part.cold  kprobe?",
    "gtp5g  plain_too  kprobe?",
  ]);
  const [answer] = await why("plain", { root: nobody });
  expect(answer).toMatchObject({ how: [], unsure: ["fentry", "kprobe"], reasons: [{ code: "unknown", of: ["fentry", "kprobe"] }] });
  // The code of the start is known by its place in the list, though addresses are hidden.
  expect(await opened({ pattern: "at_boot", root: nobody }, ({ table, pattern }) => table.select(pattern).map((row) => ({ ...table.judge(row), address: table.row(row).address })))).toMatchObject([{ how: [], unsure: [], fentry: [{ code: "gone" }], address: null }]);
  expect(await opened({ pattern: null, root: nobody }, ({ lacking }) => lacking.map(({ what }) => what))).toEqual(["ftrace", "blacklist"]);
});

test("a processor whose kernels differ, without the kernel's configuration", async () => {
  const arm = join(work, "arm");
  writeTree(arm, files);
  rmSync(join(arm, "boot"), { recursive: true });
  expect(await opened({ pattern: "*t*ed", root: arm, arch: "arm64" }, lines)).toEqual(["vmlinux  untraced  kprobe?  void untraced(void)"]);
  expect(await opened({ pattern: "plain", root: arm, arch: "arm64" }, lines)).toEqual(["vmlinux  plain  kprobe,fentry?  int plain(struct sk_buff *skb, int flags)"]);
  expect(await opened({ pattern: "plain", root, arch: "arm64" }, lines)).toEqual(["vmlinux  plain  fentry,kprobe  int plain(struct sk_buff *skb, int flags)"]);
});

describe("prototypes", () => {
  test("the same text as BTF's own", () => {
    const prototypes = new Prototypes(kernel, { arguments: 12, words: 6, struct: 16 });
    for (const [name, id] of functionIds(kernel).ids) expect(prototypes.text(id, name)).toBe(prototypeText(kernel, id));
  });

  test("what a kernel takes", () => {
    const refusal = (name: string, words: number, struct: number) => new Prototypes(kernel, { arguments: 12, words, struct }).refusal(functionIds(kernel).ids.get(name)!);
    expect(refusal("seven", 6, 16)).toEqual({ code: "too-many-arguments", count: 7, limit: 6, words: false });
    expect(refusal("seven", 12, 16)).toBeNull();
    expect(refusal("by_pair", 12, 16)).toBeNull();
    expect(refusal("by_pair", 2, 16)).toEqual({ code: "too-many-arguments", count: 3, limit: 2, words: true });
    expect(refusal("by_pair", 12, 0)).toEqual({ code: "struct-by-value", argument: 1, type: "struct pair", size: 16, limit: 0 });
  });
});

describe("a module's file", () => {
  const R64 = 1;
  const symbols = [
    { name: "gtp5g_xmit", section: ".text", value: 0, size: 16 },
    { name: "quiet", section: ".text", value: 32, size: 16 },
    { name: "kept_out", section: ".text", value: 48, size: 16 },
    { name: "begin", section: ".init.text", value: 0, size: 16 },
    { name: "probe_free", section: ".kprobes.text", value: 0, size: 16 },
    { name: "gtp5g_xmit.cold", section: ".text", value: 60, size: 4 },
    { name: "some_data", section: ".data", value: 0, size: 8, type: 1 },
  ];
  const code = (name: string) => ({ name, flags: 6, bytes: new Uint8Array(64) });
  const module = (btf: Uint8Array | null) =>
    writeElf({
      type: 1,
      sections: [
        code(".text"), code(".init.text"), code(".kprobes.text"), { name: ".data", flags: 3, bytes: new Uint8Array(8) }, { name: "__mcount_loc", flags: 2, bytes: new Uint8Array(24) }, { name: "_kprobe_blacklist", flags: 3, bytes: new Uint8Array(8) },
        { name: "__patchable_function_entries", flags: 2, bytes: new Uint8Array(8) }, { name: ".modinfo", flags: 2, bytes: Buffer.from("name=gtp5g\0vermagic=6.1.0-test SMP mod_unload \0") }, ...(btf ? [{ name: ".BTF", bytes: btf }] : []),
      ],
      symbols,
      relocations: [
        { of: "__mcount_loc", kind: "rela", entries: [{ offset: 0, type: R64, symbol: 0, addend: 0 }, { offset: 8, type: R64, symbol: 2, addend: 4 }, { offset: 16, type: R64, symbol: 3, addend: 0 }] },
        { of: "_kprobe_blacklist", kind: "rela", entries: [{ offset: 0, type: R64, symbol: 2, addend: 0 }] },
        // On x86-64 that is padding, not a site.
        { of: "__patchable_function_entries", kind: "rela", entries: [{ offset: 0, type: R64, symbol: 1, addend: 0 }] },
      ],
    });
  const path = join(work, "gtp5g.ko");
  const listed = (btf: Uint8Array | null) => {
    writeFileSync(path, module(btf));
    return opened({ pattern: null, module: path }, (catalogue) => ({ lines: lines(catalogue), notes: catalogue.notes.map((note) => note.replace(path, "FILE")), loaded: catalogue.loaded }));
  };

  test("with BTF, without, and with BTF that no kernel takes", async () => {
    expect(await listed(moduleBtf)).toEqual({
      lines: ["gtp5g  gtp5g_xmit  fentry,kprobe  int gtp5g_xmit(struct sk_buff *skb)", "gtp5g  quiet", "gtp5g  kept_out", "gtp5g  begin", "gtp5g  probe_free", "gtp5g  gtp5g_xmit.cold  kprobe"],
      notes: [], loaded: "no",
    });
    expect(await listed(null)).toMatchObject({ lines: expect.arrayContaining(["gtp5g  gtp5g_xmit  kprobe"]) as string[], notes: [] });
    const alone = writeBtf({ types: [...kernelTypes, { kind: "func", name: "gtp5g_xmit", type: 7, linkage: 1 }] });
    expect(await listed(alone)).toMatchObject({
      lines: expect.arrayContaining(["gtp5g  gtp5g_xmit  kprobe  int gtp5g_xmit(struct sk_buff *skb, int flags)"]) as string[],
      notes: ["the BTF of FILE does not continue a kernel's: the kernel refuses it, and there will be no fentry"],
    });
  });

  test("a real one without BTF: prototypes and inlined functions by its debug information", async () => {
    const ko = "test/fixtures/modules/6.1.0-56-amd64/null_chain.ko";
    const found = await opened({ pattern: null, module: ko }, (catalogue) => ({ lines: lines(catalogue).map((line) => line.replaceAll(/ {2,}/g, "  ")), notes: catalogue.notes }));
    expect(found.lines).toContain("null_chain  nc_admit  kprobe  int nc_admit(u32 destination)  (debug information)");
    expect(found.notes).toEqual([`${ko} was built for 6.1.0-56-amd64, and this kernel is 6.1.0-test: what it takes is judged by this kernel`]);
    const [answer] = await why("nc_half_queue", { module: ko });
    // What the panic of this module shows, by addr2line: nc_half_queue in nc_route_room in nc_admit.
    expect(answer).toMatchObject({ how: [], reasons: [{ code: "inlined", of: ["fentry", "kprobe"], instead: "a probe on `nc_admit`" }], inlinedInto: [{ function: "nc_admit", through: ["nc_route_room"], line: 70 }] });
  });

  test("of another processor", async () => {
    const ko = "test/fixtures/modules/6.1.0-56-arm64/null_chain.ko.xz";
    const { notes, nc } = await opened({ pattern: "nc_*", module: ko }, (catalogue) => ({ notes: catalogue.notes, nc: catalogue.table.select(catalogue.pattern).map((row) => catalogue.table.row(row)) }));
    expect(notes).toEqual([`${ko} is for arm64, and this machine is x86_64: what its kernel takes is not known here`]);
    expect(nc.find(({ name }) => name === "nc_admit")).toMatchObject({ how: ["kprobe"], unsure: [], fentry: [{ code: "no-module-btf" }, { code: "unknown", what: "config" }] });
  });

  test("why, before it is loaded", async () => {
    writeFileSync(path, module(moduleBtf));
    const [answer] = await why("gtp5g_xmit", { module: path });
    expect(answer).toMatchObject({ how: [], reasons: [{ code: "not-loaded", instead: "load it first: sudo modprobe gtp5g, or sudo insmod with its file" }] });
  });

  test("what is no module", async () => {
    writeFileSync(path, writeElf({ sections: [code(".text")] }));
    await expect(opened({ pattern: null, module: path }, lines)).rejects.toMatchObject({ code: "unsupported", message: `${path} is no kernel module (a relocatable file)` });
  });
});

test("damaged BTF costs what it says, and nothing is thrown but what names it", async () => {
  const random = randomForTest("damaged BTF");
  let told = 0;
  for (let round = 0; round < 300; round++) {
    let btf;
    try {
      btf = btfFromBytes("vmlinux", mutated(kernelBtf, random, [], kernelBtf));
    } catch (error) {
      expect(error).toBeInstanceOf(OopscopeError);
      continue;
    }
    try {
      const prototypes = new Prototypes(btf, fentryLimits(btf, "x86_64", () => false));
      for (const [name, id] of functionIds(btf).ids) {
        try {
          prototypes.refusal(id);
          told += prototypes.text(id, name).length;
        } catch (error) {
          expect(error).toBeInstanceOf(OopscopeError);
        }
      }
    } catch (error) {
      expect(error).toBeInstanceOf(OopscopeError);
    }
  }
  expect(told).toBeGreaterThan(1000);
  const damaged = join(work, "damaged");
  writeTree(damaged, { ...files, "sys/kernel/btf/gtp5g": "nothing" });
  expect(await opened({ pattern: "gtp5g:*", root: damaged }, ({ notes, table, pattern, module }) => ({ notes, how: table.select(pattern, module).map((row) => table.judge(row).how) }))).toEqual({
    notes: [expect.stringContaining("sys/kernel/btf/gtp5g") as string], how: [["kprobe"], ["kprobe"]],
  });
});

test("names from a hostile list are made safe where they are shown", async () => {
  const evil = join(work, "evil");
  writeTree(evil, { ...files, "proc/kallsyms": "ffffffff81000000 T \x1b[2Jevil\nffffffff81000100 T plain\t[\x1b]0;x\x07]\n" });
  const shown = await opened({ pattern: "*", root: evil }, lines);
  expect(shown.join("\n")).toContain("\\x1b[2Jevil");
  expect(shown.join("\n")).not.toContain("\x1b");
});
