import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "vitest";
import { expectGolden } from "../support/golden.ts";
import { reachable } from "../support/reachable.ts";
import { bundle, compileBpf, dummyOf, inGuest, made, suites } from "./guest.ts";

const program = `${process.execPath} ${join(import.meta.dirname, "../../dist/cli/main.cjs")}`;
const script = (objects: string): string => `${reachable}
cd ${objects}
as() { name=$1; shift; "$@" > /tmp/out 2>&1; status=$?; echo "@@ \\"$name: exit $status\\""; sed 's/\\\\/\\\\\\\\/g; s/"/\\\\"/g; s/^/@@ "/; s/$/"/' /tmp/out; }
nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
two="$nobody --inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon"
run="${program} bpf run --no-printk --duration 1"`;
const text = (said: readonly unknown[]): string => `${said.join("\n")}\n`;
const golden = (name: string, kernel: string): URL => new URL(`errors/${name}-${kernel.split(".").slice(0, 2).join(".")}.txt`, import.meta.url);

/** Objects of bad.bpf.c. */
function compileAll(): string {
  for (const wrong of [1, 2, 3, 4, 5, 6]) copyFileSync(compileBpf("bad", `-DWRONG=${wrong}`), join(made, `wrong${wrong}.bpf.o`));
  // As compilers wrote them that knew no types.
  for (const wrong of [7, 8, 9]) copyFileSync(compileBpf("bad", `-DWRONG=${wrong}`, ...(wrong === 8 ? [] : ["-g0", "-mcpu=v1"])), join(made, `wrong${wrong}.bpf.o`));
  copyFileSync(compileBpf("unlink", "-g0"), join(made, "untyped.bpf.o"));
  for (const name of ["unlink", "printk"]) compileBpf(name);
  return made;
}

it.each(suites())("%s: what is missing or wrong is named, with the command that helps", async (kernel) => {
  const said = await inGuest(
    `errors-${kernel}`,
    `${script(compileAll())}
as nobody $nobody $run unlink.bpf.o
as "two capabilities" $two $run unlink.bpf.o
as "two capabilities, a module's function" $two $run printk.bpf.o
as "nobody, pipe" $nobody ${program} bpf pipe
for wrong in 1 2 3 4 5; do as "wrong $wrong" $run wrong$wrong.bpf.o; done
as "maps of the old form" $run wrong7.bpf.o
as "no target" $run wrong8.bpf.o
as "no types, no maps" $run wrong9.bpf.o
as "no types, but maps" $run untyped.bpf.o
as "no object" $run bad.bpf.o.none
as "a variable that there is not" $run --set nope=1 unlink.bpf.o
as "a value that does not fit" $run --set wanted=-1 unlink.bpf.o
mv /usr/lib/x86_64-linux-gnu/libbpf.so.1 /usr/lib/x86_64-linux-gnu/libbpf.so.1.away
as "no libbpf" $run unlink.bpf.o`,
    { kernel, modules: [dummyOf(kernel)] },
  );
  expectGolden(text(said), golden("errors", kernel));
});

it.each(suites())("%s: a kernel that is locked down", async (kernel) => {
  const said = await inGuest(`lockdown-${kernel}`, `${script(compileAll())}\nas confidentiality $run wrong6.bpf.o
as "a program that reads nothing" $run unlink.bpf.o
as "a module that is not loaded" $run printk.bpf.o
as "left out" $run --skip-missing printk.bpf.o`, { kernel, append: "lockdown=confidentiality" });
  expectGolden(text(said), golden("lockdown", kernel));
});

it.each(suites())("%s: kill -9 leaves nothing", async (kernel) => {
  const said = await inGuest(
    `kill-${kernel}`,
    `${script(compileAll())}
list() { ${process.execPath} ${await bundle("list")}; }
list
$run --duration 100 unlink.bpf.o 2> /tmp/err &
for try in $(seq 100); do grep -q attached /tmp/err && break; sleep 0.2; done
list
kill -9 $!; wait; sleep 2
list`,
    { kernel },
  );
  expectGolden(text(said.map((line) => JSON.stringify(line))), golden("kill", kernel));
});
