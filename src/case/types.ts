/**
 * The case: what a log says, what the files say about it, and what follows. Every output is drawn from this one object, without any other file.
 * The JSON form (`oopscope.case/1`) is this very object; keys are only ever added. Lines are 1-based; addresses and registers are `0x…` strings.
 */
export type Case = {
  readonly schema: "oopscope.case/1";
  readonly tool: { readonly version: string };
  readonly log: { readonly name: string; readonly lines: readonly CaseLine[] };
  readonly kernel: CaseKernel;
  readonly image: CaseImage;
  readonly sources: readonly { readonly file: string; readonly first: number; readonly lines: readonly string[] }[];
  readonly reports: readonly CaseReport[];
  /** Frames that stand outside of every report. */
  readonly loose: readonly CaseFrame[];
  readonly events: readonly CaseEvent[];
};

/** What the live watch saw; empty for a case that comes from a log. */
export type CaseEvent = Readonly<Record<string, unknown>>;

/** A line of a report or its context. Bytes that are not valid UTF-8 stand as `\xNN`. */
export type CaseLine = { readonly line: number; readonly text: string };

export type CaseKernel = {
  readonly release: string | null;
  readonly version: string | null;
  readonly arch: string | null;
  readonly hardware: string | null;
};

export type Match = "verified" | "mismatch" | "unknown";

export type CaseImage = {
  readonly vmlinux: { readonly path: string; readonly buildId: string | null; readonly match: Match; readonly why: string } | null;
  /** What was cut from the front of recorded paths to make `file`: the root of the kernel's sources at build time. */
  readonly basePath: string | null;
  readonly modules: readonly { readonly name: string; readonly path: string; readonly match: Match; readonly why: string }[];
};

export type CaseReport = {
  readonly title: string;
  readonly altTitles: readonly string[];
  readonly kind: string;
  readonly corrupted: { readonly why: string } | null;
  /** First and last line of the report in the log. */
  readonly lines: readonly [number, number];
  readonly context: {
    readonly cpu: number | null;
    readonly pid: number | null;
    readonly comm: string | null;
    readonly mode: "process" | "softirq" | "hardirq" | "nmi" | null;
    readonly taint: { readonly flags: string; readonly words: readonly string[] } | null;
  };
  readonly modules: readonly { readonly name: string; readonly taint: string }[];
  readonly registers: Readonly<Record<string, string>>;
  /** The kernel's `Code:` line where there is one, else the first. */
  readonly instructions: CaseInstructions | null;
  /** Every further `Code:` line of the report. */
  readonly moreInstructions: readonly CaseInstructions[];
  readonly stacks: readonly CaseStack[];
  readonly verdict: CaseVerdict | null;
};

/** A `Code:` line, disassembled. */
export type CaseInstructions = {
  readonly logLine: number;
  /** Two hexadecimal digits a byte, separated by spaces, in the order of memory. */
  readonly bytes: string;
  /** User-space code: its addresses belong to no kernel file. */
  readonly user: boolean;
  /** All bytes, decoded from the first (which may be the middle of an instruction). */
  readonly list: readonly CaseInstruction[];
  /** The bytes from the marked one on, decoded from there: right in any case. */
  readonly fromTrap: readonly CaseInstruction[];
};

export type CaseInstruction = {
  /** Distance from the first byte of its listing, `0x…`; branch targets in `text` count from there too. */
  readonly address: string;
  readonly bytes: string;
  readonly text: string;
  readonly trap: boolean;
  /** Stands within a run of zeros, in whose place objdump prints `...`. */
  readonly zeros: boolean;
};

export type CaseStack = { readonly name: string; readonly frames: readonly CaseFrame[] };

export type CaseFrame = {
  readonly logLine: number;
  /** Where `text` begins in the line, in bytes, 0-based. */
  readonly column: number;
  /** The symbol as the log has it: `kfree+0x236/0x250`, with its `[module]`. */
  readonly text: string;
  readonly symbol: string | null;
  readonly offset: number | null;
  readonly size: number | null;
  readonly module: string | null;
  /** Link address in the image that was used (for modules: within `section`), `0x…`; the runtime address where only that is known. */
  readonly address: string | null;
  readonly section: string | null;
  readonly reliable: boolean;
  /** The address is an instruction's own, not one that a call returns to. */
  readonly exact: boolean;
  /** Innermost inlined function first, the function that owns the code last. */
  readonly functions: readonly CaseFunction[];
  /** Where one name stands for several functions and the log cannot tell which: each of them. */
  readonly candidates: readonly CaseCandidate[];
  /** A note on how the frame is to be read, as for pointers to the start of the next function. */
  readonly note: string | null;
  readonly unresolved: Unresolved | null;
};

export type CaseFunction = {
  readonly function: string;
  /** As the compiler recorded it; null where only the symbol table knows the function. */
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly discriminator: number | null;
  readonly inlined: boolean;
};

export type CaseCandidate = { readonly address: string; readonly section: string | null; readonly functions: readonly CaseFunction[] };

/** Why a frame has no place: a stable reason and a sentence. */
export type Unresolved = {
  readonly reason:
    | "no-image" // no file for this image was found
    | "no-symbol" // the file has no function of this name
    | "size-mismatch" // the name is there, but no function of this size: another build
    | "outside" // the offset lies outside the function
    | "no-debug-info" // the symbol is known, its lines are not
    | "no-address" // nothing to look up
    | "user" // user-space code
    | "ambiguous" // several functions fit
    | "broken"; // the file's debug information is damaged
  readonly why: string;
};

/** Why the faulting expression is not known: a stable reason and a sentence. */
export type FaultUnknown = {
  readonly reason:
    | "no-access" // the report is of a state that lasts, or was done long before: no single instruction failed
    | "no-code" // the code or its debug information is not at hand
    | "not-shown" // the log shows no frame, or no argument, that the access could be read from
    | "contradiction" // the registers make another address than the log shows
    | "no-name" // nothing that debug information names leads there
    | "broken"; // a file is damaged
  readonly why: string;
};

export type CaseVerdict = {
  readonly rule: string;
  readonly confidence: "high" | "medium" | "low";
  readonly summary: string;
  readonly guilty: { readonly module: string | null; readonly function: string; readonly file: string | null; readonly line: number | null } | null;
  readonly earlier: readonly { readonly role: string; readonly function: string; readonly file: string | null; readonly line: number | null; readonly path: readonly string[] }[];
  readonly suspects: readonly { readonly module: string | null; readonly function: string; readonly file: string | null; readonly line: number | null; readonly why: string }[];
  readonly evidence: readonly { readonly logLine: number; readonly text: string; readonly why: string }[];
  readonly fault: {
    readonly expression: string; readonly variable: string | null; readonly type: string | null; readonly field: string | null;
    readonly value: string | null; readonly register: string | null; readonly address: string | null;
  } | null;
  /** Why there is no `fault`; absent or null where there is one, where nobody looked, and in cases of older versions. */
  readonly faultUnknown?: FaultUnknown | null;
  readonly objects: readonly { readonly address: string; readonly what: string; readonly why: string }[];
  readonly next: readonly { readonly why: string; readonly command: string }[];
};
