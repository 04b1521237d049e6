import { unicodeOf, version, type ByteText } from "../base/index.ts";
import type { Case, CaseFrame, CaseImage, CaseReport } from "../case/index.ts";
import { matchModule, matchVmlinux, moduleKey, type KernelClues, type ModuleClues } from "../kernel/index.ts";
import { parseLog, type CrashReport, type LogLine, type ParsedFrame, type ParsedLog } from "../oops/index.ts";
import { isComplete, remarksOn, type Remark } from "./advice.ts";
import { instructionsOf } from "./code.ts";
import { CodeEvidence, inferKaslr, sizeEvidence } from "./evidence.ts";
import { bannerSymbol, openImages, textAt, type KernelImage, type KernelImages } from "./images.ts";
import type { DecodeOptions } from "./options.ts";
import { pathCutter } from "./paths.ts";
import { answerFrames, planFrame, settleStack, type Plan, type ResolveOptions } from "./resolve.ts";

export type Decoded = {
  readonly case: Case;
  /** The log line by line, for renderers that write all of it. */
  readonly log: ParsedLog;
  /** True if every kernel frame of the log has a place. */
  readonly complete: boolean;
  readonly remarks: readonly Remark[];
};

/**
 * Decodes a log: the text of dmesg, a console or a journal, as bytes. Files are looked for as the options say. Never throws for what is wrong with the log
 * or with a file that was found: frames then say why they have no place. Throws for a vmlinux or folder that the options name and that cannot be read.
 */
export async function decode(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Decoded> {
  const log = parseLog(bytes);
  const clues = cluesOf(log, options);
  const modules = moduleClues(log);
  const everyFrame = [...log.reports.flatMap(({ stacks }) => stacks.flatMap(({ frames }) => frames)), ...log.loose];
  const images = everyFrame.length === 0 ? noImages : await openImages(clues, modules, namesByImage(everyFrame), options);
  try {
    const cutter = pathCutter(options.basePath ?? "auto", options.paths ?? "short", images.vmlinux);
    const banner = images.vmlinux && textAt(images.vmlinux, bannerSymbol);
    const planned = planAll(log, images, clues, banner, options);
    options.signal?.throwIfAborted();
    const frames = answerAll(planned, cutter, log.lines);
    const image = caseImage(images, planned, clues, banner, modules, cutter.base);
    const reports: CaseReport[] = [];
    for (const report of log.reports) reports.push(await caseReport(report, frames, options));
    const found: Case = {
      schema: "oopscope.case/1",
      tool: { version },
      log: { name: options.name ?? "-", lines: contextLines(log) },
      kernel: { release: clues.release, version: clues.version, arch: clues.arch, hardware: log.reports.find(({ kernel }) => kernel.hardware)?.kernel.hardware ?? null },
      image,
      sources: [],
      reports,
      loose: log.loose.map((frame) => frames.get(frame)!),
      events: [],
    };
    const missing = modules.filter(({ name }) => everyFrame.some((frame) => frame.module === name && !frame.user && frame.decoded === null) && !images.modules.has(moduleKey(name)) && name !== "bpf");
    const outOfTree = new Set(log.reports.flatMap((report) => report.modules.filter(({ taint }) => taint.includes("O")).map(({ name }) => name)));
    const remarks = remarksOn(found, clues, missing.map(({ name }) => ({ name, outOfTree: outOfTree.has(name) })));
    return { case: found, log, complete: isComplete(found), remarks };
  } finally {
    images.close();
  }
}

const noImages: KernelImages = { vmlinux: null, modules: new Map(), damaged: new Map(), close() {} };

function cluesOf(log: ParsedLog, options: DecodeOptions): KernelClues {
  const kernel = log.reports.find((report) => report.kernel.release !== null)?.kernel ?? log.reports[0]?.kernel ?? null;
  const banner = log.lines.find(({ text }) => text.includes("Linux version "));
  const bannerText = banner ? unicodeOf(banner.text.slice(banner.text.indexOf("Linux version ")).replace(/\r$/, "") as ByteText) : null;
  const release = options.release ?? kernel?.release ?? (bannerText && /^Linux version (\S+)/.exec(bannerText)?.[1]) ?? null;
  // A log of several boots may show another kernel's banner.
  const ownBanner = bannerText !== null && release !== null && bannerText.startsWith(`Linux version ${release} `) ? bannerText : null;
  return { release, version: kernel?.version ?? null, banner: ownBanner, buildId: kernel?.buildId ?? null, arch: kernel?.arch ?? null };
}

/** Every module that a frame names, with its build id where the log has one. */
function moduleClues(log: ParsedLog): ModuleClues[] {
  const clues = new Map<string, ModuleClues>();
  const add = (name: string, buildId: string | null) => {
    const known = clues.get(name);
    if (!known || (known.buildId === null && buildId !== null)) clues.set(name, { name, buildId });
  };
  for (const report of log.reports) {
    for (const { frames } of report.stacks) for (const frame of frames) if (frame.module !== null) add(frame.module, frame.moduleBuildId);
    for (const { name, buildId } of report.modules) if (clues.has(name)) add(name, buildId);
  }
  for (const frame of log.loose) if (frame.module !== null) add(frame.module, frame.moduleBuildId);
  return [...clues.values()];
}

function namesByImage(frames: readonly ParsedFrame[]): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const { symbol, module, user, decoded } of frames) {
    if (symbol === null || user || decoded !== null) continue;
    const key = module === null ? "" : moduleKey(module);
    const list = names.get(key);
    if (list) list.add(symbol);
    else names.set(key, new Set([symbol]));
  }
  return names;
}

