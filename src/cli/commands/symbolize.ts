import { OopscopeError, hex, type ImageOffset, type LinkAddress } from "../../base/index.ts";
import type { Unresolved } from "../../case/index.ts";
import type { ElfFile, Section } from "../../elf/index.ts";
import { placesOf, visible } from "../../render/index.ts";
import { openAnyImage, type Image, type ImageSymbol, type ResolvedPlace } from "../../symbolize/index.ts";
import { exit } from "../exit.ts";
import { readStdin } from "../input.ts";
import { isTerminal, say, writeResult } from "../output.ts";

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

/** An address to look up; a question has several where a name stands for several functions. */
type Target = { readonly address: ImageOffset; readonly owner: ImageSymbol | null };

/** What is known of a question in the end: each place that it may mean, or why there is none. */
type Answer = { readonly question: Question; readonly targets: readonly Target[]; readonly places: readonly ResolvedPlace[]; readonly unresolved: Unresolved | null };

/** More notes than this are left to the JSON form. */
const mostNotes = 8;

export async function runSymbolize(places: readonly string[], flags: SymbolizeFlags): Promise<number> {
  const path = flags.object ?? flags.vmlinux;
  if (path === undefined || (flags.object !== undefined && flags.vmlinux !== undefined)) {
    say("error", "name the file to look up in: --vmlinux FILE or --object FILE", "oopscope symbolize --help");
    return exit.usage;
  }
  const piped = places.length === 0 || (places.length === 1 && places[0] === "-");
  if (places.length === 0 && isTerminal(0)) throw new OopscopeError("bad-argument", "no place was named, and standard input is a terminal");
  const given = piped ? Buffer.from(await readStdin()).toString("utf8").split(/\s+/).filter((word) => word !== "") : places;
  const { image, lacks } = await openAnyImage(path);
  try {
    const answers = answer(image, given.map(questionOf), flags);
    writeResult(answers.map((one) => (flags.format === "json" ? jsonLine(one, image, flags) : textLines(one, flags))).join(""));
    const open = answers.flatMap(({ unresolved }) => unresolved ?? []);
    if (!flags.quiet) {
      if (lacks !== null) say("note", lacks);
      for (const { why } of open.slice(0, mostNotes)) say("note", why);
      if (open.length > mostNotes) say("note", `${open.length - mostNotes} more places are not settled; --format json says why`);
    }
    return open.length === 0 ? exit.done : exit.incomplete;
  } finally {
    image.close();
  }
}

function answer(image: Image, questions: readonly Question[], flags: SymbolizeFlags): Answer[] {
  const { elf } = image;
  const section = flags.section === undefined ? null : elf.section(flags.section);
  if (flags.section !== undefined && !section) throw new OopscopeError("missing-section", `${elf.path} has no section ${flags.section}`, { file: elf.path, section: flags.section });
  if (elf.relocatable && !section && questions.some((question) => "address" in question)) {
    throw new OopscopeError("bad-argument", `${elf.path} is relocatable: an address in it counts from the start of a section, as in --section .text`, { file: elf.path });
  }
  const names = image.symbols(questions.flatMap((question) => ("name" in question ? [question.name] : [])));
  const back = flags.returnAddresses ? 1 : 0;
  const found = questions.map((question) => targetsOf(question, image, section, names, back));
  const targets = found.flatMap((one) => ("reason" in one ? [] : one));
  const places = image.lookup(targets.map(({ address }) => (address - back) as ImageOffset), targets.map(({ owner }) => owner));
  let next = 0;
  return questions.map((question, index): Answer => {
    const one = found[index]!;
    if ("reason" in one) return { question, targets: [], places: [], unresolved: one };
    const own = places.slice(next, (next += one.length));
    if (own.length > 1) return { question, targets: one, places: own, unresolved: { reason: "ambiguous", why: `${own.length} functions of ${elf.path} fit ${question.text}` } };
    const { failure } = own[0]!;
    return { question, targets: one, places: own, unresolved: failure && { reason: failure.reason, why: `${question.text}: ${failure.why}` } };
  });
}

