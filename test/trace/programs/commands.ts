// Runs `oopscope trace` in a guest with the module trace_zoo, and says what it wrote: `@@ [arguments, status, output, talk]`.
import { execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync, writeFileSync } from "node:fs";
import { listLinks, listPrograms } from "../../../src/bpf/index.ts";
import { cli, plain, step, traced } from "./command.ts";
import { say, write } from "./watch.ts";

const [, , , module, vmlinux] = process.argv;

const zoo = "trace_zoo:";
await step([`${zoo}tz_recursive`, `${zoo}tz_write`, `${zoo}tz_packet`, "--graph"], () => write(6, 8));
await step([`${zoo}tz_loop`, "--hist", "number"], () => write(40));
await step([`${zoo}tz_packet`, "-w", "/tmp/packets.pcapng"], () => write(8));
say(["file", readFileSync("/tmp/packets.pcapng").includes(Buffer.from("1234567845000001", "hex").subarray(0, 4)), readFileSync("/tmp/packets.pcapng").includes("trace_zoo:tz_packet entry, sh-")]);
await step([`${zoo}tz_loop`, `${zoo}tz_recursive`, "--count"], () => write(40, 6, 6));
await step([`${zoo}tz_integers`, "--ret", "--format", "json"], () => write(1));
await step([`${zoo}tz_integers`, "--filter", "a == bb"], () => {});
await step([`${zoo}tz_loop`, `${zoo}tz_nothing`, "--limit", "3"], () => write(9));
await step([`${zoo}tz_packet`, `${zoo}tz_loop`, "--pcap", "udp port 2152"], () => write(8));
await step([`${zoo}tz_packet`, "--pcap", "ether host 02:00:00:00:00:01"], () => write(8));
await step([`${zoo}tz_packet`, "--pcap", "udp port gtp"], () => {});
// Inlined functions and lines, from the module's own file.
const { out: stack } = await traced([`${zoo}tz_loop`, "--stack", "--modules", module!, "--limit", "1"], () => write(9));
say(["stack with lines", plain(stack).split("\n").slice(0, 3).map((line) => line.replace(/\+0x[0-9a-f]+/, ""))]);
// And the kernel's, from its own, where it is at hand.
if (vmlinux !== undefined) {
  const { status: ended, out: lines } = await traced(["do_faccessat", "--filter", "comm == \"sh\"", "--stack", "--vmlinux", vmlinux, "--limit", "1"], () => void execFileSync("sh", ["-c", "test -r /tmp/nothing || true"]));
  say(["stack with lines of vmlinux", ended, plain(lines).split("\n").slice(1).map((line) => line.replace(/\+0x[0-9a-f]+/, ""))]);
}
// A terminal of its own: the table, what was typed, and the screen given back; and none.
await step([`${zoo}tz_loop`, "--live"], () => {});
const terminal = spawn("script", ["-qec", `stty cols 80 rows 8; ${process.execPath} ${cli} trace ${zoo}tz_loop ${zoo}tz_recursive --live; stty -a | grep -o '.icanon'`, "/dev/null"], { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, TERM: "xterm" } });
let drawn = "";
terminal.stdout.on("data", (part: Buffer) => (drawn += part.toString()));
const left = new Promise<number | null>((resolve) => terminal.on("close", resolve));
const until = async (text: string): Promise<void> => {
  for (let tries = 0; tries < 300 && !drawn.includes(text); tries++) await new Promise((done) => setTimeout(done, 100));
};
await until("none lost");
write(40, 6);
await until("44 calls");
terminal.stdin.write("ss/loop\r");
await until("filter: loop");
terminal.stdin.write("q");
const status = await left;
const [, onScreen = "", after = ""] = /\x1b\[\?1049h([^]*)\x1b\[\?1049l([^]*)$/.exec(drawn) ?? [];
say(["live", status, onScreen.includes("trace_zoo:tz_recursive"), onScreen.includes("\x1b[7m"), after.replaceAll("\r", "").replaceAll(/ +[\d.]+ (?:ns|µs|ms)\b/g, " (time)").replace(/, [\d.]+\/s/, ", (rate)").replaceAll(/loop +[\d.]+k?/g, "loop (rate)")]);
// Packets to their ends: of one probe, and through all of the kernel that is known to have them. Which functions those are is the kernel's; their order is not.
const ofOne = await traced([`${zoo}tz_packet`, `${zoo}tz_loop`, "--skb"], () => write(8));
// Ends of others are events, too.
say(["packets of one probe", ofOne.status, plain(ofOne.out), plain(ofOne.talk).replace(/\d+ events/, "N events")]);
execFileSync("ip", ["link", "set", "lo", "up"]);
const packets = await traced(["--skb", "--pcap", "udp port 9"], () => new Promise<void>((resolve) => {
  const socket = createSocket("udp4");
  socket.on("error", () => {});
  socket.send("oopscope", 9, "127.0.0.1", () => void setTimeout(() => void socket.close(() => void resolve()), 200));
}));
const met = packets.out.split("\n").flatMap((line) => /^#1 .*\[\d\] \S+ +(.*)$/.exec(line)?.[1] ?? []);
say(["packets", packets.status, met.map((line) => line.replace(/ at \S+$/, "").replace(/\+0x\w+/, "")), /^1 packet: 1 dropped.*$/m.exec(packets.out)?.[0] ?? packets.out, plain(packets.talk).replace(/\d+ (?=probes|events)/g, "N ")]);
// What a log blames: a function of the module, and one that is not there.
const blamed = (name: string): string => `BUG: kernel NULL pointer dereference, address: 0000000000000010\n#PF: supervisor read access in kernel mode\n#PF: error_code(0x0000) - not-present page\nOops: 0000 [#1] PREEMPT SMP NOPTI\nCPU: 0 PID: 7 Comm: sh Tainted: G O 6.1.0 #1\nRIP: 0010:${name}+0x5/0x20 [trace_zoo]\nCall Trace:\n <TASK>\n tz_write+0x50/0x300 [trace_zoo]\n vfs_write+0x10/0x100\n </TASK>\n---[ end trace 0000000000000000 ]---\n`;
writeFileSync("/tmp/panic.log", `${blamed("tz_loop")}${blamed("tz_gone")}`);
await step(["--from", "/tmp/panic.log", "--limit", "1"], () => write(9));
await step([`${zoo}tz_loop`, `${zoo}tz_recursive`, "--unpinned"], async (until) => {
  write(9);
  execFileSync("busybox", ["rmmod", "trace_zoo"]);
  await until("was unloaded");
  execFileSync("busybox", ["insmod", module!]);
  await until("loaded again: ");
  write(6);
});
await step([`${zoo}tz_loop`, "--unpinned"], async (until) => {
  execFileSync("busybox", ["rmmod", "trace_zoo"]);
  await until("was unloaded");
}, "SIGKILL");
execFileSync("busybox", ["insmod", module!]);
say(["left", (await listPrograms()).filter(({ name }) => /^(?:entry|return)_/.test(name)).length, (await listLinks()).length]);
