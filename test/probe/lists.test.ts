import { expect, test } from "vitest";
import { nearestNames, parsePattern, readBlacklist, readFilterFunctions, readKallsyms } from "../../src/probe/index.ts";
import { mutated } from "../support/mutations.ts";
import { randomForTest } from "../support/seed.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

const kallsyms = [
  "ffffffff81000000 T _stext", "ffffffff81000000 t first", "ffffffff81000010 D some_data", "ffffffff81000020 W weak_one", "no line", "fff\"ff T quoted", "ffffffff82000000 T _sinittext", "ffffffff82000000 t at_boot",
  "ffffffff82000100 T _einittext", "ffffffff82000200 t late", "ffffffffc0000000 t xmit.isra.0\t[gtp5g]", "ffffffffc0000010 b counter\t[gtp5g]", "ffffffffc0001000 t bpf_prog_6deef7357e7b4530\t[bpf]", "ffffffffc0002000 t tramp\t[__builtin__ftrace]",
  "ffffffffc0003000 T xmit [other]", "",
].join("\n");

test("kallsyms: code alone, modules, the code of the start, addresses", () => {
  const { address, init, ...symbols } = readKallsyms("kallsyms", bytes(kallsyms));
  expect({ ...symbols, init: [...init], addresses: symbols.names.map((_, row) => address(row)) }).toEqual({
    names: ["_stext", "first", "weak_one", "_sinittext", "at_boot", "_einittext", "late", "xmit.isra.0", "xmit"],
    addresses: ["ffffffff81000000", "ffffffff81000000", "ffffffff81000020", "ffffffff82000000", "ffffffff82000000", "ffffffff82000100", "ffffffff82000200", "ffffffffc0000000", "ffffffffc0003000"],
    modules: [0, 0, 0, 0, 0, 0, 0, 1, 2],
    moduleNames: [null, "gtp5g", "other"],
    init: [0, 0, 0, 1, 1, 0, 0, 0, 0],
    hidden: false,
    denied: null,
    passedOver: 2,
  });
});

test("kallsyms: the kernel's own list of what BPF refuses", () => {
  const of = (...names: string[]): string[] | null => {
    const found = readKallsyms("kallsyms", bytes(names.map((name) => `0000000000000000 r ${name}\n`).join(""))).denied;
    return found && [...found];
  };
  const [set, own] = ["__BTF_ID__set__btf_id_deny", "__BTF_ID__func__migrate_disable__80415400"];
  expect(of("__BTF_ID__func__before__1", "btf_id_deny", set, own, "__BTF_ID__func_____migrate_enable__116519513", "noreturn_deny", "__BTF_ID__func__after__2")).toEqual(["migrate_disable", "___migrate_enable"]);
  expect(of(set, "btf_id_deny", own, "__BTF_ID__set8__tracing_btf_ids", "__BTF_ID__func__after__2")).toEqual(["migrate_disable"]);
  expect(of(set, "__BTF_ID__struct__bpf_map__47782", own)).toEqual([]);
  expect([of(own), of("btf_id_deny", own), of(`${set}_more`, own)]).toEqual([null, null, null]);
});

test("kallsyms: hidden addresses, none at all, 32 bits", () => {
  expect(readKallsyms("k", bytes("0000000000000000 T a\n0000000000000000 t b\t[m]\n"))).toMatchObject({ names: ["a", "b"], hidden: true });
  expect(readKallsyms("k", bytes(""))).toMatchObject({ names: [], hidden: false, passedOver: 0 });
  expect(readKallsyms("k", bytes("c0008000 T stext"))).toMatchObject({ names: ["stext"], hidden: false });
});

test("available_filter_functions and the blacklist", () => {
  const list = readFilterFunctions("f", bytes("vfs_read\n__ftrace_invalid_address___64\nxmit [gtp5g]\nxmit [gtp5g]\nvfs_read\nlast"));
  expect([...list].map(([module, names]) => [module, ...names])).toEqual([[null, ["vfs_read", 2], ["last", 1]], ["gtp5g", ["xmit", 2]]]);
  const blocked = readBlacklist("b", bytes("0xffffffff81a00000-0xffffffff81a00010\tdo_int3\n0xffffffffc0000000-0xffffffffc0000010\tsafe [gtp5g]\nno tab\n"));
  expect([...blocked].map(([module, names]) => [module, ...names])).toEqual([[null, ["do_int3", 1]], ["gtp5g", ["safe", 1]]]);
});

