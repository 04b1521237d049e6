/** The headers of a packet, outermost first. Addresses are text (`ipv4Text`, `ipv6Text`, `macText`), numbers in host order, lengths in bytes. */
export type Layer = Ethernet | Vlan | Arp | Ipv4 | Ipv6 | Tcp | Udp | Sctp | Icmp | Icmp6 | Gre | GtpU | Vxlan | Payload | Problem;

export type Ethernet = { readonly kind: "ethernet"; readonly source: string; readonly destination: string; /** An ethertype; at most 1500: the length of an 802.3 frame. */ readonly type: number };
/** IEEE 802.1Q; `tag` is the ethertype in front of it (0x8100, 0x88a8). */
export type Vlan = { readonly kind: "vlan"; readonly tag: number; readonly id: number; readonly priority: number; readonly dropEligible: boolean; readonly type: number };

/** RFC 826. Addresses are null where they are not Ethernet's and IPv4's. */
export type Arp = {
  readonly kind: "arp";
  readonly operation: number;
  readonly hardware: number;
  readonly protocol: number;
  readonly sender: { readonly mac: string; readonly address: string } | null;
  readonly target: { readonly mac: string; readonly address: string } | null;
};

/** Where a fragment's bytes belong in the whole. */
export type Fragment = { readonly id: number; readonly offset: number; readonly more: boolean };

/** RFC 791. */
export type Ipv4 = {
  readonly kind: "ipv4";
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly ttl: number;
  /** The byte that was the type of service: DSCP and ECN. */
  readonly trafficClass: number;
  readonly id: number;
  readonly dontFragment: boolean;
  /** Null: a whole packet. */
  readonly fragment: Fragment | null;
  readonly headerLength: number;
  /** With the header; 0 where segmentation is left to the device and the field is not filled in yet. */
  readonly length: number;
  /** Names, in order, without padding. */
  readonly options: readonly string[];
};

/** RFC 8200. */
export type Ipv6 = {
  readonly kind: "ipv6";
  readonly source: string;
  readonly destination: string;
  /** What follows the extension headers. */
  readonly protocol: number;
  readonly hopLimit: number;
  readonly trafficClass: number;
  readonly flowLabel: number;
  /** Of the payload, with the extension headers; 0 for a jumbogram and where it is not filled in yet. */
  readonly length: number;
  readonly fragment: Fragment | null;
  /** Names, in order. */
  readonly extensions: readonly string[];
};

/** RFC 9293. `payload` is null where the length of the packet is not known. */
export type Tcp = {
  readonly kind: "tcp";
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  /** As tcpdump writes them: F, S, R, P, `.` (ACK), U, E (ECE), W (CWR), in this order without those not set; `none`. */
  readonly flags: string;
  readonly window: number;
  readonly headerLength: number;
  readonly payload: number | null;
  /** `mss 1460`, `sackOK`, `wscale 7`, …; in order, without padding. */
  readonly options: readonly string[];
};

/** RFC 768. */
export type Udp = { readonly kind: "udp"; readonly sourcePort: number; readonly destinationPort: number; readonly payload: number | null };
/** RFC 9260. */
export type Sctp = { readonly kind: "sctp"; readonly sourcePort: number; readonly destinationPort: number; readonly tag: number; /** Names, in order. */ readonly chunks: readonly string[] };

/** RFC 792. `quoted`: the packet that an error is about. */
export type Icmp = { readonly kind: "icmp"; readonly type: number; readonly code: number; readonly text: string; readonly echo: { readonly id: number; readonly sequence: number } | null; readonly quoted: readonly Layer[] };
/** RFC 4443, RFC 4861. */
export type Icmp6 = Omit<Icmp, "kind"> & { readonly kind: "icmp6" };

/** RFC 2784, RFC 2890; `version` 1 is PPTP's. */
export type Gre = { readonly kind: "gre"; readonly version: number; readonly protocol: number; readonly key: number | null; readonly sequence: number | null };

/** 3GPP TS 29.281. `extensions`: `PDU session DL qfi 9` (TS 38.415), or names and numbers of others. */
export type GtpU = { readonly kind: "gtp-u"; readonly message: number; readonly name: string; readonly teid: number; readonly sequence: number | null; readonly extensions: readonly string[] };

/** RFC 7348. `vni` is null where its flag is not set. */
export type Vxlan = { readonly kind: "vxlan"; readonly vni: number | null };

/** What has no header that is known here: `what` says which protocol it would be (`protocol 89`, `ethertype 0x88cc`), or is null for plain data. */
export type Payload = { readonly kind: "payload"; readonly what: string | null; readonly length: number | null };

/** Where reading ended: the captured bytes ended within a header (`cut off`), or a header contradicts itself (`malformed`). `what` says which header, and the numbers. */
export type Problem = { readonly kind: "cut off" | "malformed"; readonly what: string };
