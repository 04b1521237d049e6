import type { Btf } from "../../btf/index.ts";

/** Numbers of BTF's kinds (include/uapi/linux/btf.h). */
const ENUM = 6;
const ENUM64 = 19;

/**
 * What an enumeration calls `name`: its type and its value; null for none. The names are compared by their places in the table of strings, so that 30,000 of them cost one pass. Where several
 * enumerations have the name, the first counts; `differ` says that they do not agree.
 */
export function enumerator(btf: Btf, name: string): { readonly type: number; readonly value: bigint; readonly differ: boolean } | null {
  if (name === "") return null;
  const wanted = Buffer.concat([Buffer.from(name, "utf8"), Buffer.of(0)]);
  const offsets = new Set<number>();
  const layers: Btf[] = [];
  for (let layer: Btf | null = btf; layer; layer = layer.base) layers.unshift(layer);
  for (const layer of layers) {
    const strings = Buffer.from(layer.strings.buffer, layer.strings.byteOffset, layer.strings.byteLength);
    for (let at = strings.indexOf(wanted); at >= 0; at = strings.indexOf(wanted, at + 1)) offsets.add(layer.firstString + at);
  }
  if (offsets.size === 0) return null;
  let found: { type: number; value: bigint; differ: boolean } | null = null;
  for (const { words, starts, firstId } of layers) {
    for (let index = 0; index < starts.length; index++) {
      const start = starts[index]!;
      const info = words[start + 1]!;
      const kind = (info >>> 24) & 0x1f;
      if (kind !== ENUM && kind !== ENUM64) continue;
      const step = kind === ENUM ? 2 : 3;
      const end = start + 3 + step * (info & 0xffff);
      for (let at = start + 3; at < end; at += step) {
        if (!offsets.has(words[at]!)) continue;
        const id = firstId + index;
        const type = btf.type(id);
        if (type.kind !== "enum" && type.kind !== "enum64") continue;
        const { value } = type.values[(at - start - 3) / step]!;
        if (found === null) found = { type: id, value, differ: false };
        else if (found.value !== value) found.differ = true;
      }
    }
  }
  return found;
}
