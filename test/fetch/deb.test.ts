import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { unfoldFile } from "../../src/elf/index.ts";
import { arMembers } from "../../src/fetch/ar.ts";
import { unpackDeb } from "../../src/fetch/deb.ts";
import type { Bytes } from "../../src/fetch/stream.ts";
import { tarEntries } from "../../src/fetch/tar.ts";
import { unfoldStream } from "../../src/fetch/unfold.ts";
import { root } from "../support/cli.ts";
import { paxRecord, writeAr, writeDeb, writeTar, type WrittenEntry } from "../support/debwriter.ts";
import { mutated } from "../support/mutations.ts";
import { randomForTest } from "../support/seed.ts";

/** A stream in parts of this many bytes. */
// eslint-disable-next-line @typescript-eslint/require-await
async function* parts(bytes: Uint8Array, size = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function whole(stream: Bytes): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of stream) all.push(part.slice());
  return Buffer.concat(all);
}

async function entriesOf(bytes: Uint8Array, size?: number): Promise<string[]> {
  const told: string[] = [];
  for await (const { path, kind, size: length, target, body } of tarEntries("t.tar", parts(bytes, size))) {
    // Every other body is left unread.
    const text = told.length % 2 === 0 ? (await whole(body)).toString("latin1") : "-";
    told.push(`${kind} ${path}${target === null ? "" : ` -> ${target}`} ${length} ${text}`);
  }
  return told;
}

describe("tar", () => {
  const long = "d/".repeat(80) + "file";
  const entries: WrittenEntry[] = [
    { path: "./", kind: "5" },
    { path: "./a", bytes: "alpha" },
    { path: "b", bytes: "x".repeat(513) },
    { path: "named/by/its/rest", prefix: "a/prefix", bytes: "p" },
    { path: "././@LongLink", kind: "L", bytes: `${long}\0` },
    { path: "short", bytes: "long" },
    { path: "././@LongLink", kind: "K", bytes: `${long}\0` },
    { path: "link", kind: "2", target: "short" },
    { path: "PaxHeaders/x", kind: "x", bytes: paxRecord("path", "täglich") + paxRecord("size", "3") + paxRecord("mtime", "1.5") },
    { path: "plain", bytes: "pax" },
    { path: "hard", kind: "1", target: "./a" },
    { path: "g", kind: "g", bytes: paxRecord("comment", "none") },
    { path: "empty" },
    { path: "device", kind: "3" },
    { path: "last", bytes: "end" },
  ];
  const told = ["folder ./ 0 ", "file ./a 5 -", `file b 513 ${"x".repeat(513)}`, "file a/prefix/named/by/its/rest 1 -", `file ${long} 4 long`, `symlink link -> ${long} 0 -`, "file täglich 3 pax", "link hard -> ./a 0 -", "file empty 0 ", "other device 0 -", "file last 3 end"];

  test.each([1, 100, 512, 5000, 1 << 20])("every kind of entry, in parts of %i bytes", async (size) => {
    expect(await entriesOf(writeTar(entries), size)).toEqual(told);
  });

  test.each([
    ["no end", writeTar([{ path: "a", bytes: "b" }], 0), "the archive has no end"],
    ["cut within a body", writeTar([{ path: "a", bytes: "b".repeat(5000) }]).subarray(0, 3000), "it ends 2512 bytes too early"],
    ["cut within a header", writeTar([{ path: "a" }]).subarray(0, 300), "it ends 212 bytes too early"],
    ["a wrong checksum", writeTar([{ path: "a", checksum: 1 }]), "the checksum of an entry's header is wrong"],
    ["a size beyond all files", writeTar([{ path: "a", size: 2 ** 40 }]), "an entry with an impossible size"],
    ["a name without end", writeTar([{ path: "a", kind: "L", size: 1 << 20 }]), "an extended header of 1048576 bytes, the limit is 65536"],
    ["no archive", Buffer.from("x".repeat(2000)), "the checksum of an entry's header is wrong"],
    ["nothing", Buffer.alloc(0), "the archive has no end"],
  ])("%s", async (_name, bytes, message) => {
    await expect(entriesOf(bytes)).rejects.toMatchObject({ code: "malformed", message: expect.stringContaining(message) as string });
  });
});

