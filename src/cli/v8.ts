import { inner } from "./inner.ts";

/** What the command line uses of `node:v8`, which the build puts this in place of: Node's own brings all of its streams, 5 ms of each start that sets a flag. */
export function setFlagsFromString(flag: string): void {
  (inner<Flags>("v8") ?? process.getBuiltinModule("node:v8")).setFlagsFromString(flag);
}

type Flags = { setFlagsFromString(flag: string): void };
