import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { OopscopeError } from "../base/index.ts";
import { arMembers } from "./ar.ts";
import { requireSpace, unwritable, writeStream } from "./save.ts";
import type { Bytes } from "./stream.ts";
import { tarEntries } from "./tar.ts";
import { compressionOfName, unfoldStream } from "./unfold.ts";

/** A file that was unpacked: its path within the package, which is also that below the folder it was unpacked to, and its size. */
export type UnpackedFile = { readonly path: string; readonly size: number };

/**
 * Unpacks the wanted files of a Debian package (deb(5)) while it arrives, to the same paths below `folder`, and reads it to its end. Only regular files count;
 * nothing is written outside of `folder`. `name` stands in errors. Throws `malformed` where the package is not one.
 */
export async function unpackDeb(name: string, source: Bytes, wanted: (path: string) => boolean, folder: string): Promise<UnpackedFile[]> {
  const files: UnpackedFile[] = [];
  let data = false;
  for await (const member of arMembers(name, source)) {
    if (!member.name.startsWith("data.tar")) continue;
    data = true;
    const compression = compressionOfName(member.name);
    if (compression === null) throw new OopscopeError("unsupported", `${name}: ${member.name} is compressed in a way that is not read`, { file: name });
    for await (const { path: written, kind, size, body } of tarEntries(`${name}: ${member.name}`, unfoldStream(`${name}: ${member.name}`, compression, member.body))) {
      const path = plainPath(written);
      if (kind !== "file" || path === null || !wanted(path)) continue;
      const target = join(folder, path);
      try {
        mkdirSync(dirname(target), { recursive: true });
      } catch (cause) {
        throw unwritable(target, cause);
      }
      await requireSpace(folder, size, path);
      await writeStream(target, body, 0, () => {});
      files.push({ path, size });
    }
  }
  if (!data) throw new OopscopeError("malformed", `${name}: not a Debian package: it has no data.tar`, { file: name });
  return files;
}

/** `./usr/lib/x` as `usr/lib/x`; null for what leads elsewhere. */
function plainPath(path: string): string | null {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return parts.length === 0 || parts.includes("..") || path.includes("\0") ? null : parts.join("/");
}
