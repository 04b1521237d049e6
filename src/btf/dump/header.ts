import type { Btf } from "../file.ts";
import { flatten } from "../flat.ts";
import { CHeader } from "./cheader.ts";

/**
 * A header of C with all types of a base and of what continues it, as bytes of ASCII, piece by piece: what `bpftool btf dump … format c` writes, for clang to
 * compile BPF programs with. All parts must have the same base (or be it). Throws `malformed` for types that no C can say, `over-budget` for absurd ones.
 */
export function headerText(parts: readonly Btf[]): Generator<Uint8Array> {
  return new CHeader(flatten(parts)).chunks();
}
