import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { OopscopeError, version } from "../base/index.ts";
import type { BpfBuildFlags } from "./commands/bpf-build.ts";
import type { BpfNewFlags } from "./commands/bpf-new.ts";
import type { BpfPipeFlags } from "./commands/bpf-pipe.ts";
import type { BpfRunFlags } from "./commands/bpf-run.ts";
import type { BpfTypesFlags } from "./commands/bpf-types.ts";
import type { BtfCheckFlags } from "./commands/btf-check.ts";
import type { BtfDumpFlags } from "./commands/btf-dump.ts";
import type { BtfEncodeFlags } from "./commands/btf-encode.ts";
import type { BtfListFlags } from "./commands/btf-list.ts";
import type { CacheFlags } from "./commands/cache.ts";
import type { DecodeFlags } from "./commands/decode.ts";
import type { DoctorFlags } from "./commands/doctor.ts";
import type { ExplainFlags } from "./commands/explain.ts";
import type { GuardFlags } from "./commands/guard.ts";
import type { FunctionsFlags } from "./commands/functions.ts";
import type { LabFlags } from "./commands/lab.ts";
import type { SymbolizeFlags } from "./commands/symbolize.ts";
import type { SymbolsFetchFlags } from "./commands/symbols-fetch.ts";
import type { SymbolsPackFlags } from "./commands/symbols-pack.ts";
import type { TraceFlags } from "./commands/trace.ts";
import { exit } from "./exit.ts";
import { isTerminal, terminalColumns, writeResult } from "./output.ts";

