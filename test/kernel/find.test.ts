import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { crc32, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { closeFound, debugPackage, findModules, findVmlinux, type FoundFile, type KernelClues, type SearchPlaces } from "../../src/kernel/index.ts";
import { buildIdNote, debugLinkSection, modinfoSection, writeElf, type WrittenSection } from "../support/elfwriter.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "oopscope-find-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const release = "6.1.0-56-amd64";
const clues: KernelClues = { release, version: null, banner: null, buildId: null, arch: "x86_64" };
const ids = { one: "11".repeat(20), two: "22".repeat(20) };

type Made = { readonly debug?: boolean; readonly id?: string; readonly link?: { readonly name: string; readonly crc: number }; readonly vermagic?: string; readonly mark?: string };
function elf({ debug = false, id, link, vermagic, mark = "" }: Made): Uint8Array {
  const sections: WrittenSection[] = [{ name: ".text", flags: 6, address: 0x1000n, bytes: new Uint8Array(16) }, { name: ".mark", bytes: Buffer.from(mark) }];
  if (debug) sections.push({ name: ".debug_info", bytes: new Uint8Array(16) });
  if (id !== undefined) sections.push({ name: ".note.gnu.build-id", type: 7, bytes: buildIdNote(id) });
  if (link) sections.push({ name: ".gnu_debuglink", bytes: debugLinkSection(link.name, link.crc) });
  if (vermagic !== undefined) sections.push({ name: ".modinfo", bytes: modinfoSection([`vermagic=${vermagic} SMP preempt mod_unload modversions `]) });
  return writeElf({ sections });
}

function put(path: string, bytes: Uint8Array | string): string {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, bytes);
  return full;
}

const tail = (path: string) => path.replace(`${root}/`, "");
function told(file: FoundFile | null | undefined): { elf: string; code: string; how: string } | null {
  if (!file) return null;
  closeFound(file);
  return { elf: tail(file.elf.path), code: tail(file.code.path), how: file.how.replaceAll(`${root}/`, "") };
}
const one = (path: string) => ({ elf: path, code: path, how: `found at ${path}` });

