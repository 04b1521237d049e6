import { readFileSync } from "node:fs";
import { readKallsyms } from "../probe/index.ts";

/** The kernel's functions by address, in a form that threads can be handed. */
export type SymbolTable = {
  /** Ascending. */
  readonly addresses: BigUint64Array<SharedArrayBuffer>;
  /** Where each one's name begins in `names`; each ends with a line feed. */
  readonly offsets: Uint32Array<SharedArrayBuffer>;
  readonly names: string;
  /** Of the kernel itself, and of each module: where its memory lies. */
  readonly ranges: readonly CodeRange[];
  /** /proc/modules as it was read: if it is another now, modules have come or gone. */
  readonly modules: string;
};

export type CodeRange = { readonly module: string | null; readonly from: bigint; readonly to: bigint };

/** /proc/modules: name, size, users, what needs it, state, address. */
export function moduleRanges(text: string): CodeRange[] {
  return [...text.matchAll(/^([\w-]+) (\d+) \S+ \S+ \w+ 0x([0-9a-f]+)/gm)].map(([, module, size, from]) => ({ module: module!, from: BigInt(`0x${from!}`), to: BigInt(`0x${from!}`) + BigInt(size!) }));
}

/** Where a module's data lie, by its symbols (CONFIG_KALLSYMS_ALL); null where it tells none. From 6.4 on they are apart from the code, whose place alone /proc/modules tells. */
function dataRange(kallsyms: string, module: string): CodeRange | null {
  let from: bigint | null = null;
  let to = 0n;
  for (const [, digits] of kallsyms.matchAll(new RegExp(`^([0-9a-f]+) [dDbBrR] \\S+\\t\\[${module}\\]$`, "gm"))) {
    const address = BigInt(`0x${digits!}`);
    if (from === null || address < from) from = address;
    if (address > to) to = address;
  }
  return from === null ? null : { module, from, to: to + 4096n };
}

/** Code and data of modules that are loaded, in the order of their names; null for one that is not. */
export function rangesOf(modules: readonly string[], root = ""): readonly ({ readonly code: CodeRange; readonly data: CodeRange } | null)[] {
  const loaded = moduleRanges(readModules(root));
  let kallsyms: string | null = null;
  return modules.map((name) => {
    const code = loaded.find(({ module }) => module === name);
    if (code === undefined) return null;
    kallsyms ??= readFileSync(`${root}/proc/kallsyms`, "latin1");
    return { code, data: dataRange(kallsyms.slice(kallsyms.indexOf(`\t[${name}]`) - 300), name) ?? code };
  });
}

/** Where variables of the kernel itself lie (CONFIG_KALLSYMS_ALL); 0 where that is not told. */
export function variableAddresses(names: readonly string[], root = ""): bigint[] {
  const list = readFileSync(`${root}/proc/kallsyms`, "latin1");
  return names.map((name) => BigInt(`0x${new RegExp(`^([0-9a-f]+) [dDbBrR] ${name}$`, "m").exec(list)?.[1] ?? "0"}`));
}

/** Reads /proc/kallsyms. `root` is where /proc is. */
export function readSymbolTable(root = ""): SymbolTable {
  const modules = readModules(root);
  const path = `${root}/proc/kallsyms`;
  const { names, address, modules: owners, moduleNames } = readKallsyms(path, readFileSync(path));
  const count = names.length;
  const values = BigUint64Array.from({ length: count }, (_, row) => BigInt(`0x${address(row)}`));
  const order = Uint32Array.from({ length: count }, (_, row) => row).sort((a, b) => (values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : b - a));
  const addresses = new BigUint64Array(new SharedArrayBuffer(8 * count));
  const offsets = new Uint32Array(new SharedArrayBuffer(4 * count));
  const parts: string[] = [];
  let size = 0;
  let from = 0n;
  let to = 0n;
  for (const [index, row] of order.entries()) {
    const owner = moduleNames[owners[row]!]!;
    const text = `${names[row]!}${owner === null ? "" : `\t${owner}`}\n`;
    addresses[index] = values[row]!;
    offsets[index] = size;
    parts.push(text);
    size += text.length;
    if (owner === null && names[row] === "_stext") from = values[row]!;
    if (owner === null && (names[row] === "_etext" || names[row] === "_einittext") && values[row]! > to) to = values[row]!;
  }
  return { addresses, offsets, names: parts.join(""), ranges: [{ module: null, from, to }, ...moduleRanges(modules)], modules };
}

export function readModules(root = ""): string {
  return readFileSync(`${root}/proc/modules`, "utf8");
}

/** A return address as the kernel prints it: `kfree+0x36/0x90`, `st_xmit+0x5e/0x80 [skb_double_free]`; `0x…` where it is in a module that the table does not know; null for what is no code of the kernel's: BPF programs. `exact`: no return address but where a probe stood. */
export function frameText(table: SymbolTable, address: bigint, ranges: readonly CodeRange[] = table.ranges, exact = false): string | null {
  const range = ranges.find(({ from, to }) => address >= from && address < to);
  if (range === undefined) return null;
  const bare = `0x${address.toString(16)}`;
  // Another module may have come to lie where one was that the table knows.
  const known = ranges === table.ranges || table.ranges.some(({ module, from, to }) => module === range.module && from === range.from && to === range.to);
  if (!known) return bare;
  const { addresses, offsets, names } = table;
  // A call that does not return leaves the next function's address: its own is the one before.
  const at = below(addresses, exact ? address : address - 1n);
  if (at < 0) return bare;
  const start = addresses[at]!;
  let next = at + 1;
  while (next < addresses.length && addresses[next] === start) next++;
  const end = next < addresses.length && addresses[next]! < range.to ? addresses[next]! : range.to;
  const [name, module] = names.slice(offsets[at], names.indexOf("\n", offsets[at])).split("\t");
  if ((module ?? null) !== range.module) return bare;
  return `${name!}+0x${(address - start).toString(16)}/0x${(end - start).toString(16)}${module === undefined ? "" : ` [${module}]`}`;
}

/** Where a function of the kernel's lies, up to the next symbol; null for a name that is not there, or more than once. */
export function functionRange({ addresses, offsets, names }: SymbolTable, name: string): CodeRange | null {
  const text = `\n${name}\n`;
  const found = names.startsWith(text.slice(1)) ? 0 : names.indexOf(text) + 1;
  if ((found === 0 && !names.startsWith(text.slice(1))) || names.includes(text, found)) return null;
  const row = offsets.indexOf(found);
  const from = addresses[row]!;
  let next = row + 1;
  while (next < addresses.length && addresses[next] === from) next++;
  return { module: null, from, to: addresses[next] ?? from };
}

/** Names of a module's functions. */
export function functionsOf(table: SymbolTable, module: string): string[] {
  return [...table.names.matchAll(/^(\S+)\t(\S+)$/gm)].flatMap(([, name, owner]) => (owner === module ? [name!] : []));
}

/** Index of the first of the last value that is at or below an address, −1 for none. */
function below(values: BigUint64Array, address: bigint): number {
  let low = -1;
  for (let high = values.length; high - low > 1; ) {
    const middle = (low + high) >> 1;
    if (values[middle]! <= address) low = middle;
    else high = middle;
  }
  while (low > 0 && values[low - 1] === values[low]) low--;
  return low;
}
