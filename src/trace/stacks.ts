import { readLive } from "../system/index.ts";
import type { TraceFrame } from "./event.ts";

/** How often it is looked whether modules came or went, in milliseconds. */
const lookEvery = 1000;

/** Names of addresses of the running kernel: /proc/kallsyms in the order of its addresses, read at the first stack, and again when the modules are others. */
export class KernelNames {
  readonly #root: string;
  #text = "";
  /** Addresses, and where in the text their lines begin. */
  #addresses = new BigUint64Array();
  #lines = new Int32Array();
  #modules = "";
  #areas: readonly { readonly name: string; readonly from: bigint; readonly to: bigint }[] = [];
  #kernelEnd = 0n;
  #looked = -Infinity;
  #generation = 0;

  constructor(root = "") {
    this.#root = root;
  }

  /** Another number when the names were read again: modules came or went. */
  get generation(): number {
    return this.#generation;
  }

  /** The address of a symbol of the kernel itself; null where it is not told. */
  addressOf(symbol: string): bigint | null {
    const digits = new RegExp(`^([0-9a-f]{16}) \\w ${symbol}$`, "m").exec(this.#text)?.[1];
    return digits === undefined || /^0+$/.test(digits) ? null : BigInt(`0x${digits}`);
  }

  /**
   * The frames of a stack, the innermost first. Those above `within`, the function that is traced, are left out: the tracing program's own, and the kernel's on the way to it. An address
   * that nothing has stands alone.
   */
  frames(addresses: readonly bigint[], within: { readonly module: string | null; readonly name: string } | null): TraceFrame[] {
    this.#refresh();
    const frames = addresses.map((address, index) => this.#frame(address, index === 0));
    const first = within === null ? frames.findIndex((frame) => !isOwn(frame)) : frames.findIndex(({ symbol, module }) => symbol === within.name && module === within.module);
    return first <= 0 ? frames : frames.slice(first);
  }

  #refresh(): void {
    const now = performance.now();
    if (now - this.#looked < lookEvery) return;
    this.#looked = now;
    const modules = textOf(`${this.#root}/proc/modules`);
    if (this.#text !== "" && modules === this.#modules) return;
    this.#modules = modules;
    this.#areas = [...modules.matchAll(/^(\S+) (\d+) .*? 0x([0-9a-f]+)(?: \(\w+\))?$/gm)].map(([, name, size, base]) => ({ name: name!, from: BigInt(`0x${base!}`), to: BigInt(`0x${base!}`) + BigInt(size!) }));
    this.#read(textOf(`${this.#root}/proc/kallsyms`));
  }

  #read(text: string): void {
    this.#text = text;
    this.#generation++;
    let addresses = new BigUint64Array(1 << 18);
    let lines = new Int32Array(1 << 18);
    let count = 0;
    // Behind the kernel's last function, and outside of the modules, there is nothing that has a name here: programs, trampolines.
    this.#kernelEnd = this.addressOf("_etext") ?? 0n;
    for (let at = 0; at < text.length; ) {
      const feed = text.indexOf("\n", at);
      const end = feed < 0 ? text.length : feed;
      const type = text.charCodeAt(at + 17);
      if (text.charCodeAt(at + 16) === 0x20 && (type === 0x74 || type === 0x54 || type === 0x77 || type === 0x57)) {
        if (count === lines.length) {
          const more = new BigUint64Array(2 * count);
          more.set(addresses);
          addresses = more;
          const longer = new Int32Array(2 * count);
          longer.set(lines);
          lines = longer;
        }
        // Two halves: a number holds 32 bits at a time without rounding.
        addresses[count] = (BigInt(Number.parseInt(text.slice(at, at + 8), 16)) << 32n) | BigInt(Number.parseInt(text.slice(at + 8, at + 16), 16));
        lines[count++] = at;
      }
      at = end + 1;
    }
    // Modules and programs stand behind the kernel's own, in no order.
    const order = Array.from({ length: count }, (_, index) => index).sort((a, b) => (addresses[a]! < addresses[b]! ? -1 : addresses[a]! > addresses[b]! ? 1 : a - b));
    this.#addresses = BigUint64Array.from(order, (index) => addresses[index]!);
    this.#lines = Int32Array.from(order, (index) => lines[index]!);
  }

  #frame(address: bigint, exact: boolean): TraceFrame {
    // A return address is that of the instruction behind the call, which may be another function's first.
    const wanted = exact ? address : address - 1n;
    let low = 0;
    let high = this.#addresses.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#addresses[middle]! <= wanted) low = middle + 1;
      else high = middle;
    }
    const bare: TraceFrame = { address, symbol: null, offset: 0, module: null, functions: [] };
    if (low === 0 || this.#addresses[low - 1] === 0n) return bare;
    const start = this.#addresses[low - 1]!;
    // Of several names of one place the first in the list.
    let index = low - 1;
    while (index > 0 && this.#addresses[index - 1] === start) index--;
    const at = this.#lines[index]!;
    const line = this.#text.slice(at + 19, this.#text.indexOf("\n", at));
    const tab = line.indexOf("\t");
    const module = tab < 0 ? null : line.slice(tab + 2, -1);
    const area = this.#areas.find(({ name }) => name === module);
    if (module === null ? wanted >= this.#kernelEnd : area ? wanted < area.from || wanted >= area.to : module !== "bpf" || wanted - start > 0x1000n) return bare;
    return { address, symbol: tab < 0 ? line : line.slice(0, tab), offset: Number(address - start), module, functions: [] };
  }
}

/** What stands above a tracepoint's place when a program runs there. */
function isOwn({ symbol, module }: TraceFrame): boolean {
  return module === "bpf" || (symbol !== null && /^(?:bpf_|trace_call_bpf|perf_trace_|perf_tp_|perf_call_bpf|trace_event_|ftrace_|kprobe_)/.test(symbol));
}

function textOf(path: string): string {
  const read = readLive(path);
  return "why" in read ? "" : Buffer.from(read.buffer, read.byteOffset, read.length).toString("latin1");
}
