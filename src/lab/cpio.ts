/** One entry of an archive. Parents must come before their children. */
export type CpioEntry =
  | { readonly path: string; readonly kind: "folder" }
  | { readonly path: string; readonly kind: "file"; readonly content: Uint8Array; readonly executable?: boolean }
  | { readonly path: string; readonly kind: "link"; readonly target: string }
  | { readonly path: string; readonly kind: "character-device"; readonly major: number; readonly minor: number };

const trailer = "TRAILER!!!";

/**
 * An initramfs: a cpio archive in the "newc" form (Documentation/driver-api/early-userspace/buffer-format.rst). All files belong to root,
 * all times are zero, so the same entries give the same bytes.
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts: Uint8Array[] = [];
  let inode = 0;
  for (const entry of entries) {
    const content = entry.kind === "file" ? entry.content : entry.kind === "link" ? Buffer.from(entry.target) : new Uint8Array();
    append(parts, entry.path, modeOf(entry), ++inode, content, entry.kind === "character-device" ? [entry.major, entry.minor] : [0, 0]);
  }
  append(parts, trailer, 0, 0, new Uint8Array(), [0, 0]);
  return Buffer.concat(parts);
}

function modeOf(entry: CpioEntry): number {
  switch (entry.kind) {
    case "folder":
      return 0o040755;
    case "file":
      return entry.executable === true ? 0o100755 : 0o100644;
    case "link":
      return 0o120777;
    case "character-device":
      return 0o020600;
  }
}

/** Header, name and content, the last two padded to four bytes from the header's start. */
function append(parts: Uint8Array[], path: string, mode: number, inode: number, content: Uint8Array, device: readonly [number, number]): void {
  const name = Buffer.from(`${path}\0`);
  const links = mode >>> 12 === 4 ? 2 : 1;
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, device[0], device[1], name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  parts.push(header, name, padding(header.length + name.length), content, padding(content.length));
}

function padding(size: number): Uint8Array {
  return new Uint8Array((4 - (size % 4)) % 4);
}
