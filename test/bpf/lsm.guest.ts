import { join } from "node:path";
import { expect, it } from "vitest";
import { dummyOf, inGuest, suites } from "./guest.ts";

const program = `${process.execPath} ${join(import.meta.dirname, "../../dist/cli/main.cjs")}`;
const example = join(import.meta.dirname, "../../examples/lsm-module-load/module-load.bpf.c");
const script = (kernel: string): string => `cd /tmp
${program} bpf build -q -o load.bpf.o ${example} || exit 1
run() { ${program} bpf run --no-printk --format json "$@" load.bpf.o > out 2> err & for try in $(seq 100); do grep -qE 'attached|error' err && break; sleep 0.2; done; }
insmod() { /dev/.oopscope/busybox insmod ${dummyOf(kernel)} 2>&1 | sed 's/.*: //; s/.*/@@ "&"/'; }`;

it.each(suites().filter((kernel) => !dummyOf(kernel).endsWith(".xz")))("%s: the example sees and denies the loading of a module", async (kernel) => {
  const said = await inGuest(
    `lsm-${kernel}`,
    `${script(kernel)}
run --set deny=1 --limit 1; insmod; wait; sed 's/^/@@ /' out
run --limit 1; insmod; wait; sed 's/^/@@ /' out; [ -d /sys/module/dummy ] && echo '@@ "loaded"'`,
    { kernel },
  );
  const event = (denied: boolean): unknown => ({ comm: "busybox", kind: "event", args: expect.objectContaining({ uid: 0, denied, comm: "busybox", file: "dummy.ko" }) as unknown });
  expect(said).toEqual(["Operation not permitted", expect.objectContaining(event(true)), expect.objectContaining(event(false)), "loaded"]);
});

it("without bpf among the security modules the missing boot option is named", async () => {
  const [kernel] = suites() as [string];
  const said = await inGuest(`no-lsm`, `${script(kernel)}\nrun --duration 1; wait $!; echo "@@ $?"; sed 's/.*/@@ "&"/' err`, { kernel, append: "lsm=lockdown,yama" });
  expect(said).toEqual([4, "oopscope: error: the program from_file would never run: `bpf` is not among the kernel's security modules; boot with lsm=lockdown,capability,yama,bpf"]);
});
