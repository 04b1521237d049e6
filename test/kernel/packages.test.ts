import { expect, test } from "vitest";
import { debugPackage } from "../../src/kernel/index.ts";

test.each([
  ["6.1.0-13-amd64", "#1 SMP Debian 6.1.55-1", "Debian: linux-image-6.1.0-13-amd64-dbg: sudo apt install linux-image-6.1.0-13-amd64-dbg"],
  ["6.12.95+deb12-amd64", "#1", "Debian: linux-image-6.12.95+deb12-amd64-dbg: sudo apt install linux-image-6.12.95+deb12-amd64-dbg"],
  ["6.1.0-0.deb11.13-arm64", "#1", "Debian: linux-image-6.1.0-0.deb11.13-arm64-dbg: sudo apt install linux-image-6.1.0-0.deb11.13-arm64-dbg"],
  ["5.10.0-26-rt-amd64", null, "Debian: linux-image-5.10.0-26-rt-amd64-dbg: sudo apt install linux-image-5.10.0-26-rt-amd64-dbg"],
  ["5.15.0-91-generic", "#101~20.04.1-Ubuntu SMP", "Ubuntu: linux-image-unsigned-5.15.0-91-generic-dbgsym: sudo apt install ubuntu-dbgsym-keyring linux-image-unsigned-5.15.0-91-generic-dbgsym"],
  ["6.5.0-1018-aws", null, "Ubuntu: linux-image-unsigned-6.5.0-1018-aws-dbgsym: sudo apt install ubuntu-dbgsym-keyring linux-image-unsigned-6.5.0-1018-aws-dbgsym"],
  ["6.6.8-200.fc39.x86_64", null, "Fedora: kernel-debuginfo-6.6.8-200.fc39.x86_64: sudo dnf debuginfo-install kernel-core-6.6.8-200.fc39.x86_64"],
  ["5.14.0-362.8.1.el9_3.x86_64", null, "RHEL: kernel-debuginfo-5.14.0-362.8.1.el9_3.x86_64: sudo dnf debuginfo-install kernel-core-5.14.0-362.8.1.el9_3.x86_64"],
  ["3.10.0-1160.el7.x86_64", null, "RHEL: kernel-debuginfo-3.10.0-1160.el7.x86_64: sudo debuginfo-install kernel-3.10.0-1160.el7.x86_64"],
  ["5.15.0-200.131.27.el9uek.x86_64", null, "Oracle Linux: kernel-uek-debuginfo-5.15.0-200.131.27.el9uek.x86_64: sudo dnf debuginfo-install kernel-uek-core-5.15.0-200.131.27.el9uek.x86_64"],
  ["6.1.79-99.167.amzn2023.x86_64", null, "Amazon Linux: kernel-debuginfo-6.1.79-99.167.amzn2023.x86_64: sudo debuginfo-install kernel-6.1.79-99.167.amzn2023.x86_64"],
  ["5.14.21-150500.55.39-default", null, "SUSE: kernel-default-debuginfo-5.14.21-150500.55.39.1: sudo zypper --plus-content debug install kernel-default-debuginfo-5.14.21-150500.55.39.1"],
  ["6.6.7-arch1-1", null, "Arch Linux: linux-headers (with Arch's debuginfod): debuginfod-find debuginfo /usr/lib/modules/6.6.7-arch1-1/build/vmlinux"],
  ["6.6.10-1-lts", null, "Arch Linux: linux-lts-headers (with Arch's debuginfod): debuginfod-find debuginfo /usr/lib/modules/6.6.10-1-lts/build/vmlinux"],
  ["6.7.0-rc1+", "#3 SMP", null],
  ["6.1.0;reboot;-amd64", "#1 Debian 6.1", null],
  ["6.1.0-$(id)-generic", "#1-Ubuntu", null],
  [null, "#1 Debian 6.1", null],
])("%s %s", (release, version, wanted) => {
  const found = debugPackage({ release, version, banner: null, buildId: null, arch: null });
  expect(found && `${found.distribution}: ${found.package}: ${found.command}`).toBe(wanted);
  // It is pasted into a shell.
  expect(found?.command ?? "").toMatch(/^[\w .+~/-]*$/);
});
