/**
 * Where distributions put the files of a kernel, below a root.
 *
 * - Debian, Ubuntu: /usr/lib/debug/boot/vmlinux-REL, modules below /usr/lib/debug/lib/modules/REL.
 * - Fedora, RHEL and kin: /usr/lib/debug/lib/modules/REL/vmlinux, beside it the modules as .ko.debug, without code.
 * - SUSE: /usr/lib/debug/boot/vmlinux-REL.debug or /usr/lib/debug/usr/lib/modules/REL/vmlinux.debug, without code; that is in /boot/vmlinux-REL.xz (.gz) or
 *   /usr/lib/modules/REL/vmlinux.xz (.gz).
 * - Arch: /usr/lib/modules/REL/build/vmlinux of the headers package.
 *
 * After the merge of /usr what was below /lib is below /usr/lib, also within /usr/lib/debug.
 */
export function vmlinuxPlaces(release: string): string[] {
  return [
    `/usr/lib/debug/boot/vmlinux-${release}`,
    `/usr/lib/debug/boot/vmlinux-${release}.debug`,
    `/usr/lib/debug/lib/modules/${release}/vmlinux`,
    `/usr/lib/debug/lib/modules/${release}/vmlinux.debug`,
    `/usr/lib/debug/usr/lib/modules/${release}/vmlinux`,
    `/usr/lib/debug/usr/lib/modules/${release}/vmlinux.debug`,
    ...vmlinuxCodePlaces(release),
  ];
}

/** Those of files that are not made for debugging: with the code, and where the distribution leaves it in with debug information. */
export function vmlinuxCodePlaces(release: string): string[] {
  const folders = [`/lib/modules/${release}`, `/usr/lib/modules/${release}`];
  return [
    `/boot/vmlinux-${release}`,
    ...folders.map((folder) => `${folder}/vmlinux`),
    ...folders.map((folder) => `${folder}/build/vmlinux`),
    ...compressed(`/boot/vmlinux-${release}`),
    ...folders.flatMap((folder) => compressed(`${folder}/vmlinux`)),
  ];
}

const compressed = (path: string): string[] => ["xz", "zst", "gz"].map((ending) => `${path}.${ending}`);

/** Lists of names (System.map), which stand in where no vmlinux is. */
export function nameListPlaces(release: string): string[] {
  return [
    `/usr/lib/debug/boot/System.map-${release}`,
    `/boot/System.map-${release}`,
    ...[`/lib/modules/${release}`, `/usr/lib/modules/${release}`].flatMap((folder) => [`${folder}/System.map`, `${folder}/build/System.map`]),
    `/usr/src/linux-headers-${release}/System.map`,
  ];
}

export function moduleTrees(release: string): string[] {
  return [`/usr/lib/debug/lib/modules/${release}`, `/usr/lib/debug/usr/lib/modules/${release}`, ...moduleCodeTrees(release)];
}

export function moduleCodeTrees(release: string): string[] {
  return [`/lib/modules/${release}`, `/usr/lib/modules/${release}`];
}

/** The build-id directory of gdb's convention, which debug packages fill. */
export function buildIdPlace(buildId: string): string {
  return `/usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`;
}

/** Within the cache of debuginfod's clients. */
export function debuginfodPlace(buildId: string): string {
  return `${buildId}/debuginfo`;
}

/** The kernel's boot image. */
export function bootImagePlaces(release: string): string[] {
  return [`/boot/vmlinuz-${release}`, `/lib/modules/${release}/vmlinuz`, `/usr/lib/modules/${release}/vmlinuz`, `/boot/Image-${release}`];
}
