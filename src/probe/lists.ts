import { OopscopeError } from "../base/index.ts";
import { deniedIn } from "./denied.ts";

// The lists in which a kernel names its functions. Each has a line a name and up to 200,000 lines: they are cut by their line feeds, without a pattern for each line, and names
// stay parts of the one text. A line of another form is passed over and counted: the lists come from the kernel, or from a file that says so.

/** A list is never larger than this: kallsyms of a large kernel has 20 MB. */
export const largestList = 1 << 28;
const mostRows = 4_000_000;

/** What `[name]` behind a symbol says that is no module (kernel/kallsyms.c, kernel/bpf/core.c). */
const noModules: ReadonlySet<string> = new Set(["bpf", "__builtin__ftrace", "__builtin__kprobes"]);

/** Code symbols of /proc/kallsyms, in its order, in columns. */
export type KernelSymbols = {
  readonly names: readonly string[];
  /** Hexadecimal digits of a row's address as the list has them: zeros where the kernel hides addresses. */
  readonly address: (row: number) => string;
  /** Index in `moduleNames`; 0 is the kernel itself. */
  readonly modules: readonly number[];
  readonly moduleNames: readonly (string | null)[];
  /** 1 for those between `_sinittext` and `_einittext`: their code is gone when the kernel has started. The kernel's own symbols stand in the order of their addresses, hidden or not. */
  readonly init: Uint8Array;
  /** Whether all addresses are zeros (kernel.kptr_restrict, or who asks may not know). */
  readonly hidden: boolean;
  /** The kernel's own list of what fentry refuses (`deniedIn`); null where it is not among the symbols. */
  readonly denied: ReadonlySet<string> | null;
  readonly passedOver: number;
};

/** Code: t and T, weak symbols w and W (nm(1)). */
const isCode = (type: number): boolean => type === 0x74 || type === 0x54 || type === 0x77 || type === 0x57;

/** `ADDRESS TYPE NAME`, then `\t[MODULE]` (kernel/kallsyms.c, s_show). */
export function readKallsyms(path: string, bytes: Uint8Array): KernelSymbols {
  const text = textOf(path, bytes);
  const names: string[] = [];
  /** Where lines begin: the text of an address is cut when it is asked for. */
  let starts = new Int32Array(1 << 16);
  const modules: number[] = [];
  let init = new Uint8Array(1 << 16);
  const moduleNames: (string | null)[] = [null];
  const moduleIndices = new Map<string, number>();
  let hidden = true;
  let passedOver = 0;
  let inInit = 0;
  for (let at = 0; at < text.length; ) {
    const feed = text.indexOf("\n", at);
    const end = feed < 0 ? text.length : feed;
    const start = at;
    at = end + 1;
    const space = text.indexOf(" ", start);
    if (space < 0 || space - start > 16 || space + 3 >= end || text.charCodeAt(space + 2) !== 0x20) {
      if (end > start) passedOver++;
      continue;
    }
    if (!isCode(text.charCodeAt(space + 1))) continue;
    const digits = digitsIn(text, start, space);
    if (digits === "none") {
      passedOver++;
      continue;
    }
    let nameEnd = end;
    let module = 0;
    // Modules come last; a name has no bracket.
    if (text.charCodeAt(end - 1) === 0x5d) {
      const bracket = text.lastIndexOf("[", end);
      const tab = bracket - 1;
      if (bracket > space && (text.charCodeAt(tab) === 0x09 || text.charCodeAt(tab) === 0x20)) {
        const name = text.slice(bracket + 1, end - 1);
        if (noModules.has(name)) continue;
        let index = moduleIndices.get(name);
        if (index === undefined) moduleIndices.set(name, (index = moduleNames.push(name) - 1));
        module = index;
        nameEnd = tab;
      }
    }
    const name = text.slice(space + 3, nameEnd);
    if (digits === "number") hidden = false;
    if (module === 0) {
      if (name === "_sinittext") inInit = 1;
      else if (name === "_einittext") inInit = 0;
    } else inInit = 0;
    if (names.length >= mostRows) throw tooMany(path);
    const row = names.push(name) - 1;
    if (row >= starts.length) {
      const longer = new Int32Array(2 * row);
      longer.set(starts);
      starts = longer;
      const more = new Uint8Array(2 * row);
      more.set(init);
      init = more;
    }
    starts[row] = start;
    init[row] = inInit;
    modules.push(module);
  }
  const address = (row: number): string => text.slice(starts[row], text.indexOf(" ", starts[row]));
  return { names, address, modules, moduleNames, init: init.subarray(0, names.length), hidden: hidden && names.length > 0, denied: deniedIn(bytes), passedOver };
}

