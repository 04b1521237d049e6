/** From a complete draft to the report: what needs all lines to be known (exactness, context, kind and title) is decided now. */
import { bytesOfCode, type ByteOrder } from "./code.ts";
import { type Draft, type PlacedFrame, type StackDraft } from "./draft.ts";
import { ExactRules, placeOf } from "./exact.ts";
import type { RawFrame } from "./frames.ts";
import { contextOf } from "./report-context.ts";
import { reportFrames, reportPc } from "./report-frames.ts";
import { rootKind } from "./root.ts";
import { altTitlesOf, mainHeader, titleOf } from "./title.ts";

import { whyCorrupted } from "./corrupted.ts";
import type { Arch, CodeLine, CrashReport, ParsedFrame, ParsedStack } from "./types.ts";

/** The name of the stack that gathers the symbols of other lines. */
export const mentioned = "mentioned";

export function finishFrame(line: number, raw: RawFrame, exact: boolean): ParsedFrame {
  const { from, to, role, symbol, offset, size, module, moduleBuildId, address, reliable, user, decoded } = raw;
  return { line, from, to, role, symbol, offset, size, module, moduleBuildId, address, reliable, exact, user, decoded };
}

export function finishReport(draft: Draft, kernel: { release: string | null; version: string | null; hardware: string | null }): CrashReport {
  const { release, version } = releaseOf(draft) ?? kernel;
  const arch = draft.arch ?? archOfRelease(release) ?? (draft.marked ? "x86_64" : null);
  const order = draft.order ?? orderOf(arch, release);
  const pc = reportPc(draft);
  const finished = new Map<RawFrame, ParsedFrame>();
  const drafts = draft.stacks.filter((stack) => stack.frames.length > 0);
  const stacks = drafts.filter(({ name }) => name !== mentioned).map((stack) => finishStack(stack, arch, pc, finished));
  for (const stack of drafts) if (stack.name === mentioned) stacks.push(finishMentioned(draft, stack, arch, pc, stacks));
  const header = mainHeader(draft);
  const placed = reportFrames(draft, pc);
  return {
    title: titleOf(draft, header, placed),
    altTitles: altTitlesOf(draft, header, placed),
    kind: rootKind(draft, header, placed),
    corrupted: whyCorrupted(draft, header),
    lines: [draft.first, draft.last],
    context: contextOf(draft),
    kernel: {
      release,
      version,
      arch,
      hardware: draft.hardware ?? kernel.hardware,
      buildId: draft.buildId,
      kaslrOffset: draft.kaslrOffset,
    },
    registers: Object.fromEntries(draft.registers),
    code: draft.code.map(({ line, raw, user, pc: of }): CodeLine => ({ line, from: raw.from, to: raw.to, ...bytesOfCode(raw.groups, order), user, pc: of === null ? null : (finished.get(of.raw) ?? finishFrame(of.line, of.raw, true)) })),
    stacks,
    modules: [...draft.modules.values()],
    lastUnloaded: draft.lastUnloaded,
  };
}

function finishStack(stack: StackDraft, arch: Arch | null, pc: PlacedFrame | null, finished: Map<RawFrame, ParsedFrame>): ParsedStack {
  // A backtrace of another processor repeats that processor's pc, not the report's.
  const place = pc === null || stack.name.startsWith("backtrace of cpu") ? null : placeOf(pc.raw);
  const rules = new ExactRules(stack.way, arch, place === null ? [] : [place]);
  const frames = stack.frames.map(({ line, raw }) => {
    const frame = finishFrame(line, raw, rules.next(raw));
    finished.set(raw, frame);
    return frame;
  });
  return { name: stack.name, frames };
}

/** Symbols in other lines are exact where they repeat an exact frame, or where the line is known to show an instruction's own address. */
function finishMentioned(draft: Draft, stack: StackDraft, arch: Arch | null, pc: PlacedFrame | null, stacks: readonly ParsedStack[]): ParsedStack {
  const places = stacks.flatMap(({ frames }) => frames.filter((frame) => frame.exact && !frame.user).map((frame) => placeOf(frame) ?? ""));
  const rules = new ExactRules(stack.way, arch, places);
  const frames = stack.frames.map(({ line, raw }) => finishFrame(line, raw, rules.next(raw) || trapsThere(draft, raw, line, arch, pc)));
  return { name: stack.name, frames };
}

const trapping: ReadonlySet<Arch> = new Set(["x86_64", "arm64", "riscv64", "ppc64", "s390x", "loongarch64"]);

/**
 * `WARNING: … at f+0x1/0x2` shows the trapping instruction where WARN is a trap (lib/bug.c __report_bug hands its address to __warn); where it is a
 * call (arm, mips, x86 before 4.12), the return address. The pc tells, if the report shows one; else the processor does.
 */
function trapsThere(draft: Draft, raw: RawFrame, line: number, arch: Arch | null, pc: PlacedFrame | null): boolean {
  const header = draft.headers.find((candidate) => candidate.line === line)?.header.match[0];
  if (header === undefined || !header.startsWith("WARNING: ")) return false;
  if (pc !== null) return placeOf(pc.raw) === placeOf(raw);
  return arch !== null && trapping.has(arch) && !draft.stacks.some((stack) => stack.frames.some((frame) => frame.raw.symbol?.startsWith("warn_slowpath") === true));
}

/** As the report itself has it. */
function releaseOf(draft: Draft): { release: string | null; version: string | null } | null {
  const { cpuLine, kernelLine } = draft;
  return cpuLine?.release != null ? cpuLine : kernelLine;
}

/** The byte order of instructions; null where the processor may have either and the release does not say. A big-endian arm keeps instructions as a little-endian one. */
function orderOf(arch: Arch | null, release: string | null | undefined): ByteOrder | null {
  if (arch === "s390x") return "big";
  if (arch === "ppc64" || arch === "mips") {
    if (/ppc64(?:le|el)|powerpc64le|mips(?:64)?(?:r6)?el|loongson/.test(release ?? "")) return "little";
    return /ppc64|powerpc|octeon/.test(release ?? "") ? "big" : null;
  }
  return arch === null ? null : "little";
}

function archOfRelease(release: string | null | undefined): Arch | null {
  if (release == null) return null;
  if (/amd64|x86_64/.test(release)) return "x86_64";
  if (/arm64|aarch64/.test(release)) return "arm64";
  if (/riscv64/.test(release)) return "riscv64";
  if (/ppc64/.test(release)) return "ppc64";
  if (/s390x/.test(release)) return "s390x";
  return /686|i386/.test(release) ? "i386" : null;
}
