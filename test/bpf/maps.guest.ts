import { it } from "vitest";
import { expectGolden } from "../support/golden.ts";
import { bundle, compileBpf, inGuest, suites } from "./guest.ts";

it.each(suites())("%s: maps of all kinds, a perf buffer, an array as memory; 200 cycles leave nothing", async (kernel) => {
  const [major, minor] = kernel.split(".");
  const said = await inGuest(`maps-${kernel}`, `exec ${process.execPath} --expose-gc ${await bundle("maps")} ${compileBpf("perf")} ${compileBpf("unlink")}`, { kernel, timeout: 280 });
  expectGolden(`${said.map((line) => JSON.stringify(line)).join("\n")}\n`, new URL(`maps/${major}.${minor}.txt`, import.meta.url));
});
