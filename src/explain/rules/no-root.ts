import type { Rule } from "../rule.ts";
import { set } from "../steps.ts";

/** The kernel runs, and finds no root file system. */
export const noRoot: Rule = {
  name: "no-root",
  kinds: ["boot-failure"],
  needs: [],
  helps: [
    { form: /Cannot open root device[^\n]*/, why: "what root= asked for" },
    { form: /VFS: Unable to mount root fs[^\n]*|[Ii]nitramfs[^\n]*|VFS: PARTUUID[^\n]*/, why: "what failed" },
    { form: /[^\n]*driver: [^\n]*/, why: "the disks that the kernel sees" },
  ],
  blame: null,
  confidence: "high",
  summary: () => "no root file system: the device that root= names is not there, its driver is missing (from the initramfs), or the initramfs was not loaded",
  next: () => [...set("cat /proc/cmdline", "compare root= with the disks of the machine, from a system that boots"), ...set("sudo update-initramfs -u -k all", "build the initramfs again, with the drivers")],
};
