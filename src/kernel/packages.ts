import type { KernelClues } from "./clues.ts";

/** The package that holds a kernel's debug information, and what to type to get it. */
export type DebugPackage = { readonly distribution: string; readonly package: string; readonly command: string; /** What must be so before. */ readonly note?: string; /** For Debian and Ubuntu: which of its versions, where the log tells, and for which processor. */ readonly exact?: { readonly version: string | null; readonly arch: string } };

/** By the marks that each distribution leaves in its release and version strings. Null where they show none. */
export function debugPackage({ release, version, arch }: KernelClues): DebugPackage | null {
  if (release === null) return null;
  // Releases stand in commands that people paste: nothing but what a release is made of.
  if (!/^[A-Za-z0-9._+~-]+$/.test(release)) return null;
  const marks = version ?? "";
  if (/\bUbuntu\b/.test(marks) || /^\d+\.\d+\.0-\d+-(?:generic|lowlatency|aws|azure|gcp|gke|ibm|kvm|nvidia|oem|oracle|raspi)\S*$/.test(release)) {
    const name = `linux-image-unsigned-${release}-dbgsym`;
    return { distribution: "Ubuntu", package: name, command: `sudo apt install ubuntu-dbgsym-keyring ${name}`, note: "it is in Ubuntu's debug symbol archive, which must be among the sources of apt", exact: { version: ubuntuVersion(release, marks), arch: packageArch(arch) } };
  }
  if (/\bDebian\b/.test(marks) || /^\d+\.\d+\.\d+(?:\+deb\d+(?:\+\d+)?|-\d+|-0\.(?:deb|bpo)\S*|\+bpo\S*)*-(?:cloud-|rt-)?(?:amd64|arm64|686(?:-pae)?|armmp|riscv64|powerpc64le|s390x|loong64)$/.test(release)) {
    return { distribution: "Debian", package: `linux-image-${release}-dbg`, command: `sudo apt install linux-image-${release}-dbg`, exact: { version: debianVersion(marks), arch: /-(amd64|arm64|riscv64|s390x|loong64)$/.exec(release)?.[1] ?? packageArch(release.includes("686") ? "i386" : release.includes("powerpc64le") ? "ppc64" : release.includes("armmp") ? "arm" : arch) } };
  }
  if (/\.fc\d+\./.test(release)) return { distribution: "Fedora", package: `kernel-debuginfo-${release}`, command: `sudo dnf debuginfo-install kernel-core-${release}` };
  if (/\.amzn\d+/.test(release)) return { distribution: "Amazon Linux", package: `kernel-debuginfo-${release}`, command: `sudo debuginfo-install kernel-${release}` };
  const el = /\.el(\d+)/.exec(release)?.[1];
  if (el !== undefined) {
    const flavour = /uek/.test(release) ? "-uek" : "";
    const command = Number(el) < 8 ? `sudo debuginfo-install kernel${flavour}-${release}` : `sudo dnf debuginfo-install kernel${flavour}-core-${release}`;
    return { distribution: flavour ? "Oracle Linux" : "RHEL", package: `kernel${flavour}-debuginfo-${release}`, command };
  }
  // The package's own release has a count of its builds behind the kernel's.
  const suse = /^(\d+\.\d+\.\d+-\d[\d.]*)-(default|azure|rt|64kb|preempt|kvmsmall)$/.exec(release);
  if (suse) {
    const name = `kernel-${suse[2]}-debuginfo-${suse[1]}.1`;
    return { distribution: "SUSE", package: name, command: `sudo zypper --plus-content debug install ${name}` };
  }
  if (/-arch\d+-\d+$|-zen\d+-\d+-zen$|^\d+\.\d+\.\d+-\d+-lts$/.test(release)) {
    const kind = /-(zen|lts)$/.exec(release)?.[1];
    return { distribution: "Arch Linux", package: `linux${kind ? `-${kind}` : ""}-headers (with Arch's debuginfod)`, command: `debuginfod-find debuginfo /usr/lib/modules/${release}/build/vmlinux` };
  }
  return null;
}

/** `#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)`. */
function debianVersion(marks: string): string | null {
  return /\bDebian (\d[A-Za-z0-9.+~-]*)/.exec(marks)?.[1] ?? null;
}

/** `#101~20.04.1-Ubuntu SMP` of 5.15.0-91-generic: the version 5.15.0-91.101~20.04.1. */
function ubuntuVersion(release: string, marks: string): string | null {
  const upload = /#(\d+(?:[.~][\d.~]+)?)-Ubuntu\b/.exec(marks)?.[1];
  const base = /^\d+\.\d+\.\d+-\d+/.exec(release)?.[0];
  return upload === undefined || base === undefined ? null : `${base}.${upload}`;
}

const packageArches: Readonly<Record<string, string>> = { x86_64: "amd64", i386: "i386", arm64: "arm64", arm: "armhf", riscv64: "riscv64", ppc64: "ppc64el", s390x: "s390x", loongarch64: "loong64" };

/** Distributions' own names of processors. */
function packageArch(arch: string | null): string {
  return (arch !== null && packageArches[arch]) || "amd64";
}
