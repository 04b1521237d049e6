import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { closeFound, debugPackage, findVmlinux, hasDebugInformation } from "../kernel/index.ts";
import { cacheFolder, debuginfodFolder, runningKernel, symbolsFolder } from "../system/index.ts";
import type { Facts } from "./facts.ts";
import { install, limited, missing, ok, option, type Area, type Finding } from "./finding.ts";

// One function a check; what a check means for an area is said there, since the same thing may be needed by one and only good to have for another.

type Severity = typeof limited;

/** Everything of one area, in the order in which things are needed. */
export async function checksOf(area: Area, facts: Facts): Promise<Finding[]> {
  switch (area) {
    case "decode":
      return [await symbols(facts), debuginfod(facts), kallsyms(facts)];
    case "btf":
      return [...surroundings(facts), kernelBtf(facts, missing), moduleBtf(facts), pahole(facts)];
    case "bpf":
      return [...surroundings(facts), ...syscall(facts), kernelBtf(facts, missing), libbpf(facts), privilege(facts), moduleFunctions(facts, limited), lockdown(facts), jit(facts), clang(facts)];
    case "trace":
      return [...surroundings(facts), ...syscall(facts), kernelBtf(facts, limited), libbpf(facts), privilege(facts), moduleFunctions(facts, limited), lockdown(facts), ...tracing(facts)];
    case "guard":
      return [...surroundings(facts), ...syscall(facts), kernelBtf(facts, missing), libbpf(facts), privilege(facts), moduleFunctions(facts, missing), lockdown(facts), ...tracing(facts), lsm(facts)];
    case "lab":
      return [qemu(facts), busybox(facts), kernelImage(facts), headers(facts)];
  }
}

