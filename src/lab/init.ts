import { readFile } from "node:fs/promises";
import { OopscopeError } from "../base/index.ts";
import { writeCpio, type CpioEntry } from "./cpio.ts";
import type { Arch } from "./kernels.ts";
import type { KernelModule } from "./modinfo.ts";

/** What the guest does after it booted. */
export type GuestPlan = {
  /** Modules for the guest's own disks and, after them, the user's; in the order of loading. */
  readonly drivers: readonly KernelModule[];
  readonly modules: readonly KernelModule[];
  /** The root: the host's file system (read-only, an overlay above), or nothing but busybox. */
  readonly root: "host" | "busybox";
  /** A shell script, as text, run as root after the modules; null: an interactive shell. */
  readonly script: string | null;
  /** The working folder of the script; with root `busybox` it is `/`. */
  readonly folder: string;
  /** Variables of the script's environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly arch: Arch;
  /** A static busybox for the guest's processor. */
  readonly busybox: string;
};

/** Words on the control line, one a line, from the guest: how far it came. */
export const controlWords = { ready: "ready", exit: "exit", failed: "failed" } as const;

/** The initramfs of a guest: busybox, the modules, the script, and the program that the kernel starts. */
export async function buildInitramfs(plan: GuestPlan): Promise<Buffer> {
  const folders = ["bin", "dev", "proc", "sys", "tmp", "root", "etc", "oopscope", "oopscope/modules", "mnt", "mnt/lower", "mnt/upper", "mnt/root"];
  const all = [...plan.drivers, ...plan.modules];
  return writeCpio([
    ...folders.map((path): CpioEntry => ({ path, kind: "folder" })),
    { path: "dev/console", kind: "character-device", major: 5, minor: 1 },
    { path: "dev/null", kind: "character-device", major: 1, minor: 3 },
    { path: "bin/busybox", kind: "file", content: await readBusybox(plan.busybox), executable: true },
    { path: "bin/sh", kind: "link", target: "busybox" },
    { path: "init", kind: "file", content: Buffer.from(initScript(plan)), executable: true },
    ...all.map((module, index): CpioEntry => ({ path: modulePath(index, module), kind: "file", content: module.bytes })),
    ...(plan.script === null ? [] : [{ path: "oopscope/script", kind: "file", content: Buffer.from(plan.script), executable: true } as const]),
  ]);
}

function modulePath(index: number, module: KernelModule): string {
  return `oopscope/modules/${String(index).padStart(2, "0")}-${module.name}.ko`;
}

async function readBusybox(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new OopscopeError("missing-tool", `no static busybox at \`${path}\`; on Debian and Ubuntu: apt-get install busybox-static`, { file: path }, cause);
  }
}

/** A word for the shell. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * The first program of the guest. The console is the first serial line; on the second (arm64: on a virtio port) it tells how far it came. A step
 * that fails says so there, so that the host knows the step and need not guess from the console.
 */
