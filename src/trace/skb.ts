import { probeText, type Probe } from "./probe.ts";

// Where packets pass and end, by names of Linux 5.10 to 7.x: what a kernel does not have, or has inlined, is left out. docs/trace.md tells what that leaves unseen.

/** What says that an skb has come to its end; always traced when packets are followed, whatever is asked of the others. */
export const packetEnds: readonly string[] = ["t:skb:kfree_skb", "t:skb:consume_skb", ...["__kfree_skb", "__kfree_skb_defer", "__napi_kfree_skb", "kfree_skb_partial", "napi_skb_free_stolen_head", "kfree_skbmem", "napi_skb_cache_put"].map((name) => `vmlinux:${name}`)];

const ends: ReadonlySet<string> = new Set(packetEnds);

export function isPacketEnd(probe: Probe): boolean {
  const text = probeText(probe);
  return ends.has(text) || ends.has(`vmlinux:${text}`);
}

/** Functions of the kernel itself that most packets pass, with an skb among their arguments. */
export const packetWay: readonly string[] = [
  // From a device to a protocol.
  "napi_gro_receive", "gro_receive_skb", "netif_receive_skb", "netif_rx", "netif_rx_internal", "enqueue_to_backlog", "__netif_receive_skb_one_core", "do_xdp_generic", "nf_hook_slow",
  "ip_rcv", "ip_local_deliver", "ip_protocol_deliver_rcu", "ip_forward", "ip_defrag", "ip_mr_input", "ipv6_rcv", "ip6_input", "ip6_forward", "ip6_mc_input", "ip6_protocol_deliver_rcu", "arp_rcv",
  // To a socket.
  "icmp_rcv", "icmpv6_rcv", "udp_rcv", "udpv6_rcv", "udp_queue_rcv_skb", "udp_queue_rcv_one_skb", "__udp_enqueue_schedule_skb", "tcp_v4_rcv", "tcp_v6_rcv", "tcp_v4_do_rcv", "tcp_v6_do_rcv", "tcp_rcv_established",
  "tcp_rcv_state_process", "tcp_queue_rcv", "raw_rcv", "rawv6_rcv", "sock_queue_rcv_skb", "sock_queue_rcv_skb_reason", "packet_rcv", "tpacket_rcv", "skb_consume_udp",
  // From a socket to a device.
  "__tcp_transmit_skb", "__ip_queue_xmit", "udp_send_skb", "udp_v6_send_skb", "ip_send_skb", "ip6_send_skb", "ip6_xmit", "ip_local_out", "ip6_local_out", "ip_output", "ip_mc_output", "ip6_output", "ip_do_fragment", "ip6_fragment",
  "ip_finish_output2", "ip6_finish_output2", "xfrm_output", "iptunnel_xmit", "udp_tunnel_xmit_skb", "neigh_resolve_output", "neigh_connected_output", "__dev_queue_xmit", "sch_direct_xmit", "validate_xmit_skb", "dev_hard_start_xmit",
  "dev_loopback_xmit", "loopback_xmit", "br_forward",
  // What becomes of it on the way.
  "skb_clone", "skb_copy", "pskb_expand_head", "skb_scrub_packet",
].map((name) => `vmlinux:${name}`);