describe("ar", () => {
  const members = async (bytes: Uint8Array) => {
    const told: string[] = [];
    for await (const { name, size, body } of arMembers("x.deb", parts(bytes))) told.push(`${name} ${size} ${told.length === 1 ? "-" : (await whole(body)).toString("latin1")}`);
    return told;
  };
  const written = writeAr([{ name: "debian-binary", bytes: Buffer.from("2.0\n") }, { name: "odd/", bytes: Buffer.from("odd") }, { name: "x", bytes: Buffer.from("y") }]);

  test("members, padded to even sizes, read or not", async () => {
    expect(await members(written)).toEqual(["debian-binary 4 2.0\n", "odd 3 -", "x 1 y"]);
  });

  test.each([
    ["not one", Buffer.from("<html><body>not here"), "not a Debian package: it does not begin with !<arch>, but like a page of HTML"],
    ["empty", Buffer.alloc(0), "not a Debian package: it does not begin with !<arch>"],
    ["cut in a header", written.subarray(0, 100), "it ends"],
    ["cut in a body", written.subarray(0, written.length - 2), "it ends"],
    ["a header that is none", Buffer.concat([written, Buffer.alloc(60)]), "a damaged header of a member"],
    ["a size that is too large", writeAr([{ name: "x", bytes: Buffer.from("ab"), size: 999 }]), "it ends 997 bytes too early"],
  ])("%s", async (_name, bytes, message) => {
    await expect(members(bytes)).rejects.toMatchObject({ code: "malformed", message: expect.stringContaining(message) as string });
  });
});

describe("unfolding", () => {
  const packed = readFileSync(`${root}test/fixtures/modules/5.10.0-46-amd64/null_chain.ko.xz`);
  const path = process.env["PATH"];
  afterEach(() => {
    process.env["PATH"] = path;
  });

  test.each(["by the program", "without any program"])("xz, %s", async (how) => {
    const wanted = Buffer.from(await unfoldFile("x", packed, "xz"));
    if (how !== "by the program") process.env["PATH"] = "";
    expect((await whole(unfoldStream("x", "xz", parts(packed)))).equals(wanted)).toBe(true);
  });

  test.each(["by the program", "without any program"])("damaged and cut xz, %s", async (how) => {
    if (how !== "by the program") process.env["PATH"] = "";
    const damaged = Uint8Array.from(packed);
    damaged.fill(0x55, 500, 600);
    await expect(whole(unfoldStream("x.xz", "xz", parts(damaged)))).rejects.toMatchObject({ code: "malformed", message: expect.stringMatching(/^x\.xz: damaged xz data: ./) as string });
    await expect(whole(unfoldStream("x.xz", "xz", parts(packed.subarray(0, 900))))).rejects.toMatchObject({ code: "malformed" });
  });

  test("gzip; what is damaged; and an error of the source, which stays what it is", async () => {
    const bytes = Buffer.from("text".repeat(50_000));
    expect((await whole(unfoldStream("x", "gzip", parts(gzipSync(bytes))))).equals(bytes)).toBe(true);
    await expect(whole(unfoldStream("x", "gzip", parts(gzipSync(bytes).subarray(0, 100))))).rejects.toMatchObject({ code: "malformed", message: "x: damaged gzip data: unexpected end of file" });
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* parts(gzipSync(bytes).subarray(0, 50));
      throw new TypeError("the network is gone");
    }
    for (const kind of ["none", "gzip", "xz"] as const) await expect(whole(unfoldStream("x", kind, broken()))).rejects.toThrow(new TypeError("the network is gone"));
  });

  test("whoever stops early ends the source", async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield* parts(packed);
      } finally {
        ended = true;
      }
    }
    for await (const part of unfoldStream("x", "xz", endless())) {
      expect(part.length).toBeGreaterThan(0);
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ended).toBe(true);
  });
});

