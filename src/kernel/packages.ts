import type { KernelClues } from "./clues.ts";

/** The package that holds a kernel's debug information, and what to type to get it. */
export type DebugPackage = { readonly distribution: string; readonly package: string; readonly command: string };

/** By the marks that each distribution leaves in its release and version strings. Null where they show none. */
export function debugPackage({ release, version, arch }: KernelClues): DebugPackage | null {
  if (release === null) return null;
  // Releases stand in commands that people paste: nothing but what a release is made of.
  if (!/^[A-Za-z0-9._+~-]+$/.test(release)) return null;
  const marks = version ?? "";
  if (/\bUbuntu\b/.test(marks)) {
    const name = `linux-image-unsigned-${release}-dbgsym`;
    return { distribution: "Ubuntu", package: name, command: `sudo apt install ubuntu-dbgsym-keyring && sudo apt install ${name}  (with Ubuntu's debug symbol archive among the sources of apt)` };
  }
  if (/\bDebian\b/.test(marks) || /^\d+\.\d+\.\d+(?:\+deb\d+(?:\+\d+)?|-\d+|-0\.(?:deb|bpo)\S*|\+bpo\S*)*-(?:cloud-|rt-)?(?:amd64|arm64|686(?:-pae)?|armmp|riscv64|powerpc64le|s390x|loong64)$/.test(release)) {
    return { distribution: "Debian", package: `linux-image-${release}-dbg`, command: `sudo apt install linux-image-${release}-dbg` };
  }
  const machine = arch === "x86_64" || arch === null ? "x86_64" : arch === "arm64" ? "aarch64" : arch;
  if (/\.fc\d+\./.test(release)) return { distribution: "Fedora", package: `kernel-debuginfo-${release}`, command: `sudo dnf debuginfo-install kernel-core-${release}` };
  if (/\.el\d+/.test(release)) return { distribution: "RHEL", package: `kernel-debuginfo-${release}`, command: `sudo dnf debuginfo-install kernel-core-${release}` };
  if (/-default$/.test(release)) return { distribution: "SUSE", package: "kernel-default-debuginfo", command: `sudo zypper install --debug kernel-default-debuginfo.${machine}  (of exactly ${release})` };
  if (/-arch\d/.test(release)) return { distribution: "Arch Linux", package: "linux (debug)", command: `DEBUGINFOD_URLS set to Arch's server, then: debuginfod-find debuginfo BUILDID` };
  return null;
}