describe("vmlinux", () => {
  const find = async (of: Partial<KernelClues> = {}, places: Partial<SearchPlaces> = {}) => told(await findVmlinux({ ...clues, ...of }, { root, ...places }));

  test("in the usual places, one after the other; with debug information before without", async () => {
    expect(await find()).toBeNull();
    const places = [
      `lib/modules/${release}/build/vmlinux`, `lib/modules/${release}/vmlinux`, `boot/vmlinux-${release}`, `usr/lib/debug/usr/lib/modules/${release}/vmlinux`,
      `usr/lib/debug/lib/modules/${release}/vmlinux`, `usr/lib/debug/boot/vmlinux-${release}.debug`, `usr/lib/debug/boot/vmlinux-${release}`,
    ];
    for (const place of places) {
      put(place, elf({ debug: true }));
      expect(await find()).toEqual(one(place));
    }
    for (const place of places.slice(1)) put(place, elf({}));
    expect(await find()).toEqual(one(places[0]!));
    put(places[0]!, elf({}));
    expect(await find()).toEqual(one(places.at(-1)!));
    expect(await find({}, { root: null })).toBeNull();
  });

  test("in the build-id directory, and never one of another build id while one fits", async () => {
    put(`usr/lib/debug/boot/vmlinux-${release}`, elf({ debug: true, id: ids.two }));
    put(`lib/modules/${release}/vmlinux`, elf({ debug: true, id: ids.one }));
    expect(await find({ buildId: ids.one })).toEqual(one(`lib/modules/${release}/vmlinux`));
    put(`usr/lib/debug/.build-id/11/${"11".repeat(19)}.debug`, elf({ debug: true, id: ids.one }));
    expect(await find({ buildId: ids.one })).toEqual(one(`usr/lib/debug/.build-id/11/${"11".repeat(19)}.debug`));
    expect(await find({ buildId: "33".repeat(20) })).toEqual(one(`usr/lib/debug/boot/vmlinux-${release}`));
  });

  test("what is no ELF file, damaged or a folder is passed over", async () => {
    put(`usr/lib/debug/boot/vmlinux-${release}`, "a compressed boot image, perhaps");
    put(`usr/lib/debug/lib/modules/${release}/vmlinux`, elf({ debug: true }).subarray(0, 80));
    mkdirSync(join(root, `boot/vmlinux-${release}`), { recursive: true });
    mkdirSync(join(root, `lib/modules/${release}`), { recursive: true });
    symlinkSync("vmlinux", join(root, `lib/modules/${release}/vmlinux`));
    put(`lib/modules/${release}/build/vmlinux`, elf({ debug: true }));
    expect(await find()).toEqual(one(`lib/modules/${release}/build/vmlinux`));
  });

  test("a release or build id that is no part of a path leads nowhere", async () => {
    put("etc/vmlinux", elf({ debug: true }));
    put("usr/lib/debug/.build-id/..//..debug", elf({ debug: true }));
    for (const bad of ["../../etc", "..", ".", "", "a/b", "a\0b"]) expect(await find({ release: bad })).toBeNull();
    for (const bad of ["../../../../etc/vmlinux", "", "zz", "..debug"]) expect(await find({ release: null, buildId: bad })).toBeNull();
  });

  test("one that is named is opened whatever it is; what is wrong with it is said", async () => {
    const named = put("here/vmlinux", elf({ id: ids.two }));
    expect(await find({ buildId: ids.one }, { vmlinux: named })).toEqual({ elf: "here/vmlinux", code: "here/vmlinux", how: "named" });
    await expect(find({}, { vmlinux: join(root, "absent") })).rejects.toMatchObject({ code: "not-found", message: `failed to open ${root}/absent: no such file` });
    await expect(find({}, { vmlinux: put("text", "no ELF file at all, but long enough to be one, by its size") })).rejects.toMatchObject({ code: "not-elf" });
  });
});

describe("separate debug files", () => {
  const debug = (mark = "") => elf({ debug: true, mark });
  const crcOf = (bytes: Uint8Array) => crc32(bytes);
  const named = async (path: string) => told(await findVmlinux(clues, { root, vmlinux: path }));

  test("by build id, which must be the same", async () => {
    const path = put("boot/vmlinux", elf({ id: ids.one }));
    put(`usr/lib/debug/.build-id/11/${"11".repeat(19)}.debug`, elf({ debug: true, id: ids.two }));
    expect(await named(path)).toEqual({ elf: "boot/vmlinux", code: "boot/vmlinux", how: "named" });
    put(`usr/lib/debug/.build-id/11/${"11".repeat(19)}.debug`, elf({ debug: true, id: ids.one }));
    expect(await named(path)).toEqual({ elf: `usr/lib/debug/.build-id/11/${"11".repeat(19)}.debug`, code: "boot/vmlinux", how: `named, debug information at usr/lib/debug/.build-id/11/${"11".repeat(19)}.debug` });
  });

  test("by debug link: beside the file, in .debug, below /usr/lib/debug; the checksum must be right", async () => {
    const right = debug("right");
    const wrong = debug("wrong");
    const path = put("opt/kernel/image", elf({ link: { name: "image.debug", crc: crcOf(right) } }));
    const unlinked = { elf: "opt/kernel/image", code: "opt/kernel/image", how: "named" };
    expect(await named(path)).toEqual(unlinked);
    for (const place of ["usr/lib/debug/opt/kernel/image.debug", "opt/kernel/.debug/image.debug", "opt/kernel/image.debug"]) {
      put(place, wrong);
      expect(await named(path)).toEqual(place.startsWith("usr") ? unlinked : expect.objectContaining({ code: "opt/kernel/image" }));
      put(place, right);
      expect(await named(path)).toEqual({ elf: place, code: "opt/kernel/image", how: `named, debug information at ${place}` });
    }
  });

  test("a link with a wrong checksum, without a file, to a text, to itself, into another folder, or damaged", async () => {
    const right = debug();
    const links = [{ name: "other.debug", crc: crcOf(right) ^ 1 }, { name: "absent.debug", crc: 0 }, { name: "text.debug", crc: 0 }, { name: "image", crc: 0 }, { name: "../other.debug", crc: crcOf(right) }, { name: "", crc: 0 }];
    put("k/other.debug", right);
    put("other.debug", right);
    put("k/text.debug", "text");
    for (const link of links) {
      const path = put("k/image", elf({ link }));
      expect(await named(path)).toEqual({ elf: "k/image", code: "k/image", how: "named" });
    }
    const damaged = put("k/image", writeElf({ sections: [{ name: ".text", flags: 6 }, { name: ".gnu_debuglink", bytes: Buffer.from("no end") }] }));
    expect(await named(damaged)).toEqual({ elf: "k/image", code: "k/image", how: "named" });
  });

  test("a build id goes before the checksum: a debug file without one is not this build's", async () => {
    const right = debug();
    put("k/image.debug", right);
    const path = put("k/image", elf({ id: ids.one, link: { name: "image.debug", crc: crcOf(right) } }));
    expect(await named(path)).toEqual({ elf: "k/image", code: "k/image", how: "named" });
    put("k/image.debug", elf({ debug: true, id: ids.one }));
    expect((await named(path))?.elf).toBe("k/image.debug");
  });
});

