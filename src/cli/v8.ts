/** What the command line uses of `node:v8`, which the build puts this in place of: Node's own brings all of its streams, 5 ms of each start that sets a flag. */
export function setFlagsFromString(flag: string): void {
  (light() ?? process.getBuiltinModule("node:v8")).setFlagsFromString(flag);
}

type Flags = { setFlagsFromString(flag: string): void };

/** What is behind it, where Node gives it away: 20 and 22 do. */
function light(): Flags | null {
  try {
    return (process as unknown as { binding(name: string): Flags }).binding("v8");
  } catch {
    return null;
  }
}
