import { unicodeOf, version, type ByteText } from "../base/index.ts";
import type { Case, CaseFrame, CaseImage, CaseInstructions, CaseReport } from "../case/index.ts";
import { matchModule, matchVmlinux, moduleKey, type KernelClues, type MatchResult, type ModuleClues } from "../kernel/index.ts";
import { parseLog, readCpuLine, type CodeLine, type CrashReport, type LogLine, type ParsedFrame, type ParsedLog } from "../oops/index.ts";
import { isComplete, remarksOn, type Remark } from "./advice.ts";
import { Listings } from "./code.ts";
import { CodeEvidence, inferKaslr, sizeEvidence } from "./evidence.ts";
import { openImages, releaseOf, type ImagePool, type KernelImage, type KernelImages } from "./images.ts";
import { lackingFiles, type LackingFile } from "./lacking.ts";
import type { DecodeOptions } from "./options.ts";
import { pathCutter } from "./paths.ts";
import { answerFrames, placeBare, planFrame, settleByAddress, settleRepeats, settleStack, type Plan, type ResolveOptions } from "./resolve.ts";

export type Decoded = {
  readonly case: Case;
  /** The log line by line, for renderers that write all of it. */
  readonly log: ParsedLog;
  /** True if every kernel frame of the log has a place. */
  readonly complete: boolean;
  readonly remarks: readonly Remark[];
  /** Files whose debug information would resolve more, vmlinux first. */
  readonly lacking: readonly LackingFile[];
};

/**
 * Decodes a log: the text of dmesg, a console or a journal, as bytes. Files are looked for as the options say. Never throws for what is wrong with the log
 * or with a file that was found: frames then say why they have no place. Throws for a vmlinux or folder that the options name and that cannot be read.
 */
