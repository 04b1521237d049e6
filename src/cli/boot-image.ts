import { closeSync, openSync, readSync } from "node:fs";
import { basename } from "node:path";
import { debugPackage, type DebugPackage } from "../kernel/index.ts";

/**
 * Boot images are taken for a vmlinux again and again. If the file is one, a sentence that says so and what holds the symbols instead, with what to type.
 * x86: `HdrS` at 0x202, and at 0x20e where the version stands, less 0x200 (Documentation/arch/x86/boot.rst). arm64: `ARM\x64` at 56
 * (Documentation/arch/arm64/booting.rst). EFI's compressed image: `zimg` at 4.
 */
export function bootImageAdvice(path: string): { readonly text: string; readonly command: string | null } | null {
  const head = Buffer.alloc(0x8000);
  try {
    const descriptor = openSync(path, "r");
    try {
      readSync(descriptor, head, 0, head.length, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null;
  }
  const at = (offset: number, length: number) => head.toString("latin1", offset, offset + length);
  const isX86 = at(0x202, 4) === "HdrS";
  if (!isX86 && at(56, 4) !== "ARM\x64" && at(4, 4) !== "zimg") return null;
  const version = isX86 ? at(head.readUInt16LE(0x20e) + 0x200, 256).replace(/\0.*/s, "") : "";
  const release = /^\S+/.exec(version)?.[0] ?? /^vmlinu[xz]-(.+)$/.exec(basename(path))?.[1] ?? null;
  const debug = debugPackage({ release, version, banner: null, buildId: null, arch: isX86 ? "x86_64" : "arm64" });
  const where = debug ? `${debug.distribution}'s package ${debug.package} has the vmlinux that holds them` : "the vmlinux of its build holds them";
  return { text: `${path} is a boot image${release === null ? "" : ` of ${release}`}, without symbols and lines; ${where}`, command: debug ? commandFor(debug, release) : null };
}

/** The image may be of another machine: what we fetch ourselves (of Debian and Ubuntu, for any processor) needs neither its apt nor root. */
function commandFor(debug: DebugPackage, release: string | null): string {
  if (debug.exact !== undefined && release !== null) return `oopscope symbols fetch ${release}`;
  return process.getuid?.() === 0 ? debug.command.replace(/^sudo /, "") : debug.command;
}