describe("modules", () => {
  async function find(names: readonly (string | { name: string; buildId: string })[], places: Partial<SearchPlaces> = {}, of: Partial<KernelClues> = {}) {
    const damaged = new Map<string, string>();
    const wanted = names.map((name) => (typeof name === "string" ? { name, buildId: null } : name));
    const found = await findModules(wanted, { ...clues, ...of }, { root, ...places }, damaged);
    return { found: [...found].map(([key, file]) => [key, told(file)!.elf]), damaged: [...damaged].map(([key, why]) => [key, why.replaceAll(`${root}/`, "")]) };
  }
  const module = (made: Made = {}) => elf({ debug: true, vermagic: release, ...made });

  test("in the usual trees, deep, by any spelling of - and _, with every ending", async () => {
    put(`usr/lib/debug/lib/modules/${release}/kernel/net/a/nf-conntrack.ko`, module());
    put(`usr/lib/debug/usr/lib/modules/${release}/kernel/snd_pcm.ko.debug`, module());
    put(`lib/modules/${release}/updates/gtp5g.ko.gz`, gzipSync(module()));
    put(`lib/modules/${release}/nf_conntrack_ftp.ko`, module());
    put(`lib/modules/${release}/kernel/x.ko.txt`, module());
    put(`lib/modules/${release}/kernel/x.ko`, module());
    expect(await find(["nf_conntrack", "snd-pcm", "gtp5g", "x", "absent"])).toEqual({
      found: [
        ["nf_conntrack", `usr/lib/debug/lib/modules/${release}/kernel/net/a/nf-conntrack.ko`], ["snd_pcm", `usr/lib/debug/usr/lib/modules/${release}/kernel/snd_pcm.ko.debug`],
        ["x", `lib/modules/${release}/kernel/x.ko`], ["gtp5g", `lib/modules/${release}/updates/gtp5g.ko.gz`],
      ],
      damaged: [],
    });
    expect(await find(["x"], { root: null })).toEqual({ found: [], damaged: [] });
    expect(await find(["x"], {}, { release: ".." })).toEqual({ found: [], damaged: [] });
  });

  test("folders and files that are named come first", async () => {
    put(`lib/modules/${release}/a.ko`, module());
    put("mine/deep/a.ko", module());
    expect((await find(["a"], { modules: [join(root, "mine")] })).found).toEqual([["a", "mine/deep/a.ko"]]);
    expect((await find(["a"], { modules: [join(root, "mine/deep/a.ko")] })).found).toEqual([["a", "mine/deep/a.ko"]]);
    await expect(find(["a"], { modules: [join(root, "nowhere")] })).rejects.toMatchObject({ code: "not-found", message: `${root}/nowhere: no such file or directory` });
  });

  test("of several copies the one that fits: build id, then vermagic, then debug information", async () => {
    put("m/1/a.ko", module({ vermagic: "5.10.0" }));
    put("m/2/a.ko", elf({ vermagic: release }));
    put("m/3/a.ko", module());
    put("m/4/a.ko", module({ id: ids.one, vermagic: "5.10.0" }));
    put("m/5/a.ko", module({ id: ids.two }));
    const modules = [join(root, "m")];
    expect((await find(["a"], { modules })).found).toEqual([["a", "m/3/a.ko"]]);
    expect((await find([{ name: "a", buildId: ids.one }], { modules })).found).toEqual([["a", "m/4/a.ko"]]);
    expect((await find([{ name: "a", buildId: ids.two }], { modules })).found).toEqual([["a", "m/5/a.ko"]]);
    expect((await find(["a"], { modules }, { release: "5.10.0" })).found).toEqual([["a", "m/1/a.ko"]]);
  });

  test("a later tree replaces a file only by a better one", async () => {
    put("mine/a.ko", elf({ vermagic: release }));
    put(`lib/modules/${release}/a.ko`, module({ vermagic: "5.10.0" }));
    expect((await find(["a"], { modules: [join(root, "mine")] })).found).toEqual([["a", "mine/a.ko"]]);
    put("mine/a.ko", module({ vermagic: "4.19.0" }));
    put(`lib/modules/${release}/a.ko`, module());
    expect((await find(["a"], { modules: [join(root, "mine")] })).found).toEqual([["a", `lib/modules/${release}/a.ko`]]);
  });

  test("unreadable and damaged files are told of, and another copy is taken", async () => {
    put("m/1/a.ko", "not a module");
    put("m/2/a.ko", module());
    put("m/1/b.ko.gz", gzipSync(module()).subarray(0, 40));
    mkdirSync(join(root, "m/1/c.ko"));
    symlinkSync("d.ko", join(root, "m/1/d.ko"));
    symlinkSync("absent", join(root, "m/1/e.ko"));
    put("m/1/f.ko", module());
    chmodSync(join(root, "m/1/f.ko"), 0o000);
    const { found, damaged } = await find(["a", "b", "c", "d", "e"], { modules: [join(root, "m")] });
    expect(found).toEqual([["a", "m/2/a.ko"]]);
    expect(damaged).toEqual([
      ["a", "m/1/a.ko: not an ELF file: 12 bytes are less than an ELF header"], ["b", expect.stringMatching(/^m\/1\/b\.ko\.gz: damaged gzip data: /)],
      ["d", expect.stringMatching(/^failed to open m\/1\/d\.ko: ELOOP/)], ["e", "failed to open m/1/e.ko: no such file"],
    ]);
    // Root reads everything; anybody else is told why not.
    const unreadable = await find(["f"], { modules: [join(root, "m")] });
    expect(unreadable).toEqual(process.getuid?.() === 0 ? { found: [["f", "m/1/f.ko"]], damaged: [] } : { found: [], damaged: [["f", expect.stringMatching(/^failed to open m\/1\/f\.ko: EACCES/)]] });
  });

  test("links to folders are not followed, in circles or elsewhere", async () => {
    put("m/real/a.ko", module());
    mkdirSync(join(root, "m/real/deep"), { recursive: true });
    symlinkSync("..", join(root, "m/real/deep/up"));
    symlinkSync(root, join(root, "m/build"));
    put("elsewhere/b.ko", module());
    expect(await find(["a", "b"], { modules: [join(root, "m")] })).toEqual({ found: [["a", "m/real/a.ko"]], damaged: [] });
  });

  test("a stripped module with its debug file by build id", async () => {
    put(`lib/modules/${release}/a.ko`, elf({ id: ids.one, vermagic: release }));
    put(`usr/lib/debug/.build-id/11/${"11".repeat(19)}.debug`, elf({ debug: true, id: ids.one }));
    expect((await find(["a"])).found).toEqual([["a", `usr/lib/debug/.build-id/11/${"11".repeat(19)}.debug`]]);
  });
});

