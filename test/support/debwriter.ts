import { gzipSync } from "node:zlib";

/** An entry of a tar archive as it is to be written. What is left out is what a well-formed one has. */
export type WrittenEntry = {
  readonly path: string;
  readonly bytes?: Uint8Array | string;
  /** The letter of its kind: `0` a file (if absent), `1` a link, `2` a symbolic link, `5` a folder, `L` and `K` long names, `x` and `g` extended headers. */
  readonly kind?: string;
  readonly target?: string;
  /** What the header claims instead of the truth; a number beyond 8 GB is written in base 256. */
  readonly size?: number;
  readonly prefix?: string;
  readonly checksum?: number;
};

/** A tar archive (POSIX.1 ustar), ended by two blocks of zeros. */
export function writeTar(entries: readonly WrittenEntry[], end = 1024): Buffer {
  const parts: Buffer[] = [];
  for (const { path, bytes = "", kind = "0", target = "", size, prefix = "", checksum } of entries) {
    const body = Buffer.from(bytes);
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write("0000644\0", 100);
    const claimed = size ?? body.length;
    if (claimed >= 8 ** 11) {
      header.writeBigUInt64BE(BigInt(claimed), 128);
      header[124] = 0x80;
    } else header.write(`${claimed.toString(8).padStart(11, "0")}\0`, 124);
    header.write("00000000000\0", 136);
    header.write("        ", 148);
    header.write(kind, 156);
    header.write(target, 157, 100);
    header.write("ustar\x0000", 257, "latin1");
    header.write(prefix, 345, 155);
    const sum = checksum ?? header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    parts.push(header, body, Buffer.alloc((512 - (body.length % 512)) % 512));
  }
  return Buffer.concat([...parts, Buffer.alloc(end)]);
}

/** A record of an extended header: its own length in decimal digits comes first. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let size = Buffer.byteLength(rest);
  while (size !== String(size).length + Buffer.byteLength(rest)) size = String(size).length + Buffer.byteLength(rest);
  return `${size}${rest}`;
}

export function writeAr(members: readonly { readonly name: string; readonly bytes: Uint8Array; readonly size?: number }[]): Buffer {
  const parts = [Buffer.from("!<arch>\n")];
  for (const { name, bytes, size } of members) {
    parts.push(Buffer.from(`${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${String(size ?? bytes.length).padEnd(10)}\`\n`, "latin1"), Buffer.from(bytes));
    if (bytes.length % 2 === 1) parts.push(Buffer.from("\n"));
  }
  return Buffer.concat(parts);
}

/** A Debian package with these files, compressed by gzip. */
export function writeDeb(entries: readonly WrittenEntry[]): Buffer {
  return writeAr([
    { name: "debian-binary", bytes: Buffer.from("2.0\n") },
    { name: "control.tar.gz", bytes: gzipSync(writeTar([{ path: "./control", bytes: "Package: x\n" }])) },
    { name: "data.tar.gz", bytes: gzipSync(writeTar(entries)) },
  ]);
}
