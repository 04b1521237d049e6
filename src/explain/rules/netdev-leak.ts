import type { Rule } from "../rule.ts";
import { set } from "../steps.ts";

/** A network device is to go, and somebody still holds a reference (net/core/dev.c netdev_wait_allrefs). */
export const netdevLeak: Rule = {
  name: "netdev-leak",
  kinds: ["leak"],
  needs: [{ form: /unregister_netdevice: waiting for (\S+) to become free[^\n]*/, why: "which device, and its count of references" }],
  blame: null,
  confidence: "medium",
  summary: (_who, subject) => `a reference to the network device \`${subject.find(/waiting for (\S{1,16}) to become free/)?.match[1] ?? "?"}\` was taken and never given back; who has it is not in the log`,
  next: () => set("CONFIG_NET_DEV_REFCNT_TRACKER=y", "a kernel built with this prints who took the references that are left"),
};
