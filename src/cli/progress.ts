import type { Progress } from "../fetch/index.ts";
import { visible } from "../render/index.ts";
import { isTerminal, say, writeTalk } from "./output.ts";

const firstAfter = 500;
const onTerminal = 100;
/** Off a terminal a line this often. */
const offTerminal = 10_000;

/** Shows how far a fetch is, on standard error: in place on a terminal, else a line now and then. `done` ends the line. */
export function progressLine(quiet: boolean): { readonly show: (progress: Progress) => void; readonly done: () => void } {
  const begin = Date.now();
  const terminal = isTerminal(2);
  let told = 0;
  let shown = false;
  return {
    show: ({ what, done, total }) => {
      const now = Date.now();
      if (quiet || now - begin < firstAfter || now - told < (terminal ? onTerminal : offTerminal)) return;
      told = now;
      const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
      const text = total === null ? `${what}: ${megabytes(done)} MB` : `${what}: ${megabytes(done)} of ${megabytes(total)} MB (${Math.floor((100 * done) / Math.max(1, total))}%)`;
      if (!terminal) {
        say("note", text);
        return;
      }
      shown = true;
      writeTalk(`\r\x1b[K${visible(text)}`);
    },
    done: () => {
      if (shown) writeTalk("\r\x1b[K");
      shown = false;
    },
  };
}
