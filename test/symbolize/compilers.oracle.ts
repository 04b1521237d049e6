import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImageOffset } from "../../src/base/index.ts";
import { SHF_ALLOC, SHF_EXECINSTR, type Section } from "../../src/elf/index.ts";
import { openImage, type Image, type ResolvedPlace } from "../../src/symbolize/index.ts";
import { linkModule, linkedPlace } from "../support/linkmodule.ts";
import { CodeNames, addr2line, agrees, llvmSymbolizer, shown, type PeerFrame } from "../support/peers.ts";

// The same C (src/*.c: calls inlined four deep, statics of one name, cold parts, a replaced weak function) by two compilers in every form of debug
// information they make. Every single address of the code must read as llvm-symbolizer reads it, or where it is alone as addr2line does.

const sources = fileURLToPath(new URL("src", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oopscope-compilers-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const common = ["-O2", "-ffreestanding", "-fno-pic", "-fno-asynchronous-unwind-tables"];
const run = (program: string, options: readonly string[]) => execFileSync(program, options, { cwd: sources, stdio: ["ignore", "pipe", "pipe"] });

function compile(compiler: string, options: readonly string[], source: string): string {
  const object = join(folder, `${source}.o`);
  run(compiler, [...common, ...options, "-c", `${source}.c`, "-o", object]);
  return object;
}

const isCode = ({ flags, size }: Section) => (flags & SHF_EXECINSTR) !== 0 && (flags & SHF_ALLOC) !== 0 && size > 0;
const codeOf = (image: Image) => image.elf.sections.filter(isCode);

function lookupAll(image: Image, section: Section): ResolvedPlace[] {
  const place = image.elf.placeOf(section);
  return image.lookup(Array.from({ length: section.size }, (_, offset) => (place + offset) as ImageOffset));
}

const addressesOf = (start: bigint, size: number) => Array.from({ length: size }, (_, offset) => start + BigInt(offset));

type Tally = { addresses: number; deepest: number; settled: number; failures: string[] };
const newTally = (): Tally => ({ addresses: 0, deepest: 0, settled: 0, failures: [] });

function compare(tally: Tally, what: string, ours: readonly ResolvedPlace[], theirs: readonly PeerFrame[][], namesAt: (k: number) => readonly string[], third: ((ks: readonly number[]) => PeerFrame[][]) | null): void {
  tally.addresses += ours.length;
  for (const { functions } of ours) tally.deepest = Math.max(tally.deepest, functions.length);
  const differing = [...ours.keys()].filter((k) => !agrees(ours[k]!, theirs[k]!, namesAt(k)));
  if (differing.length === 0) return;
  const thirds = third?.(differing);
  for (const [n, k] of differing.entries()) {
    if (thirds && agrees(ours[k]!, thirds[n]!, namesAt(k))) tally.settled++;
    else tally.failures.push(`${what}+0x${k.toString(16)}: ours ${shown(ours[k]!.functions)}${ours[k]!.failure ? ` (${ours[k]!.failure.why})` : ""}; llvm-symbolizer ${shown(theirs[k]!)}; addr2line ${thirds ? shown(thirds[n]!) : "not asked"}`);
  }
}

/** Every address of a relocatable object, and of the same linked: the peers are asked about the linked one. */
async function compareObject(tally: Tally, object: string, emulation: "elf_x86_64" | "elf_i386"): Promise<void> {
  const image = await openImage(object);
  const code = codeOf(image);
  const linked = linkModule(object, code.map(({ name }) => name), folder, emulation);
  const linkedImage = await openImage(linked);
  const names = CodeNames.of(linked);
  for (const [index, section] of code.entries()) {
    const addresses = addressesOf(linkedPlace(index), section.size);
    const theirs = llvmSymbolizer(linked, addresses);
    const third = (ks: readonly number[]) => addr2line(linked, ks.map((k) => addresses[k]!));
    const namesAt = (k: number) => names.at(addresses[k]!);
    compare(tally, section.name, lookupAll(image, section), theirs, namesAt, third);
    compare(tally, `linked ${section.name}`, lookupAll(linkedImage, linkedImage.elf.section(section.name)!), theirs, namesAt, third);
  }
  image.close();
  linkedImage.close();
}

/** Every address of a linked program. */
async function compareProgram(tally: Tally, program: string): Promise<void> {
  const image = await openImage(program);
  const names = CodeNames.of(program);
  for (const section of codeOf(image)) {
    const addresses = addressesOf(section.address, section.size);
    compare(tally, section.name, lookupAll(image, section), llvmSymbolizer(program, addresses), (k) => names.at(addresses[k]!), (ks) => addr2line(program, ks.map((k) => addresses[k]!)));
  }
  image.close();
}

function expectAgreement(name: string, { addresses, deepest, settled, failures }: Tally, depth = 5): void {
  console.log(`${name}: ${addresses} addresses, chains of up to ${deepest} functions, addr2line sides with us against llvm-symbolizer in ${settled}, ${failures.length} failures`);
  expect(failures.slice(0, 20), `${failures.length} of ${addresses}`).toEqual([]);
  expect(addresses).toBeGreaterThan(100);
  expect(deepest).toBeGreaterThanOrEqual(depth);
}

describe("objects", () => {
  test.each([
    ["gcc", ["-gdwarf-2"]],
    ["gcc", ["-gdwarf-2", "-gstrict-dwarf"]],
    ["gcc", ["-gdwarf-3"]],
    ["gcc", ["-gdwarf-4"]],
    ["gcc", ["-gdwarf-5"]],
    ["gcc", ["-gdwarf-4", "-gdwarf64"]],
    ["gcc", ["-gdwarf-5", "-gdwarf64"]],
    ["gcc", ["-gdwarf-5", "-gz=zlib"]],
    ["gcc", ["-gdwarf-4", "-gz=zlib-gnu"]],
    ["gcc", ["-g1"]],
    ["gcc", ["-g3"]],
    ["gcc", ["-g", "-ffunction-sections", "-freorder-blocks-and-partition"]],
    ["gcc", ["-g", "-Os"]],
    ["gcc", ["-g", "-O0"]],
    ["gcc", ["-gdwarf-4", "-fdebug-types-section"]],
    ["gcc", ["-gdwarf-5", "-fdebug-types-section"]],
    ["gcc", ["-gdwarf-5", "-gno-as-loc-support", "-gno-as-locview-support"]],
    ["clang", ["-gdwarf-2"]],
    ["clang", ["-gdwarf-3"]],
    ["clang", ["-gdwarf-4"]],
    ["clang", ["-gdwarf-5"]],
    ["clang", ["-gdwarf-4", "-gdwarf64"]],
    ["clang", ["-gdwarf-5", "-gdwarf64"]],
    ["clang", ["-gdwarf-5", "-gz"]],
    ["clang", ["-g", "-fno-dwarf-directory-asm", "-fno-integrated-as"]],
    ["clang", ["-g", "-fno-dwarf-directory-asm"]],
    ["clang", ["-gdwarf-4", "-fno-dwarf-directory-asm"]],
    ["clang", ["-gdwarf-5", "-gdwarf-aranges"]],
    ["clang", ["-gdwarf-5", "-ffunction-sections"]],
    ["clang", ["-gdwarf-4", "-ffunction-sections"]],
    ["clang", ["-gmlt"]],
    ["clang", ["-gdwarf-4", "-fdebug-types-section"]],
  ])("%s %s", async (compiler, options) => {
    const tally = newTally();
    for (const source of ["one", "two"]) await compareObject(tally, compile(compiler, options, source), "elf_x86_64");
    expectAgreement(`${compiler} ${options.join(" ")}`, tally, options.includes("-O0") ? 4 : 5);
  });

  test.each([["-gdwarf-2"], ["-gdwarf-4"], ["-gdwarf-5"]])("clang -m32 %s", async (version) => {
    const tally = newTally();
    for (const source of ["one", "two"]) await compareObject(tally, compile("clang", ["-m32", version], source), "elf_i386");
    expectAgreement(`clang -m32 ${version}`, tally);
  });
});

describe("programs", () => {
  const three = ["one.c", "two.c", "start.c"];
  const link = ["-nostdlib", "-static", "-Wl,-e,walk", "-Wl,--build-id"];
  test.each([
    ["gcc", ["-g"]],
    ["gcc", ["-gdwarf-4", "-ffunction-sections", "-Wl,--gc-sections", "-Wl,--undefined=drop"]],
    ["gcc", ["-gdwarf-5", "-ffunction-sections", "-Wl,--gc-sections", "-Wl,--undefined=drop"]],
    ["gcc", ["-g", "-Wl,--compress-debug-sections=zlib"]],
    ["gcc", ["-g", "-Wl,--compress-debug-sections=zlib-gnu"]],
    ["gcc", ["-g", "-Wl,-Ttext=0xffffffff81000000", "-mcmodel=kernel"]],
    ["gcc", ["-g", "-flto", "-ffat-lto-objects"]],
    ["gcc", ["-gdwarf-4", "-flto"]],
    ["gcc", ["-g", "-pie", "-fpie"]],
    ["clang", ["-g"]],
    ["clang", ["-gdwarf-4", "-ffunction-sections", "-Wl,--gc-sections", "-Wl,--undefined=drop"]],
    ["clang", ["-gdwarf-5", "-ffunction-sections", "-Wl,--gc-sections", "-Wl,--undefined=drop"]],
    ["clang", ["-g", "-Wl,-Ttext=0xffffffff81000000", "-mcmodel=kernel"]],
  ])("%s %s", async (compiler, options) => {
    const program = join(folder, "program");
    const common32 = common.filter((one) => !options.includes("-fpie") || one !== "-fno-pic");
    const linking = options.includes("-pie") ? link.map((one) => (one === "-static" ? "-static-pie" : one)) : [...link, "-no-pie"];
    run(compiler, [...common32, ...options.filter((one) => one !== "-pie"), ...linking, ...three, "-o", program]);
    const tally = newTally();
    await compareProgram(tally, program);
    expectAgreement(`${compiler} ${options.join(" ")}`, tally);
  });

  test("clang, units that refer to one another", async () => {
    const parts = three.map((source) => {
      const part = join(folder, `${source}.bc`);
      run("clang", [...common, "-g", "-emit-llvm", "-c", source, "-o", part]);
      return part;
    });
    const whole = join(folder, "whole.bc");
    run("llvm-link", [...parts, "-o", whole]);
    run("opt", ["-O3", "--inline-threshold=2000", whole, "-o", whole]);
    const object = join(folder, "whole.o");
    run("llc", ["-O2", "-filetype=obj", "-relocation-model=static", whole, "-o", object]);
    const tally = newTally();
    await compareObject(tally, object, "elf_x86_64");
    expectAgreement("clang, linked before code was made", tally);
  });
});

describe("debug information in a file of its own", () => {
  const forms = [["gcc", "-gdwarf-4"], ["gcc", "-gdwarf-5"], ["clang", "-gdwarf-4"], ["clang", "-gdwarf-5"]] as const;

  // Of split files llvm-symbolizer 14 takes ranges to count from 0, and addr2line reads none: the truth is the same code's debug information in one piece.
  const placesOf = async (object: string) => {
    const image = await openImage(object);
    const found = codeOf(image).flatMap((section) => lookupAll(image, section));
    image.close();
    return found.map(({ functions, failure }) => ({ functions, failure }));
  };

  test.each(forms)("%s %s -gsplit-dwarf: the file that it names", async (compiler, version) => {
    for (const source of ["one", "two"]) {
      const whole = await placesOf(compile(compiler, [version], source));
      expect(whole.some(({ functions }) => functions.length > 4)).toBe(true);
      const apart = compile(compiler, [version, "-gsplit-dwarf"], source);
      expect(await placesOf(apart)).toEqual(whole);
    }
  });

  // llvm-dwp 14 does not end on what gcc writes in version 5.
  test.each(forms.filter(([compiler, version]) => compiler !== "gcc" || version !== "-gdwarf-5"))("%s %s -gsplit-dwarf: many of them in one file beside the image", async (compiler, version) => {
    const objects = ["one", "two"].map((source) => compile(compiler, [version, "-gsplit-dwarf"], source));
    const packed = objects.map((object) => readFileSync(object.replace(/\.o$/, ".dwo")));
    run("llvm-dwp", [...objects.map((object) => object.replace(/\.o$/, ".dwo")), "-o", join(folder, "both.dwp")]);
    for (const object of objects) {
      const apart = await placesOf(object);
      expect(apart.some(({ functions }) => functions.length > 2)).toBe(true);
      renameSync(join(folder, "both.dwp"), `${object}.dwp`);
      for (const name of objects) rmSync(name.replace(/\.o$/, ".dwo"));
      expect(await placesOf(object)).toEqual(apart);
      renameSync(`${object}.dwp`, join(folder, "both.dwp"));
      for (const [k, name] of objects.entries()) writeFileSync(name.replace(/\.o$/, ".dwo"), packed[k]!);
    }
  });

  test.each(forms)("%s %s -gsplit-dwarf: says what is missing, and takes no other build's", async (compiler, version) => {
    const object = compile(compiler, [version, "-gsplit-dwarf"], "two");
    const own = object.replace(/\.o$/, ".dwo");
    const nothing = async (why: RegExp) => {
      const image = await openImage(object);
      for (const place of lookupAll(image, image.elf.section(".text")!)) {
        expect(place.functions.map(({ file, line, inlined }) => ({ file, line, inlined }))).toEqual([{ file: null, line: null, inlined: false }]);
        expect(place.failure?.why).toMatch(why);
      }
      image.close();
    };
    rmSync(own);
    await nothing(/: the debug information of .* is in a file of its own, \S+\.dwo: no such file$/);
    const other = compile(compiler, [version, "-gsplit-dwarf"], "one").replace(/\.o$/, ".dwo");
    copyFileSync(other, own);
    await nothing(/: the debug information of .* is in a file of its own, \S+\.dwo: \S+\.dwo is of another build$/);
    writeFileSync(own, "not an ELF file");
    await nothing(/: the debug information of .* is in a file of its own, \S+\.dwo: \S+\.dwo: not an ELF file/);
  });
});

describe("other processors", () => {
  const targets = ["aarch64-linux-gnu", "aarch64_be-linux-gnu", "arm-linux-gnueabi", "riscv64-linux-gnu", "riscv32-linux-gnu", "powerpc64-linux-gnu", "powerpc64le-linux-gnu", "powerpc-linux-gnu", "s390x-linux-gnu", "mips-linux-gnu", "mips64-linux-gnuabi64", "mips64el-linux-gnuabi64"];
  test.each(targets.flatMap((target) => ["-gdwarf-4", "-gdwarf-5"].map((version) => [target, version] as const)))("%s %s", async (target, version) => {
    const tally = newTally();
    // Only two.c: it has one section of code, so that addresses alone say where.
    for (const options of [[], ["-mno-relax"]]) {
      if (options.length > 0 && !target.startsWith("riscv")) continue;
      const object = compile("clang", [`--target=${target}`, version, ...options], "two");
      const image = await openImage(object);
      const code = codeOf(image);
      expect(code.map(({ name }) => name)).toEqual([".text"]);
      const names = CodeNames.of(object, "llvm-nm");
      compare(tally, `${options.join(" ")} .text`, lookupAll(image, code[0]!), llvmSymbolizer(object, addressesOf(0n, code[0]!.size)), (k) => names.at(BigInt(k)), null);
      image.close();
    }
    expectAgreement(`${target} ${version}`, tally);
  });
});
