import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { OopscopeError, messageOf } from "../base/index.ts";

/** What a module says about itself in its `.modinfo` section. */
export type ModuleInfo = {
  /** With `_` for `-`, as in /proc/modules. */
  readonly name: string;
  readonly vermagic: string | null;
  readonly depends: readonly string[];
};

/** `virtio-pci` and `virtio_pci` are one name to the kernel; this is the form it prints. */
export function moduleName(path: string): string {
  return path.replace(/^.*\//, "").replace(/\.ko(\.(gz|xz|zst))?$/, "").replaceAll("-", "_");
}

/** The bytes of a module, decompressed. */
export async function readModule(path: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new OopscopeError(missing ? "not-found" : "unreadable", `cannot read the module \`${path}\`: ${messageOf(cause)}`, { file: path }, cause);
  }
  const plain = await decompress(bytes, path);
  if (plain.readUInt32BE(0) !== 0x7f454c46) throw new OopscopeError("not-elf", `\`${path}\` is not a kernel module: it does not start as an ELF file`, { file: path });
  return plain;
}

async function decompress(bytes: Buffer, path: string): Promise<Buffer> {
  try {
    if (bytes.length < 6) throw new Error(`only ${bytes.length} bytes`);
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes);
    if (bytes.readUInt32BE(0) === 0x28b52ffd) {
      const { decompress: unzstd } = await import("fzstd");
      return Buffer.from(unzstd(bytes));
    }
    if (bytes.subarray(0, 6).toString("latin1") === "\xfd7zXZ\0") {
      const { XzReadableStream } = await import("xz-decompress");
      return Buffer.from(await new Response(new XzReadableStream(new Blob([new Uint8Array(bytes)]).stream())).arrayBuffer());
    }
    return bytes;
  } catch (cause) {
    throw new OopscopeError("malformed", `cannot decompress \`${path}\`: ${messageOf(cause)}`, { file: path }, cause);
  }
}

/** The module's own words. The section is a run of `key=value` strings, so they are found without reading the section table. */
export function moduleInfo(path: string, bytes: Buffer): ModuleInfo {
  return {
    name: valueOf(bytes, "name") ?? moduleName(path),
    vermagic: valueOf(bytes, "vermagic"),
    depends: (valueOf(bytes, "depends") ?? "").split(",").filter((name) => name !== "").map((name) => name.replaceAll("-", "_")),
  };
}

function valueOf(bytes: Buffer, key: string): string | null {
  const at = bytes.indexOf(`\0${key}=`, 0, "latin1");
  if (at < 0) return null;
  const from = at + key.length + 2;
  const end = bytes.indexOf(0, from);
  return end < 0 ? null : bytes.toString("latin1", from, end);
}
