export { openElf, openElfNow, elfFromBytes, elfFromBytesNow, type ElfFile } from "./file.ts";
export { compressionOf, unfoldFile } from "./compression.ts";
export { buildIdOfNotes } from "./notes.ts";
export type { ElfHeader, Section } from "./header.ts";
export type { SymbolTable } from "./symbols.ts";
export type { RelocationTable, Relocations } from "./relocations.ts";
export { SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS, STT_FILE, STT_SECTION } from "./constants.ts";
export { Scratch, fileSource, memorySource, type ByteSource } from "./source.ts";
export { writeSkeleton, writeStandIn, type SkeletonOptions, type StandIn } from "./skeleton.ts";
