import type { ElfFile } from "../elf/index.ts";
import type { NameListKind } from "./namelist.ts";

/** A file that was found, open; its owner closes it. */
export type FoundFile = {
  readonly elf: ElfFile;
  /** The file that holds the code, where `elf` is a separate debug file without it; else the same. */
  readonly code: ElfFile;
  /** How it was found, for people. */
  readonly how: string;
  /** Set where the file is a list of names alone. */
  readonly names: NameListKind | null;
};
