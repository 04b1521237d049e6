import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { OopscopeError } from "../base/index.ts";
import { moduleKey } from "./clues.ts";

const mostEntries = 2_000_000;
const deepest = 64;
const moduleFile = /^(.+?)\.ko(?:\.debug)?(?:\.(?:gz|xz|zst))?$/;

/** The module that a file name stands for (`nf-conntrack.ko.xz`: `nf_conntrack`), or null. */
export function moduleOfFile(fileName: string): string | null {
  const match = moduleFile.exec(fileName);
  return match ? moduleKey(match[1]!) : null;
}

/**
 * Every file of the wanted modules below `directory` (or the file itself), by module key, in the order of the walk: names sorted, files before folders.
 * Links to folders are not followed (`build` and `source` lead out of the tree, or in circles); a folder that cannot be read is passed over.
 */
export function modulesBelow(directory: string, wanted: ReadonlySet<string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let entries = 0;
  const add = (path: string, name: string): void => {
    // A look at the name's end first: most files of a tree are no modules.
    if (!name.includes(".ko")) return;
    const key = moduleOfFile(name);
    if (key === null || !wanted.has(key)) return;
    const list = found.get(key);
    if (list) list.push(path);
    else found.set(key, [path]);
  };
  const visit = (path: string, depth: number): void => {
    let listing;
    try {
      listing = readdirSync(path, { withFileTypes: true });
    } catch {
      return;
    }
    entries += listing.length;
    if (entries > mostEntries) throw new OopscopeError("over-budget", `${directory}: more than ${mostEntries} files below it`, { file: directory });
    listing.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of listing) if (!entry.isDirectory()) add(join(path, entry.name), entry.name);
    if (depth < deepest) for (const entry of listing) if (entry.isDirectory()) visit(join(path, entry.name), depth + 1);
  };
  let status;
  try {
    status = statSync(directory);
  } catch (cause) {
    throw new OopscopeError("not-found", `${directory}: no such file or directory`, { file: directory }, cause);
  }
  if (status.isDirectory()) {
    visit(directory, 0);
    return found;
  }
  const name = basename(directory);
  if (moduleOfFile(name) === null) throw new OopscopeError("bad-argument", `${directory}: neither a folder nor a module: its name does not end in .ko`, { file: directory });
  add(directory, name);
  return found;
}