describe("a Debian package", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "oopscope-deb-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const unpack = async (bytes: Uint8Array, wanted: (path: string) => boolean = () => true) => unpackDeb("x.deb", parts(bytes), wanted, folder);
  const below = () => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).replace(`${folder}/`, "")).sort();

  test("the wanted files and no others; nothing outside of the folder", async () => {
    const deb = writeDeb([
      { path: "./usr/lib/debug/boot/vmlinux-1", bytes: "kernel" },
      { path: "./usr/lib/debug/a.ko", bytes: "module" },
      { path: "./usr/share/doc", bytes: "no" },
      { path: "../../../escaped", bytes: "no" },
      { path: "usr/../../escaped", bytes: "no" },
      { path: "/usr/lib/debug/absolute", bytes: "within" },
      { path: "./usr/lib/debug/link", kind: "2", target: "/etc/passwd" },
    ]);
    expect(await unpack(deb, (path) => path.includes("debug") || path.includes("escaped"))).toEqual([
      { path: "usr/lib/debug/boot/vmlinux-1", size: 6 },
      { path: "usr/lib/debug/a.ko", size: 6 },
      { path: "usr/lib/debug/absolute", size: 6 },
    ]);
    expect(below()).toEqual(["usr/lib/debug/a.ko", "usr/lib/debug/absolute", "usr/lib/debug/boot/vmlinux-1"]);
    expect(readFileSync(join(folder, "usr/lib/debug/boot/vmlinux-1"), "utf8")).toBe("kernel");
  });

  test("one without data, and one that is compressed otherwise", async () => {
    await expect(unpack(writeAr([{ name: "debian-binary", bytes: Buffer.from("2.0\n") }]))).rejects.toMatchObject({ code: "malformed", message: "x.deb: not a Debian package: it has no data.tar" });
    await expect(unpack(writeAr([{ name: "data.tar.bz2", bytes: Buffer.from("BZh") }]))).rejects.toMatchObject({ code: "unsupported" });
  });

  test("a file that needs more than the disk has", async () => {
    const tar = writeTar([{ path: "./vmlinux", size: 2 ** 36 - 2 ** 20 }]);
    const huge = writeAr([{ name: "data.tar", bytes: tar }]);
    // Where the disk does have 69 GB, the package ends too early.
    await expect(unpack(huge)).rejects.toMatchObject({ code: expect.stringMatching(/^(?:unwritable|malformed)$/) as string });
  });

  test("mutated packages: files or a typed error, in bounded memory", async () => {
    const random = randomForTest("Debian packages");
    const tar = writeTar([{ path: "./a", bytes: "alpha".repeat(100) }, { path: "././@LongLink", kind: "L", bytes: `${"n".repeat(200)}\0` }, { path: "b", bytes: random.bytes(2000) }, { path: "x", kind: "x", bytes: paxRecord("path", "c") }, { path: "d", bytes: "d" }]);
    const plain = writeAr([{ name: "debian-binary", bytes: Buffer.from("2.0\n") }, { name: "data.tar", bytes: tar }]);
    const zipped = writeDeb([{ path: "./a", bytes: random.bytes(3000) }]);
    const xz = writeAr([{ name: "data.tar.xz", bytes: readFileSync(`${root}test/fixtures/modules/5.10.0-46-amd64/null_chain.ko.xz`) }]);
    const before = process.memoryUsage().rss;
    const path = process.env["PATH"];
    process.env["PATH"] = "";
    try {
      for (let round = 0; round < 600; round++) {
        const bytes = [plain, zipped, xz][round % 3]!;
        const damaged = mutated(bytes, random, [{ from: 0, to: 700 }], bytes);
        try {
          await unpackDeb("x.deb", parts(damaged, 1 + random.below(3000)), () => true, folder);
        } catch (error) {
          expect(error).toMatchObject({ name: "OopscopeError", code: expect.stringMatching(/^(?:malformed|unsupported|unwritable)$/) as string });
        }
      }
    } finally {
      process.env["PATH"] = path;
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
  });
});
