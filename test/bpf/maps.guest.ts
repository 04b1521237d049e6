import { it } from "vitest";
import { expectGolden } from "../support/golden.ts";
import { bundle, compileBpf, inGuest, suites } from "./guest.ts";

/** `make soak` makes 10,000. */
const cycles = Number(process.env["OOPSCOPE_CYCLES"] ?? 200);

it.each(suites())("%s: maps of all kinds, a perf buffer, an array as memory; cycles leave nothing", async (kernel) => {
  const [major, minor] = kernel.split(".");
  const said = await inGuest(`maps-${kernel}`, `exec ${process.execPath} --expose-gc ${await bundle("maps")} ${compileBpf("perf")} ${compileBpf("unlink")}`, { kernel, timeout: 280 + cycles, env: { CYCLES: String(cycles) } });
  expectGolden(`${said.map((line) => JSON.stringify(line)).join("\n")}\n`, new URL(`maps/${major}.${minor}.txt`, import.meta.url));
}, 300_000 + 1000 * cycles);
