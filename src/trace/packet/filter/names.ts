/** Protocols that have a keyword: their number in an IP header, and in which (pcap-filter(7)). */
export const ipProtocols: Readonly<Record<string, { readonly protocol: number; readonly family: "both" | "ip" | "ip6" }>> = {
  tcp: { protocol: 6, family: "both" },
  udp: { protocol: 17, family: "both" },
  sctp: { protocol: 132, family: "both" },
  icmp: { protocol: 1, family: "ip" },
  icmp6: { protocol: 58, family: "ip6" },
  igmp: { protocol: 2, family: "ip" },
  igrp: { protocol: 9, family: "ip" },
  pim: { protocol: 103, family: "both" },
  vrrp: { protocol: 112, family: "ip" },
  carp: { protocol: 112, family: "ip" },
  ah: { protocol: 51, family: "both" },
  esp: { protocol: 50, family: "both" },
};

export const ethertypes: Readonly<Record<string, number>> = { ip: 0x0800, ip6: 0x86dd, arp: 0x0806, rarp: 0x8035 };

/** Names of numbers: of places in headers, and of values there. */
export const constants: Readonly<Record<string, number>> = {
  icmptype: 0, icmpcode: 1, "icmp-echoreply": 0, "icmp-unreach": 3, "icmp-sourcequench": 4, "icmp-redirect": 5, "icmp-echo": 8, "icmp-routeradvert": 9, "icmp-routersolicit": 10,
  "icmp-timxceed": 11, "icmp-paramprob": 12, "icmp-tstamp": 13, "icmp-tstampreply": 14, "icmp-ireq": 15, "icmp-ireqreply": 16, "icmp-maskreq": 17, "icmp-maskreply": 18,
  icmp6type: 0, icmp6code: 1, "icmp6-destinationunreach": 1, "icmp6-packettoobig": 2, "icmp6-timeexceeded": 3, "icmp6-parameterproblem": 4, "icmp6-echo": 128, "icmp6-echoreply": 129,
  "icmp6-multicastlistenerquery": 130, "icmp6-multicastlistenerreportv1": 131, "icmp6-multicastlistenerdone": 132, "icmp6-routersolicit": 133, "icmp6-routeradvert": 134,
  "icmp6-neighborsolicit": 135, "icmp6-neighboradvert": 136, "icmp6-redirect": 137,
  tcpflags: 13, "tcp-fin": 1, "tcp-syn": 2, "tcp-rst": 4, "tcp-push": 8, "tcp-ack": 16, "tcp-urg": 32, "tcp-ece": 64, "tcp-cwr": 128,
};

/** What pcap has and this has not, with the reason. */
export const refused: Readonly<Record<string, string>> = {
  gateway: "`gateway` needs names to be looked up",
  protochain: "`protochain` needs a loop over headers; `ip6 proto` looks behind a fragment header alone",
  ...same("is of a link layer other than Ethernet", ["wlan", "fddi", "tr", "ppp", "slip", "type", "subtype", "dir", "addr1", "addr2", "addr3", "addr4", "ra", "ta", "lane", "oamf4s", "oamf4e", "vpi", "vci", "bcc", "oam", "hba", "fisu", "lssu", "msu", "sio", "opc", "dpc", "sls"]),
  ...same("is a protocol that is not compiled", ["atalk", "aarp", "decnet", "lat", "sca", "moprc", "mopdl", "iso", "esis", "isis", "clnp", "stp", "ipx", "netbeui", "l1", "l2", "iih", "lsp", "snp", "csnp", "psnp"]),
  ...same("is an encapsulation that is not compiled: its bytes can be named by their places", ["mpls", "pppoed", "pppoes", "geneve"]),
  ...same("is of a capture, not of a packet: use a --filter on the socket buffer instead", ["inbound", "outbound", "ifindex", "ifname", "on", "rulenum", "rnr", "rulenum", "ruleset", "rset", "reason", "action", "srnr", "subrulenum"]),
};

function same(why: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `\`${name}\` ${why}`]));
}
