import { expect, it } from "vitest";
import { allSuites, bundle, compileBpf, inGuest, unlinkOf } from "./guest.ts";

it.each(allSuites().filter((kernel) => !kernel.startsWith("6.12.")))("%s: an object is opened, changed, loaded, attached, read and closed", async (kernel) => {
  const object = compileBpf("unlink", `-DUNLINK="${unlinkOf(kernel)}"`);
  const program = await bundle("first");
  const said = await inGuest(`first-${kernel}`, `exec ${process.execPath} ${program} ${object}`, { kernel });
  const event = { comm: "node", raw: [1, 2, 254, 255], pair: [{ left: 65535, right: -1 }, { left: 7, right: 8 }], time: "bigint", cpu: 0, own: true };
  expect(said).toEqual([
    [[`fentry/${unlinkOf(kernel)}`, "tracing", "trace-fentry"], [`fexit/${unlinkOf(kernel)}`, "tracing", "trace-fexit"]],
    // The second file is not there: ENOENT.
    [{ ...event, way: "WAY_ENTRY", result: 0 }, { ...event, way: "WAY_EXIT", result: 0 }, { ...event, way: "WAY_ENTRY", result: 0 }, { ...event, way: "WAY_EXIT", result: -2 }],
    { seen: "104n", wanted: true, counts: [[0, ["2n"]], [1, ["2n"]]], last: [[true, "node"]] },
    // 80 more; the ring takes 63 of 64 bytes each, and the program counted the others.
    { records: 4, discarded: 0, lost: "17n", size: 4096, waiting: 63 },
    { type: "tracing", gpl: true, links: 2 },
    ["closed", "the ring buffer events is used after it was closed"],
    ["closed", "the object unlink is used after it was closed"],
    ["closed", "the object unlink is used after it was closed"],
    ["closed", "the object unlink is used after it was closed"],
    ["closed", `the link fentry/${unlinkOf(kernel)} is used after it was closed`],
    { programs: 0, links: 0 },
  ]);
});
