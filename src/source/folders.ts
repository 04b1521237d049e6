import { closeSync, fstatSync, openSync, readFileSync, realpathSync } from "node:fs";
import { join, posix, sep } from "node:path";

/** Lines of a source file. `first` is 1-based. */
export type Excerpt = { readonly file: string; readonly first: number; readonly lines: readonly string[] };

const largestSource = 1 << 23;
const longestLine = 4096;
const mostParts = 64;

/** Folders with source files. A file is read once; failures are kept too. */
export class SourceFolders {
  readonly #folders: readonly string[];
  readonly #files = new Map<string, readonly string[] | null>();

  /** Folders that are not there have no files. */
  constructor(folders: readonly string[]) {
    this.#folders = folders.flatMap((folder) => {
      try {
        return [realpathSync(folder)];
      } catch {
        return [];
      }
    });
  }

  /** The lines of a file by its recorded path, or null where no folder has it. A basename alone is found only at the top of a folder. */
  lines(file: string): readonly string[] | null {
    let lines = this.#files.get(file);
    if (lines === undefined) this.#files.set(file, (lines = this.#read(file)));
    return lines;
  }

  /** `line` (1-based) with so many lines around it, or null where the file or the line is not there. */
  excerpt(file: string, line: number, around = 4): Excerpt | null {
    const lines = this.lines(file);
    if (!lines || !Number.isInteger(line) || line < 1 || line > lines.length) return null;
    const first = Math.max(1, line - around);
    return { file, first, lines: lines.slice(first - 1, line + around).map((text) => text.slice(0, longestLine)) };
  }

  #read(file: string): readonly string[] | null {
    if (file.includes("\0") || file.length > 4096) return null;
    const parts = posix.normalize(file).split("/").filter((part) => part !== "" && part !== "." && part !== "..").slice(-mostParts);
    for (let from = 0; from < parts.length; from++) {
      for (const folder of this.#folders) {
        const text = textOf(folder, join(folder, ...parts.slice(from)));
        if (text !== null) return text.split(/\r?\n/);
      }
    }
    return null;
  }
}

/** The text of a regular file that lies within the folder, links followed; else null. */
function textOf(folder: string, path: string): string | null {
  let descriptor: number | null = null;
  try {
    const real = realpathSync(path);
    if (!real.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return null;
    descriptor = openSync(real, "r");
    const { size, isFile } = fileOf(descriptor);
    return isFile && size <= largestSource ? readFileSync(descriptor, "utf8") : null;
  } catch {
    return null;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function fileOf(descriptor: number): { readonly size: number; readonly isFile: boolean } {
  const stat = fstatSync(descriptor);
  return { size: stat.size, isFile: stat.isFile() };
}