test("damaged lists never throw but for what is too much, and give whole names", () => {
  const random = randomForTest("damaged lists");
  let rows = 0;
  for (let round = 0; round < 400; round++) {
    const damaged = mutated(bytes(kallsyms), random, [], bytes(kallsyms));
    rows += readKallsyms("k", damaged).names.length;
    readFilterFunctions("f", damaged);
    readBlacklist("b", damaged);
  }
  expect(rows).toBeGreaterThan(1000);
});

test("patterns", () => {
  const fits = (pattern: string, ...names: string[]): string[] => names.filter((name) => parsePattern(pattern).name(name));
  expect(fits("tcp_*", "tcp_sendmsg", "tcp_", "xtcp_", "tcp")).toEqual(["tcp_sendmsg", "tcp_"]);
  expect(fits("*send*g", "tcp_sendmsg", "sendg", "send", "msendmsgx")).toEqual(["tcp_sendmsg", "sendg"]);
  expect(fits("vfs_r?ad", "vfs_read", "vfs_road", "vfs_rad", "vfs_readv")).toEqual(["vfs_read", "vfs_road"]);
  expect(fits("a*b*c?", "abcx", "aXbYbcc", "abc")).toEqual(["abcx", "aXbYbcc"]);
  expect(fits("kfree", "kfree", "kfree_skb")).toEqual(["kfree"]);
  expect(fits("*", "anything", "")).toEqual(["anything", ""]);
  const module = parsePattern("gtp-5*:x").module!;
  expect([module("gtp_5g"), module("gtp"), module(null)]).toEqual([true, false, false]);
  expect(parsePattern("vmlinux:kfree").module!(null)).toBe(true);
  expect(parsePattern("nf-tables:nft_do_chain")).toMatchObject({ exactName: "nft_do_chain", exactModule: "nf_tables" });
  for (const wrong of ["", ":", "a:", ":b", "a:b:c", "x".repeat(2000)]) expect(() => parsePattern(wrong)).toThrow(expect.objectContaining({ code: "bad-argument" }) as Error);
  // Many stars over many letters are no more than both multiplied.
  expect(fits(`${"a*".repeat(400)}b`, "a".repeat(16_000))).toEqual([]);
});

test("names that may be meant", () => {
  const names = ["vfs_read", "vfs_readv", "vfs_write", "vcs_read", "gtp5g_xmit_skb_ipv4", "read", "vfs_read"];
  expect(nearestNames("vfs_raed", names)).toEqual(["vfs_read", "vcs_read", "vfs_readv"]);
  expect(nearestNames("xmit_skb", names)).toEqual(["gtp5g_xmit_skb_ipv4"]);
  expect(nearestNames("nothing_like_it", names)).toEqual([]);
  expect(nearestNames("vfs_read", ["vfs_read", "vfs_raed"])).toEqual(["vfs_raed"]);
});

/** The textbook's matrix, without a band: what the quick one is held against. */
function distance(one: string, other: string): number {
  const rows = Array.from({ length: one.length + 1 }, (_, i) => Array.from({ length: other.length + 1 }, (__, j) => (i === 0 ? j : j === 0 ? i : 0)));
  for (let i = 1; i <= one.length; i++) {
    for (let j = 1; j <= other.length; j++) {
      rows[i]![j] = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) rows[i]![j] = Math.min(rows[i]![j]!, rows[i - 2]![j - 2]! + 1);
    }
  }
  return rows[one.length]![other.length]!;
}

test("distances are the textbook's", () => {
  let state = 12345;
  const random = (below: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
  const word = (): string => Array.from({ length: 6 + random(7) }, () => "abc"[random(3)]).join("");
  for (let round = 0; round < 200; round++) {
    const wanted = word();
    const names = [...new Set(Array.from({ length: 40 }, word))].filter((name) => name !== wanted && !name.includes(wanted));
    const limit = Math.max(1, Math.floor(wanted.length / 3));
    const expected = names.map((name) => ({ name, far: distance(wanted, name) })).filter(({ far }) => far <= limit).sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1));
    expect(nearestNames(wanted, names, 40)).toEqual(expected.map(({ name }) => name));
  }
});