/** How often each name stands in a list, by module; the kernel's own under null. */
export type NameCounts = ReadonlyMap<string | null, ReadonlyMap<string, number>>;

/** available_filter_functions: `NAME`, or `NAME [MODULE]` (kernel/trace/ftrace.c, t_show). Placeholders of functions that are no more are left out. */
export function readFilterFunctions(path: string, bytes: Uint8Array): NameCounts {
  const counts = new Map<string | null, Map<string, number>>();
  const text = textOf(path, bytes);
  const kernel = new Map<string, number>();
  counts.set(null, kernel);
  for (let at = 0; at < text.length; ) {
    const feed = text.indexOf("\n", at);
    const end = feed < 0 ? text.length : feed;
    const start = at;
    at = end + 1;
    if (end === start || text.startsWith("__ftrace_invalid_address___", start)) continue;
    let names = kernel;
    let nameEnd = end;
    if (text.charCodeAt(end - 1) === 0x5d) {
      const bracket = text.lastIndexOf(" [", end);
      if (bracket > start) {
        const module = text.slice(bracket + 2, end - 1);
        let own = counts.get(module);
        if (!own) counts.set(module, (own = new Map<string, number>()));
        names = own;
        nameEnd = bracket;
      }
    }
    const name = text.slice(start, nameEnd);
    names.set(name, (names.get(name) ?? 0) + 1);
  }
  return counts;
}

/** kprobes/blacklist: `0xFROM-0xTO\tNAME`, with ` [MODULE]` for a module's (kernel/kprobes.c, kprobe_blacklist_seq_show). */
export function readBlacklist(path: string, bytes: Uint8Array): NameCounts {
  const counts = new Map<string | null, Map<string, number>>();
  const text = textOf(path, bytes);
  for (const line of text.split("\n", mostRows)) {
    const tab = line.indexOf("\t");
    if (tab < 0) continue;
    const bracket = line.endsWith("]") ? line.lastIndexOf(" [") : -1;
    const module = bracket > tab ? line.slice(bracket + 2, -1) : null;
    const name = line.slice(tab + 1, bracket > tab ? bracket : undefined);
    let names = counts.get(module);
    if (!names) counts.set(module, (names = new Map<string, number>()));
    names.set(name, (names.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Symbols that stand in code and are no functions: padding before functions, landing pads, what the assembler marks. */
export function isPlaceholder(name: string): boolean {
  switch (name.charCodeAt(0)) {
    case 0x5f: // _
      return name.startsWith("__pfx_") || name.startsWith("__cfi_") || name.startsWith("__ftrace_invalid_address___") || name.startsWith("__UNIQUE_ID_");
    case 0x24: // $: mapping symbols of arm and riscv
    case 0x2e: // .
      return true;
    default:
      return name === "";
  }
}

function textOf(path: string, bytes: Uint8Array): string {
  if (bytes.length > largestList) throw new OopscopeError("over-budget", `${path}: ${bytes.length} bytes, the largest list of names has ${largestList}`, { file: path, size: bytes.length });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Whether a part of the text is a hexadecimal number, and one above zero. */
function digitsIn(text: string, from: number, to: number): "none" | "zero" | "number" {
  let zero = true;
  for (let at = from; at < to; at++) {
    const letter = text.charCodeAt(at);
    if (letter === 0x30) continue;
    if (!((letter > 0x30 && letter <= 0x39) || (letter >= 0x61 && letter <= 0x66))) return "none";
    zero = false;
  }
  return zero ? "zero" : "number";
}

const tooMany = (path: string): OopscopeError => new OopscopeError("over-budget", `${path}: more than ${mostRows} names`, { file: path, limit: mostRows });
