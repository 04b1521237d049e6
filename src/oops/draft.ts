import type { ByteOrder, RawCode } from "./code.ts";
import type { CpuLine, KernelLine } from "./context.ts";
import type { StackWay } from "./exact.ts";
import { stages, type Header } from "./format.ts";
import type { RawFrame } from "./frames.ts";
import type { LinkedModule } from "./modules.ts";
import type { Arch } from "./types.ts";

/** A frame with the line it stands in. */
export type PlacedFrame = { readonly line: number; readonly raw: RawFrame };

export type StackDraft = {
  readonly name: string;
  readonly way: StackWay;
  readonly frames: PlacedFrame[];
  /** It has a frame of a call trace. */
  traced: boolean;
  /** The innermost stack marker that is open where the frames stand: `IRQ`, `TASK`, `NMI`. */
  openMarker: string | null;
  /** The marker under which the first reliable frame stood. */
  firstMarker: string | null;
};

/** Limits that no real report reaches; what lies beyond stays undecoded text. */
export const most = { stacks: 512, frames: 16_384, code: 64 } as const;

/** A report while its lines are still coming in. */
export class Draft {
  readonly first: number;
  last: number;
  readonly headers: { readonly header: Header; readonly line: number; readonly frames: readonly RawFrame[] }[] = [];
  /** Something of the report itself, not of its headers, has been seen: a CPU line, a pc, a trace. */
  body = false;
  /** `tail` after its end marker: only the lines that follow an oops are still taken. */
  state: "open" | "tail" = "open";
  ended: "marker" | "banner" | null = null;
  readonly stacks: StackDraft[] = [];
  readonly #named = new Map<string, StackDraft>();
  /** One of them has a frame of a call trace. */
  traced = false;
  frameCount = 0;
  readonly registers = new Map<string, string>();
  readonly code: { readonly line: number; readonly raw: RawCode; readonly user: boolean; readonly pc: PlacedFrame | null }[] = [];
  readonly modules = new Map<string, LinkedModule>();
  lastUnloaded: string | null = null;
  cpuLine: CpuLine | null = null;
  task: { readonly pid: number; readonly comm: string } | null = null;
  cpu: number | null = null;
  /** Release, version and taint, from a line that names no task (hung tasks, lockdep). */
  kernelLine: KernelLine | null = null;
  taintWords: string[] | null = null;
  hardware: string | null = null;
  buildId: string | null = null;
  kaslrOffset: string | null = null;
  arch: Arch | null = null;
  /** powerpc says it; others have but one, or do not say. */
  order: ByteOrder | null = null;
  archTries = 0;
  /** ` Read`, ` Write` or nothing, for KASAN's titles. */
  access = "";
  /** The page that a fault hit is there, but may not be used so (x86). */
  protection = false;
  /** s390's failing address, of which the kernel prints the page. */
  failing: string | null = null;
  /** `oopscope guard` says it (src/guard/text.ts). */
  mode: "process" | "softirq" | "hardirq" | "nmi" | null = null;
  /** KASAN's reading of a general protection fault. */
  range: string | null = null;
  /** The first line that tears a call trace. */
  torn: number | null = null;
  /** The line of the report that began before this one had a body. */
  cutBy: number | null = null;
  /** Lines that may be another's, of a processor that printed at the same time: the first and last, and where that report begins. */
  doubt: { readonly from: number; readonly to: number; readonly other: number } | null = null;
  /** A stack marker of x86 (`<TASK>`, `<IRQ>`) has been seen. */
  marked = false;
  atEndOfLog = false;

  constructor(first: number) {
    this.first = first;
    this.last = first;
  }

  /** This line is the report's. Lines that were held back come behind later ones. */
  reach(line: number): void {
    this.last = Math.max(this.last, line);
  }

  get stage(): number {
    return this.headers.reduce((highest, { header }) => Math.max(highest, stages.indexOf(header.format.stage)), -1);
  }

  get died(): boolean {
    return this.headers.some(({ header }) => header.format.stage === "death");
  }

  stack(name: string, way: StackDraft["way"]): StackDraft | null {
    if (this.stacks.length >= most.stacks) return null;
    const stack: StackDraft = { name, way, frames: [], traced: false, openMarker: null, firstMarker: null };
    this.stacks.push(stack);
    if (!this.#named.has(name)) this.#named.set(name, stack);
    return stack;
  }

  /** The stack of that name, begun if there is none. */
  stackNamed(name: string, way: StackDraft["way"]): StackDraft | null {
    return this.#named.get(name) ?? this.stack(name, way);
  }

  hasStack(name: string): boolean {
    return this.#named.has(name);
  }

  add(stack: StackDraft, line: number, frames: readonly RawFrame[]): void {
    for (const raw of frames) {
      if (this.frameCount++ >= most.frames) return;
      stack.frames.push({ line, raw });
      if (raw.role === "call") stack.traced = this.traced = true;
      if (stack.firstMarker === null && raw.role === "call" && raw.reliable) stack.firstMarker = stack.openMarker;
    }
  }
}