describe("the package that holds the debug information", () => {
  const of = (name: string | null, version: string | null = null) => debugPackage({ ...clues, release: name, version })?.package ?? null;
  test("by the marks of each distribution", () => {
    expect([
      of(release), of("6.1.0-56-cloud-amd64"), of("6.12.95+deb12-amd64"), of("6.8.0-45-generic", "#45-Ubuntu SMP PREEMPT_DYNAMIC"), of("6.10.3-200.fc40.x86_64"), of("5.14.0-427.el9.x86_64"),
      of("6.1.0"), of(null), of("6.1.0-56-amd64; rm -rf /"),
    ]).toEqual([
      `linux-image-${release}-dbg`, "linux-image-6.1.0-56-cloud-amd64-dbg", "linux-image-6.12.95+deb12-amd64-dbg", "linux-image-unsigned-6.8.0-45-generic-dbgsym", "kernel-debuginfo-6.10.3-200.fc40.x86_64", "kernel-debuginfo-5.14.0-427.el9.x86_64",
      null, null, null,
    ]);
  });
});

/** Files with debug information and without code, as Fedora's and SUSE's debug packages have them. */
const bare = (id: string) => writeElf({ sections: [{ name: ".text", flags: 6, address: 0x1000n, type: 8, claims: { size: 16n } }, { name: ".debug_info", bytes: new Uint8Array(16) }, { name: ".note.gnu.build-id", type: 7, bytes: buildIdNote(id) }] });

