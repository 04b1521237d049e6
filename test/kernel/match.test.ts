import { describe, expect, test } from "vitest";
import { elfFromBytes } from "../../src/elf/index.ts";
import { matchModule, matchVmlinux, type Evidence, type KernelClues } from "../../src/kernel/index.ts";
import { buildIdNote, modinfoSection, writeElf } from "../support/elfwriter.ts";

const id = "11".repeat(20);
const otherId = "22".repeat(20);
const release = "6.1.0-56-amd64";
const banner = "Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-03-01)\n";
const nothing: Evidence = { code: null, sizes: { compared: 0, equal: 0 } };
const evidence = (compared: number, equal: number, sizes = { compared: 0, equal: 0 }): Evidence => ({ code: { compared, equal }, sizes });
const clues = (of: Partial<KernelClues> = {}): KernelClues => ({ release, version: null, banner: null, buildId: null, arch: "x86_64", ...of });

const file = (of: { id?: string; vermagic?: string; machine?: number } = {}) =>
  elfFromBytes("file", writeElf({
    ...(of.machine === undefined ? {} : { machine: of.machine }),
    sections: [
      { name: ".text", flags: 6, address: 0x1000n }, ...(of.id === undefined ? [] : [{ name: ".note.gnu.build-id", type: 7, bytes: buildIdNote(of.id) }]),
      ...(of.vermagic === undefined ? [] : [{ name: ".modinfo", bytes: modinfoSection([`vermagic=${of.vermagic}`]) }]),
    ],
  }));

describe("vmlinux", () => {
  const match = async (of: Parameters<typeof file>[0], text: string | null, log: Partial<KernelClues>, seen = nothing) => {
    const { match: verdict, why } = matchVmlinux(await file(of), text, clues(log), seen);
    return `${verdict}: ${why}`;
  };

  test("by build id, which settles it either way", async () => {
    expect(await match({ id }, banner, { buildId: id, release: "other" })).toBe(`verified: build id ${id} stands in the log`);
    expect(await match({ id }, banner, { buildId: otherId, banner }, evidence(64, 64))).toBe(`mismatch: the log's kernel has the build id ${otherId}, the file ${id}`);
    expect(await match({}, banner, { buildId: otherId })).toBe("unknown: release 6.1.0-56-amd64 agrees; the log has no Code: bytes of this image to compare");
  });

  test("by processor; 32-bit logs of 64-bit kernels do happen", async () => {
    expect(await match({ machine: 183 }, banner, {})).toBe("mismatch: the log's kernel is for x86_64, the file for arm64");
    expect(await match({}, null, { arch: "i386", release: null })).toBe("unknown: the log has no Code: bytes of this image to compare");
    expect(await match({ machine: 183 }, null, { arch: null }, evidence(16, 16))).toBe("verified: 16 bytes of the log's Code: line agree");
  });

  test("by release, banner and version", async () => {
    expect(await match({}, banner, { release: "6.1.0-55-amd64" })).toBe("mismatch: the log's kernel is 6.1.0-55-amd64, the file's 6.1.0-56-amd64");
    expect(await match({}, banner, { banner: `  ${banner.replace("SMP ", "SMP   ")}` })).toBe("verified: the file's banner is the log's version line, letter for letter");
    expect(await match({}, banner, { banner: banner.replace("192-2", "192-1") })).toBe(`mismatch: the log's version line is "${banner.trim().replace("192-2", "192-1")}", the file's "${banner.trim()}"`);
    expect(await match({}, banner, { version: "#1 Debian 6.1.192-2" })).toBe("unknown: release 6.1.0-56-amd64 agrees; the log has no Code: bytes of this image to compare");
    expect(await match({}, banner, { version: "#1 Debian 6.1.190-1" })).toBe(`mismatch: the log's kernel is ${release} #1 Debian 6.1.190-1, the file says "${banner.trim()}"`);
    expect(await match({}, "no banner of Linux", { version: null })).toBe("unknown: the log has no Code: bytes of this image to compare");
  });

  test("by Code: bytes and sizes, with how many there were", async () => {
    expect(await match({}, banner, {}, evidence(40, 40, { compared: 12, equal: 12 }))).toBe("verified: release 6.1.0-56-amd64 agrees, 40 bytes of the log's Code: line agree, the sizes of 12 functions agree");
    expect(await match({}, banner, {}, evidence(15, 15, { compared: 12, equal: 10 }))).toBe("unknown: release 6.1.0-56-amd64 agrees; 15 bytes of the log's Code: line agree; the sizes of 10 of 12 functions agree; 15 bytes are too few to be sure");
    expect(await match({}, banner, {}, evidence(0, 0, { compared: 1, equal: 1 }))).toBe("unknown: release 6.1.0-56-amd64 agrees; the size of the one function agrees; none of the log's Code: bytes can be compared with the file");
    expect(await match({}, banner, {}, evidence(64, 63, { compared: 9, equal: 9 }))).toBe("mismatch: 1 of 64 comparable bytes of the log's Code: line differ from the file's");
    expect(await match({}, banner, {}, { code: null, sizes: { compared: 12, equal: 9 } })).toBe("mismatch: 3 of 12 functions have another size in the file than in the log");
    expect(await match({}, banner, {}, { code: null, sizes: { compared: 13, equal: 10 } })).toBe("unknown: release 6.1.0-56-amd64 agrees; the sizes of 10 of 13 functions agree; the log has no Code: bytes of this image to compare");
  });
});

describe("modules", () => {
  const match = async (of: Parameters<typeof file>[0], buildId: string | null, log: Partial<KernelClues> = {}, seen = nothing) => {
    const { match: verdict, why } = matchModule(await file(of), { name: "gtp5g", buildId }, clues(log), seen);
    return `${verdict}: ${why}`;
  };

  test("by build id, processor and vermagic", async () => {
    expect(await match({ id, vermagic: "5.10.0 SMP" }, id)).toBe(`verified: build id ${id} stands in the log`);
    expect(await match({ id, vermagic: `${release} SMP` }, otherId)).toBe(`mismatch: the log's module has the build id ${otherId}, the file ${id}`);
    expect(await match({ machine: 183, vermagic: `${release} SMP` }, null)).toBe("mismatch: the log's kernel is for x86_64, the file for arm64");
    expect(await match({ vermagic: "6.1.0-55-amd64 SMP preempt mod_unload modversions " }, null)).toBe(`mismatch: the log's kernel is ${release}, the module was built for 6.1.0-55-amd64`);
    expect(await match({ vermagic: `${release} SMP preempt` }, null)).toBe(`unknown: vermagic ${release} agrees; the log has no Code: bytes of this image to compare`);
  });

  test("by Code: bytes, where it says nothing of itself", async () => {
    expect(await match({}, otherId, {}, evidence(33, 33))).toBe("verified: 33 bytes of the log's Code: line agree");
    expect(await match({ vermagic: `${release} SMP` }, null, {}, evidence(33, 30))).toBe("mismatch: 3 of 33 comparable bytes of the log's Code: line differ from the file's");
    expect(await match({ id }, null, { release: null, arch: null })).toBe("unknown: the log has no Code: bytes of this image to compare");
  });
});
