import { existsSync } from "node:fs";
import { join } from "node:path";
import { it } from "vitest";
import { cacheFolder } from "../../src/system/index.ts";
import { expectGolden } from "../support/golden.ts";
import { allSuites, bundle, compileBpf, inGuest, unlinkOf } from "./guest.ts";

/** Newer libraries, where a root of another suite is at hand (`make matrix` unpacks them): Node runs by the root's own loader. */
const roots = ["trixie", "sid"].map((suite) => join(cacheFolder(), "roots", suite, "usr/lib/x86_64-linux-gnu")).filter((folder) => existsSync(join(folder, "libbpf.so.1")));

it.each(allSuites())("%s: a user ring buffer, netfilter, and libbpf as old and new as there is", async (kernel) => {
  const [major, minor] = kernel.split(".");
  const command = `${process.execPath} ${await bundle("user")} ${compileBpf("user")} ${compileBpf("unlink", `-DUNLINK="${unlinkOf(kernel)}"`)}`;
  const said = await inGuest(
    `user-${kernel}`,
    `ip link set lo up\n${command} || exit 1\n${roots.map((folder) => `${folder}/ld-linux-x86-64.so.2 --library-path ${folder} ${command} | sed -n '/"library"/,$p' || exit 1\n`).join("")}`,
    { kernel },
  );
  // The library that the system has; what newer ones say of the same is behind it, where they are at hand.
  const own = said.findIndex((line, index) => index > 0 && Array.isArray(line) && line[0] === "library" && said.findIndex((other) => Array.isArray(other) && other[0] === "library") < index);
  const text = (lines: readonly unknown[]): string => `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;
  expectGolden(text(own < 0 ? said : said.slice(0, own)), new URL(`user/${major}.${minor}.txt`, import.meta.url));
  if (roots.length === 2) expectGolden(text(said.slice(own)), new URL(`user/${major}.${minor}-newer.txt`, import.meta.url));
});