describe("layouts of distributions", () => {
  const vmlinux = async (of: string) => told(await findVmlinux({ ...clues, release: of }, { root }));
  const module = async (of: string, name: string) => told((await findModules([{ name, buildId: null }], { ...clues, release: of }, { root }, new Map())).get(name));

  test("Fedora, RHEL: debug files without code beside stripped modules, which have it", async () => {
    const of = "6.6.8-200.fc39.x86_64";
    put(`usr/lib/debug/lib/modules/${of}/vmlinux`, elf({ debug: true }));
    put(`usr/lib/debug/lib/modules/${of}/kernel/net/gtp.ko.debug`, bare(ids.one));
    put(`lib/modules/${of}/kernel/net/gtp.ko.gz`, gzipSync(elf({ id: ids.one })));
    expect(await vmlinux(of)).toEqual(one(`usr/lib/debug/lib/modules/${of}/vmlinux`));
    const debug = `usr/lib/debug/lib/modules/${of}/kernel/net/gtp.ko.debug`;
    const code = `lib/modules/${of}/kernel/net/gtp.ko.gz`;
    expect(await module(of, "gtp")).toEqual({ elf: debug, code, how: `found at ${debug}, code at ${code}` });
    put(`lib/modules/${of}/kernel/net/gtp.ko.gz`, gzipSync(elf({ id: ids.two })));
    expect(await module(of, "gtp")).toEqual(one(debug));
  });

  test("SUSE: vmlinux.debug, with the code in a compressed vmlinux of the same build", async () => {
    const of = "5.14.21-150500.55.39-default";
    const debug = `usr/lib/debug/usr/lib/modules/${of}/vmlinux.debug`;
    put(debug, bare(ids.one));
    expect(await vmlinux(of)).toEqual(one(debug));
    put(`boot/vmlinux-${of}.gz`, gzipSync(elf({ id: ids.two })));
    expect(await vmlinux(of)).toEqual(one(debug));
    put(`usr/lib/modules/${of}/vmlinux.gz`, gzipSync(elf({ id: ids.one })));
    expect(await vmlinux(of)).toEqual({ elf: debug, code: `usr/lib/modules/${of}/vmlinux.gz`, how: `found at ${debug}, code at usr/lib/modules/${of}/vmlinux.gz` });
    put(`usr/lib/debug/usr/lib/modules/${of}/kernel/fs/btrfs.ko.debug`, elf({ debug: true }));
    expect(await module(of, "btrfs")).toEqual(one(`usr/lib/debug/usr/lib/modules/${of}/kernel/fs/btrfs.ko.debug`));
  });

  test("SUSE without its debug package: the compressed vmlinux", async () => {
    const of = "5.14.21-150500.55.39-default";
    put(`boot/vmlinux-${of}.gz`, gzipSync(elf({ id: ids.one })));
    expect(await vmlinux(of)).toEqual(one(`boot/vmlinux-${of}.gz`));
    put(`usr/lib/debug/.build-id/11/${"11".repeat(19)}.debug`, bare(ids.one));
    expect((await vmlinux(of))?.elf).toBe(`usr/lib/debug/.build-id/11/${"11".repeat(19)}.debug`);
  });

  test("Arch: below /usr/lib/modules, also where /lib is a link to /usr/lib", async () => {
    const of = "6.6.7-arch1-1";
    put(`usr/lib/modules/${of}/build/vmlinux`, elf({ debug: true }));
    put(`usr/lib/modules/${of}/updates/gtp5g.ko.gz`, gzipSync(elf({ debug: true })));
    expect(await vmlinux(of)).toEqual(one(`usr/lib/modules/${of}/build/vmlinux`));
    expect(await module(of, "gtp5g")).toEqual(one(`usr/lib/modules/${of}/updates/gtp5g.ko.gz`));
    symlinkSync("usr/lib", join(root, "lib"));
    expect(await vmlinux(of)).toEqual(one(`lib/modules/${of}/build/vmlinux`));
    expect(await module(of, "gtp5g")).toEqual(one(`lib/modules/${of}/updates/gtp5g.ko.gz`));
  });
});

