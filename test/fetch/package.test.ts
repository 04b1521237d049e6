import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fetchPackage, listStore, type FetchOptions } from "../../src/fetch/index.ts";
import type { KernelClues } from "../../src/kernel/index.ts";
import { writeDeb } from "../support/debwriter.ts";
import { writeElf } from "../support/elfwriter.ts";
import { startServer, type TestServer } from "../support/server.ts";

const release = "6.1.0-13-amd64";
const name = `linux-image-${release}-dbg`;
const clues: KernelClues = { release, version: "#1  Debian 6.1.55-1", banner: null, buildId: null, arch: "x86_64" };
const vmlinux = Buffer.from(writeElf({ sections: [{ name: ".text", flags: 6, address: 0x1000n, bytes: new Uint8Array(16) }, { name: ".debug_info", bytes: new Uint8Array(16) }] }));
const debug = "./usr/lib/debug";
const deb = writeDeb([
  { path: `${debug}/boot/vmlinux-${release}`, bytes: vmlinux },
  { path: `${debug}/lib/modules/${release}/vmlinux`, kind: "2", target: `../../../boot/vmlinux-${release}` },
  { path: `${debug}/lib/modules/${release}/kernel/net/nf-tables.ko`, bytes: "nf" },
  { path: `${debug}/lib/modules/${release}/kernel/net/gtp.ko`, bytes: "gtp" },
  { path: "./usr/share/doc/x", bytes: "doc" },
]);
const sha256 = createHash("sha256").update(deb).digest("hex");

let home: string;
let server: TestServer;
const path = process.env["PATH"];
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "oopscope-package-"));
  server = await startServer((_request, response) => void response.writeHead(404).end());
  process.env["PATH"] = `${home}/bin:${path}`;
  mkdirSync(join(home, "bin"));
  apt({});
});
afterEach(async () => {
  process.env["PATH"] = path;
  await server.close();
  rmSync(home, { recursive: true });
});

const serving = (bytes: Uint8Array, where: string): RequestListener => (request, response) => {
  if (request.url === where) response.writeHead(200, { "content-length": bytes.length }).end(request.method === "HEAD" ? undefined : bytes);
  else response.writeHead(404).end();
};

/** An apt that knows this package, and these archives. */
function apt({ uri, versions = [], archives = [] }: { uri?: string; versions?: readonly string[]; archives?: readonly string[] }): void {
  const script = (program: string, body: string) => {
    writeFileSync(join(home, "bin", program), `#!/bin/sh\necho "${program} $*" >> ${home}/asked\n${body}\n`);
    chmodSync(join(home, "bin", program), 0o755);
  };
  script("apt-get", `case "$1" in --version) echo apt 2;; indextargets) printf '%s\\n' ${archives.join(" ")};; download) ${uri === undefined ? "echo 'E: Unable to locate package' >&2; exit 100" : `echo "${uri}"`};; *) exit 100;; esac`);
  script("apt-cache", versions.map((version) => `echo " ${name} | ${version} | URL bookworm/main amd64 Packages"`).join("\n") || ":");
}
const uriOf = (where: string, { size = deb.length, hash = sha256, version = "6.1.55-1" } = {}) => `'${server.url}${where}' ${name}_${version}_amd64.deb ${size} SHA256:${hash}`;

const fetchIt = (options: Partial<FetchOptions> = {}, of: KernelClues = clues) => fetchPackage(of, { folder: join(home, "symbols"), modules: ["nf_tables"], ...options });
const left = () => readdirSync(join(home, "symbols"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).replace(`${home}/symbols/`, "")).sort();
const kept = [`${release}/.oopscope.json`, `${release}/usr/lib/debug/boot/vmlinux-${release}`, `${release}/usr/lib/debug/lib/modules/${release}/kernel/net/nf-tables.ko`];
const asked = () => readFileSync(join(home, "asked"), "utf8");
const failure = async (task: Promise<unknown>) => {
  const { code, message } = (await task.catch((thrown: unknown) => thrown)) as { code: string; message: string };
  return `${code}: ${message.replaceAll(server.url, "URL").replaceAll(home, "HOME")}`;
};

