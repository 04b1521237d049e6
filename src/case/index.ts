import type { Case } from "./types.ts";
export type * from "./types.ts";
export { casePieces, writeCase } from "./write.ts";

/**
 * Reads a saved case; keys that this version does not know are kept. `name` is the file's, for messages. Rejects with `malformed` (no JSON, or not the shape of
 * a case: the message names the key and what stands there) or `unsupported` (another schema).
 */
export async function readCase(json: string, name: string): Promise<Case> {
  return (await import("./read.ts")).readCase(json, name);
}
