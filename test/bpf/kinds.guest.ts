import { it } from "vitest";
import { expectGolden } from "../support/golden.ts";
import { allSuites, bundle, compileBpf, inGuest, moduleOf, unlinkOf } from "./guest.ts";

it.each(allSuites())("%s: each kind of attachment runs and ends, or is refused in the kernel's own words", async (kernel) => {
  const said = await inGuest(`kinds-${kernel}`, `exec ${process.execPath} ${await bundle("kinds")} ${compileBpf("kinds", `-DUNLINK="${unlinkOf(kernel)}"`)} dummy ${unlinkOf(kernel)}`, { kernel, modules: ["drivers/net/dummy", "net/sched/sch_ingress", "net/sched/cls_bpf"].map((name) => moduleOf(kernel, name)) });
  const [major, minor] = kernel.split(".");
  // What this kernel is expected to have, and how it refuses what it has not.
  expectGolden(`${said.map((line) => JSON.stringify(line)).join("\n")}\n`, new URL(`kinds/${major}.${minor}.txt`, import.meta.url));
});