test("through apt: vmlinux and the wanted modules, nothing else; the second time nothing is fetched", async () => {
  apt({ uri: uriOf("/pool/a.deb") });
  server.answer = serving(deb, "/pool/a.deb");
  const steps: number[] = [];
  const fetched = await fetchIt({ modules: ["nf-tables", "gtp5g"], onProgress: ({ done, total }) => steps.push(done / total!) });
  expect(fetched).toEqual({
    folder: join(home, "symbols", release),
    note: { package: name, version: "6.1.55-1", arch: "amd64", modules: ["gtp5g", "nf_tables"], packed: false },
    how: "fetched",
    files: kept.slice(1).map((file) => join(home, "symbols", file)),
    absent: ["gtp5g"],
  });
  expect(left()).toEqual(kept);
  expect(steps.at(-1)).toBe(1);
  expect(asked()).toContain(`apt-get download --print-uris ${name}:amd64=6.1.55-1\n`);
  expect((await fetchIt()).how).toBe("there");
  expect(server.asked).toEqual(["GET /pool/a.deb"]);
  // A module more, and those that were there stay.
  expect((await fetchIt({ modules: ["gtp"] })).note.modules).toEqual(["gtp", "gtp5g", "nf_tables"]);
  expect(left()).toHaveLength(4);
  expect(listStore(join(home, "symbols")).map(({ release: of, files }) => [of, files])).toEqual([[release, 3]]);
});

test("a wrong checksum, a wrong size, a page, half of it, one without a vmlinux: nothing is kept", async () => {
  const outcomes: string[] = [];
  const other = writeDeb([{ path: `${debug}/x`, bytes: "y" }]);
  const attempts: [string, Buffer][] = [
    [uriOf("/a", { hash: "0".repeat(64) }), deb],
    [uriOf("/a", { size: 5 }), deb],
    [uriOf("/a", { size: 12 }), Buffer.from("<html></html")],
    [uriOf("/a"), deb.subarray(0, 400)],
    [uriOf("/a", { size: other.length, hash: createHash("sha256").update(other).digest("hex") }), other],
    [uriOf("/b"), deb],
  ];
  for (const [uri, bytes] of attempts) {
    apt({ uri });
    server.answer = serving(bytes, "/a");
    outcomes.push(await failure(fetchIt()));
    expect(left()).toEqual([]);
  }
  expect(outcomes).toEqual([
    `malformed: URL/a: its SHA-256 is ${sha256}, and apt's lists say ${"0".repeat(64)}`,
    `unreachable: URL/a: it has ${deb.length} bytes, and the package 5`,
    "malformed: URL/a: at offset 0x8: not a Debian package: it does not begin with !<arch>, but like a page of HTML",
    `unreachable: URL/a: it has 400 bytes, and the package ${deb.length}`,
    `malformed: URL/a has no vmlinux of ${release}`,
    "unreachable: URL/b: there is no such file (404)",
  ]);
});

test("a release that apt does not know: in the pools of its archives, by the version of the log", async () => {
  const where = `/debian-security/pool/updates/main/l/linux/${name}_6.1.55-1_amd64.deb`;
  apt({ archives: ["http://127.0.0.1:1/debian", `${server.url}/debian-security/`] });
  server.answer = serving(deb, where);
  const notes: string[] = [];
  expect((await fetchIt({ onNote: (text) => notes.push(text) })).note.version).toBe("6.1.55-1");
  expect(left()).toEqual(kept);
  expect(server.asked).toEqual([`HEAD /debian-security/pool/main/l/linux/${name}_6.1.55-1_amd64.deb`, `HEAD ${where}`, `GET ${where}`]);
  expect(notes).toEqual([`fetching ${name}_6.1.55-1_amd64.deb (0 MB); nobody but the archive vouches for it`]);
});

test("in an archive that is named, with Ubuntu's names", async () => {
  const of = "5.15.0-91-generic";
  const ubuntu = writeDeb([{ path: `${debug}/boot/vmlinux-${of}`, bytes: vmlinux }]);
  const where = `/ubuntu/pool/main/l/linux-hwe-5.15/linux-image-unsigned-${of}-dbgsym_5.15.0-91.101~20.04.1_arm64.ddeb`;
  server.answer = serving(ubuntu, where);
  const fetched = await fetchIt({ archives: [`${server.url}/ubuntu`], modules: [] }, { ...clues, release: of, version: "#101~20.04.1-Ubuntu SMP", arch: "arm64" });
  expect(fetched.note).toEqual({ package: `linux-image-unsigned-${of}-dbgsym`, version: "5.15.0-91.101~20.04.1", arch: "arm64", modules: [], packed: false });
});

