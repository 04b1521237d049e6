import { durationText } from "../text.ts";

/** What a number measures. */
export type Unit = "none" | "bytes" | "nanoseconds";

/** A value to three digits or so: `1.02 µs`, `12.3 KiB`, `1234`. */
export function amountText(value: bigint, unit: Unit): string {
  switch (unit) {
    case "none":
      return value.toString();
    case "nanoseconds":
      return value < 0n ? `-${durationText(-value)}` : durationText(value);
    case "bytes":
      return scaled(value, ["B", "KiB", "MiB", "GiB", "TiB"], 1024n, 1);
  }
}

/** The edge of a bucket: in full where it is short, with three decimals where it is not. */
export function exactText(value: bigint, unit: Unit): string {
  switch (unit) {
    case "none":
      return value.toString();
    case "nanoseconds":
      return scaled(value, ["ns", "µs", "ms", "s"], 1000n, 3);
    case "bytes":
      return scaled(value, ["B", "KiB", "MiB", "GiB", "TiB"], 1024n, 3);
  }
}

/** Multiples of 1024 exactly: `4K`, `-1M`. */
export function powerText(value: bigint): string {
  let rest = value;
  let letters = "";
  for (const letter of "KMGTPE") {
    if (rest % 1024n !== 0n || rest === 0n) break;
    rest /= 1024n;
    letters = letter;
  }
  return `${rest}${letters}`;
}

function scaled(value: bigint, units: readonly string[], base: bigint, decimals: number): string {
  if (value < 0n) return `-${scaled(-value, units, base, decimals)}`;
  let power = 0;
  let divisor = 1n;
  while (power < units.length - 1 && value >= divisor * base) {
    divisor *= base;
    power++;
  }
  const factor = 10n ** BigInt(decimals);
  const rounded = (value * factor + divisor / 2n) / divisor;
  const fraction = (rounded % factor).toString().padStart(decimals, "0").replace(/0+$/, "");
  return `${rounded / factor}${fraction === "" ? "" : `.${fraction}`} ${units[power]!}`;
}

export function plural(count: number | bigint, one: string, many = `${one}s`): string {
  return `${count} ${BigInt(count) === 1n ? one : many}`;
}

/** A share of a total, in six columns: ` 12.3%`; what is not nothing and rounds to it is `<0.1%`. */
export function shareText(part: number, total: number): string {
  const percent = total === 0 ? 0 : (100 * part) / total;
  return (part > 0 && percent < 0.05 ? "<0.1%" : `${percent.toFixed(1)}%`).padStart(6);
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of at most `columns`, in eighths of a column; what is not nothing is seen. */
export function barText(part: number, most: number, columns: number): string {
  if (part <= 0 || most <= 0) return "";
  const length = Math.max(1, Math.round((8 * columns * part) / most));
  return "█".repeat(length >> 3) + eighths[length & 7]!;
}