describe("what was fetched", () => {
  test("a root for each release, after the machine's own", async () => {
    const fetched = join(root, "symbols");
    const place = `symbols/${release}/usr/lib/debug/boot/vmlinux-${release}`;
    put(place, elf({ debug: true }));
    put(`symbols/${release}/usr/lib/debug/lib/modules/${release}/kernel/a.ko`, elf({ debug: true, vermagic: release }));
    put(`symbols/other/usr/lib/debug/boot/vmlinux-${release}`, elf({ debug: true }));
    expect(told(await findVmlinux(clues, { root, fetched }))).toEqual(one(place));
    expect(told(await findVmlinux(clues, { root: null, fetched }))).toEqual(one(place));
    expect(told((await findModules([{ name: "a", buildId: null }], clues, { root: null, fetched }, new Map())).get("a"))).toEqual(one(`symbols/${release}/usr/lib/debug/lib/modules/${release}/kernel/a.ko`));
    expect(await findVmlinux({ ...clues, release: ".." }, { root: null, fetched })).toBeNull();
    put(`boot/vmlinux-${release}`, elf({ debug: true }));
    expect(told(await findVmlinux(clues, { root, fetched }))).toEqual(one(`boot/vmlinux-${release}`));
  });

  test("debuginfod's cache, by the build ids of the log, of files at hand, of the running kernel, and those that are known otherwise", async () => {
    const debuginfod = join(root, "client");
    put(`client/${ids.one}/debuginfo`, elf({ debug: true, id: ids.one }));
    put(`client/${ids.two}/debuginfo`, ""); // what debuginfod's own client leaves where no server had anything
    const places = { root, debuginfod };
    const found = one(`client/${ids.one}/debuginfo`);
    expect(told(await findVmlinux({ ...clues, buildId: ids.one }, places))).toEqual(found);
    expect(await findVmlinux({ ...clues, buildId: ids.two }, places)).toBeNull();
    expect(told(await findVmlinux(clues, { ...places, buildIds: new Map([["", ids.one]]) }))).toEqual(found);
    const running = { banner: `Linux version ${release} (builder) #1 SMP Debian 6.1.192-2 (2026-01-01)`, buildId: ids.one, kallsyms: join(root, "kallsyms") };
    expect(told(await findVmlinux(clues, { ...places, running }))).toEqual(found);
    expect(await findVmlinux({ ...clues, version: "#1 Debian 6.1.190-1" }, { ...places, running })).toBeNull();
    expect(await findVmlinux({ ...clues, release: "6.1.0-57-amd64" }, { ...places, running })).toBeNull();
    const modules = async (buildId: string | null, buildIds = new Map<string, string>()) => told((await findModules([{ name: "a-b", buildId }], clues, { ...places, buildIds }, new Map())).get("a_b"));
    expect(await modules(ids.one)).toEqual(found);
    expect(await modules(null)).toBeNull();
    expect(await modules(null, new Map([["a_b", ids.one]]))).toEqual(found);
    put(`lib/modules/${release}/a_b.ko`, elf({ id: ids.one }));
    expect(await modules(null)).toEqual({ elf: found.elf, code: `lib/modules/${release}/a_b.ko`, how: `found at lib/modules/${release}/a_b.ko, debug information at ${found.elf}` });
  });
});

