import { OopscopeError, hex, type ImageOffset, type LinkAddress } from "../../base/index.ts";
import { placesOf } from "../../render/index.ts";
import { openImage, type Image, type ImageSymbol, type ResolvedPlace } from "../../symbolize/index.ts";
import { exit } from "../exit.ts";
import { readStdin } from "../input.ts";
import { say, writeResult } from "../output.ts";

export type SymbolizeFlags = {
  readonly vmlinux?: string;
  readonly object?: string;
  readonly section?: string;
  readonly basePath: string;
  readonly returnAddresses?: boolean;
  readonly format: "text" | "json";
  readonly quiet?: boolean;
};

/** What was asked for: an address, or a name with its offset and the size that a log gave. */
type Question = { readonly text: string; readonly address: bigint } | { readonly text: string; readonly name: string; readonly offset: number; readonly size: number | null } | { readonly text: string; readonly wrong: string };

/** A question's addresses: several where a name stands for several functions. */
type Target = { readonly address: ImageOffset; readonly owner: ImageSymbol | null };

export async function runSymbolize(places: readonly string[], flags: SymbolizeFlags): Promise<number> {
  const path = flags.object ?? flags.vmlinux;
  if (path === undefined || (flags.object !== undefined && flags.vmlinux !== undefined)) {
    say("error", "name the file to look up in: --vmlinux FILE or --object FILE", "oopscope symbolize --help");
    return exit.usage;
  }
  const given = places.length === 0 || (places.length === 1 && places[0] === "-") ? Buffer.from(await readStdin()).toString("utf8").split(/\s+/).filter((word) => word !== "") : places;
  const questions = given.map(questionOf);
  const image = await openImage(path);
  try {
    return answer(image, questions, flags);
  } finally {
    image.close();
  }
}

function answer(image: Image, questions: readonly Question[], flags: SymbolizeFlags): number {
  const { elf } = image;
  const section = flags.section === undefined ? null : elf.section(flags.section);
  if (flags.section !== undefined && !section) throw new OopscopeError("missing-section", `${elf.path} has no section ${flags.section}`, { file: elf.path, section: flags.section });
  if (elf.relocatable && !section && questions.some((question) => "address" in question)) {
    throw new OopscopeError("bad-argument", `${elf.path} is relocatable: an address in it counts from the start of a section, as in --section .text`, { file: elf.path });
  }
  const origin = section ? elf.placeOf(section) : null;
  const names = image.symbols(questions.flatMap((question) => ("name" in question ? [question.name] : [])));
  const targets = questions.map((question) => targetsOf(question, image, origin, names));
  const flat: Target[] = [];
  const failures: (string | null)[] = [];
  for (const target of targets) {
    failures.push(Array.isArray(target) ? null : target.why);
    if (Array.isArray(target)) flat.push(...target);
  }
  const shift = flags.returnAddresses ? 1 : 0;
  const answers = image.lookup(flat.map(({ address }) => (address - shift) as ImageOffset), flat.map(({ owner }) => owner));
  const out: string[] = [];
  let complete = true;
  let next = 0;
  for (const [index, question] of questions.entries()) {
    const target = targets[index]!;
    const own = Array.isArray(target) ? answers.slice(next, (next += target.length)) : [];
    const why = failures[index] ?? own.find(({ failure }) => failure)?.failure?.why ?? null;
    if (why !== null || own.length !== 1) complete = false;
    out.push(flags.format === "json" ? jsonLine(question, Array.isArray(target) ? target : [], own, why, image, flags) : textLines(own, flags));
  }
  writeResult(out.join(""));
  const missing = failures.filter((why) => why !== null);
  if (!flags.quiet) for (const why of missing.slice(0, 8)) say("note", why);
  return complete ? exit.done : exit.incomplete;
}

