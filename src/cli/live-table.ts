import { exit } from "./exit.ts";
import { writeResult } from "./output.ts";
import type { TraceView } from "./trace-view.ts";
import { enterScreen, keysOf, leaveScreen, LiveTable, Screen } from "../trace/index.ts";

/** How often the picture is drawn at most, and rates are taken, in milliseconds. */
const drawEvery = 200;
const tickEvery = 1000;
const signals = ["SIGQUIT", "SIGCONT"] as const;

/**
 * The table of `--live`. It takes the terminal and its keys, and gives both back with `end`, or however else the process ends but by SIGKILL. `stop` is called for `q`; Ctrl-C, which a
 * terminal in raw mode sends as a key, becomes the signal it stands for.
 */
export function liveView(stop: () => void): TraceView {
  const table = new LiveTable();
  const screen = new Screen();
  const { stdin, stdout } = process;
  const keys = stdin.isTTY === true;
  let open = true;
  let drawn = -Infinity;
  let ticked = -Infinity;
  const picture = (): string => screen.draw(table.lines(stdout.columns || 80, stdout.rows || 24));
  const now = (): void => void (open && writeResult(picture()));
  const again = (): void => void (open && writeResult(screen.forget() + picture()));
  const restore = (): void => {
    if (!open) return;
    open = false;
    if (keys) stdin.setRawMode(false);
    writeResult(leaveScreen);
  };
  const quit = (): never => process.exit(exit.interrupted);
  const resumed = (): void => {
    if (keys) stdin.setRawMode(true);
    writeResult(enterScreen);
    again();
  };
  const typed = (bytes: Buffer): void => {
    for (const key of keysOf(bytes.toString("utf8"))) {
      const result = key === "\x03" ? "interrupt" : table.key(key);
      if (result === "interrupt") process.kill(process.pid, "SIGINT");
      else if (result === "quit") stop();
      else if (result === "changed") now();
    }
  };
  process.on("exit", restore);
  process.on(signals[0], quit);
  process.on(signals[1], resumed);
  stdout.on("resize", again);
  if (keys) stdin.setRawMode(true).on("data", typed).resume();
  writeResult(enterScreen);
  return {
    add: (events) => {
      for (const event of events) table.add(event);
      const at = performance.now();
      if (at - drawn < drawEvery) return "";
      drawn = at;
      if (at - ticked >= tickEvery) {
        ticked = at;
        table.tick(process.hrtime.bigint());
      }
      return picture();
    },
    end: () => {
      restore();
      process.off("exit", restore);
      process.off(signals[0], quit);
      process.off(signals[1], resumed);
      stdout.off("resize", again);
      if (keys) stdin.off("data", typed).pause();
      // What was shown last stays, without the empty lines and that of the keys.
      return `${table.lines(stdout.columns || 80, stdout.rows || 24).slice(0, -1).join("\n").trimEnd()}\n`;
    },
  };
}