type Planned = { readonly code: CodeEvidence; readonly stacks: { readonly plans: Plan[]; readonly options: ResolveOptions }[]; readonly everyPlan: Plan[] };

/** Plans all frames of all reports. Reports of another kernel than the case's get no image. */
function planAll(log: ParsedLog, images: KernelImages, clues: KernelClues, banner: string | null, options: DecodeOptions): Planned {
  const code = new CodeEvidence();
  // A vmlinux that is proved by its build id or banner needs no comparison of bytes, which costs the tables of all that a kernel patches.
  const proved = images.vmlinux && matchVmlinux(images.vmlinux.code, banner, clues, { code: null, sizes: { compared: 0, equal: 0 } }).match !== "unknown";
  const stacks: Planned["stacks"] = [];
  const returnAddresses = options.returnAddresses ?? "call";
  const plan = (groups: readonly (readonly ParsedFrame[])[], report: CrashReport | null) => {
    const release = report?.kernel.release ?? null;
    const foreign = release !== null && clues.release !== null && options.release === undefined && release !== clues.release ? `this report is of kernel ${release}, the files are for ${clues.release}` : null;
    const named = groups.map((frames) => frames.map((frame) => planFrame(frame, images, { returnAddresses, kaslr: null, foreign })));
    if (report) code.weigh(report.code, new Map(named.flat().map((one) => [one.frame, one])), (image) => image !== images.vmlinux || !proved);
    // What the report's pc is in was called by the first frame of the trace.
    const pc = named.flat().filter(({ frame }) => frame.role === "pc" && !frame.user).slice(0, 1);
    for (const [index, plans] of named.entries()) settleStack(report?.stacks[index]?.name === "call trace" ? [...pc, ...plans] : plans);
    const kaslr = report?.kernel.kaslrOffset !== undefined && report.kernel.kaslrOffset !== null ? BigInt(report.kernel.kaslrOffset) : inferKaslr(named.flat(), images.vmlinux);
    const resolve: ResolveOptions = { returnAddresses, kaslr, foreign };
    for (const plans of named) stacks.push({ plans: kaslr === null ? plans : plans.map((old) => (old.frame.symbol === null ? planFrame(old.frame, images, resolve) : old)), options: resolve });
  };
  for (const report of log.reports) plan(report.stacks.map(({ frames }) => frames), report);
  plan([log.loose], null);
  return { code, stacks, everyPlan: stacks.flatMap(({ plans }) => plans) };
}

function answerAll(planned: Planned, cutter: ReturnType<typeof pathCutter>, lines: readonly LogLine[]): Map<ParsedFrame, CaseFrame> {
  const [first] = planned.stacks;
  const answers = first ? answerFrames(planned.everyPlan, first.options, cutter) : [];
  const frames = new Map<ParsedFrame, CaseFrame>();
  for (const [index, { frame }] of planned.everyPlan.entries()) {
    const text = unicodeOf((lines[frame.line - 1]?.text.slice(frame.from, frame.to) ?? "") as ByteText);
    frames.set(frame, { ...answers[index]!, text });
  }
  return frames;
}

function caseImage(images: KernelImages, { everyPlan: plans, code }: Planned, clues: KernelClues, banner: string | null, modules: readonly ModuleClues[], basePath: string | null): CaseImage {
  const { vmlinux } = images;
  const evidence = (image: KernelImage) => ({ code: code.of(image), sizes: sizeEvidence(image, plans) });
  return {
    vmlinux: vmlinux && { path: vmlinux.image.path, buildId: vmlinux.code.buildId(), ...matchVmlinux(vmlinux.code, banner, clues, evidence(vmlinux)) },
    basePath,
    modules: [...images.modules].map(([key, image]) => {
      const module = modules.find(({ name }) => moduleKey(name) === key)!;
      return { name: module.name, path: image.image.path, ...matchModule(image.code, module, clues, evidence(image)) };
    }),
  };
}

async function caseReport(report: CrashReport, frames: ReadonlyMap<ParsedFrame, CaseFrame>, options: DecodeOptions): Promise<CaseReport> {
  const listings = [];
  if (options.code !== "none") for (const code of report.code) listings.push(await instructionsOf(code, report.kernel.arch));
  const primary = listings.find(({ user }) => !user) ?? listings[0] ?? null;
  return {
    title: report.title,
    altTitles: report.altTitles,
    kind: report.kind,
    corrupted: report.corrupted,
    lines: report.lines,
    context: report.context,
    modules: report.modules.map(({ name, taint }) => ({ name, taint })),
    registers: report.registers,
    instructions: primary,
    moreInstructions: listings.filter((listing) => listing !== primary),
    stacks: report.stacks.map((stack) => ({ name: stack.name, frames: stack.frames.map((frame) => frames.get(frame)!) })),
    verdict: null,
  };
}

const contextAround = 10;

/** The lines of reports and of frames outside of them, with some around. */
function contextLines({ lines, reports, loose }: ParsedLog): { line: number; text: string }[] {
  const wanted = new Uint8Array(lines.length + 1);
  const mark = (from: number, to: number) => wanted.fill(1, Math.max(1, from - contextAround), Math.min(lines.length, to + contextAround) + 1);
  for (const report of reports) mark(report.lines[0], report.lines[1]);
  for (const frame of loose) mark(frame.line, frame.line);
  return lines.filter(({ line }) => wanted[line] === 1).map(({ line, text }) => ({ line, text: unicodeOf(text.replace(/\r$/, "") as ByteText) }));
}

