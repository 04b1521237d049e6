import type { BootKernel } from "./kernels.ts";

/** The machine that QEMU plays. */
export type Machine = {
  readonly kernel: BootKernel;
  /** MiB. */
  readonly memory: number;
  readonly cpus: number;
  /** More words for the kernel's command line. */
  readonly append: string;
  /** The host's file system, read-only, for a 9p mount by the tag `root`. */
  readonly hostRoot: boolean;
  /** Two network cards (virtio_net) that are wired to each other and to nothing else. */
  readonly wired?: boolean;
};

/** The whole command. Always TCG: it works everywhere, inside other virtual machines too. */
export function qemuCommand(
  machine: Machine & { readonly initrd: string; readonly controlDescriptor: number; readonly interactive: boolean },
): { program: string; args: string[] } {
  const arm = machine.kernel.arch === "arm64";
  const tty = arm ? "ttyAMA0" : "ttyS0";
  // oops=panic and panic=-1 end the run at the crash; with -no-reboot QEMU goes away where a machine would restart.
  const words = [`console=${tty}`, "rdinit=/init", "oops=panic", "panic=-1", "loglevel=7", machine.append].filter((word) => word !== "");
  return {
    program: arm ? "qemu-system-aarch64" : "qemu-system-x86_64",
    args: [
      ...(arm ? ["-machine", "virt"] : ["-machine", "pc"]),
      ...["-accel", "tcg", "-cpu", "max", "-m", `${machine.memory}M`, "-smp", String(machine.cpus)],
      ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
      ...["-kernel", machine.kernel.image, "-initrd", machine.initrd, "-append", words.join(" ")],
      ...["-chardev", machine.interactive ? "stdio,id=console,signal=off,mux=off" : "stdio,id=console,signal=off", "-serial", "chardev:console"],
      ...["-chardev", `socket,id=control,fd=${machine.controlDescriptor}`],
      ...(arm ? ["-device", "virtio-serial-pci", "-device", "virtserialport,chardev=control"] : ["-serial", "chardev:control"]),
      ...(machine.wired === true ? [0, 1].flatMap((port) => ["-netdev", `hubport,id=port${port},hubid=0`, "-device", `virtio-net-pci,netdev=port${port},romfile=`]) : []),
      ...(machine.hostRoot ? ["-virtfs", "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap"] : []),
    ],
  };
}