function initScript(plan: GuestPlan): string {
  const load = (modules: readonly KernelModule[], from: number): string[] =>
    modules.map((module, index) => `why=$(insmod /${modulePath(from + index, module)} 2>&1) || fail "insmod ${module.name}: \${why##*: }"`);
  const environment = Object.entries({ HOME: "/root", TERM: "vt102", ...plan.env }).map(([name, value]) => `export ${name}=${quote(value)}`);
  const host = plan.root === "host";
  const [tty, control] = plan.arch === "arm64" ? ["ttyAMA0", "vport0p1"] : ["ttyS0", "ttyS1"];
  const shell = host ? "chroot /mnt/root /bin/sh" : "/bin/sh";
  // A serial line does not know the size of the terminal at its other end.
  const size = '[ -z "$LINES" ] || stty rows "$LINES" cols "$COLUMNS" 2> /dev/null; unset LINES COLUMNS';
  const interactive = `${size}; cd ${quote(host ? plan.folder : "/")} 2> /dev/null; [ -x /bin/bash ] && exec setsid -c /bin/bash -l; exec setsid -c sh -l`;
  const run =
    plan.script === null
      ? [`${shell} -c ${quote(interactive)} < /dev/${tty} > /dev/${tty} 2>&1`]
      : [`${shell} -c ${quote(`cd ${quote(host ? plan.folder : "/")} && exec ${host ? "/dev/.oopscope/script" : "/oopscope/script"}`)} < /dev/null`];
  return `${[
    "#!/bin/busybox sh",
    "/bin/busybox --install -s /bin",
    "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev",
    "mkdir -p /dev/pts /dev/shm; mount -t devpts devpts /dev/pts; mount -t tmpfs shm /dev/shm",
    // Where the control line needs a driver, what fails before it is seen on the console only.
    "exec 3> /dev/null",
    `open_control() { [ -c /dev/${control} ] || return; stty -F /dev/${control} raw -echo 2> /dev/null; exec 3> /dev/${control}; }`,
    `fail() { echo "${controlWords.failed} $1" >&3; echo "oopscope: failed: $1"; sync; poweroff -f; sleep 60; }`,
    "open_control",
    ...load(plan.drivers, 0),
    ...(plan.arch === "arm64" ? [`for try in $(seq 50); do [ -c /dev/${control} ] && break; sleep 0.1; done`, "open_control"] : []),
    ...(host
      ? [
          // A lone image may have its drivers built in or not: nobody knows before.
          "lacks=; lack() { lacks=\"${lacks:+$lacks, }$1\"; }",
          "[ -n \"$(ls /sys/bus/virtio/devices 2> /dev/null)\" ] || lack 'virtio (CONFIG_VIRTIO_PCI)'",
          "grep -qw 9p /proc/filesystems || lack '9p (CONFIG_NET_9P_VIRTIO, CONFIG_9P_FS)'",
          "grep -qw overlay /proc/filesystems || lack 'overlay (CONFIG_OVERLAY_FS)'",
          "[ -z \"$lacks\" ] || fail \"mount of the host's file system: the kernel has no $lacks, and no modules were found for it\"",
          "why=$(mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,cache=loose,ro root /mnt/lower 2>&1) || fail \"mount of the host's file system by 9p: ${why##*: }\"",
          "mount -t tmpfs -o size=75% upper /mnt/upper && mkdir /mnt/upper/up /mnt/upper/work",
          "mount -t overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper/up,workdir=/mnt/upper/work overlay /mnt/root || fail 'mount of the overlay above the host file system'",
          "mkdir -p /mnt/root/proc /mnt/root/sys /mnt/root/dev /mnt/root/run /mnt/root/tmp",
          "mkdir /dev/.oopscope; cp -r /oopscope/. /dev/.oopscope/; cp /bin/busybox /dev/.oopscope/busybox",
          "mount -t tmpfs run /mnt/root/run",
          "mount -o bind /dev /mnt/root/dev; mount -o bind /dev/pts /mnt/root/dev/pts; mount -o bind /dev/shm /mnt/root/dev/shm",
          "mount -t proc proc /mnt/root/proc; mount -t sysfs sys /mnt/root/sys",
          "for kind in debugfs:debug tracefs:tracing bpf:fs/bpf securityfs:security cgroup2:fs/cgroup; do",
          "  folder=/mnt/root/sys/kernel/${kind#*:}; case $kind in *:fs/*) folder=/mnt/root/sys/${kind#*:};; esac",
          "  [ ! -d $folder ] || mount -t ${kind%%:*} ${kind%%:*} $folder 2> /dev/null",
          "done",
        ]
      : ["mount -t debugfs debugfs /sys/kernel/debug 2> /dev/null", "mount -t tmpfs tmp /tmp"]),
    "ip link set lo up",
    ...environment,
    `echo ${controlWords.ready} >&3`,
    ...load(plan.modules, plan.drivers.length),
    ...run,
    `echo "${controlWords.exit} $?" >&3`,
    "sync; poweroff -f",
    "sleep 60",
  ].join("\n")}\n`;
}
