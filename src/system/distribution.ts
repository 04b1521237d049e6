import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Distributions whose commands are known. */
export type DistributionKind = "debian" | "ubuntu" | "fedora" | "rhel" | "suse" | "arch" | "alpine";

export type Distribution = { readonly kind: DistributionKind | null; /** PRETTY_NAME, or ID. */ readonly name: string };

const kinds: Readonly<Record<string, DistributionKind>> = {
  debian: "debian", ubuntu: "ubuntu", fedora: "fedora", rhel: "rhel", centos: "rhel", rocky: "rhel", almalinux: "rhel", ol: "rhel", amzn: "fedora", suse: "suse", opensuse: "suse", sles: "suse",
  "opensuse-leap": "suse", "opensuse-tumbleweed": "suse", arch: "arch", manjaro: "arch", alpine: "alpine",
};

/** What /etc/os-release says (os-release(5)): the distribution, or one that it is like. Null where there is no such file. */
export function distribution(root = "/"): Distribution | null {
  for (const place of ["etc/os-release", "usr/lib/os-release"]) {
    let text: string;
    try {
      text = readFileSync(join(root, place)).subarray(0, 1 << 16).toString("utf8");
    } catch {
      continue;
    }
    const fields = new Map<string, string>();
    for (const line of text.split("\n")) {
      const match = /^([A-Z][A-Z0-9_]*)=(?:"([^"]*)"|'([^']*)'|(\S*))\s*$/.exec(line);
      if (match) fields.set(match[1]!, match[2] ?? match[3] ?? match[4] ?? "");
    }
    const ids = [fields.get("ID") ?? "", ...(fields.get("ID_LIKE") ?? "").split(/\s+/)];
    const known = ids.find((id) => Object.hasOwn(kinds, id));
    return { kind: known === undefined ? null : kinds[known]!, name: fields.get("PRETTY_NAME") ?? (ids[0] === "" ? "an unnamed distribution" : ids[0]!) };
  }
  return null;
}

/** What a command needs, and the package that has it, by distribution. */
export type Needed = "clang" | "pahole" | "libbpf" | "qemu" | "busybox" | "headers" | "tracefs" | "debuginfod" | "kernel-image";

/** The command that installs what is needed; null where that is not known. `release` is the running kernel's. */
export function installCommand(kind: DistributionKind | null, needed: Needed, release: string | null): string | null {
  const packageName = kind === null ? undefined : packages[kind][needed];
  if (kind === null || packageName === undefined) return null;
  const name = release !== null && /^[\w.+~-]+$/.test(release) ? packageName.replace("RELEASE", release) : packageName.includes("RELEASE") ? null : packageName;
  return name === null ? null : `${installers[kind]} ${name}`;
}

const installers: Readonly<Record<DistributionKind, string>> = {
  debian: "sudo apt install", ubuntu: "sudo apt install", fedora: "sudo dnf install", rhel: "sudo dnf install", suse: "sudo zypper install", arch: "sudo pacman -S", alpine: "sudo apk add",
};

const packages: Readonly<Record<DistributionKind, Partial<Record<Needed, string>>>> = {
  debian: { clang: "clang", pahole: "dwarves", libbpf: "libbpf1", qemu: "qemu-system-x86", busybox: "busybox-static", headers: "linux-headers-RELEASE", debuginfod: "debuginfod", "kernel-image": "linux-image-amd64" },
  ubuntu: { clang: "clang", pahole: "dwarves", libbpf: "libbpf1", qemu: "qemu-system-x86", busybox: "busybox-static", headers: "linux-headers-RELEASE", debuginfod: "debuginfod", "kernel-image": "linux-image-generic" },
  fedora: { clang: "clang", pahole: "dwarves", libbpf: "libbpf", qemu: "qemu-system-x86-core", busybox: "busybox", headers: "kernel-devel-RELEASE", debuginfod: "elfutils-debuginfod-client" },
  rhel: { clang: "clang", pahole: "dwarves", libbpf: "libbpf", headers: "kernel-devel-RELEASE", debuginfod: "elfutils-debuginfod-client" },
  suse: { clang: "clang", pahole: "dwarves", libbpf: "libbpf1", qemu: "qemu-x86", busybox: "busybox-static", headers: "kernel-default-devel", debuginfod: "debuginfod-client" },
  arch: { clang: "clang", pahole: "pahole", libbpf: "libbpf", qemu: "qemu-system-x86", busybox: "busybox", headers: "linux-headers", debuginfod: "debuginfod" },
  alpine: { clang: "clang", pahole: "pahole", libbpf: "libbpf", qemu: "qemu-system-x86_64", busybox: "busybox-static", headers: "linux-lts-dev" },
};
