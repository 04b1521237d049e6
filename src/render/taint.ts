/** What each flag of a tainted kernel means, after Documentation/admin-guide/tainted-kernels.rst. */
const meanings: Readonly<Record<string, string>> = {
  P: "proprietary module", F: "module loaded by force", S: "kernel on a processor out of specification", R: "module unloaded by force", M: "machine check", B: "bad page",
  U: "user space asked for it", D: "kernel died before (an oops or BUG)", A: "ACPI table overridden", W: "warning before", C: "staging driver", I: "firmware bug worked around",
  O: "out-of-tree module", E: "unsigned module", L: "soft lockup before", K: "live patch", X: "mark of the distribution", T: "structures randomized", N: "in-kernel test ran", J: "user-space firmware control",
};

/** The flags in words; `G` (no proprietary module) says nothing. */
export function taintInWords(flags: string): string[] {
  return [...flags].filter((flag) => flag !== "G" && flag.trim() !== "").map((flag) => meanings[flag] ?? `unknown flag ${flag}`);
}
