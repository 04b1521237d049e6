import { expect, test } from "vitest";
import { commandLine } from "../../src/cli/program.ts";
import { oopscope } from "../support/cli.ts";
import { expectGolden } from "../support/golden.ts";

/** Every command and subcommand that the program has, so that a new one needs its golden. */
function commands(command = commandLine(() => {}), path: readonly string[] = []): string[][] {
  return [[...path], ...command.commands.flatMap((child) => commands(child, [...path, child.name()]))];
}

test.each(commands().map((path) => [path.join(" ") || "(none)", path] as const))("--help of %s", (_name, path) => {
  const { status, stdout, stderr } = oopscope([...path, "--help"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expectGolden(stdout, new URL(`help/${["oopscope", ...path].join("-")}.txt`, import.meta.url));
});

test("--version", () => {
  expect(oopscope(["--version"])).toMatchObject({ status: 0, stdout: "0.1.0\n", stderr: "" });
});
