/** What a probe reports, and what the views (`view/`) and packet texts (`packet/`) are drawn from. Times and durations are nanoseconds, times of CLOCK_MONOTONIC. */
export type TraceEvent = CallEvent | LostEvent;

/** A function was entered (`entry`), has returned (`exit`), or a tracepoint was passed. */
export type CallEvent = {
  readonly kind: "entry" | "exit" | "tracepoint";
  readonly time: bigint;
  readonly cpu: number;
  /** The process (what the kernel calls tgid) and its thread. 0 for idle; interrupts have those of the task that they interrupted. */
  readonly pid: number;
  readonly tid: number;
  /** Hostile: escape it where it is shown. */
  readonly comm: string;
  /** As messages name it: `gtp:gtp_dev_xmit`, `t:skb:kfree_skb`. */
  readonly probe: string;
  /** Null: the kernel's own. Of a tracepoint: its category. */
  readonly module: string | null;
  /** Of a tracepoint: its name. */
  readonly function: string;
  /** Parameters by name in their order, and expressions under their own text. Those of an exit: what they were at entry, where that is known, else none. */
  readonly args: readonly NamedValue[];
  /** Of an exit; null where there is none (void), and for other kinds. */
  readonly ret: TraceValue | null;
  /** Of an exit whose entry was seen. */
  readonly duration: bigint | null;
  /** Return addresses, the innermost first; null where none were asked for. */
  readonly stack: readonly TraceFrame[] | null;
};

/** Events that are missing, since the last event of this kind. */
export type LostEvent = {
  readonly kind: "lost";
  /** When it was noticed. */
  readonly time: bigint;
  readonly count: bigint;
  /** `full`: the reader was too slow; `rate`: --limit-rate held them back; `nested`: the kernel skipped a probe that hit while the processor was in one. */
  readonly why: "full" | "rate" | "nested";
};

export type NamedValue = { readonly name: string; readonly value: TraceValue };

/** A value, as its type in BTF says. Text in it is hostile: escape it where it is shown. */
export type TraceValue =
  | { readonly kind: "integer"; readonly value: bigint; /** How it is best read. */ readonly base: 10 | 16 }
  /** A character, where C says `char`. */
  | { readonly kind: "character"; readonly value: bigint }
  | { readonly kind: "bool"; readonly value: boolean }
  /** `name` is null for a number that the enumeration does not have. */
  | { readonly kind: "enum"; readonly value: bigint; readonly name: string | null; readonly type: string }
  /** A number that is an errno when it is negative; `name`: `ENOMEM`. */
  | { readonly kind: "error"; readonly value: bigint; readonly name: string }
  /** `cut`: it went on. */
  | { readonly kind: "text"; readonly text: string; readonly cut: boolean }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly type: string }
  /** `type`: `struct sock *`; `text`: what is there, in short (`eth0`, `192.0.2.1:53`); null where nothing is known of it. */
  | { readonly kind: "pointer"; readonly address: bigint; readonly type: string; readonly text: string | null }
  | PacketValue
  /** It could not be read; never shown as 0. */
  | { readonly kind: "absent"; readonly why: string };

/** What a `struct sk_buff *` leads to. */
export type PacketValue = {
  readonly kind: "packet";
  readonly address: bigint;
  /** skb->len: bytes from skb->data on. */
  readonly length: number;
  /** skb->protocol, in host order: 0x0800 is IPv4. */
  readonly protocol: number;
  /** skb->dev->name and its number; null where there is no device. */
  readonly device: string | null;
  readonly ifindex: number | null;
  /** Bytes from the network header on (`link`: from the link header on, `data`: from skb->data on, where no header is set); fewer than the packet has. */
  readonly from: "network" | "link" | "data";
  readonly bytes: Uint8Array;
};

/** One frame of a kernel stack. `functions`: the innermost inlined one first; one without a file where there are no debug files; none where nothing has the address. */
export type TraceFrame = {
  readonly address: bigint;
  readonly symbol: string | null;
  readonly offset: number;
  readonly module: string | null;
  readonly functions: readonly { readonly function: string; readonly file: string | null; readonly line: number | null }[];
};