/** Runs one command line and gives its exit status. What a command needs is loaded when it is chosen. */
export async function run(args: readonly string[]): Promise<number> {
  let status: number = exit.done;
  const program = commandLine((result) => {
    status = result;
  }, chosen(args));
  try {
    await program.parseAsync([...args], { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return exit.interrupted;
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.usage;
    if (error instanceof OopscopeError) {
      const { say } = await import("./output.ts");
      const { file } = error.facts;
      const image = error.code === "not-elf" && typeof file === "string" ? (await import("./boot-image.ts")).bootImageAdvice(file) : null;
      const advice = image === null && privileged.has(error.code) ? (await import("./privilege-advice.ts")).privilegeAdvice(error) : null;
      say("error", image?.text ?? error.message, image?.command ?? advice);
      return error.code === "bad-argument" ? exit.usage : privileged.has(error.code) ? exit.missingPrivilege : exit.failed;
    }
    throw error;
  }
}

/** Errors about the machine rather than what was asked of it: a privilege, a library or a feature of the kernel is missing. */
const privileged: ReadonlySet<string> = new Set(["not-permitted", "missing-library", "missing-feature"]);

type Done = (status: number) => void;
type Define = (program: Command, done: Done) => void;

/** The command that a line is for, where that needs no reading of options: the others need not be defined. */
function chosen(args: readonly string[]): string | null {
  const [first] = args;
  if (first === undefined || (first.startsWith("-") && first !== "-")) return null;
  return Object.hasOwn(commands, first) ? first : "explain";
}

/** The whole command line, or of its commands one; `done` gets the status of the command that ran. */
export function commandLine(done: Done, only: string | null = null): Command {
  const program = new Command("oopscope")
    .description("From a Linux kernel panic to its cause: every frame of an oops as function, inlines, file and line.")
    .version(version, "--version", "print the version")
    .helpOption("--help", "show this help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(`oopscope: ${text}`),
      // As results are written; process.stdout would bring Node's streams.
      writeOut: writeResult,
      getOutHelpWidth: () => (isTerminal(1) ? terminalColumns() : 80),
      getOutHasColors: () => isTerminal(1),
    })
    .addHelpText("after", "\n`oopscope LOG` explains a log. A file that is named like a command: `./lab`.\nExit status: 0 done, 1 failed, 2 wrong usage, 3 done but symbols were incomplete, 4 a privilege, a library or a feature of\nthe kernel is missing, 130 interrupted.");

  for (const [name, define] of Object.entries(commands)) if (only === null || only === name) define(program, done);
  return program;
}

const explain: Define = (program, done) => {
  withFiles(withCommon(program.command("explain", { isDefault: true })))
    .description("say what happened, where, why, and what to do next")
    .argument("[LOG|CASE|RULE]", "a log, a case that was saved as JSON, or a rule whose page is to be shown; - or nothing: standard input")
    .addOption(new Option("--format <FORMAT>", "how to write the result").choices(["terminal", "json", "markdown", "lkml", "html"]).default("terminal"))
    .option("--source <DIR>", "where sources are, if not beside the modules (repeatable)", collect)
    .option("-o, --output <FILE>", "write it to this file")
    .option("--fail-on <KIND>", "exit with 1 if a report is of this kind, such as use-after-free, or `any` (repeatable)", collect)
    .addHelpText("after", "\nExamples:\n  oopscope explain panic.log\n  oopscope explain --modules ~/gtp5g --format json panic.log > case.json\n  oopscope explain case.json\n  oopscope explain --format html -o panic.html case.json\n  oopscope explain double-free-skb")
    .action(async (what: string | undefined, flags: ExplainFlags) => {
      const { runExplain } = await import("./commands/explain.ts");
      done(await runExplain(what, flags));
    });
};

const decode: Define = (program, done) => {
  withFiles(withCommon(program.command("decode")))
    .description("resolve every frame of a crash log, in place")
    .argument("[LOG]", "the log; - or nothing: standard input")
    .argument("[BASE]", "with a vmlinux as the first argument (the call of scripts/decode_stacktrace.sh): base path or auto")
    .argument("[MODULES]", "likewise: the folder of the modules")
    .addOption(new Option("--format <FORMAT>", "how to write the result").choices(["text", "json", "ndjson"]).default("text"))
    .option("--follow", "decode a log that is still being written: each report when it is complete")
    .addHelpText("after", "\nA log may be compressed (gzip, xz, zstd), a folder of pstore, journalctl's JSON, a mail: docs/logs.md has all forms. ndjson writes one report a line.\n\nExamples:\n  oopscope decode panic.log\n  dmesg | oopscope decode --modules ~/gtp5g -\n  oopscope decode --format json panic.log | jq '.reports[0].stacks'\n  dmesg -w | oopscope decode --follow -")
    .action(async (log: string | undefined, base: string | undefined, modules: string | undefined, flags: DecodeFlags) => {
      const { runDecode } = await import("./commands/decode.ts");
      done(await runDecode([log, base, modules].filter((argument) => argument !== undefined), flags));
    });
};

const symbolize: Define = (program, done) => {
  withCommon(program.command("symbolize"))
    .description("look up addresses and name+offset by hand")
    .argument("[PLACE...]", "0xADDRESS, NAME+0xOFFSET or NAME+0xOFFSET/0xSIZE; - or nothing: one a line from standard input")
    .option("--vmlinux <FILE>", "look up in this vmlinux")
    .option("--object <FILE>", "look up in this module or object")
    .option("--section <S>", "addresses count from the start of this section")
    .option("--base-path <P>", "cut P from the front of paths; none", "none")
    .option("--return-addresses", "the places are return addresses: look up the call before them")
    .addOption(new Option("--format <FORMAT>", "how to write the result").choices(["text", "json"]).default("text"))
    .addHelpText("after", "\nExamples:\n  oopscope symbolize --vmlinux vmlinux kfree+0x236/0x250\n  oopscope symbolize --object gtp5g.ko --section .text 0x1a40\n  cut -f2 addresses.tsv | oopscope symbolize --vmlinux vmlinux --format json -")
    .action(async (places: string[], flags: SymbolizeFlags) => {
      const { runSymbolize } = await import("./commands/symbolize.ts");
      done(await runSymbolize(places, flags));
    });
};

const symbols: Define = (program, done) => {
  const symbols = program.command("symbols").description("symbols without the debug files").helpOption("--help", "show this help").helpCommand(false);
  withCommon(symbols.command("fetch"))
    .description("get a kernel's vmlinux and the modules that a log names out of its debug package (Debian, Ubuntu)")
    .argument("<LOG|RELEASE>", "the log, or the kernel's release")
    .option("--gsym", "keep only packed symbols, a few per cent of the size")
    .option("--module <NAME>", "keep this module, too (repeatable)", collect)
    .option("--from <PACKAGE>", "take this package, a file or an address, instead of asking apt")
    .addHelpText("after", "\nWhat is kept is found by `oopscope decode` from then on; `oopscope cache` shows it.\nArchives beside those of apt: OOPSCOPE_ARCHIVES, addresses with pool/ below them.\n\nExamples:\n  oopscope symbols fetch panic.log\n  oopscope symbols fetch 6.1.0-56-amd64 --module nf_tables")
    .action(async (target: string, flags: SymbolsFetchFlags) => {
      const { runSymbolsFetch } = await import("./commands/symbols-fetch.ts");
      done(await runSymbolsFetch(target, flags));
    });
  withCommon(symbols.command("pack"))
    .description("write GSYM: functions, inlines, files and lines at a few per cent of the debug file's size")
    .argument("[FILE...]", "a vmlinux or modules with debug information; with --for by default those of the usual places")
    .requiredOption("-o, --output <OUT>", "the file to write, OUT.gsym, or a folder; OUT.gsym.elf is written beside it: symbols, notes and code")
    .option("--for <LOG>", "pack only what decoding this log needs")
    .option("--release <REL>", "the kernel's release, where the log does not tell it")
    .addHelpText("after", "\nExamples:\n  oopscope symbols pack vmlinux gtp5g.ko -o symbols/\n  oopscope symbols pack vmlinux -o vmlinux.gsym\n  oopscope symbols pack --for panic.log -o symbols/ && oopscope decode --symbols symbols/ panic.log")
    .action(async (files: string[], flags: SymbolsPackFlags) => {
      const { runSymbolsPack } = await import("./commands/symbols-pack.ts");
      done(await runSymbolsPack(files, flags));
    });
};

const functions: Define = (program, done) => {
  withCommon(program.command("functions"))
    .description("what can be traced, how, and with which arguments")
    .argument("[PATTERN]", "NAME or MODULE:NAME, with * and ?; a module's name or file stands for all of its functions; vmlinux: is the kernel itself")
    .option("--module <M>", "only the functions of this module: its name, or its file, loaded or not")
    .option("--why <NAME>", "say how this function can be traced, and why not otherwise")
    .addOption(new Option("--format <FORMAT>", "how to write the result; json: an object a line").choices(["text", "json"]).default("text"))
    .addHelpText("after", "\nA line is a module (vmlinux: the kernel), a name, how it can be traced, and its C prototype. fentry: a BPF program with typed arguments; kprobe: by name;\nkprobe-address: only by address, since several functions have the name; with a ?: this machine does not tell this user.\n\nExamples:\n  oopscope functions 'gtp5g_*'\n  oopscope functions gtp5g\n  oopscope functions --module ./gtp5g.ko --format json\n  oopscope functions --why gtp5g:gtp5g_drop_skb_ipv4")
    .action(async (pattern: string | undefined, flags: FunctionsFlags) => {
      const { runFunctions } = await import("./commands/functions.ts");
      done(await runFunctions(pattern, flags));
    });
};

const doctor: Define = (program, done) => {
  withCommon(program.command("doctor"))
    .description("what this machine lacks for oopscope, and the commands that mend it")
    .argument("[CAPABILITY]", "decode, btf, bpf, trace, guard or lab (default: all)")
    .addOption(new Option("--format <FORMAT>", "how to write the result").choices(["text", "json"]).default("text"))
    .addHelpText("after", "\nNothing is started, loaded or changed. Exit status: 0; 4 if the capability that was asked for is missing.\n\nExamples:\n  oopscope doctor\n  oopscope doctor trace --format json")
    .action(async (capability: string | undefined, flags: DoctorFlags) => {
      const { runDoctor } = await import("./commands/doctor.ts");
      done(await runDoctor(capability, flags));
    });
};

const cache: Define = (program, done) => {
  const cache = withCommon(program.command("cache"))
    .description("what was fetched, and where it is")
    .addOption(new Option("--format <FORMAT>", "how to write the result").choices(["text", "json"]).default("text"))
    .addHelpText("after", "\nIts place is $OOPSCOPE_CACHE/symbols, else oopscope/symbols in $XDG_CACHE_HOME or ~/.cache. It holds at most 8 GB, or OOPSCOPE_CACHE_SIZE (20G);\nwhat was used the longest time ago goes first.")
    .action(async (flags: CacheFlags) => {
      const { runCache } = await import("./commands/cache.ts");
      done(await runCache(flags));
    });
  withCommon(cache.command("clear"))
    .description("remove all of it")
    .addOption(new Option("--format <FORMAT>", "how to write the result").choices(["text", "json"]).default("text"))
    .action(async (_flags: CacheFlags, command: Command) => {
      const { runCacheClear } = await import("./commands/cache.ts");
      done(await runCacheClear(command.optsWithGlobals<CacheFlags>()));
    });
};

const btf: Define = (program, done) => {
  const btf = program.command("btf").description("the kernel's type information: list it, write it as C, add it to a module").helpOption("--help", "show this help").helpCommand(false);
  withCommon(btf.command("list"))
    .description("what the running kernel has, or what is in files")
    .argument("[FILE|NAME...]", "files with BTF, or modules that are loaded; none: all that the kernel shows")
    .option("--base <F>", "the BTF that split BTF continues: a vmlinux, or its BTF alone (default: that of its kernel)")
    .addOption(new Option("--format <FORMAT>", "how to write the result").choices(["text", "json"]).default("text"))
    .addHelpText("after", "\nThe id, in front, is what bpf(2) calls it: - (in JSON null) without CAP_SYS_ADMIN or libbpf.\n\nExamples:\n  oopscope btf list\n  oopscope btf list --format json gtp5g.ko")
    .action(async (files: string[], flags: BtfListFlags) => {
      const { runBtfList } = await import("./commands/btf-list.ts");
      done(await runBtfList(files, flags));
    });
  withCommon(btf.command("dump"))
    .description("write types as a header of C for BPF programs, as JSON, or as text")
    .argument("<FILE|NAME...>", "files with BTF, or modules that are loaded, or vmlinux; several make one header")
    .option("--base <F>", "the BTF that split BTF continues: a vmlinux, or its BTF alone (default: that of its kernel)")
    .addOption(new Option("--format <FORMAT>", "how to write the result; json and raw as bpftool has them").choices(["c", "json", "raw"]).default("c"))
    .addHelpText("after", "\nThe header of a module holds its kernel's types, too.\n\nExamples:\n  oopscope btf dump vmlinux > vmlinux.h\n  oopscope btf dump gtp5g > vmlinux.h\n  oopscope btf dump vmlinux gtp5g.ko veth.ko > vmlinux.h\n  oopscope btf dump --format json gtp5g.ko | jq '.types[] | select(.kind == \"FUNC\") | .name'")
    .action(async (files: string[], flags: BtfDumpFlags) => {
      const { runBtfDump } = await import("./commands/btf-dump.ts");
      done(await runBtfDump(files, flags));
    });
  withCommon(btf.command("check"))
    .description("say whether the kernel will take a module's BTF, and if not why")
    .argument("<KO>", "the module")
    .option("--base <F>", "the kernel's BTF: a vmlinux, or its BTF alone (default: of the kernel that the module is built for)")
    .addOption(new Option("--format <FORMAT>", "how to write the result").choices(["text", "json"]).default("text"))
    .addHelpText("after", "\nExit status: 0 it will, 1 it will not, 4 that kernel takes none of any module.\n\nExamples:\n  oopscope btf check gtp5g.ko\n  oopscope btf check gtp5g.ko --base vmlinux-6.1.0-56-amd64")
    .action(async (ko: string, flags: BtfCheckFlags) => {
      const { runBtfCheck } = await import("./commands/btf-check.ts");
      done(await runBtfCheck(ko, flags));
    });
  withCommon(btf.command("encode"))
    .description("add BTF that the kernel takes to a module with debug information, by pahole")
    .argument("<KO>", "the module; it is replaced when all went well, and left as it is if its BTF is good")
    .option("--base <F>", "the kernel's BTF: a vmlinux, or its BTF alone (default: of the kernel that the module is built for)")
    .option("-o, --output <OUT>", "write the module there instead")
    .addHelpText("after", "\nExamples:\n  oopscope btf encode gtp5g.ko\n  oopscope btf encode gtp5g.ko --base /sys/kernel/btf/vmlinux -o /tmp/gtp5g.ko")
    .action(async (ko: string, flags: BtfEncodeFlags) => {
      const { runBtfEncode } = await import("./commands/btf-encode.ts");
      done(await runBtfEncode(ko, flags));
    });
};

const lab: Define = (program, done) => {
  const lab = program.command("lab").description("crash a kernel in a throw-away QEMU machine").helpOption("--help", "show this help").helpCommand(false);
  withGuest(withCommon(lab.command("run")), ", or the scenario's")
    .description("boot a kernel, load modules, run a script as root, and decode and explain the crash")
    .argument("[SCENARIO]", "a crash with known truth (`oopscope lab list`)")
    .option("--script <FILE>", "run this script as root, on the host's file system, of which only a copy in memory can change")
    .option("--timeout <S>", "end the guest after so many seconds (default: 120, or the scenario's)", positiveNumber)
    .option("-o, --output <LOG>", "save the console")
    .option("--no-decode", "do not decode and explain the crash")
    .addOption(new Option("--format <FORMAT>", "how to write the result; json shows no console").choices(["text", "json"]).default("text"))
    .addHelpText("after", "\nExit status: 0 the script succeeded, 1 it failed, 10 the kernel panicked, 11 the time was over, 12 the guest did not boot.\n\nExamples:\n  oopscope lab run null-chain\n  oopscope lab run --module ./gtp5g.ko --script ./traffic.sh -o panic.log\n  oopscope lab run --kernel 6.1.0-56-amd64 --append slub_debug=FU --script ./test.sh")
    .action(async (scenario: string | undefined, flags: LabFlags) => {
      const { runLabRun } = await import("./commands/lab.ts");
      done(await runLabRun(scenario, flags));
    });
  withGuest(withCommon(lab.command("boot")), "")
    .description("a root shell in such a machine")
    .action(async (flags: LabFlags) => {
      const { runLabBoot } = await import("./commands/lab.ts");
      done(await runLabBoot(flags));
    });
  withCommon(lab.command("list"))
    .description("the kernels and scenarios at hand")
    .addOption(new Option("--format <FORMAT>", "how to write the result").choices(["text", "json"]).default("text"))
    .action(async (flags: LabFlags) => {
      const { runLabList } = await import("./commands/lab.ts");
      done(await runLabList(flags));
    });
};

const bpf: Define = (program, done) => {
  const bpf = program.command("bpf").description("BPF programs of your own: new, build, run, types, pipe").helpOption("--help", "show this help").helpCommand(false);
  withCommon(bpf.command("new"))
    .description("write a BPF program that watches a function, with its header, Makefile and an agent in TypeScript")
    .argument("<MODULE:FUNCTION>", "a function of a loaded module; FUNCTION alone: of the kernel")
    .option("--exit", "also when it returns, with its result")
    .option("-o, --output <DIR>", "the folder; default: named as the function")
    .option("--btf <FILE>", "the kernel's BTF, a vmlinux or a copy of /sys/kernel/btf/vmlinux; default: the running kernel's")
    .option("--force", "overwrite files that are there")
    .addHelpText("after", "\nExamples:\n  oopscope bpf new gtp5g:gtp5g_xmit_skb_ipv4 --exit\n  cd gtp5g_xmit_skb_ipv4 && make run")
    .action(async (probe: string, flags: BpfNewFlags) => {
      const { runBpfNew } = await import("./commands/bpf-new.ts");
      done(await runBpfNew(probe, flags));
    });
  withCommon(bpf.command("build"))
    .description("compile BPF programs in C with clang; vmlinux.h is made on the way")
    .argument("<SOURCE...>", "files of C, NAME.bpf.c; the object is NAME.bpf.o beside it")
    .option("-o, --output <FILE>", "where the object goes")
    .option("--module <NAME|KO>", "with the types of this module in vmlinux.h (repeatable)", collect)
    .option("--btf <FILE>", "the kernel's BTF, a vmlinux or a copy of /sys/kernel/btf/vmlinux; default: the running kernel's")
    .option("-D, --define <NAME[=VALUE]>", "define this for the preprocessor (repeatable)", collect)
    .option("-I, --include <DIR>", "look for headers here, too (repeatable)", collect)
    .addHelpText("after", "\nA source that includes \"vmlinux.h\" and has none beside it gets one of the running kernel. bpf/bpf_helpers.h and its like are libbpf's (package libbpf-dev).\n\nExamples:\n  oopscope bpf build watch.bpf.c\n  oopscope bpf build --module gtp5g watch.bpf.c -o watch.o")
    .action(async (sources: string[], flags: BpfBuildFlags) => {
      const { runBpfBuild } = await import("./commands/bpf-build.ts");
      done(await runBpfBuild(sources, flags));
    });
  withCommon(bpf.command("run"))
    .description("load a BPF object, attach what says where, and show its events, messages and maps")
    .argument("<OBJECT>", "a file that clang made (oopscope bpf build)")
    .option("--set <NAME=VALUE>", "set a global variable before loading (repeatable)", collect)
    .option("--event <STRUCT>", "the type of the events; default: those that the program has a global pointer to (repeatable)", collect)
    .option("--skip-missing", "leave programs out whose function, hook or tracepoint the kernel has not")
    .option("--no-printk", "do not show what bpf_printk writes")
    .option("--no-maps", "do not show the maps at the end")
    .option("--duration <S>", "end after so many seconds", positiveNumber)
    .option("--limit <N>", "end after so many events and messages", positiveNumber)
    .addOption(new Option("--format <FORMAT>", "how to write the result").choices(["text", "json"]).default("text"))
    .addHelpText("after", "\nCtrl-C ends it: all is detached then. A program counts what it could not write in a global variable `lost`, which is told at the end.\nNeeds CAP_BPF and CAP_PERFMON, on kernels before 5.14 CAP_SYS_ADMIN for functions of modules.\n\nExamples:\n  sudo oopscope bpf run watch.bpf.o\n  sudo oopscope bpf run --format json --set wanted=1234 watch.bpf.o | jq .args")
    .action(async (file: string, flags: BpfRunFlags) => {
      const { runBpfRun } = await import("./commands/bpf-run.ts");
      done(await runBpfRun(file, flags));
    });
  withCommon(bpf.command("types"))
    .description("write TypeScript for an object: the types of its events, maps and variables, and decoders")
    .argument("<OBJECT>", "a file that clang made, with -g")
    .option("-o, --output <FILE.js>", "write the decoders to this file, and the types to .d.ts beside it; default: the types, to standard output")
    .option("--event <STRUCT>", "a type of events; default: those that the program has a global pointer to (repeatable)", collect)
    .addHelpText("after", "\nExamples:\n  oopscope bpf types watch.bpf.o\n  oopscope bpf types watch.bpf.o -o watch-events.js")
    .action(async (file: string, flags: BpfTypesFlags) => {
      const { runBpfTypes } = await import("./commands/bpf-types.ts");
      done(await runBpfTypes(file, flags));
    });
  withCommon(bpf.command("pipe"))
    .description("show what bpf_printk writes: trace_pipe, parsed and filtered")
    .option("--match <REGEX>", "only messages that match")
    .option("--comm <NAME>", "only of threads of this name (repeatable)", collect)
    .option("--pid <N>", "only of this thread or process (repeatable)", collectNumber)
    .option("--cpu <N>", "only of this CPU (repeatable)", collectNumber)
    .option("--duration <S>", "end after so many seconds", positiveNumber)
    .option("--limit <N>", "end after so many messages", positiveNumber)
    .addOption(new Option("--format <FORMAT>", "how to write the result").choices(["text", "json"]).default("text"))
    .addHelpText("after", "\nA message is given to one reader: another one of trace_pipe takes it away. Needs to read tracefs, as root does.\n\nExamples:\n  sudo oopscope bpf pipe\n  sudo oopscope bpf pipe --match gtp5g --format json | jq -r .args.text")
    .action(async (flags: BpfPipeFlags) => {
      const { runBpfPipe } = await import("./commands/bpf-pipe.ts");
      done(await runBpfPipe(flags));
    });
};

const trace: Define = (program, done) => {
  withCommon(program.command("trace"))
    .description("watch functions work: calls with typed arguments, results, times, stacks")
    .argument("[PROBE...]", "MODULE:FUNCTION or FUNCTION, with * and ?; a module's name for all of its functions; t:CATEGORY:NAME for a tracepoint")
    .option("--arg <EXPR>", "show this instead of the arguments: C over them, such as 'skb->dev->name' (repeatable)", collect)
    .option("--filter <EXPR>", "only calls for which this is true, asked in the kernel")
    .option("--pcap <EXPR>", "only packets (an argument `struct sk_buff *`) that match, in pcap's syntax, such as 'udp port 2152'; asked in the kernel")
    .option("--ret", "show a call when it returns, with its result and how long it took")
    .option("--stack", "with the kernel's stack; inlined functions and lines where debug files are at hand")
    .option("--vmlinux <FILE>", "the kernel's debug file, for lines of stacks (default: the usual places)")
    .option("--modules <DIR>", "where modules with debug information are, for lines of stacks (repeatable)", collect)
    .option("--count", "only count calls, in the kernel, and say at the end how many there were of each probe")
    .option("--skb", "follow packets from function to function until they are freed, with the reason of a drop; without PROBE: through what most packets pass, and all modules")
    .option("--graph", "calls within calls, with how long they took")
    .option("--hist <EXPR>", "how the values of an expression are spread, drawn at the end; `duration` and `ret` are known, too")
    .option("--live", "a table of the functions with rates, errors and durations, drawn on the terminal; keys: s sort, r turn, p pause, / filter, q quit")
    .option("-w, --write <FILE>", "write the packets among the arguments to this file (pcapng)")
    .option("--unpinned", "keep modules free to be unloaded: kprobes on their functions instead of fentry")
    .option("--from <CASE>", "trace what a case blames, with stacks: the guilty function, those of what came earlier, the suspects; of `explain --format json` or guard, or a log (`-`: standard input)")
    .option("--duration <S>", "end after so many seconds", positiveNumber)
    .option("--limit <N>", "end after so many events", positiveNumber)
    .option("--limit-rate <N>", "drop what is more than so many events a second, in the kernel", positiveNumber)
    .addOption(new Option("--format <FORMAT>", "how to write the result; json: an object a line").choices(["text", "json"]).default("text"))
    .addHelpText("after", "\nExpressions know the arguments by name, comm, pid, tid, cpu, and with --ret also ret and duration (nanoseconds): docs/trace.md.\nCtrl-C ends it: all is detached, and what was lost is told; a second one leaves at once. Needs CAP_BPF and CAP_PERFMON, for functions of modules CAP_SYS_ADMIN.\n\nExamples:\n  sudo oopscope trace gtp:gtp_dev_xmit\n  sudo oopscope trace 'gtp:*' --ret --filter 'ret < 0'\n  sudo oopscope trace ip_rcv --arg 'skb->dev->name' --arg 'skb->len' --filter 'skb->len > 1000 && comm != \"ping\"'\n  sudo oopscope trace ip_rcv --pcap 'udp port 2152 and src net 10.0.0.0/8'\n  sudo oopscope trace --skb --pcap 'udp port 2152'\n  sudo oopscope trace --from panic.log\n  sudo oopscope trace 'gtp:*' --graph\n  sudo oopscope trace 'gtp:*' --live\n  sudo oopscope trace vfs_read --hist duration --duration 10\n  sudo oopscope trace t:skb:kfree_skb --format json | jq .args.reason")
    .action(async (probes: string[], flags: TraceFlags) => {
      const { runTrace } = await import("./commands/trace.ts");
      done(await runTrace(probes, flags));
    });
};

const guard: Define = (program, done) => {
  withCommon(program.command("guard"))
    .description("catch a double free, or a use after a free, of a module in the act")
    .argument("<MODULE...>", "modules, loaded or not yet, by name; or their files, which tell lines and types")
    .option("--hold <MS>", "hold the second free until its event is written down, so many milliseconds at most; 0: do not", notNegative, 300)
    .option("--black-box", "print both stacks into the trace buffer as well, which the kernel dumps when it dies")
    .option("--leaks", "tell at the end what the modules allocated and nobody freed, by stack")
    .option("--unpinned", "keep the modules free to be unloaded: kprobes on their functions instead of fentry")
    .option("-o, --output <CASE>", "save what was seen as a case; CASE.evidence beside it is written as it happens")
    .option("--source <DIR>", "where sources are, if not beside the modules (repeatable)", collect)
    .option("--vmlinux <FILE>", "the kernel's vmlinux or its debug file (default: the usual places)")
    .option("--duration <S>", "end after so many seconds", positiveNumber)
    .option("--limit <N>", "end after so many events", positiveNumber)
    .addOption(new Option("--format <FORMAT>", "how to write the result").choices(["terminal", "json"]).default("terminal"))
    .addHelpText("after", "\nCtrl-C ends it: all is detached then. Exit status: 0 nothing was caught, or what was caught is told; 4 a privilege, a library or a feature of the kernel\nis missing. Needs root. What is watched, and what is not: docs/guard.md.\n\nExamples:\n  sudo oopscope guard gtp5g -o case.json\n  sudo oopscope guard --black-box ./gtp5g.ko\n  oopscope explain case.json\n  oopscope explain case.json.evidence")
    .action(async (modules: string[], flags: GuardFlags) => {
      const { runGuard } = await import("./commands/guard.ts");
      done(await runGuard(modules, flags));
    });
};

const commands: Readonly<Record<string, Define>> = { decode, explain, symbolize, symbols, btf, functions, bpf, trace, guard, lab, doctor, cache };

/** Which files to use for a log, and how. */
function withFiles(command: Command): Command {
  return command
    .option("--vmlinux <FILE>", "the kernel's vmlinux or its debug file, or a System.map (default: the usual places)")
    .option("--modules <DIR>", "a folder with modules, searched deep, or a module (repeatable)", collect)
    .option("--symbols <FILE>", "a file of `oopscope symbols pack`, or a folder of them (repeatable)", collect)
    .option("--release <REL>", "the kernel's release, where the log does not tell it")
    .option("--base-path <P>", "cut P from the front of paths; auto: the root of the kernel's sources; none", "auto")
    .option("--return-addresses", "look return addresses up as printed instead of at the call before them")
    .option("--no-code", "leave Code: lines as they are")
    .option("--debuginfod", "fetch debug files that are not here from the servers of DEBUGINFOD_URLS");
}

/** What describes a guest; `or` names who else has a say in its size. */
function withGuest(command: Command, or: string): Command {
  return command
    .option("--kernel <KERNEL>", "a release, or a kernel image (default: the running release, else the newest at hand; `lab list` marks it)")
    .option("--module <KO>", "load this module, after those of the kernel's own that it needs (repeatable)", collect)
    .option("--append <ARGS>", "more words for the kernel's command line")
    .option("--memory <MIB>", `memory of the guest (default: 1024${or})`, positiveNumber)
    .option("--cpus <N>", `processors of the guest (default: 1${or})`, positiveNumber);
}

function notNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError("it must be 0 or a number above 0.");
  return value;
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("it must be a number above 0.");
  return value;
}

/** What every command understands. */
function withCommon(command: Command): Command {
  return command
    .helpOption("--help", "show this help")
    .option("-q, --quiet", "no notes, only warnings and errors")
    .option("-v, --verbose", "say more of what is done and found")
    .addOption(new Option("--color <WHEN>", "colour the output").choices(["auto", "always", "never"]).default("auto"))
    .option("--no-pager", "write straight to the terminal");
}

function collectNumber(text: string, before: number[] | undefined): number[] {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("it must be a whole number.");
  return [...(before ?? []), Number(text)];
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
