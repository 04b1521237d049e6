import { existsSync } from "node:fs";
import { join } from "node:path";
import { readLive, tracefsFolder } from "../system/index.ts";
import { symbolsNamed } from "./exact.ts";

/** Where a socket buffer ends: of what a kernel does not have nothing is missed. */
const endings = ["t:skb:kfree_skb", "t:skb:consume_skb", "kfree_skbmem"];
/** The way of packets through the kernel's own functions, in and out. Names of Linux 5.10 to 7.x. */
const path = [
  "t:net:netif_receive_skb", "ip_rcv", "ip_rcv_finish", "ip_local_deliver", "ip_local_deliver_finish", "ip_forward", "ipv6_rcv", "ip6_input", "ip6_forward", "tcp_v4_rcv", "tcp_v6_rcv", "udp_rcv", "udpv6_rcv", "icmp_rcv", "icmpv6_rcv", "arp_rcv",
  "__ip_local_out", "ip_output", "ip_finish_output", "ip_finish_output2", "ip6_output", "ip6_finish_output2", "neigh_resolve_output", "__dev_queue_xmit", "dev_hard_start_xmit",
];

/** The probes with which socket buffers are followed, of those that the running kernel has: where they end, and without `named` the kernel's own way of packets. */
export function skbProbes(named: readonly string[], root = "/"): string[] {
  const read = readLive(join(root, "proc/kallsyms"));
  const kallsyms = "why" in read ? Buffer.alloc(0) : Buffer.from(read.buffer, read.byteOffset, read.length);
  const events = tracefsFolder(root)?.path;
  const is = (probe: string): boolean => {
    const [, category, name] = /^t:(\w+):(\w+)$/.exec(probe) ?? [];
    return name === undefined ? symbolsNamed(kallsyms, probe).some(({ module }) => module === null) : events !== undefined && existsSync(join(events, "events", category!, name));
  };
  return [...named, ...[...(named.length === 0 ? path : []), ...endings].filter((probe) => !named.includes(probe) && is(probe))];
}
