import type { Case, CaseFrame } from "../case/index.ts";

/** A probe that a case asks for. `why`: what the case says of the function, such as `guilty` or `first free`. */
export type CaseProbe = { readonly probe: string; readonly function: string; readonly why: string; /** The function that contains it, where the case shows it inlined: that one is the probe. */ readonly within: string | null };

/** What a case blames: the guilty functions of its verdicts, those of what came earlier (a first free), then suspects; each place once, by the first reason. Empty where no verdict names a function. */
export function probesOfCase({ reports }: Case): CaseProbe[] {
  const frames = reports.flatMap(({ stacks }) => stacks.flatMap((stack) => stack.frames));
  const verdicts = reports.flatMap(({ verdict }) => verdict ?? []);
  const blamed: Blamed[] = [
    ...verdicts.flatMap(({ guilty }): Blamed[] => (guilty === null ? [] : [{ ...guilty, module: guilty.module ?? "vmlinux", why: "guilty" }])),
    // Of these a verdict does not say the module: the stacks may.
    ...verdicts.flatMap(({ earlier }) => earlier.map((one): Blamed => ({ ...one, module: null, why: one.role }))),
    ...verdicts.flatMap(({ suspects }) => suspects.map((one): Blamed => ({ ...one, module: one.module ?? "vmlinux", why: "suspect" }))),
  ];
  const probes = new Map<string, CaseProbe>();
  for (const one of blamed) {
    const probe = probeOf(one, frames);
    if (!probes.has(probe.probe)) probes.set(probe.probe, probe);
  }
  return [...probes.values()];
}

type Blamed = { /** Null: unknown. */ readonly module: string | null; readonly function: string; readonly file: string | null; readonly why: string };

function probeOf({ module, function: name, file, why }: Blamed, frames: readonly CaseFrame[]): CaseProbe {
  const fits = (frame: CaseFrame): boolean => module === null || (frame.module ?? "vmlinux") === module;
  const own = frames.find((frame) => fits(frame) && frame.symbol !== null && plain(frame.symbol) === name);
  if (own) return { probe: textOf(own.module ?? "vmlinux", own.symbol!), function: name, why, within: null };
  const around = frames.find((frame) => fits(frame) && frame.symbol !== null && frame.functions.some((one) => one.inlined && one.function === name && (file === null || one.file === null || one.file === file)));
  if (around) return { probe: textOf(around.module ?? "vmlinux", around.symbol!), function: name, why, within: plain(around.symbol!) };
  return { probe: textOf(module, name), function: name, why, within: null };
}

/** What the compiler has put apart as hardly ever run is jumped to: the function is what is called. */
const textOf = (module: string | null, symbol: string): string => `${module === null ? "" : `${module}:`}${symbol.replace(/\.cold(?:\.\d+)?$/, "")}`;

/** A symbol without what compilers add to a function's name. */
const plain = (symbol: string): string => symbol.replace(/\..*$/, "");
