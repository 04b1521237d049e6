import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { skbProbes } from "../../src/trace/skb-probes.ts";

test("of the ways of packets those that this kernel has, and its ends", () => {
  const root = mkdtempSync(join(tmpdir(), "oopscope-skb-"));
  try {
    mkdirSync(join(root, "proc"));
    // A module's function of the same name, a variable, and what only begins alike are none of the kernel's.
    writeFileSync(join(root, "proc/kallsyms"), "ffffffff81000000 T ip_rcv\nffffffff81000010 t ip_output\nffffffff81000020 d ip_forward\nffffffff81000030 T ip_rcv_finish_core\nffffffff81000040 t kfree_skbmem\nffffffffc0000000 t icmp_rcv\t[zoo]\n");
    for (const name of ["skb/kfree_skb", "net/netif_receive_skb"]) mkdirSync(join(root, "sys/kernel/tracing/events", name), { recursive: true });
    expect(skbProbes([], root)).toEqual(["t:net:netif_receive_skb", "ip_rcv", "ip_output", "t:skb:kfree_skb", "kfree_skbmem"]);
    expect(skbProbes(["gtp", "kfree_skbmem"], root)).toEqual(["gtp", "kfree_skbmem", "t:skb:kfree_skb"]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
