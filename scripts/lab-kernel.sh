#!/bin/bash
# Builds a small 6.1 from Debian's linux-source with checkers that distribution kernels do not have, into the cache as a kernel of the lab.
#
#   scripts/lab-kernel.sh kasan|lockdep|kcsan [--config]
#
#   kasan    KASAN (generic, with stacks)
#   lockdep  lockdep, sleep-in-atomic checks, UBSAN, debug objects, list and scatterlist checks
#   kcsan    KCSAN (off until /sys/kernel/debug/kcsan says on, so that the races of the boot stay out of the log) and KFENCE
#
# --config builds nothing: it prints the configuration, and says which of the options that are wanted the kernel does not have.
# Otherwise prints the release, `6.1.…-oopscope-VARIANT`; `oopscope lab run --kernel RELEASE` boots it. Everything the guest needs is built in.
set -euo pipefail

variant=${1:-}
case $variant in kasan | lockdep | kcsan) ;; *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2 ;; esac
cache=${OOPSCOPE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/oopscope}
say() { echo "lab-kernel.sh: $*" >&2; }
for need in make gcc flex bison bc xz; do
  command -v $need > /dev/null || { say "$need is missing: apt-get install make gcc flex bison bc xz-utils libelf-dev libssl-dev"; exit 1; }
done
[ -f /usr/include/libelf.h ] || { say "libelf.h is missing: apt-get install libelf-dev"; exit 1; }

mkdir -p "$cache/kernels" "$cache/sources"
exec 9> "$cache/sources/.lock-$variant"
flock 9
done=$cache/kernels/.lab-$variant
only_config=0
[ "${2:-}" != --config ] || only_config=1
if [ $only_config = 0 ] && [ -f "$done" ] && [ -f "$cache/kernels/$(cat "$done")/.complete" ]; then cat "$done"; exit 0; fi