function questionOf(text: string): Question {
  const address = /^(?:0x)?([0-9a-fA-F]{1,16})$/.exec(text);
  if (address) return { text, address: BigInt(`0x${address[1]}`) };
  const place = /^([^\s+]+)\+0x([0-9a-f]{1,12})(?:\/0x([0-9a-f]{1,12}))?$/i.exec(text);
  if (place) return { text, name: place[1]!, offset: Number.parseInt(place[2]!, 16), size: place[3] === undefined ? null : Number.parseInt(place[3], 16) };
  if (/^[A-Za-z_.$][\w.$]*$/.test(text)) return { text, name: text, offset: 0, size: null };
  return { text, wrong: `${JSON.stringify(text)} is neither an address nor NAME+0xOFFSET/0xSIZE` };
}

function targetsOf(question: Question, image: Image, origin: ImageOffset | null, names: ReadonlyMap<string, readonly ImageSymbol[]>): Target[] | { readonly why: string } {
  if ("wrong" in question) return { why: question.wrong };
  const { elf } = image;
  if ("address" in question) return [{ address: origin === null ? elf.offsetOf(question.address as LinkAddress) : ((origin + Number(question.address)) as ImageOffset), owner: null }];
  const named = names.get(question.name) ?? [];
  if (named.length === 0) return { why: `${elf.path} has no symbol ${question.name}` };
  const { size } = question;
  const graded = named.map((symbol) => ({ symbol, fit: size === null ? ("exact" as const) : image.fit(symbol, size) }));
  const exact = graded.filter(({ fit }) => fit === "exact");
  const fitting = exact.length > 0 ? exact : graded.filter(({ fit }) => fit === "possible");
  if (fitting.length === 0) return { why: `${question.name} has another size than 0x${size!.toString(16)} in ${elf.path}: another build` };
  return fitting.map(({ symbol }) => ({ address: (symbol.address + question.offset) as ImageOffset, owner: symbol }));
}

/** As `addr2line -fi`: for each function its name, then its place; several candidates follow one another. */
function textLines(answers: readonly ResolvedPlace[], flags: SymbolizeFlags): string {
  if (answers.length === 0 || answers.every(({ functions }) => functions.length === 0)) return "??\n??:0\n";
  return answers
    .flatMap(({ functions }) => functions)
    .map((fn) => `${fn.function}\n${fn.file === null ? "??:0" : placesOf([{ ...fn, file: cut(fn.file, flags), line: fn.line ?? 0, inlined: false }])}\n`)
    .join("");
}

function jsonLine(question: Question, targets: readonly Target[], answers: readonly ResolvedPlace[], why: string | null, image: Image, flags: SymbolizeFlags): string {
  const { elf } = image;
  const address = (target: Target): string => {
    const section = elf.sectionAt(target.address);
    return hex(elf.relocatable && section ? BigInt(target.address - elf.placeOf(section)) : elf.addressOf(target.address));
  };
  const functions = (place: ResolvedPlace) => place.functions.map((fn) => ({ ...fn, file: fn.file === null ? null : cut(fn.file, flags) }));
  const single = answers.length === 1 ? answers[0]! : null;
  const owner = targets.length === 1 ? (targets[0]!.owner ?? image.symbolAt(targets[0]!.address)) : null;
  return `${JSON.stringify({
    address: "address" in question ? hex(question.address) : targets.length === 1 ? address(targets[0]!) : null,
    symbol: "name" in question ? question.text : (owner?.name ?? null),
    functions: single ? functions(single) : [],
    candidates: answers.length > 1 ? answers.map((place, index) => ({ address: address(targets[index]!), functions: functions(place) })) : [],
    unresolved: single?.failure ?? (why !== null ? { reason: "no-symbol", why } : answers.length > 1 ? { reason: "ambiguous", why: `${answers.length} functions have this name` } : null),
  })}\n`;
}

function cut(file: string, { basePath }: SymbolizeFlags): string {
  const base = basePath.replace(/\/+$/, "");
  return basePath !== "none" && file.startsWith(`${base}/`) ? file.slice(base.length + 1) : file;
}
