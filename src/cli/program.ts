import { Command, CommanderError, Option } from "commander";
import { OopscopeError, version } from "../base/index.ts";
import type { DecodeFlags } from "./commands/decode.ts";
import type { SymbolizeFlags } from "./commands/symbolize.ts";
import { exit } from "./exit.ts";

/** Runs one command line and gives its exit status. What a command needs is loaded when it is chosen. */
export async function run(args: readonly string[]): Promise<number> {
  let status: number = exit.done;
  const program = commandLine((result) => {
    status = result;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.usage;
    if (error instanceof OopscopeError) {
      const { say } = await import("./output.ts");
      say("error", error.message);
      return error.code === "bad-argument" ? exit.usage : exit.failed;
    }
    throw error;
  }
}

/** The whole command line; `done` gets the status of the command that ran. */
export function commandLine(done: (status: number) => void): Command {
  const program = new Command("oopscope")
    .description("From a Linux kernel panic to its cause: every frame of an oops as function, inlines, file and line.")
    .version(version, "--version", "print the version")
    .helpOption("--help", "show this help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`oopscope: ${text}`) })
    .addHelpText("after", "\n`oopscope LOG` decodes a log. A file that is named like a command: `./lab`.\nExit status: 0 done, 1 failed, 2 wrong usage, 3 done but symbols were incomplete, 130 interrupted.");

  withCommon(program.command("decode", { isDefault: true }))
    .description("resolve every frame of a crash log, in place")
    .argument("[LOG]", "the log; - or nothing: standard input")
    .argument("[BASE]", "with a vmlinux as the first argument (the call of scripts/decode_stacktrace.sh): base path or auto")
    .argument("[MODULES]", "likewise: the folder of the modules")
    .option("--vmlinux <FILE>", "the kernel's vmlinux or its debug file (default: the usual places)")
    .option("--modules <DIR>", "a folder with modules, searched deep, or a module (repeatable)", collect)
    .option("--release <REL>", "the kernel's release, where the log does not tell it")
    .option("--base-path <P>", "cut P from the front of paths; auto: the root of the kernel's sources; none", "auto")
    .option("--return-addresses", "look return addresses up as printed instead of at the call before them")
    .option("--no-code", "leave Code: lines as they are")
    .addOption(new Option("--format <FORMAT>", "how to write the result").choices(["text", "json", "ndjson"]).default("text"))
    .addHelpText("after", "\nExamples:\n  oopscope decode panic.log\n  dmesg | oopscope decode --modules ~/gtp5g -\n  oopscope decode --format json panic.log | jq '.reports[0].stacks'")
    .action(async (log: string | undefined, base: string | undefined, modules: string | undefined, flags: DecodeFlags) => {
      const { runDecode } = await import("./commands/decode.ts");
      done(await runDecode([log, base, modules].filter((argument) => argument !== undefined), flags));
    });

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
  return program;
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

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