export async function decode(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Decoded> {
  return decodeLog(parseLog(bytes), options);
}

/** The same for a log that is parsed, or for a part of one: its lines follow one another, `banners` are what the log's earlier lines said of its kernel, and `pool` keeps the files for the parts that follow. */
export async function decodeLog(log: ParsedLog, options: DecodeOptions = {}, banners: readonly string[] = [], pool: ImagePool | null = null): Promise<Decoded> {
  const cluesFor = cluesOf(log, options, banners);
  const modules = moduleClues(log);
  const everyFrame = [...log.reports.flatMap(({ stacks }) => stacks.flatMap(({ frames }) => frames)), ...log.loose];
  const names = namesByImage(everyFrame);
  const images = everyFrame.length === 0 ? noImages : await openImages(cluesFor, modules, names, options, pool);
  try {
    const { banner } = images;
    const clues = cluesFor(releaseOf(banner));
    const cutter = pathCutter(options.basePath ?? "auto", options.paths ?? "short", images.vmlinux);
    const planned = planAll(log, images, clues, options);
    options.signal?.throwIfAborted();
    const image = caseImage(images, planned, clues, modules, cutter.base);
    const frames = answerAll(planned, cutter, log.lines, doubtful(images, image));
    const reports: CaseReport[] = [];
    const listings = options.code === "none" ? null : new Listings();
    for (const report of log.reports) reports.push(await caseReport(report, frames, log.lines, listings));
    const hardware = log.reports.find(({ kernel }) => kernel.hardware)?.kernel.hardware ?? null;
    const found: Case = {
      schema: "oopscope.case/1",
      tool: { version },
      log: { name: options.name ?? "-", lines: contextLines(log) },
      kernel: { release: clues.release, version: clues.version, arch: clues.arch, hardware: hardware === null ? null : unicode(hardware) },
      image,
      sources: [],
      reports,
      loose: log.loose.map((frame) => frames.get(frame)!),
      events: [],
    };
    const outOfTree = new Set(log.reports.flatMap((report) => report.modules.filter(({ taint }) => taint.includes("O")).map(({ name }) => name)));
    const wanted = new Set(planned.plans.filter(({ frame, image, unresolved }) => frame.module !== null && image === null && unresolved?.reason === "no-image").map(({ frame }) => frame.module!));
    const missing = modules.flatMap(({ name }) => {
      if (!wanted.has(name) || images.modules.has(moduleKey(name)) || name === "bpf") return [];
      return [{ name, outOfTree: outOfTree.has(name), damage: images.damaged.get(moduleKey(name)) ?? null }];
    });
    const lacking = lackingFiles(images, new Set([...names.keys(), ...(everyFrame.some(isBare) ? [""] : [])]), clues, modules);
    const remarks = remarksOn(found, clues, missing, { onlyNames: images.vmlinux?.image.hasDebugInformation === false, unusable: images.damaged.get("") ?? null });
    if (!log.asWritten) remarks.push({ severity: "note", text: "the log's lines were put together from another form: their numbers count the kernel's lines, not the file's", command: null });
    if (options.release !== undefined && clues.release !== options.release) remarks.unshift({ severity: "warning", text: `the log is of kernel ${clues.release}: the release ${options.release} that was named is not used`, command: null });
    return { case: found, log, complete: isComplete(found), remarks, lacking };
  } finally {
    images.close();
  }
}

/** The `Linux version …` that a line shows. */
export function bannerOf(text: string): string | null {
  const at = text.indexOf("Linux version ");
  return at < 0 ? null : unicodeOf(text.slice(at, at + 2048).replace(/\r$/, "") as ByteText);
}

const noImages: KernelImages = { vmlinux: null, banner: null, modules: new Map(), damaged: new Map(), close() {} };

/** What the log says about its kernel: about that of the wanted release, if the log has a report of it, else about its first. */
export function cluesOf(log: ParsedLog, options: DecodeOptions, earlier: readonly string[] = []): (release: string | null) => KernelClues {
  const banners = [...earlier, ...log.lines.flatMap(({ text }) => bannerOf(text) ?? [])];
  const text = (told: string | null | undefined) => (told === null || told === undefined ? null : unicodeOf(told as ByteText));
  return (wanted) => {
    const released = log.reports.filter(({ kernel }) => kernel.release !== null);
    const kernel = (released.find((report) => report.kernel.release === (wanted ?? options.release)) ?? released[0] ?? log.reports[0])?.kernel;
    const told = text(kernel?.release ?? (log.reports.length === 0 && banners.length === 0 ? releaseOfDump(log) : null)) ?? (banners.map(releaseOf).find((release) => release === wanted) ?? releaseOf(banners[0] ?? null));
    const release = told ?? options.release ?? null;
    // A log of several boots may show other kernels' banners.
    const own = release === null ? null : (banners.find((banner) => releaseOf(banner) === release) ?? null);
    return { release, version: text(kernel?.version), banner: own, buildId: kernel?.buildId ?? null, arch: kernel?.arch ?? null };
  };
}

/** A log without a crash may hold stacks that were asked for (SysRq), whose lines about processors name the kernel. */
function releaseOfDump({ lines, loose }: ParsedLog): string | null {
  if (loose.length === 0) return null;
  for (const { text, start } of lines) {
    const release = text.startsWith("CPU: ", start) ? (readCpuLine(text, start)?.release ?? null) : null;
    if (release !== null) return release;
  }
  return null;
}

/** Every module that a frame names, with its build id where the log has one. */
export function moduleClues(log: ParsedLog): ModuleClues[] {
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

const isBare = ({ symbol, address, user }: ParsedFrame): boolean => symbol === null && address !== null && !user;

export function namesByImage(frames: readonly ParsedFrame[]): Map<string, Set<string>> {
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

type Planned = { readonly code: CodeEvidence; readonly plans: readonly Plan[]; readonly returnAddresses: ResolveOptions["returnAddresses"] };

/** Plans all frames of all reports. Reports of another kernel than the case's get no image. */
function planAll(log: ParsedLog, images: KernelImages, clues: KernelClues, options: DecodeOptions): Planned {
  const code = new CodeEvidence();
  // A vmlinux that is proved by its build id or banner needs no comparison of bytes, which costs the tables of all that a kernel patches.
  const proved = images.vmlinux && matchVmlinux(images.vmlinux.code, images.banner, clues, { code: null, sizes: { compared: 0, equal: 0 } }).match !== "unknown";
  const all: Plan[] = [];
  for (const report of log.reports) {
    const { release, kaslrOffset } = report.kernel;
    const foreign = release !== null && clues.release !== null && release !== clues.release ? `this report is of kernel ${release}, the files are for ${clues.release}` : null;
    const stacks = report.stacks.map(({ frames }) => frames.map((frame) => planFrame(frame, images, foreign)));
    const plans = stacks.flat();
    // The log counts from the link addresses, which a running kernel's own list does not have.
    const kaslr = kaslrOffset !== null && images.vmlinux?.names !== "kallsyms" ? BigInt(kaslrOffset) : inferKaslr(plans, images.vmlinux);
    settleByAddress(plans, kaslr);
    code.weigh(report.code, new Map(plans.map((one) => [one.frame, one])), (image) => image !== images.vmlinux || !proved);
    settleRepeats(plans);
    // What the report's pc is in was called by the first frame of the trace.
    const pc = plans.filter(({ frame }) => frame.role === "pc" && !frame.user).slice(0, 1);
    for (const [index, { name }] of report.stacks.entries()) {
      // Frames that other lines mention do not call one another.
      if (name !== "mentioned") settleStack(name === "call trace" ? [...pc, ...stacks[index]!] : stacks[index]!);
    }
    settleRepeats(plans);
    placeBare(plans, images, kaslr);
    all.push(...plans);
  }
  const loose = log.loose.map((frame) => planFrame(frame, images, null));
  const moved = new Set(log.reports.map(({ kernel }) => kernel.kaslrOffset).filter((offset) => offset !== null));
  const kaslr = inferKaslr(loose, images.vmlinux) ?? (moved.size === 1 && images.vmlinux?.names !== "kallsyms" ? BigInt([...moved][0]!) : null);
  settleByAddress(loose, kaslr);
  // Frames on lines that follow one another are a stack.
  for (let from = 0, to = 1; to <= loose.length; to++) {
    if (to < loose.length && loose[to]!.frame.line - loose[to - 1]!.frame.line <= 1) continue;
    settleStack(loose.slice(from, to));
    from = to;
  }
  placeBare(loose, images, kaslr);
  all.push(...loose);
  return { code, plans: all, returnAddresses: options.returnAddresses ?? "call" };
}

/** The images that are not the log's own: their lines may be wrong. */
function doubtful(images: KernelImages, image: CaseImage): ReadonlySet<KernelImage> {
  const wrong = [...images.modules.values()].filter((_, index) => image.modules[index]!.match === "mismatch");
  return new Set(image.vmlinux?.match === "mismatch" ? [...wrong, images.vmlinux!] : wrong);
}

function answerAll({ plans, returnAddresses }: Planned, cutter: ReturnType<typeof pathCutter>, lines: readonly LogLine[], doubtful: ReadonlySet<KernelImage>): Map<ParsedFrame, CaseFrame> {
  const textOf = ({ line, from, to }: ParsedFrame): string => unicodeOf((lineAt(lines, line)?.text.slice(from, to) ?? "") as ByteText);
  const answers = answerFrames(plans, { returnAddresses, doubtful }, cutter, textOf);
  return new Map(plans.map(({ frame }, index) => [frame, answers[index]!]));
}

function caseImage(images: KernelImages, { plans, code }: Planned, clues: KernelClues, modules: readonly ModuleClues[], basePath: string | null): CaseImage {
  const { vmlinux, banner } = images;
  const evidence = (image: KernelImage) => ({ code: code.of(image), sizes: sizeEvidence(image, plans) });
  return {
    vmlinux: vmlinux && { path: vmlinux.image.path, buildId: vmlinux.code.buildId(), ...withLacks(matchVmlinux(vmlinux.code, banner, clues, evidence(vmlinux)), vmlinux) },
    basePath,
    modules: [...images.modules].map(([key, image]) => {
      const module = modules.find(({ name }) => moduleKey(name) === key)!;
      return { name: module.name, path: image.image.path, ...withLacks(matchModule(image.code, module, clues, evidence(image)), image) };
    }),
  };
}

function withLacks(result: MatchResult, { lacks }: KernelImage): MatchResult {
  return lacks === null || result.match !== "unknown" ? result : { match: "unknown", why: `${lacks}; ${result.why}` };
}

async function caseReport(report: CrashReport, frames: ReadonlyMap<ParsedFrame, CaseFrame>, lines: readonly LogLine[], listings: Listings | null): Promise<CaseReport> {
  const code: CaseInstructions[] = [];
  if (listings) for (const line of report.code) code.push(await listings.of(line, archOf(line, report, lines)));
  const primary = code.find(({ user }) => !user) ?? code[0] ?? null;
  return {
    title: unicode(report.title),
    altTitles: report.altTitles.map(unicode),
    kind: report.kind,
    corrupted: report.corrupted && { why: unicode(report.corrupted.why) },
    lines: report.lines,
    context: { ...report.context, comm: report.context.comm === null ? null : unicode(report.context.comm) },
    modules: report.modules.map(({ name, taint }) => ({ name, taint })),
    registers: report.registers,
    instructions: primary,
    moreInstructions: code.filter((one) => one !== primary),
    stacks: report.stacks.map((stack) => ({ name: stack.name, frames: stack.frames.map((frame) => frames.get(frame)!) })),
    verdict: null,
  };
}

/** The code segment of 32-bit programs on x86-64 (__USER32_CS, arch/x86/include/asm/segment.h). */
const compatibility = /\bRIP: 0023:/;

function archOf({ user, pc }: CodeLine, { kernel }: CrashReport, lines: readonly LogLine[]): string | null {
  return user && pc && compatibility.test(lineAt(lines, pc.line)?.text ?? "") ? "i386" : kernel.arch;
}

/** A report's text is the log's bytes. */
const unicode = (text: string): string => unicodeOf(text as ByteText);

/** Lines that a case holds before and behind each report. */
export const contextAround = 10;

/** The lines may begin in the middle of a log. */
function lineAt(lines: readonly LogLine[], line: number): LogLine | undefined {
  return lines[line - (lines[0]?.line ?? 1)];
}

/** The lines of reports and of frames outside of them, with some around. */
function contextLines({ lines, reports, loose }: ParsedLog): { line: number; text: string }[] {
  const first = lines[0]?.line ?? 1;
  const wanted = new Uint8Array(lines.length);
  const mark = (from: number, to: number) => wanted.fill(1, Math.max(0, from - contextAround - first), Math.min(lines.length, to + contextAround + 1 - first));
  for (const report of reports) mark(report.lines[0], report.lines[1]);
  for (const frame of loose) mark(frame.line, frame.line);
  return lines.filter((_, index) => wanted[index] === 1).map(({ line, text }) => ({ line, text: unicodeOf(text.replace(/\r$/, "") as ByteText) }));
}