source=$cache/sources/linux-source-6.1
(
  flock 8
  if [ ! -d "$source" ]; then
    "$(dirname "$0")/kernels.sh" > /dev/null
    export APT_CONFIG=$cache/apt/bookworm-amd64/apt.conf
    work=$(mktemp -d "$cache/sources/.unpack-XXXXXX")
    trap 'rm -rf "$work"' EXIT
    say "fetching the source"
    [ -n "$(ls "$cache/apt/bookworm-amd64/lists/"*_Packages* 2> /dev/null)" ] || apt-get -qq update >&2
    (cd "$work" && apt-get -qq download linux-source-6.1 >&2)
    dpkg-deb --fsys-tarfile "$work"/*.deb | tar -x -C "$work" ./usr/src/linux-source-6.1.tar.xz
    tar -x -C "$work" -f "$work/usr/src/linux-source-6.1.tar.xz"
    mv "$work/linux-source-6.1" "$source"
  fi
) 8> "$cache/sources/.lock"

tree=$cache/kernels/.lab-tree-$variant
[ $only_config = 0 ] || trap 'rm -rf "$tree"' EXIT
objects=$tree/usr/src/build
rm -rf "$tree"
mkdir -p "$objects" "$tree/boot" "$tree/lib/modules"

options="64BIT SMP PRINTK PRINTK_TIME BUG TTY UNIX98_PTYS SERIAL_8250 SERIAL_8250_CONSOLE BINFMT_ELF BINFMT_SCRIPT BLK_DEV_INITRD DEVTMPFS PROC_FS PROC_SYSCTL
  SYSFS TMPFS SHMEM MULTIUSER FUTEX EPOLL SIGNALFD TIMERFD EVENTFD POSIX_TIMERS FILE_LOCKING ADVISE_SYSCALLS MEMBARRIER MODULES MODULE_UNLOAD MODULE_FORCE_UNLOAD
  KALLSYMS KALLSYMS_ALL NET INET UNIX PACKET NETDEVICES NET_CORE ACPI PCI VIRTIO_MENU VIRTIO_PCI NET_9P NET_9P_VIRTIO NETWORK_FILESYSTEMS 9P_FS OVERLAY_FS HYPERVISOR_GUEST
  HIGH_RES_TIMERS NO_HZ_IDLE PREEMPT_VOLUNTARY DEBUG_KERNEL DEBUG_INFO_DWARF5 DEBUG_FS STACKTRACE SLUB SLUB_DEBUG UNWINDER_ORC RANDOMIZE_BASE RELOCATABLE STACKPROTECTOR
  STACKPROTECTOR_STRONG STRICT_KERNEL_RWX STRICT_MODULE_RWX DEBUG_BUGVERBOSE VMAP_STACK FRAME_WARN_NONE"
case $variant in
  kasan) options+=" KASAN KASAN_GENERIC KASAN_INLINE KASAN_VMALLOC KASAN_STACK" ;;
  lockdep) options+=" PROVE_LOCKING DEBUG_ATOMIC_SLEEP DEBUG_LOCKDEP DEBUG_SPINLOCK DEBUG_MUTEXES UBSAN UBSAN_BOUNDS UBSAN_SHIFT DEBUG_OBJECTS DEBUG_OBJECTS_TIMERS DEBUG_OBJECTS_WORK DEBUG_OBJECTS_FREE DEBUG_LIST DETECT_HUNG_TASK SOFTLOCKUP_DETECTOR" ;;
  kcsan) options+=" KCSAN KCSAN_REPORT_RACE_UNKNOWN_ORIGIN KCSAN_REPORT_VALUE_CHANGE_ONLY KCSAN_ASSUME_PLAIN_WRITES_ATOMIC KCSAN_DELAY_RANDOMIZE
    KCSAN_SKIP_WATCH_RANDOMIZE KFENCE" ;;
esac
{
  for option in $options; do [ "$option" = FRAME_WARN_NONE ] || echo "CONFIG_$option=y"; done
  echo "CONFIG_LOCALVERSION=\"-oopscope-$variant\""
} > "$tree/fragment"

build() { make -s -C "$source" O="$objects" KBUILD_BUILD_USER=oopscope KBUILD_BUILD_HOST=lab KBUILD_BUILD_TIMESTAMP="Thu Jan 1 00:00:00 UTC 1970" "$@" >&2; }
[ $only_config = 1 ] || say "building 6.1 with $variant; this takes a while"
build KCONFIG_ALLCONFIG="$tree/fragment" allnoconfig
missing=$(for option in $options; do [ "$option" = FRAME_WARN_NONE ] || grep -q "^CONFIG_$option=y" "$objects/.config" || echo "$option"; done)
[ -z "$missing" ] || say "note: this kernel has no option" $missing
[ $only_config = 0 ] || { cat "$objects/.config"; exit 0; }
nice make -s -C "$source" O="$objects" -j"$(nproc)" KBUILD_BUILD_USER=oopscope KBUILD_BUILD_HOST=lab KBUILD_BUILD_TIMESTAMP="Thu Jan 1 00:00:00 UTC 1970" \
  KCFLAGS="-ffile-prefix-map=$source=/usr/src/linux-source-6.1 -ffile-prefix-map=$objects=." bzImage modules_prepare >&2

release=$(cat "$objects/include/config/kernel.release")
# Modules are checked against the kernel's symbols, which a build without modules does not list by itself.
[ -f "$objects/Module.symvers" ] || cp "$objects/vmlinux.symvers" "$objects/Module.symvers"
mkdir -p "$tree/lib/modules/$release" "$tree/usr/lib/debug/lib/modules/$release"
cp "$objects/arch/x86/boot/bzImage" "$tree/boot/vmlinuz-$release"
cp "$objects/System.map" "$tree/boot/System.map-$release"
mv "$objects/vmlinux" "$tree/usr/lib/debug/lib/modules/$release/vmlinux"
build -q modules_install INSTALL_MOD_PATH="$tree" > /dev/null 2>&1 || true
cp "$objects/modules.builtin" "$tree/lib/modules/$release/" 2> /dev/null || true
find "$objects" \( -name '*.o' -o -name '*.a' -o -name '.*.cmd' \) -not -path '*/scripts/*' -not -path '*/tools/*' -delete
mv "$objects" "$tree/usr/src/linux-headers-$release"
ln -sfn "../../../usr/src/linux-headers-$release" "$tree/lib/modules/$release/build"
printf 'image\nheaders\ndebug\n' > "$tree/.complete"
rm -rf "${cache:?}/kernels/$release"
mv "$tree" "$cache/kernels/$release"
echo "$release" > "$done"
say "$release is in place"
echo "$release"