test("from a file that is named", async () => {
  writeFileSync(join(home, "x.deb"), deb);
  expect((await fetchIt({ from: join(home, "x.deb") })).how).toBe("fetched");
  expect(left()).toEqual(kept);
  expect(await failure(fetchIt({ from: join(home, "absent.deb"), modules: ["gtp"] }))).toBe("unreachable: file://HOME/absent.deb: there is no such file (404)");
  expect(left()).toEqual(kept);
});

test("another version than the log's is not taken, and what apt has is said", async () => {
  apt({ versions: ["6.1.55-2", "6.1.52-1"], archives: [server.url] });
  expect(await failure(fetchIt())).toBe(`not-found: Debian's package ${name} 6.1.55-1 of ${release} was not found: the log is of version 6.1.55-1, and apt has 6.1.55-2, 6.1.52-1`);
});

test("no apt, no package, another distribution, no release", async () => {
  apt({ archives: [server.url] });
  expect(await failure(fetchIt({}, { ...clues, version: null }))).toBe(`not-found: Debian's package ${name} of ${release} was not found: neither the lists nor the pools of URL/ have it`);
  process.env["PATH"] = join(home, "nothing");
  expect(await failure(fetchIt())).toBe(`not-found: Debian's package ${name} 6.1.55-1 of ${release} was not found: apt is not installed, and no other archive is named`);
  expect(await failure(fetchIt({}, { ...clues, release: "6.6.8-200.fc39.x86_64", version: null }))).toBe("unsupported: 6.6.8-200.fc39.x86_64 is Fedora's, whose packages this command does not fetch: it does so for Debian and Ubuntu");
  expect(await failure(fetchIt({}, { ...clues, release: "6.7.0-rc1+", version: null }))).toBe("unsupported: 6.7.0-rc1+ is not of a distribution whose packages are known: where its vmlinux lies must be said by hand");
  expect(await failure(fetchIt({}, { ...clues, release: "../x" }))).toBe('bad-argument: "../x" is no kernel release');
  expect(await failure(fetchIt({}, { ...clues, release: null }))).toBe("bad-argument: the kernel's release is not known");
});

test("packed: only what the packer makes is kept; asked for whole, it is fetched anew", async () => {
  apt({ uri: uriOf("/a") });
  server.answer = serving(deb, "/a");
  const pack = (from: string, to: string) => {
    writeFileSync(to, `packed ${readFileSync(from).length}`);
    writeFileSync(`${to}.elf`, "rest");
    return Promise.resolve();
  };
  expect((await fetchIt({ pack })).note.packed).toBe(true);
  expect(left()).toEqual([`${release}/.oopscope.json`, `${release}/gsym/nf-tables.ko.gsym`, `${release}/gsym/nf-tables.ko.gsym.elf`, `${release}/gsym/vmlinux-${release}.gsym`, `${release}/gsym/vmlinux-${release}.gsym.elf`]);
  expect((await fetchIt({ pack })).how).toBe("there");
  expect((await fetchIt()).how).toBe("fetched");
  expect(left()).toEqual(kept);
});

test("two at once: one fetches", async () => {
  apt({ uri: uriOf("/a") });
  server.answer = (request, response) => void setTimeout(() => serving(deb, "/a")(request, response), 100);
  const both = await Promise.all([fetchIt(), fetchIt()]);
  expect(both.map(({ how }) => how).sort()).toEqual(["fetched", "there"]);
  expect(server.asked).toEqual(["GET /a"]);
});

test("an abort leaves nothing", async () => {
  apt({ uri: uriOf("/a") });
  server.answer = (_request, response) => void response.writeHead(200, { "content-length": deb.length }).write(deb.subarray(0, 300));
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 300);
  await expect(fetchIt({ signal: controller.signal })).rejects.toThrow("enough");
  expect(left()).toEqual([]);
});
