/**
 * Where distributions put the files of a kernel. Debian and Ubuntu: the -dbg and -dbgsym packages put vmlinux under /usr/lib/debug/boot, modules
 * under /usr/lib/debug/lib/modules (after the merge of /usr also /usr/lib/debug/usr/lib/modules).
 */
export function vmlinuxPlaces(release: string): string[] {
  return [
    `/usr/lib/debug/boot/vmlinux-${release}`,
    `/usr/lib/debug/boot/vmlinux-${release}.debug`,
    `/usr/lib/debug/lib/modules/${release}/vmlinux`,
    `/usr/lib/debug/usr/lib/modules/${release}/vmlinux`,
    `/boot/vmlinux-${release}`,
    `/lib/modules/${release}/vmlinux`,
    `/lib/modules/${release}/build/vmlinux`,
  ];
}

export function moduleTrees(release: string): string[] {
  return [`/usr/lib/debug/lib/modules/${release}`, `/usr/lib/debug/usr/lib/modules/${release}`, `/lib/modules/${release}`];
}

/** The build-id directory of gdb's convention, which debug packages fill. */
export function buildIdPlace(buildId: string): string {
  return `/usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`;
}
