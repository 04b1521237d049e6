import type { KernelClues } from "./clues.ts";

/** The package that holds a kernel's debug information, and what to type to get it. */
export type DebugPackage = { readonly distribution: string; readonly package: string; readonly command: string; /** What must be so before. */ readonly note?: string };

/** By the marks that each distribution leaves in its release and version strings. Null where they show none. */
export function debugPackage({ release, version }: KernelClues): DebugPackage | null {
  if (release === null) return null;
  // Releases stand in commands that people paste: nothing but what a release is made of.
  if (!/^[A-Za-z0-9._+~-]+$/.test(release)) return null;
  const marks = version ?? "";
  if (/\bUbuntu\b/.test(marks) || /^\d+\.\d+\.0-\d+-(?:generic|lowlatency|aws|azure|gcp|gke|ibm|kvm|nvidia|oem|oracle|raspi)\S*$/.test(release)) {
    const name = `linux-image-unsigned-${release}-dbgsym`;
    return { distribution: "Ubuntu", package: name, command: `sudo apt install ubuntu-dbgsym-keyring ${name}`, note: "it is in Ubuntu's debug symbol archive, which must be among the sources of apt" };
  }
  if (/\bDebian\b/.test(marks) || /^\d+\.\d+\.\d+(?:\+deb\d+(?:\+\d+)?|-\d+|-0\.(?:deb|bpo)\S*|\+bpo\S*)*-(?:cloud-|rt-)?(?:amd64|arm64|686(?:-pae)?|armmp|riscv64|powerpc64le|s390x|loong64)$/.test(release)) {
    return { distribution: "Debian", package: `linux-image-${release}-dbg`, command: `sudo apt install linux-image-${release}-dbg` };
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
