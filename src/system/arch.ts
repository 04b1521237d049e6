const archNames: Readonly<Record<string, string>> = { x64: "x86_64", ia32: "i386", ppc64: "ppc64", loong64: "loongarch64", mips64el: "mips", mipsel: "mips" };

/** The kernel's name of this machine's processor: `x86_64`. */
export function machineArch(): string {
  return archNames[process.arch] ?? process.arch;
}
