import { chmodSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { diagnosisText } from "../../src/cli/commands/doctor.ts";
import { areas, diagnose, type Area } from "../../src/doctor/index.ts";
import { writeElf } from "../support/elfwriter.ts";
import { writeTree } from "../support/probetree.ts";

const work = mkdtempSync(join(tmpdir(), "oopscope-doctor-"));
afterAll(() => rmSync(work, { recursive: true }));

type Tree = Readonly<Record<string, string | Uint8Array | null>>;
const release = "6.1.0-56-amd64";
const config = ["BPF_SYSCALL=y", "BPF_JIT=y", "DEBUG_INFO_BTF=y", "DEBUG_INFO_BTF_MODULES=y", "DYNAMIC_FTRACE=y", "DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y", "KPROBE_EVENTS=y"];
const written = (options: readonly string[]): string => `${options.map((option) => `CONFIG_${option}`).join("\n")}\n# CONFIG_KASAN is not set\n`;
const osRelease = (id: string, name: string, like = ""): string => `PRETTY_NAME="${name}"\nID=${id}\n${like === "" ? "" : `ID_LIKE="${like}"\n`}`;

/** A machine that has everything. */
const whole: Tree = {
  "etc/os-release": osRelease("debian", "Debian GNU/Linux 12 (bookworm)"),
  "proc/version": `Linux version ${release} (debian-kernel@lists.debian.org) (gcc-12) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-1 (2026-01-01)\n`,
  "proc/kallsyms": "ffffffff81000000 T _stext\nffffffff81000100 T vfs_read\n",
  "proc/self/status": "Name:\tnode\nCapEff:\t000001ffffffffff\n",
  "proc/config.gz": gzipSync(written(config)),
  "proc/sys/kernel/kptr_restrict": "0\n",
  "proc/sys/kernel/perf_event_paranoid": "3\n",
  "proc/sys/kernel/unprivileged_bpf_disabled": "2\n",
  "proc/sys/kernel/ftrace_enabled": "1\n",
  "proc/sys/net/core/bpf_jit_enable": "1\n",
  "sys/kernel/btf/vmlinux": "btf",
  "sys/kernel/btf/nf_tables": "btf",
  "sys/kernel/security/lockdown": "[none] integrity confidentiality\n",
  "sys/kernel/security/lsm": "lockdown,capability,landlock,yama,apparmor,tomoyo,bpf\n",
  "sys/kernel/tracing/available_filter_functions": "vfs_read\n",
  "sys/kernel/debug/kprobes/enabled": "1\n",
  "usr/lib/x86_64-linux-gnu/libbpf.so.1.1.0": "",
  "usr/bin/clang": "", "usr/bin/pahole": "", "usr/bin/qemu-system-x86_64": "", "usr/bin/busybox": "", "usr/bin/make": "",
  [`boot/vmlinuz-${release}`]: "",
  [`lib/modules/${release}/build`]: null,
  [`usr/lib/debug/boot/vmlinux-${release}`]: writeElf({ sections: [{ name: ".text", flags: 6, address: 0xffffffff81000000n, bytes: new Uint8Array(16) }, { name: ".debug_info", bytes: new Uint8Array(16) }] }),
};

let count = 0;
function machine(changes: Tree = {}, removed: readonly string[] = [], env: NodeJS.ProcessEnv = { DEBUGINFOD_URLS: "https://one.example https://two.example", HOME: "/nowhere" }) {
  const root = join(work, `m${count++}`);
  writeTree(root, { ...whole, ...changes });
  if (!removed.includes("usr/lib/x86_64-linux-gnu")) symlinkSync("libbpf.so.1.1.0", join(root, "usr/lib/x86_64-linux-gnu/libbpf.so.1"));
  for (const path of removed) rmSync(join(root, path), { recursive: true });
  for (const name of ["clang", "pahole", "qemu-system-x86_64", "busybox", "make"]) if (!removed.includes(`usr/bin/${name}`)) chmodSync(join(root, "usr/bin", name), 0o755);
  return async (...wanted: readonly Area[]) => {
    const diagnosis = await diagnose(wanted.length > 0 ? wanted : areas, { root, arch: "x86_64", env });
    return JSON.parse(JSON.stringify(diagnosis).replaceAll(root, "")) as typeof diagnosis;
  };
}

/** What is not well: `area check state: finding [command]`. */
async function wrong(changes: Tree, removed: readonly string[] = [], wanted: readonly Area[] = areas, env?: NodeJS.ProcessEnv): Promise<string[]> {
  const { areas: found } = await machine(changes, removed, env)(...wanted);
  return found.flatMap(({ area, findings }) => findings.flatMap(({ check, state, finding, command }) => (state === "ok" ? [] : [`${area} ${check} ${state}: ${finding}${command === null ? "" : ` [${command}]`}`])));
}

test("a machine that has everything", async () => {
  const diagnosis = await machine()();
  expect(diagnosisText(diagnosis, true)).toBe(`kernel 6.1.0-56-amd64, Debian GNU/Linux 12 (bookworm)

✓ decode: decode and explain logs
    ✓ debug symbols of 6.1.0-56-amd64: /usr/lib/debug/boot/vmlinux-6.1.0-56-amd64
    ✓ debuginfod: 2 servers (DEBUGINFOD_URLS)
    ✓ /proc/kallsyms shows addresses

✓ btf: types and BTF of modules
    ✓ the kernel has BTF (/sys/kernel/btf/vmlinux)
    ✓ 1 module has BTF
    ✓ pahole: /usr/bin/pahole

✓ bpf: BPF programs
    ✓ the kernel has BTF (/sys/kernel/btf/vmlinux)
    ✓ libbpf 1.1.0: /usr/lib/x86_64-linux-gnu/libbpf.so.1
    ✓ CAP_SYS_ADMIN: programs can be loaded and attached
    ✓ CAP_SYS_ADMIN: functions of modules can be traced, too
    ✓ the kernel is not locked down
    ✓ the BPF compiler is on (net.core.bpf_jit_enable is 1)
    ✓ clang: /usr/bin/clang

✓ trace: trace functions
    ✓ the kernel has BTF (/sys/kernel/btf/vmlinux)
    ✓ libbpf 1.1.0: /usr/lib/x86_64-linux-gnu/libbpf.so.1
    ✓ CAP_SYS_ADMIN: programs can be loaded and attached
    ✓ CAP_SYS_ADMIN: functions of modules can be traced, too
    ✓ the kernel is not locked down
    ✓ the BPF compiler is on (net.core.bpf_jit_enable is 1)
    ✓ tracefs: /sys/kernel/tracing
    ✓ ftrace is on (kernel.ftrace_enabled is 1)
    ✓ kprobes are on

✓ guard: catch double frees as they happen
    ✓ the kernel has BTF (/sys/kernel/btf/vmlinux)
    ✓ libbpf 1.1.0: /usr/lib/x86_64-linux-gnu/libbpf.so.1
    ✓ CAP_SYS_ADMIN: programs can be loaded and attached
    ✓ CAP_SYS_ADMIN: functions of modules can be traced, too
    ✓ the kernel is not locked down
    ✓ the BPF compiler is on (net.core.bpf_jit_enable is 1)
    ✓ tracefs: /sys/kernel/tracing
    ✓ ftrace is on (kernel.ftrace_enabled is 1)
    ✓ kprobes are on
    ✓ BPF is among the security modules (/sys/kernel/security/lsm)

✓ lab: throw-away machines
    ✓ qemu-system-x86_64: /usr/bin/qemu-system-x86_64
    ✓ busybox: /usr/bin/busybox
    ✓ kernel image: /boot/vmlinuz-6.1.0-56-amd64
    ✓ headers: /lib/modules/6.1.0-56-amd64/build
`);
  expect(diagnosisText(diagnosis, false)).not.toMatch(/[^\n -~]/);
});

test("each finding, with its command", async () => {
  const vmlinux = `usr/lib/debug/boot/vmlinux-${release}`;
  expect(await wrong({}, [vmlinux], ["decode"], { HOME: "/nowhere" })).toEqual([
    `decode debug-symbols limited: no debug information (only /proc/kallsyms) of ${release}, the running kernel: its own panics get names, but no lines; Debian's package linux-image-${release}-dbg has it [oopscope symbols fetch ${release}]`,
    "decode debuginfod limited: debuginfod: no server is named (DEBUGINFOD_URLS), so --debuginfod fetches nothing [export DEBUGINFOD_URLS=https://debuginfod.debian.net]",
  ]);
  expect(await wrong({ "proc/kallsyms": "0000000000000000 T _stext\n", "proc/sys/kernel/kptr_restrict": "2\n" }, [], ["decode"])).toEqual([
    "decode kallsyms limited: /proc/kallsyms hides its addresses (kernel.kptr_restrict is 2, or it takes root): it cannot stand in for a vmlinux [sudo sysctl kernel.kptr_restrict=1]",
  ]);
  expect(await wrong({ "proc/config.gz": gzipSync(written(config.filter((option) => !option.includes("BTF")))) }, ["sys/kernel/btf", "usr/bin/pahole"], ["btf"])).toEqual([
    "btf kernel-btf missing: the kernel has no BTF (/sys/kernel/btf/vmlinux is not there; it was built without CONFIG_DEBUG_INFO_BTF): no fentry, no types; kprobes remain",
    "btf module-btf limited: the kernel takes no BTF of modules (CONFIG_DEBUG_INFO_BTF_MODULES is off; kernels before 5.11 have none): modules are traced by kprobes",
    "btf pahole limited: pahole is not installed: `oopscope btf encode` needs it [sudo apt install dwarves]",
  ]);
  expect(await wrong({}, ["usr/lib/x86_64-linux-gnu", "usr/bin/clang"], ["bpf"])).toEqual([
    "bpf libbpf missing: libbpf.so.1 is not installed: BPF programs are loaded by it [sudo apt install libbpf1]",
    "bpf clang limited: clang is not installed: `oopscope bpf build` needs it for programs in C; nothing else does [sudo apt install clang]",
  ]);
  // CAP_BPF (39) and CAP_PERFMON (38) alone.
  expect(await wrong({ "proc/self/status": "CapEff:\t000000c000000000\n" }, [], ["trace", "guard"])).toEqual([
    "trace module-functions limited: CAP_SYS_ADMIN is lacking: functions of modules can be traced by fentry where a program may ask for their types (Linux 5.14), on older kernels not [run it as root (sudo oopscope …)]",
    "guard module-functions limited: CAP_SYS_ADMIN is lacking: functions of modules can be traced by fentry where a program may ask for their types (Linux 5.14), on older kernels not [run it as root (sudo oopscope …)]",
  ]);
  expect(await wrong({ "proc/self/status": "CapEff:\t0000000000000000\n" }, [], ["trace"])).toEqual([
    "trace privilege missing: CAP_BPF and CAP_PERFMON are lacking (kernel.unprivileged_bpf_disabled is 2): no tracing program can be loaded [run it as root (sudo oopscope …)]",
    "trace module-functions limited: CAP_BPF is lacking: functions of modules cannot be traced by fentry [run it as root (sudo oopscope …)]",
    "trace perf limited: kernel.perf_event_paranoid is 3, and CAP_PERFMON is lacking: kprobes cannot be opened [run it as root]",
  ]);
  expect(await wrong({ "sys/kernel/security/lockdown": "none integrity [confidentiality]\n" }, [], ["bpf"])).toEqual(["bpf lockdown missing: the kernel is locked down (confidentiality): BPF may not read its memory, and kprobes are refused [boot without lockdown=confidentiality]"]);
  expect(await wrong({ "proc/sys/kernel/ftrace_enabled": "0\n", "sys/kernel/debug/kprobes/enabled": "0\n", "proc/sys/net/core/bpf_jit_enable": "0\n" }, ["sys/kernel/tracing"], ["trace"])).toEqual([
    "trace bpf-jit missing: the BPF compiler is off (net.core.bpf_jit_enable is 0): fentry needs it [sudo sysctl net.core.bpf_jit_enable=1]",
    "trace tracefs limited: tracefs is not mounted: which functions ftrace can patch is unknown [sudo mount -t tracefs nodev /sys/kernel/tracing]",
    "trace ftrace missing: ftrace is switched off (kernel.ftrace_enabled is 0): fentry cannot attach [sudo sysctl kernel.ftrace_enabled=1]",
    "trace kprobes limited: kprobes are switched off (/sys/kernel/debug/kprobes/enabled is 0) [echo 1 | sudo tee /sys/kernel/debug/kprobes/enabled]",
  ]);
  expect(await wrong({ "proc/config.gz": gzipSync(written(["BPF_SYSCALL=n", "DYNAMIC_FTRACE=y"])) }, [], ["trace"])).toEqual([
    "trace bpf-syscall missing: the kernel has no bpf() (CONFIG_BPF_SYSCALL is off)",
    "trace bpf-jit missing: the kernel has no BPF compiler (CONFIG_BPF_JIT is off): fentry needs it",
    "trace ftrace limited: the kernel cannot call BPF from ftrace's sites (CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS is off): no fentry; kprobes remain",
    "trace kprobes limited: the kernel has no kprobe events (CONFIG_KPROBE_EVENTS is off): fentry alone remains",
  ]);
  expect(await wrong({ "sys/kernel/security/lsm": "lockdown,capability\n" }, [], ["guard"])).toEqual(["guard bpf-lsm limited: BPF is not among the security modules (lockdown,capability): hooks of security modules cannot be watched [add bpf to lsm= of the kernel's command line: lsm=lockdown,capability,bpf]"]);
  expect(await wrong({}, ["usr/bin/qemu-system-x86_64", "usr/bin/busybox", `boot/vmlinuz-${release}`, `lib/modules/${release}/build`], ["lab"])).toEqual([
    "lab qemu missing: qemu-system-x86_64 is not installed: guests run in it (emulated: /dev/kvm is not used) [sudo apt install qemu-system-x86]",
    "lab busybox missing: busybox is not installed: guests start with it; it must be linked statically [sudo apt install busybox-static]",
    "lab kernel-image missing: no kernel image is installed that can be booted [sudo apt install linux-image-amd64]",
    `lab headers limited: the headers of ${release} are not installed: the lab's own modules cannot be built for it [sudo apt install linux-headers-${release}]`,
  ]);
  expect(await wrong({ ".dockerenv": "" }, ["sys"], ["btf"])).toEqual([
    "btf sysfs missing: /sys is not mounted [sudo mount -t sysfs nodev /sys]",
    "btf container limited: this is a container (/.dockerenv): it sees the host's kernel as far as the host lets it",
    "btf kernel-btf missing: the kernel has no BTF (/sys/kernel/btf/vmlinux is not there): no fentry, no types; kprobes remain",
  ]);
});

test("each distribution's command", async () => {
  const command = async (id: string, like = "") => (await wrong({ "etc/os-release": osRelease(id, id, like) }, ["usr/bin/pahole"], ["btf"]))[0]!.replace(/^.*needs it ?/, "");
  expect(await Promise.all([command("debian"), command("ubuntu"), command("linuxmint", "ubuntu debian"), command("fedora"), command("rocky", "rhel centos fedora"), command("opensuse-leap", "suse opensuse"), command("arch"), command("alpine"), command("gentoo")])).toEqual([
    "[sudo apt install dwarves]", "[sudo apt install dwarves]", "[sudo apt install dwarves]", "[sudo dnf install dwarves]", "[sudo dnf install dwarves]", "[sudo zypper install dwarves]", "[sudo pacman -S pahole]", "[sudo apk add pahole]", "",
  ]);
});

test("nothing at all, and hostile text", async () => {
  const empty = join(work, "empty");
  writeTree(empty, { etc: null });
  const diagnosis = await diagnose(areas, { root: empty, arch: "x86_64", env: {} });
  expect(diagnosis).toMatchObject({ kernel: null, distribution: null });
  expect(diagnosis.areas.map(({ area, state }) => `${area} ${state}`)).toEqual(["decode limited", "btf missing", "bpf missing", "trace missing", "guard missing", "lab missing"]);
  const evil = await machine({ "etc/os-release": 'PRETTY_NAME="\x1b[2J\u202eevil"\nID=../../x\n', "sys/kernel/security/lsm": "\x1b]0;x\x07\n", "proc/config.gz": "no gzip", "proc/self/status": "CapEff:\tzz\n" })();
  expect(diagnosisText(evil, false)).not.toMatch(/[^\n -~]/);
});
