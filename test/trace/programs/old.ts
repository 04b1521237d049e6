// Runs in a guest of a kernel whose modules have no types, with the module trace_zoo: prints lines `@@ JSON`.
import { execFileSync } from "node:child_process";
import { listLinks, listPrograms } from "../../../src/bpf/index.ts";
import { frameText } from "../../../src/trace/index.ts";
import { say, step, texts, write } from "./watch.ts";

const cat = (): void => void execFileSync("cat", ["/etc/hostname"]);
const isHostname = "comm == \"cat\" && path->dentry->d_name.name == \"hostname\"";
const once = (all: readonly string[]): string[] => [...new Set(all)];
for (const pinned of ["may pin modules", "leaves modules free"] as const) {
  await step(`entry, ${pinned}`, { probes: ["vfs_open"], pinned, filter: isHostname, expressions: ["comm", "pid == tid", "path->dentry->d_name.len", "path->dentry->d_name.name"] }, cat, (events) => once(texts(events)));
  await step(`return, ${pinned}`, { probes: ["vfs_open"], pinned, when: "return", filter: `${isHostname} && ret == 0`, expressions: ["path->dentry->d_name.len"] }, cat, (events) => once(texts(events)));
}
await step("raw arguments", { probes: ["trace_zoo:tz_integers", "trace_zoo:tz_many"], expressions: ["(u8)arg0", "(s8)arg1", "(u16)arg2", "(s16)arg3", "(u32)arg4", "(s32)arg5"] }, () => write(1, 3));
await step("raw result", { probes: ["trace_zoo:tz_loop"], when: "return", filter: "(int)ret == 3", expressions: ["(int)arg0"] }, () => write(9));
await step("casts", { probes: ["trace_zoo:tz_packet"], expressions: ["(struct sk_buff *)arg0", "((struct sk_buff *)arg0)->dev->name", "ntohs(((struct udphdr *)(((struct sk_buff *)arg0)->head + ((struct sk_buff *)arg0)->transport_header))->dest)"] }, () => write(8));
await step("recursion", { probes: ["trace_zoo:tz_recursive"], when: "return", expressions: ["(int)arg0"] }, () => write(6));
await step("fault", { probes: ["trace_zoo:tz_thing"], expressions: ["*(u64 *)arg0 != 0", "(char *)arg1"] }, () => write(4));
await step("stack", { probes: ["trace_zoo:tz_loop"], stackDepth: 32 }, () => write(9), (events) => (events[0]?.kind === "entry" ? events[0].stack!.slice(0, 3).map((frame) => frameText(frame).replace(/\+0x[0-9a-f]+/, "")) : []));
await step("tracepoint", { probes: ["t:skb:kfree_skb"], filter: "comm == \"sh\"", expressions: ["protocol", "skbaddr"] }, () => write(8), (events) => texts(events).slice(0, 1));
await step("rate", { probes: ["trace_zoo:tz_loop"], rate: 10 }, () => write(1000), (events) => {
  const lost = events.reduce((sum, event) => sum + (event.kind === "lost" && event.why === "rate" ? Number(event.count) : 0), 0);
  const seen = events.filter(({ kind }) => kind === "entry").length;
  return [seen + lost, seen <= 30];
});
say(["left", (await listPrograms()).length, (await listLinks().catch(() => [])).length]);
