/** Kinds of maps, by number (include/uapi/linux/bpf.h, enum bpf_map_type). */
export const mapTypes = [
  "unspecified", "hash", "array", "prog-array", "perf-event-array", "percpu-hash", "percpu-array", "stack-trace", "cgroup-array", "lru-hash", "lru-percpu-hash", "lpm-trie",
  "array-of-maps", "hash-of-maps", "devmap", "sockmap", "cpumap", "xskmap", "sockhash", "cgroup-storage", "reuseport-sockarray", "percpu-cgroup-storage", "queue", "stack",
  "sk-storage", "devmap-hash", "struct-ops", "ringbuf", "inode-storage", "task-storage", "bloom-filter", "user-ringbuf", "cgrp-storage", "arena",
] as const;
export type MapType = (typeof mapTypes)[number];

/** Kinds of programs, by number (enum bpf_prog_type). */
export const programTypes = [
  "unspecified", "socket-filter", "kprobe", "sched-cls", "sched-act", "tracepoint", "xdp", "perf-event", "cgroup-skb", "cgroup-sock", "lwt-in", "lwt-out", "lwt-xmit", "sock-ops",
  "sk-skb", "cgroup-device", "sk-msg", "raw-tracepoint", "cgroup-sock-addr", "lwt-seg6local", "lirc-mode2", "sk-reuseport", "flow-dissector", "cgroup-sysctl",
  "raw-tracepoint-writable", "cgroup-sockopt", "tracing", "struct-ops", "ext", "lsm", "sk-lookup", "syscall", "netfilter",
] as const;
export type ProgramType = (typeof programTypes)[number];

/** Places of attachment, by number (enum bpf_attach_type). */
export const attachTypes = [
  "cgroup-inet-ingress", "cgroup-inet-egress", "cgroup-inet-sock-create", "cgroup-sock-ops", "sk-skb-stream-parser", "sk-skb-stream-verdict", "cgroup-device", "sk-msg-verdict",
  "cgroup-inet4-bind", "cgroup-inet6-bind", "cgroup-inet4-connect", "cgroup-inet6-connect", "cgroup-inet4-post-bind", "cgroup-inet6-post-bind", "cgroup-udp4-sendmsg",
  "cgroup-udp6-sendmsg", "lirc-mode2", "flow-dissector", "cgroup-sysctl", "cgroup-udp4-recvmsg", "cgroup-udp6-recvmsg", "cgroup-getsockopt", "cgroup-setsockopt", "trace-raw-tp",
  "trace-fentry", "trace-fexit", "modify-return", "lsm-mac", "trace-iter", "cgroup-inet4-getpeername", "cgroup-inet6-getpeername", "cgroup-inet4-getsockname",
  "cgroup-inet6-getsockname", "xdp-devmap", "cgroup-inet-sock-release", "xdp-cpumap", "sk-lookup", "xdp", "sk-skb-verdict", "sk-reuseport-select",
  "sk-reuseport-select-or-migrate", "perf-event", "trace-kprobe-multi", "lsm-cgroup", "struct-ops", "netfilter", "tcx-ingress", "tcx-egress", "trace-uprobe-multi",
] as const;
export type AttachType = (typeof attachTypes)[number];

/** Kinds of links, by number (enum bpf_link_type). */
export const linkTypes = ["unspecified", "raw-tracepoint", "tracing", "cgroup", "iter", "netns", "xdp", "perf-event", "kprobe-multi", "struct-ops", "netfilter", "tcx", "uprobe-multi", "netkit", "sockmap"] as const;
export type LinkType = (typeof linkTypes)[number];

/** The name of a number, or `number 77` for one that is newer than this list. */
export function nameOf<Name extends string>(names: readonly Name[], number: number): Name | `number ${number}` {
  return names[number] ?? `number ${number}`;
}

/** prog_flags: the program may sleep (BPF_F_SLEEPABLE). */
export const sleepable = 1 << 4;

/** map_flags: the program may only read (BPF_F_RDONLY_PROG), the map may be mapped (BPF_F_MMAPABLE). */
export const mapFlags = { readOnlyForPrograms: 1 << 7, mappable: 1 << 10 } as const;

export const errno = { EPERM: 1, ENOENT: 2, ESRCH: 3, E2BIG: 7, EAGAIN: 11, EACCES: 13, EBUSY: 16, EEXIST: 17, ENODEV: 19, EINVAL: 22, ENOSPC: 28, ENOSYS: 38, EOPNOTSUPP: 95, EADDRNOTAVAIL: 99, ENOTSUPP: 524 } as const;
