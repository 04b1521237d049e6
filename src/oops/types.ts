import type { ByteText } from "../base/index.ts";

// All text in these types is ByteText (one character a byte), also where it says string: names of tasks may hold any byte.

/** One line of a log. */
export type LogLine = {
  /** 1-based. */
  readonly line: number;
  /** The whole line as it stands in the log, without its line feed (a carriage return is kept). */
  readonly text: ByteText;
  /** Where the kernel's own message begins within `text`, after time stamps, levels, host names and caller ids. */
  readonly start: number;
  /** What the prefix says: the CPU (`C1`) or thread (`T123`) that printed the line. */
  readonly caller: string | null;
  /** The messages of a torn line, which holds several: two speakers' without a line feed between them, or what carriage returns separate. */
  readonly parts?: readonly LinePart[];
};

/** One message of a torn line: from `start` up to `end`. */
export type LinePart = { readonly start: number; readonly end: number; readonly caller: string | null };

/** A frame exactly as the kernel printed it. Columns are 0-based offsets into `LogLine.text`. */
export type ParsedFrame = {
  readonly line: number;
  /** The span of the text that a decoder replaces: from the symbol (or the bare address) to the end of its `[module]`, if any. */
  readonly from: number;
  readonly to: number;
  /** `pc`: RIP, pc, epc, NIP: the instruction itself. `lr`: lr, ra. `call`: a line of a call trace. `register`: a symbol shown for another reason. */
  readonly role: "pc" | "lr" | "call" | "register";
  /** Without offset and size; null for a bare address. */
  readonly symbol: string | null;
  readonly offset: number | null;
  readonly size: number | null;
  readonly module: string | null;
  readonly moduleBuildId: string | null;
  /** `[<ffffffff81000000>]`, `RIP: 0033:0x423172` or a bare address: `0x…`. */
  readonly address: string | null;
  /** False for `? symbol`. */
  readonly reliable: boolean;
  /** True for pc, for `(P)`, for a frame that repeats the report's pc, and for the first frame after an exception entry. */
  readonly exact: boolean;
  /** User-space code (`RIP: 0033:…`): never looked up in the kernel. */
  readonly user: boolean;
  /**
   * What an earlier decoder (CONFIG_KALLSYMS_LINEINFO, decode_stacktrace.sh, oopscope) already wrote after the symbol, without its parentheses:
   * `net/core/skbuff.c:602`. The span ends before it; a decoder leaves such a frame alone. Null for all others. Such a frame may lack its offset.
   */
  readonly decoded: string | null;
};

export type ParsedStack = {
  /**
   * `pc` (the report's own RIP, pc or epc line, with lr and ra), `call trace`, `allocated by`, `freed by`, `backtrace of cpu 1`, and the like;
   * `mentioned` gathers the symbols that stand in other lines of the report (`WARNING: … at f+0x1/0x2`, `at: f+0x1/0x2`).
   */
  readonly name: string;
  readonly frames: readonly ParsedFrame[];
};

/** A `Code:` line. */
export type CodeLine = {
  readonly line: number;
  /** Column of the first byte in the line's text. */
  readonly from: number;
  readonly to: number;
  /** The bytes in the order of memory; empty where words were printed whose order the log does not tell (mips). Of several lines all, as far as they were readable around the mark. */
  readonly bytes: Uint8Array;
  /** Bytes of one group as printed: 1 on x86, 4 for the words of arm64, 2 or 4 on riscv. */
  readonly unit: number;
  /** Index of the marked byte (`<0f>` or `(d4210000)`), or null where none is marked. */
  readonly trap: number | null;
  /** User-space code. */
  readonly user: boolean;
  /** The pc frame whose bytes these are, if the report shows one. */
  readonly pc: ParsedFrame | null;
};

/** Kinds of crash, as in the contract of the case. */
export const kinds = [
  "null-dereference", "bad-access", "general-protection", "use-after-free", "double-free", "invalid-free", "out-of-bounds", "uninitialized",
  "list-corruption", "refcount", "memory-corruption", "stack-overflow", "stack-corruption", "bug", "warning", "divide-error", "invalid-opcode",
  "soft-lockup", "hard-lockup", "rcu-stall", "hung-task", "deadlock", "lock-misuse", "sleep-in-atomic", "data-race", "leak", "out-of-memory",
  "boot-failure", "panic", "user-access", "undefined-behaviour", "cfi", "hardware", "other",
] as const;
export type CrashKind = (typeof kinds)[number];

/** One crash within a log: what the text alone says. */
export type CrashReport = {
  readonly title: string;
  readonly altTitles: readonly string[];
  readonly kind: CrashKind;
  /** Why the report cannot be trusted as a whole, or null. What was read of it still stands. */
  readonly corrupted: { readonly why: string } | null;
  /** First and last line of the report, 1-based, inclusive. */
  readonly lines: readonly [number, number];
  readonly context: {
    readonly cpu: number | null;
    readonly pid: number | null;
    readonly comm: string | null;
    readonly mode: "process" | "softirq" | "hardirq" | "nmi" | null;
    readonly taint: { readonly flags: string; readonly words: readonly string[] } | null;
  };
  readonly kernel: {
    readonly release: string | null;
    /** What follows the release: `#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-…)`. */
    readonly version: string | null;
    readonly arch: Arch | null;
    readonly hardware: string | null;
    /** Of the running vmlinux, where CONFIG_STACKTRACE_BUILD_ID prints it. */
    readonly buildId: string | null;
    /** `Kernel Offset: 0x… from 0x…`: how far KASLR moved the kernel, `0x…`. */
    readonly kaslrOffset: string | null;
  };
  /** Names in lower case (`rip`, `rax`, `cr2`, `pc`, `x0`), values `0x…`. Kernel mode's registers, the first set of the report. */
  readonly registers: Readonly<Record<string, string>>;
  readonly code: readonly CodeLine[];
  readonly stacks: readonly ParsedStack[];
  readonly modules: readonly { readonly name: string; readonly taint: string; readonly buildId: string | null }[];
  readonly lastUnloaded: string | null;
};

export type Arch = "x86_64" | "i386" | "arm64" | "arm" | "riscv64" | "ppc64" | "s390x" | "mips" | "loongarch64";

export type ParsedLog = {
  readonly lines: readonly LogLine[];
  readonly reports: readonly CrashReport[];
  /** Frames that stand outside of every report, so that a text that is no report (a pasted trace) decodes as well. */
  readonly loose: readonly ParsedFrame[];
  /** True if the last line ends with a line feed: the lines joined with line feeds (and this last one) are the log, byte for byte. */
  readonly terminated: boolean;
  /**
   * True if each line is one of the log's own. False for forms that hold the kernel's lines otherwise (JSON, fragments, parts of pstore, wrapped text):
   * the lines, their numbers and their text are then those of the log that was put together.
   */
  readonly asWritten: boolean;
};
