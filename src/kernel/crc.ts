import { promises } from "node:fs";

const chunk = 1 << 20;

/** The CRC-32 of a file's contents, as `.gnu_debuglink` has it (that of zlib); null where it cannot be read. Reads all of it. */
export async function crcOfFile(path: string): Promise<number | null> {
  const { crc32 } = await import("node:zlib");
  let file;
  try {
    file = await promises.open(path, "r");
    const bytes = Buffer.allocUnsafe(chunk);
    let crc = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, 0, chunk, null);
      if (bytesRead === 0) return crc;
      crc = crc32(bytes.subarray(0, bytesRead), crc);
    }
  } catch {
    return null;
  } finally {
    await file?.close();
  }
}
