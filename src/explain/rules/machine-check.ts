import type { Rule } from "../rule.ts";
import { set } from "../steps.ts";

/** The machine itself says that it is broken. */
export const machineCheck: Rule = {
  name: "machine-check",
  kinds: ["hardware"],
  needs: [],
  helps: [
    { form: /\[Hardware Error\][^\n]*|[Mm]achine [Cc]heck[^\n]*|SError[^\n]*|NMI: IOCK[^\n]*|external abort[^\n]*|Uncorrected [^\n]*/, why: "the hardware's own words" },
  ],
  blame: null,
  confidence: "high",
  summary: () => "the hardware reported an error: memory, processor, bus or a device. No function of the kernel is to blame",
  next: () => [...set("sudo ras-mc-ctl --errors", "see what else the machine reported"), ...set("memtester 1G 1", "test the memory")],
};
