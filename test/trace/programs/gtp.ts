// Runs in a guest with the kernel's own module gtp: `gtp.mjs CLI TUNNEL`. Packets of a tunnel, made by test/trace/gtp-tunnel.c, out and in. Prints lines `@@ JSON`.
import { execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { existsSync, writeFileSync } from "node:fs";
import { plain, traced } from "./command.ts";
import { say } from "./watch.ts";

// No neighbours are looked for meanwhile.
for (const of of ["all", "default"]) if (existsSync(`/proc/sys/net/ipv6/conf/${of}/disable_ipv6`)) writeFileSync(`/proc/sys/net/ipv6/conf/${of}/disable_ipv6`, "1");
const tunnel = spawn(process.argv[3]!, ["gtp0", "10.0.0.2", "127.0.0.1", "0x12345678"], { stdio: ["ignore", "pipe", "inherit"] });
await new Promise<void>((resolve) => tunnel.stdout.once("data", () => void resolve()));
execFileSync("ip", ["link", "set", "lo", "up"]);
execFileSync("ip", ["addr", "add", "10.0.0.1/24", "dev", "gtp0"]);

const send = (bytes: Buffer, port: number, address: string): Promise<void> => new Promise((resolve) => {
  const socket = createSocket("udp4");
  socket.on("error", () => {});
  socket.bind(4000, () => void socket.send(bytes, port, address, () => void setTimeout(() => void socket.close(() => void resolve()), 200)));
});
/** Into the tunnel: to the mobile. */
const out = (): Promise<void> => send(Buffer.from("oopscope"), 9, "10.0.0.2");
/** Out of it: from the mobile, in GTPv1-U as its peer sends it; nobody listens where it goes. */
const back = (): Promise<void> => {
  const inner = Buffer.from("4500002400010000401166c60a0000020a0000010fa000090010000068656c6c6f212121", "hex");
  return send(Buffer.concat([Buffer.from("30ff", "hex"), Buffer.of(inner.length >> 8, inner.length & 0xff), Buffer.from("12345678", "hex"), inner]), 2152, "127.0.0.1");
};
const both = async (): Promise<void> => {
  await out();
  await back();
};
/** Lines of a trace without times, processors and tasks. */
const lines = (text: string): string[] => plain(text).split("\n").filter((line) => line !== "").map((line) => line.replace(/^(#\d+) .*?\[\d\] \S+ +/, "$1 ").replace(/^\(?[\d.]+\)? +\[\d\] \S+ +|^ *[\d.]+ \[\d\] \S+ +/, "").replace(/\+0x\w+/, ""));

const typed = existsSync("/sys/kernel/btf/gtp");
const calls = await traced(typed ? ["gtp:gtp_dev_xmit", "gtp:gtp_encap_recv", "--ret"] : ["gtp:gtp_encap_recv", "--arg", "((struct sk_buff *)arg1)->len", "--arg", "(struct sk_buff *)arg1", "--ret"], both);
say(["gtp calls", calls.status, lines(calls.out), plain(calls.talk)]);
const tunnelled = await traced([...(typed ? ["gtp:gtp_encap_recv"] : ["udp_queue_rcv_one_skb"]), "--pcap", "udp port 2152 and udp[8:4] = 0x30ff0024"], both);
say(["gtp pcap", tunnelled.status, lines(tunnelled.out), plain(tunnelled.talk)]);
const followed = await traced([...(typed ? ["gtp:gtp_encap_recv", "gtp:gtp_dev_xmit"] : []), "ip_rcv", "udp_rcv", "--skb"], back);
say(["gtp packets", followed.status, lines(followed.out), plain(followed.talk).replace(/\d+ (?=probes|events)/g, "N ")]);
tunnel.kill();