async function symbols(facts: Facts): Promise<Finding> {
  const { release, version, root } = facts;
  if (release === null) return limited("debug-symbols", "which kernel runs is unknown (/proc/version): logs are decoded with the files that they name");
  const running = runningKernel(root);
  const clues = { release, version, banner: running?.banner ?? null, buildId: running?.buildId ?? null, arch: facts.arch };
  const found = await findVmlinux(clues, { root, fetched: symbolsFolder(facts.env), debuginfod: debuginfodFolder(facts.env), ...(running ? { running } : {}) }).catch(() => null);
  try {
    if (found && hasDebugInformation(found.elf)) return ok("debug-symbols", `debug symbols of ${release}: ${found.elf.path}`);
    const wanted = debugPackage(clues);
    const what = found === null ? "no vmlinux" : `no debug information (only ${found.elf.path})`;
    return limited("debug-symbols", `${what} of ${release}, the running kernel: its own panics get names, but no lines${wanted ? `; ${wanted.distribution}'s package ${wanted.package} has it` : ""}`, wanted === null ? null : wanted.exact === undefined ? wanted.command : `oopscope symbols fetch ${release}`);
  } finally {
    if (found) closeFound(found);
  }
}

const servers: Readonly<Record<string, string>> = {
  debian: "https://debuginfod.debian.net", ubuntu: "https://debuginfod.ubuntu.com", fedora: "https://debuginfod.fedoraproject.org", rhel: "https://debuginfod.centos.org", suse: "https://debuginfod.opensuse.org", arch: "https://debuginfod.archlinux.org",
};

function debuginfod(facts: Facts): Finding {
  const urls = facts.env["DEBUGINFOD_URLS"]?.trim() ?? "";
  if (urls !== "") return ok("debuginfod", `debuginfod: ${urls.split(/\s+/).length} ${urls.includes(" ") ? "servers" : "server"} (DEBUGINFOD_URLS)`);
  const server = servers[facts.distribution?.kind ?? ""] ?? "https://debuginfod.elfutils.org";
  return limited("debuginfod", "debuginfod: no server is named (DEBUGINFOD_URLS), so --debuginfod fetches nothing", `export DEBUGINFOD_URLS=${server}`);
}

function kallsyms(facts: Facts): Finding {
  switch (facts.kallsyms) {
    case "shown":
      return ok("kallsyms", "/proc/kallsyms shows addresses");
    case "hidden":
      return limited("kallsyms", `/proc/kallsyms hides its addresses (kernel.kptr_restrict is ${facts.sysctl("kernel.kptr_restrict") ?? "unknown"}, or it takes root): it cannot stand in for a vmlinux`, facts.sysctl("kernel.kptr_restrict") === "2" ? "sudo sysctl kernel.kptr_restrict=1" : "run it as root");
    case "absent":
      return limited("kallsyms", "/proc/kallsyms cannot be read: it cannot stand in for a vmlinux");
  }
}

/** What makes everything else look strange. */
function surroundings(facts: Facts): Finding[] {
  const findings: Finding[] = [];
  if (!facts.sysfs) findings.push(missing("sysfs", "/sys is not mounted", "sudo mount -t sysfs nodev /sys"));
  if (facts.container !== null) findings.push(limited("container", `this is a container (${facts.container}): it sees the host's kernel as far as the host lets it`));
  return findings;
}

function kernelBtf(facts: Facts, severity: Severity): Finding {
  switch (facts.kernelBtf) {
    case "readable":
      return ok("kernel-btf", "the kernel has BTF (/sys/kernel/btf/vmlinux)");
    case "refused":
      return severity("kernel-btf", "/sys/kernel/btf/vmlinux may not be read", "run it as root");
    case "absent":
      return severity("kernel-btf", `the kernel has no BTF (/sys/kernel/btf/vmlinux is not there${option(facts, "DEBUG_INFO_BTF") === false ? "; it was built without CONFIG_DEBUG_INFO_BTF" : ""}): no fentry, no types; kprobes remain`);
  }
}

function moduleBtf(facts: Facts): Finding {
  const built = option(facts, "DEBUG_INFO_BTF_MODULES");
  if (facts.moduleBtf !== null && facts.moduleBtf > 0) return ok("module-btf", `${facts.moduleBtf} ${facts.moduleBtf === 1 ? "module has" : "modules have"} BTF`);
  if (built === true) return ok("module-btf", "the kernel takes BTF of modules (CONFIG_DEBUG_INFO_BTF_MODULES); none is loaded that has it");
  if (built === false) return limited("module-btf", "the kernel takes no BTF of modules (CONFIG_DEBUG_INFO_BTF_MODULES is off; kernels before 5.11 have none): modules are traced by kprobes");
  return limited("module-btf", "whether the kernel takes BTF of modules is unknown: no loaded module has any, and its configuration is not at hand");
}

function program(facts: Facts, check: string, name: string, purpose: string, command: string | null, severity: Severity): Finding {
  const path = facts.program(name);
  return path === null ? severity(check, `${name} is not installed: ${purpose}`, command) : ok(check, `${name}: ${path}`);
}

const pahole = (facts: Facts): Finding => program(facts, "pahole", "pahole", "`oopscope btf encode` needs it", install(facts, "pahole"), limited);
const clang = (facts: Facts): Finding => program(facts, "clang", "clang", "`oopscope bpf build` needs it for programs in C; nothing else does", install(facts, "clang"), limited);

function syscall(facts: Facts): Finding[] {
  return option(facts, "BPF_SYSCALL") === false ? [missing("bpf-syscall", "the kernel has no bpf() (CONFIG_BPF_SYSCALL is off)")] : [];
}

function libbpf(facts: Facts): Finding {
  if (facts.libbpf) return ok("libbpf", `libbpf${facts.libbpf.version === null ? "" : ` ${facts.libbpf.version}`}: ${facts.libbpf.path}`);
  return missing("libbpf", "libbpf.so.1 is not installed: BPF programs are loaded by it", install(facts, "libbpf"));
}

function privilege(facts: Facts): Finding {
  const held = facts.capabilities;
  if (held === null) return limited("privilege", "which capabilities this process has is unknown (/proc/self/status)");
  if (held.has("CAP_SYS_ADMIN")) return ok("privilege", "CAP_SYS_ADMIN: programs can be loaded and attached");
  const lacking = (["CAP_BPF", "CAP_PERFMON"] as const).filter((name) => !held.has(name));
  if (lacking.length === 0) return ok("privilege", "CAP_BPF and CAP_PERFMON: programs can be loaded and attached to the kernel's functions");
  const sysctl = facts.sysctl("kernel.unprivileged_bpf_disabled");
  return missing("privilege", `${lacking.join(" and ")} ${lacking.length === 1 ? "is" : "are"} lacking${sysctl === null ? "" : ` (kernel.unprivileged_bpf_disabled is ${sysctl})`}: no tracing program can be loaded`, "run it as root (sudo oopscope …)");
}

function moduleFunctions(facts: Facts, severity: Severity): Finding {
  const held = facts.capabilities;
  if (held === null) return limited("module-functions", "whether functions of modules can be traced is unknown (/proc/self/status)");
  if (held.has("CAP_SYS_ADMIN")) return ok("module-functions", "CAP_SYS_ADMIN: functions of modules can be traced, too");
  if (held.has("CAP_BPF")) return limited("module-functions", "CAP_SYS_ADMIN is lacking: functions of modules can be traced by fentry where a program may ask for their types (Linux 5.14), on older kernels not", "run it as root (sudo oopscope …)");
  return severity("module-functions", "CAP_BPF is lacking: functions of modules cannot be traced by fentry", "run it as root (sudo oopscope …)");
}

function lockdown(facts: Facts): Finding {
  switch (facts.lockdown) {
    case "confidentiality":
      return missing("lockdown", "the kernel is locked down (confidentiality): BPF may not read its memory, and kprobes are refused", "boot without lockdown=confidentiality");
    case "integrity":
      return ok("lockdown", "the kernel is locked down for integrity: tracing is not concerned");
    case "none":
    case null:
      return ok("lockdown", "the kernel is not locked down");
  }
}

function jit(facts: Facts): Finding {
  const enabled = facts.sysctl("net.core.bpf_jit_enable");
  if (option(facts, "BPF_JIT") === false) return missing("bpf-jit", "the kernel has no BPF compiler (CONFIG_BPF_JIT is off): fentry needs it");
  if (enabled === "0") return missing("bpf-jit", "the BPF compiler is off (net.core.bpf_jit_enable is 0): fentry needs it", "sudo sysctl net.core.bpf_jit_enable=1");
  return ok("bpf-jit", enabled === null ? "BPF compiler: not switched off as far as can be seen" : `the BPF compiler is on (net.core.bpf_jit_enable is ${enabled})`);
}

function tracing(facts: Facts): Finding[] {
  const findings: Finding[] = [jit(facts)];
  if (facts.tracefs === null) findings.push(limited("tracefs", "tracefs is not mounted: which functions ftrace can patch is unknown", "sudo mount -t tracefs nodev /sys/kernel/tracing"));
  else if (facts.filterFunctions === "readable") findings.push(ok("tracefs", `tracefs: ${facts.tracefs.path}`));
  else if (facts.filterFunctions === "refused" || !facts.tracefs.readable) findings.push(limited("tracefs", `tracefs (${facts.tracefs.path}) may not be read: which functions ftrace can patch is unknown`, "run it as root"));
  else findings.push(limited("tracefs", `${facts.tracefs.path} has no available_filter_functions: the kernel was built without dynamic ftrace (CONFIG_DYNAMIC_FTRACE)`));

  const ftrace = facts.sysctl("kernel.ftrace_enabled");
  if (ftrace === "0") findings.push(missing("ftrace", "ftrace is switched off (kernel.ftrace_enabled is 0): fentry cannot attach", "sudo sysctl kernel.ftrace_enabled=1"));
  else if (option(facts, "DYNAMIC_FTRACE_WITH_DIRECT_CALLS") === false) findings.push(limited("ftrace", "the kernel cannot call BPF from ftrace's sites (CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS is off): no fentry; kprobes remain"));
  else findings.push(ok("ftrace", ftrace === null ? "ftrace: not switched off as far as can be seen" : "ftrace is on (kernel.ftrace_enabled is 1)"));

  if (option(facts, "KPROBE_EVENTS") === false) findings.push(limited("kprobes", "the kernel has no kprobe events (CONFIG_KPROBE_EVENTS is off): fentry alone remains"));
  else if (facts.kprobesEnabled === "0") findings.push(limited("kprobes", "kprobes are switched off (/sys/kernel/debug/kprobes/enabled is 0)", "echo 1 | sudo tee /sys/kernel/debug/kprobes/enabled"));
  else findings.push(ok("kprobes", facts.kprobesEnabled === "1" ? "kprobes are on" : "kprobes: not switched off as far as can be seen"));

  const paranoid = facts.sysctl("kernel.perf_event_paranoid");
  if (paranoid !== null && Number(paranoid) > 1 && facts.capabilities && !facts.capabilities.has("CAP_PERFMON") && !facts.capabilities.has("CAP_SYS_ADMIN")) {
    findings.push(limited("perf", `kernel.perf_event_paranoid is ${paranoid}, and CAP_PERFMON is lacking: kprobes cannot be opened`, "run it as root"));
  }
  if (facts.kallsyms === "hidden") findings.push(limited("kallsyms", "/proc/kallsyms hides its addresses: stacks are shown as numbers, and functions of the same name cannot be told apart", facts.sysctl("kernel.kptr_restrict") === "2" ? "sudo sysctl kernel.kptr_restrict=1" : "run it as root"));
  return findings;
}

function lsm(facts: Facts): Finding {
  if (facts.lsm === null) return limited("bpf-lsm", "whether BPF is among the security modules is unknown (/sys/kernel/security/lsm)", "sudo mount -t securityfs nodev /sys/kernel/security");
  return facts.lsm.includes("bpf") ? ok("bpf-lsm", "BPF is among the security modules (/sys/kernel/security/lsm)") : limited("bpf-lsm", `BPF is not among the security modules (${facts.lsm.join(",")}): hooks of security modules cannot be watched`, `add bpf to lsm= of the kernel's command line: lsm=${facts.lsm.join(",")},bpf`);
}

function qemu(facts: Facts): Finding {
  const name = facts.arch === "arm64" ? "qemu-system-aarch64" : "qemu-system-x86_64";
  return program(facts, "qemu", name, "guests run in it (emulated: /dev/kvm is not used)", install(facts, "qemu"), missing);
}

const busybox = (facts: Facts): Finding => program(facts, "busybox", "busybox", "guests start with it; it must be linked statically", install(facts, "busybox"), missing);

function kernelImage(facts: Facts): Finding {
  const own = facts.release === null ? [] : [`boot/vmlinuz-${facts.release}`, `lib/modules/${facts.release}/vmlinuz`, `usr/lib/modules/${facts.release}/vmlinuz`];
  for (const place of own) {
    const state = facts.access(place);
    if (state === "readable") return ok("kernel-image", `kernel image: ${join(facts.root, place)}`);
    if (state === "refused") return missing("kernel-image", `${join(facts.root, place)} may not be read`, `sudo chmod a+r ${join(facts.root, place)}`);
  }
  const others = [...names(join(facts.root, "boot")).filter((name) => name.startsWith("vmlinuz-")), ...(facts.root === "/" ? names(join(cacheFolder(facts.env), "kernels")).filter((name) => existsSync(join(cacheFolder(facts.env), "kernels", name))) : [])].filter((name) => !name.startsWith("."));
  if (others.length > 0) return ok("kernel-image", `${others.length} kernel ${others.length === 1 ? "image" : "images"} at hand (oopscope lab list)`);
  return missing("kernel-image", "no kernel image is installed that can be booted", install(facts, "kernel-image"));
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function headers(facts: Facts): Finding {
  if (facts.release === null) return limited("headers", "which kernel runs is unknown: so are its headers");
  const place = `lib/modules/${facts.release}/build`;
  if (facts.access(place) === "readable" && facts.program("make") !== null) return ok("headers", `headers: ${join(facts.root, place)}`);
  // Of a kernel that is not the distribution's it has no package.
  const packaged = debugPackage({ release: facts.release, version: facts.version, banner: null, buildId: null, arch: facts.arch }) !== null;
  return limited("headers", `${facts.access(place) === "readable" ? "make is not installed" : `the headers of ${facts.release} are not installed`}: the lab's own modules cannot be built for it`, packaged ? install(facts, "headers") : null);
}
