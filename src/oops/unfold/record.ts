export type Emit = (text: string) => void;

/** Reads the records of one form. */
export type RecordForm = {
  /** Takes a physical line, and true if it is of this form. What it held is emitted now or by a later call. */
  take(text: string, emit: Emit): boolean;
  /** Emits what is still held. */
  flush(emit: Emit): void;
};

/** What a program's record says of one message of the kernel. */
export type KernelRecord = {
  readonly message: string;
  /** Since boot, in microseconds. */
  readonly monotonic: number | null;
  readonly caller: string | null;
  /** Who spoke, if not the kernel. */
  readonly speaker: string | null;
};

/** The lines of a record, as dmesg prints them. */
export function linesOf({ message, monotonic, caller, speaker }: KernelRecord): string[] {
  const stamp = monotonic === null ? "" : `[${String(Math.floor(monotonic / 1e6)).padStart(5)}.${String(Math.floor(monotonic % 1e6)).padStart(6, "0")}]`;
  const behind = caller === null ? "" : `[${caller.padStart(6)}]`;
  const prefix = speaker !== null ? `${speaker}: ` : stamp === "" && behind === "" ? "" : `${stamp}${behind} `;
  return message.replace(/\n$/, "").split("\n").map((line) => prefix + line);
}