function questionOf(text: string): Question {
  // Without its 0x a number has a digit: `add` is a function.
  const address = /^(?:0x([0-9a-f]{1,16})|(?=[a-f]*[0-9])([0-9a-f]{1,16}))$/i.exec(text);
  if (address) return { text, address: BigInt(`0x${address[1] ?? address[2]}`) };
  const place = /^([^\s+]+)\+0x([0-9a-f]{1,12})(?:\/0x([0-9a-f]{1,12}))?$/i.exec(text);
  if (place) return { text, name: place[1]!, offset: Number.parseInt(place[2]!, 16), size: place[3] === undefined ? null : Number.parseInt(place[3], 16) };
  if (/^[A-Za-z_.$][\w.$]*$/.test(text)) return { text, name: text, offset: 0, size: null };
  return { text, wrong: `${JSON.stringify(text)} is neither an address nor NAME+0xOFFSET/0xSIZE` };
}

function targetsOf(question: Question, image: Image, section: Section | null, names: ReadonlyMap<string, readonly ImageSymbol[]>, back: number): Target[] | Unresolved {
  if ("wrong" in question) return { reason: "no-address", why: question.wrong };
  const { elf } = image;
  if ("address" in question) {
    if (!section) return [{ address: elf.offsetOf(question.address as LinkAddress), owner: null }];
    if (question.address >= BigInt(section.size + back)) return { reason: "outside", why: `${question.text} lies outside of ${section.name}, which has ${hex(section.size)} bytes` };
    return [{ address: (elf.placeOf(section) + Number(question.address)) as ImageOffset, owner: null }];
  }
  const { name, offset, size } = question;
  const named = names.get(name) ?? [];
  if (named.length === 0) return { reason: "no-symbol", why: elf.symbols() ? `${elf.path} has no symbol ${name}` : `${elf.path} is stripped of its symbols` };
  const fitting = size === null ? named : named.filter((symbol) => image.fits(symbol, size));
  if (fitting.length === 0) return { reason: "size-mismatch", why: `${name} has another size than ${hex(size!)} in ${elf.path}: another build` };
  const inside = fitting.filter((symbol) => offset < symbol.size || offset <= (size ?? image.extentOf(symbol) ?? endOf(symbol, elf)));
  if (inside.length === 0) return { reason: "outside", why: `${question.text} lies past the end of ${name}` };
  return inside.map((symbol) => {
    // Before its start and at its very end another function begins or ends.
    const beyond = offset < back || (offset - back >= symbol.size && offset - back === image.extentOf(symbol));
    return { address: (symbol.address + offset) as ImageOffset, owner: beyond ? null : symbol };
  });
}

/** How far the last symbol of a section reaches. */
function endOf(symbol: ImageSymbol, elf: ElfFile): number {
  const section = elf.sectionAt(symbol.address);
  return section ? elf.placeOf(section) + section.size - symbol.address : symbol.size;
}

/** As `addr2line -fi`: for each function its name, then its place. Where several functions fit, each line of a name says so. */
function textLines({ places }: Answer, flags: SymbolizeFlags): string {
  if (places.every(({ functions }) => functions.length === 0)) return "??\n??:0\n";
  return places
    .flatMap(({ functions }, index) => functions.map((fn) => ({ fn, which: places.length > 1 ? ` (${index + 1} of ${places.length})` : "" })))
    .map(({ fn, which }) => `${visible(fn.function)}${which}\n${fn.file === null ? "??:0" : placesOf([{ ...fn, file: cut(fn.file, flags), line: fn.line ?? 0, inlined: false }])}\n`)
    .join("");
}

function jsonLine({ question, targets, places, unresolved }: Answer, image: Image, flags: SymbolizeFlags): string {
  const { elf } = image;
  const address = (target: Target): string => {
    const section = elf.sectionAt(target.address);
    return hex(elf.relocatable && section ? BigInt(target.address - elf.placeOf(section)) : elf.addressOf(target.address));
  };
  const functions = (place: ResolvedPlace) => place.functions.map((fn) => ({ ...fn, file: fn.file === null ? null : cut(fn.file, flags) }));
  const [target, other] = targets;
  const single = target && !other ? target : null;
  return `${JSON.stringify({
    address: "address" in question ? hex(question.address) : single && address(single),
    symbol: "name" in question ? question.name : ((single && image.symbolAt(single.address)?.name) ?? null),
    functions: single ? functions(places[0]!) : [],
    candidates: single ? [] : places.map((place, index) => ({ address: address(targets[index]!), functions: functions(place) })),
    unresolved,
  })}\n`;
}

function cut(file: string, { basePath }: SymbolizeFlags): string {
  const base = basePath.replace(/\/+$/, "");
  return basePath !== "none" && file.startsWith(`${base}/`) ? file.slice(base.length + 1) : file;
}
