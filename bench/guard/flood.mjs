// `node flood.mjs SECONDS ADDRESS`: UDP packets of 64 bytes by sendmmsg, 64 a call; writes packets a second.
import { createRequire } from "node:module";
const koffi = createRequire(import.meta.url)("koffi");
const libc = koffi.load(null);
const socket = libc.func("int socket(int, int, int)"), connect = libc.func("int connect(int, void *, uint32)"), sendmmsg = libc.func("int sendmmsg(int, void *, uint32, int)");
const fd = socket(2, 2, 0);
const address = Buffer.alloc(16); address.writeUInt16LE(2, 0); address.writeUInt16BE(9, 2); process.argv[3].split(".").forEach((b, i) => (address[4 + i] = Number(b)));
if (connect(fd, address, 16) !== 0) throw new Error("connect");
const count = 64, data = Buffer.alloc(64, 0x61), iov = Buffer.alloc(16), msgs = Buffer.alloc(64 * count);
const fixed = (b) => { const c = Buffer.from(new ArrayBuffer(b.length)); b.copy(c); return c; };
const d = fixed(data); iov.writeBigUInt64LE(koffi.address(d), 0); iov.writeBigUInt64LE(64n, 8); const v = fixed(iov);
for (let i = 0; i < count; i++) { msgs.writeBigUInt64LE(koffi.address(v), 64 * i + 16); msgs.writeBigUInt64LE(1n, 64 * i + 24); }
const m = fixed(msgs);
for (let warm = 0; warm < 20; warm++) sendmmsg(fd, m, count, 0);
let sent = 0; const begin = performance.now(), end = begin + 1000 * Number(process.argv[2]);
while (performance.now() < end) { const n = sendmmsg(fd, m, count, 0); if (n > 0) sent += n; }
console.log(Math.round(sent / ((performance.now() - begin) / 1000)));
process.exit(0);
