import type { SearchPlaces } from "../kernel/index.ts";

/** How to decode; everything may be left out. */
export type DecodeOptions = {
  /** The kernel's vmlinux, its debug file, or a list of its names (System.map, a copy of /proc/kallsyms). Without it the usual places are searched for the log's release. */
  readonly vmlinux?: string;
  /** Folders with modules, searched deep, or modules themselves. Before the usual places. */
  readonly modules?: readonly string[];
  /** GSYM files of `oopscope symbols pack` (or of llvm-gsymutil), or folders of them. Files that `vmlinux` and `modules` name come first, the usual places last. */
  readonly symbols?: readonly string[];
  /** The release to look for, where the log does not tell it. */
  readonly release?: string;
  /** Below which folder the usual places are; `/` if absent; null to search nothing but what is named. */
  readonly root?: string | null;
  /** More places, after the usual ones: what was fetched, and what a running kernel says of itself. */
  readonly also?: Pick<SearchPlaces, "fetched" | "debuginfod" | "buildIds" | "running">;
  /** What to cut from the front of recorded paths: a path, `auto` (the kernel's own source root; the default), or `none`. */
  readonly basePath?: string;
  /** `short` (the default): the base path cut off and `..` resolved. `recorded`: as the compiler wrote them. */
  readonly paths?: "short" | "recorded";
  /** Look up return addresses as they stand, as older tools do, instead of at the call before them. */
  readonly returnAddresses?: "call" | "as-printed";
  /** `none` leaves the `Code:` lines alone, and does not load the disassembler. */
  readonly code?: "disassemble" | "none";
  /** Name of the log in the case. */
  readonly name?: string;
  readonly signal?: AbortSignal;
  /** Called with a sentence before each step that may take long. */
  readonly onProgress?: (step: string) => void;
};
