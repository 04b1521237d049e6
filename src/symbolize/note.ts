import { OopscopeError } from "../base/index.ts";
import type { ElfFile } from "../elf/index.ts";

/** What stands beside a GSYM about it: JSON, in a section of the skeleton (docs/gsym.md). Addresses are image offsets of the skeleton. */
export type GsymNote = {
  /** The header of the GSYM that it belongs to, and that file's size. */
  readonly header: Uint8Array;
  readonly size: number;
  /** False if only what one log needs was packed. */
  readonly complete: boolean;
  /** Compilation directories, and from which address on which of them holds. */
  readonly directories: readonly (string | null)[];
  readonly runs: readonly (readonly [address: number, directory: number])[];
  /** The unit that tells the root of the kernel's sources: that of the function at `address`. */
  readonly sourceUnit: { readonly address: number; readonly name: string | null; readonly directory: string | null } | null;
};

/** What stands beside `X.gsym`. */
export const skeletonOf = (gsym: string): string => `${gsym}.elf`;

const schema = "oopscope.symbols/1";
const section = ".oopscope.symbols";
const largest = 1 << 24;

export function writeNote({ header, ...note }: GsymNote): { readonly name: string; readonly bytes: Uint8Array } {
  return { name: section, bytes: Buffer.from(JSON.stringify({ schema, header: Buffer.from(header).toString("hex"), ...note }), "utf8") };
}

/** Throws `malformed` where the file is no skeleton of `oopscope symbols pack`, `unsupported` for one of a newer form. */
export function readNote(elf: ElfFile): GsymNote {
  const fail = (what: string) => new OopscopeError("malformed", `${elf.path}: ${section}: ${what}`, { file: elf.path, section });
  const holder = elf.section(section);
  if (!holder) throw fail("the section is missing, so the file does not belong to a GSYM");
  if (holder.size > largest) throw fail(`${holder.size} bytes, the limit is ${largest}`);
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(elf.bytes(holder)).toString("utf8"));
  } catch {
    throw fail("not JSON");
  }
  const note = read as Record<string, unknown>;
  if (typeof read !== "object" || read === null || typeof note["schema"] !== "string") throw fail("without a schema");
  if (note["schema"] !== schema) throw new OopscopeError("unsupported", `${elf.path}: ${section}: schema ${JSON.stringify(note["schema"])}; ${schema} is read`, { file: elf.path, section });
  const { header, size, complete, directories, runs, sourceUnit } = note;
  const isText = (value: unknown): value is string | null => value === null || typeof value === "string";
  const isRun = (value: unknown): value is [number, number] => Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "number");
  if (typeof header !== "string" || typeof size !== "number" || typeof complete !== "boolean") throw fail("it does not tell its GSYM");
  if (!Array.isArray(directories) || !directories.every(isText) || !Array.isArray(runs) || !runs.every(isRun)) throw fail("damaged directories");
  return { header: Buffer.from(header, "hex"), size, complete, directories, runs, sourceUnit: unitOf(sourceUnit) };
}

function unitOf(value: unknown): GsymNote["sourceUnit"] {
  if (typeof value !== "object" || value === null) return null;
  const { address, name, directory } = value as Record<string, unknown>;
  if (typeof address !== "number") return null;
  return { address, name: typeof name === "string" ? name : null, directory: typeof directory === "string" ? directory : null };
}
