import { posix } from "node:path";
import { OopscopeError } from "../../base/index.ts";
import type { FaultImage } from "./image.ts";
import type { CodePlace } from "./stack.ts";

export type LinePlace = { readonly function: string; readonly file: string | null; readonly line: number | null };

/** Functions and lines of addresses of an image, with paths cut as the case has cut them. */
export class Lines {
  readonly #image: FaultImage;
  readonly #known = new Map<number, readonly LinePlace[]>();
  /** What the case has cut from the front of this image's paths. */
  readonly #cut: string;

  constructor(example: CodePlace) {
    this.#image = example.code.image;
    this.#cut = "";
    const shown = example.frame.functions[0]?.file ?? null;
    const [whole] = this.at(example.at);
    if (shown !== null && whole?.file && whole.file !== shown && whole.file.endsWith(`/${shown}`)) this.#cut = whole.file.slice(0, whole.file.length - shown.length);
    this.#known.clear();
  }

  /** Innermost function first. Empty where the file does not know. */
  at(address: number): readonly LinePlace[] {
    let places = this.#known.get(address);
    if (!places) {
      const [found] = this.#image.dwarf.lookup([address]);
      places =
        !found || found instanceof OopscopeError
          ? []
          : found.functions.map(({ function: name, file, line }) => ({ function: name ?? "??", file: file === null ? null : this.#short(file), line: line > 0 ? line : null }));
      this.#known.set(address, places);
    }
    return places;
  }

  #short(file: string): string {
    const path = /(?:^|\/)\.{1,2}\//.test(file) ? posix.normalize(file) : file;
    return this.#cut !== "" && path.startsWith(this.#cut) ? path.slice(this.#cut.length) : path;
  }
}