describe("lists of names", () => {
  const map = "ffffffff81000000 T _text\nffffffff81000000 T startup_64\nffffffff81000040 t helper\nffffffff81000080 D data\n";
  const find = async (places: Partial<SearchPlaces> = {}, damaged = new Map<string, string>()) => {
    const file = await findVmlinux(clues, { root, ...places }, damaged);
    return { found: told(file), names: file?.names ?? null, damaged: [...damaged].map(([key, why]) => [key, why.replaceAll(`${root}/`, "")]) };
  };
  const listed = (path: string, how = `names of ${path}`) => ({ elf: path, code: path, how });

  test("System.map where no vmlinux is, in all its places; Debian's stub is none", async () => {
    put(`boot/System.map-${release}`, "ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n");
    expect(await find()).toEqual({ found: null, names: null, damaged: [] });
    for (const place of [`usr/src/linux-headers-${release}/System.map`, `usr/lib/modules/${release}/build/System.map`, `lib/modules/${release}/System.map`, `boot/System.map-${release}`, `usr/lib/debug/boot/System.map-${release}`]) {
      put(place, map);
      expect(await find()).toEqual({ found: listed(place), names: "system-map", damaged: [] });
    }
    put(`boot/vmlinux-${release}`, elf({}));
    expect(await find()).toEqual({ found: one(`boot/vmlinux-${release}`), names: null, damaged: [] });
  });

  test("one of another release is never taken", async () => {
    put("boot/System.map-6.1.0-57-amd64", map);
    put("boot/System.map", map);
    expect(await find()).toEqual({ found: null, names: null, damaged: [] });
  });

  test("the running kernel's, where the log is of that; hidden addresses are said", async () => {
    const running = { banner: `Linux version ${release} (a@b) (gcc) #1 SMP Debian 6.1.192-2`, buildId: null, kallsyms: put("kallsyms", map) };
    expect(await find({ running })).toEqual({ found: listed("kallsyms"), names: "kallsyms", damaged: [] });
    expect(await find({ running: { ...running, banner: "Linux version 6.1.0-57-amd64 #1" } })).toEqual({ found: null, names: null, damaged: [] });
    put("kallsyms", map.replaceAll(/^f\w+/gm, "0".repeat(16)));
    expect(await find({ running })).toEqual({ found: null, names: null, damaged: [["", "kallsyms: all 4 addresses are zero: the kernel hides them (kernel.kptr_restrict)"]] });
  });

  test("by name, also the stub, of which it is said what it is", async () => {
    expect(await find({ vmlinux: put("here/map", map) })).toEqual({ found: listed("here/map", "named"), names: "system-map", damaged: [] });
    await expect(find({ vmlinux: put("stub", "ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n") })).rejects.toMatchObject({ code: "unsupported", message: `${root}/stub is a stub: the real one is in the kernel's debug package` });
    await expect(find({ vmlinux: put("torn", `${map}no line of it\n`) })).rejects.toMatchObject({ code: "malformed", message: `${root}/torn: line 5 is not an address, a type and a name: "no line of it"` });
  });
});
