import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildModule, findKernel, runLab, type LabResult } from "../../src/lab/index.ts";
import { testKernel } from "../lab/kernel.ts";
import { reachable } from "../support/reachable.ts";
import { btfKernels } from "./kernels.ts";

// What the kernels themselves say of modules with and without BTF. bpftool, not ours, reads what they show.

const folder = mkdtempSync(join(tmpdir(), "oopscope-guest-"));
afterAll(() => rmSync(folder, { recursive: true }));
const program = resolve("dist/cli/main.cjs");
const releases = [testKernel(), ...["5.10.", "6.12."].flatMap((series) => btfKernels().map(({ release }) => release).find((release) => release.startsWith(series)) ?? [])];

/** Runs a script in a guest of that kernel, with `$KO` as its headers build it, and gives what follows each `== NAME` line of its output. */
async function run(release: string, script: string): Promise<{ result: LabResult; said: Map<string, string> }> {
  const kernel = await findKernel(release, release);
  const ko = join(folder, `null_chain-${release}.ko`);
  await buildModule(kernel, resolve("lab/modules/null_chain"), ko, "null_chain");
  const path = join(folder, `script-${release}.sh`);
  writeFileSync(path, `#!/bin/bash\n${reachable}\ncd /tmp\nexec 2>&1\noopscope() { ${process.execPath} ${program} "$@"; echo "status $?"; }\ninsmod() { busybox insmod "$@"; }\nrmmod() { busybox rmmod "$@"; }\ncp $KO plain.ko\n${script}\necho "== end"\n`, { mode: 0o755 });
  const result = await runLab({ kernel: release, script: path, env: { KO: ko }, timeout: 280 });
  const said = new Map<string, string>();
  for (const part of result.console.toString("latin1").replaceAll("\r", "").split(/^== /m).slice(1)) {
    const [name, ...lines] = part.split("\n");
    said.set(name!, lines.filter((line) => !/^\[ *\d+\.\d+\]/.test(line)).join("\n").trim());
  }
  return { result, said };
}

const takes = releases.filter((release) => !release.startsWith("5."));

test.each(takes)("%s: a module without BTF gets it, and the kernel takes it; it refuses what we say it refuses", async (release) => {
  const { result, said } = await run(
    release,
    `objcopy --remove-section=.BTF --remove-section=.BTF.base plain.ko
cp plain.ko alone.ko
cp plain.ko none.ko
echo "== none"; oopscope btf check none.ko
echo "== none loaded"; insmod none.ko && ls /sys/kernel/btf/null_chain; rmmod null_chain
pahole --btf_encode alone.ko
echo "== alone"; oopscope btf check alone.ko
dmesg -C; insmod alone.ko; echo "== alone loaded"; ls /sys/kernel/btf/null_chain; echo "== alone kernel"; dmesg | grep -o 'failed to validate.*\\|Kernel module BTF mismatch.*' | sed 's/^/said: /' | tail -3; rmmod null_chain
chmod 640 plain.ko
echo "== encode"; oopscope btf encode plain.ko; stat -c %a plain.ko; ls -A | grep plain
sum=$(sha256sum < plain.ko)
echo "== again"; oopscope btf encode plain.ko; [ "$sum" = "$(sha256sum < plain.ko)" ] && echo the same
echo "== good"; oopscope btf check plain.ko
dmesg -C; echo "== good loaded"; insmod plain.ko && ls /sys/kernel/btf/null_chain; dmesg | grep 'BPF:\\|failed to validate'
echo "== bpftool"; bpftool -B /sys/kernel/btf/vmlinux btf dump file /sys/kernel/btf/null_chain | grep -c "FUNC 'nc_admit'"
echo "== dump"; oopscope btf dump --format raw null_chain | grep -c "FUNC 'nc_admit'"
echo "== list"; oopscope btf list | grep -o 'vmlinux\\|null_chain' | tr '\\n' ' '
echo; echo "== ids"; bpftool btf list | sed -n 's/^\\([0-9]*\\): name \\[\\(vmlinux\\|null_chain\\)\\] *size \\([0-9]*\\)B.*/\\1 \\3 \\2/p'
echo "== own ids"; oopscope btf list | grep 'vmlinux\\|null_chain' | sed 's/^ *//; s/  */ /g'
echo "== nobody"; setpriv --reuid 65534 --regid 65534 --clear-groups ${process.execPath} ${program} btf list | head -1 | sed 's/  */ /g'`,
  );
  expect(result).toMatchObject({ outcome: "finished", status: 0 });
  expect(said.get("none")).toContain("none.ko: there is no BTF in it (no section .BTF)");
  expect(said.get("none")).toContain("try: oopscope btf encode none.ko\nstatus 1");
  expect(said.get("none loaded")).toContain("No such file");
  expect(said.get("alone")).toContain("alone.ko: its BTF stands alone");
  expect(said.get("alone")).toContain("status 1");
  expect(said.get("alone loaded")).toContain("No such file");
  // From 6.5 on, with MODULE_ALLOW_BTF_MISMATCH, the kernel says no more than that, and once.
  expect(said.get("alone kernel")).toMatch(/^said: (?:failed to validate module \[\??null_chain\]? BTF: -22|Kernel module BTF mismatch detected.*)$/);
  expect(said.get("encode")).toMatch(/^oopscope: note: plain\.ko: \d+ types added, after those of \/sys\/kernel\/btf\/vmlinux; for kernel .*\nstatus 0\n640\nplain\.ko$/);
  expect(said.get("again")).toMatch(/it is left as it is\nstatus 0\nthe same$/);
  expect(said.get("good")).toMatch(/^plain\.ko: its BTF is good: \d+ types of its own after the kernel's \d+\nstatus 0$/);
  expect(said.get("good loaded")).toBe("/sys/kernel/btf/null_chain");
  expect(said.get("bpftool")).toBe("1");
  expect(said.get("dump")).toBe("1");
  expect(said.get("list")).toContain("vmlinux null_chain");
  expect(said.get("ids")).toMatch(/^\d+ \d+ vmlinux\n\d+ \d+ null_chain$/);
  expect(said.get("own ids")).toBe(said.get("ids"));
  expect(said.get("nobody")).toMatch(/^- \d+ vmlinux$/);
});

test.each(releases.filter((release) => release.startsWith("5.10.")))("%s takes no BTF of modules, and that is said", async (release) => {
  const { result, said } = await run(release, 'echo "== check"; oopscope btf check plain.ko\necho "== encode"; oopscope btf encode plain.ko\necho "== same"; cmp $KO plain.ko && echo untouched\ninsmod plain.ko; echo "== shown"; ls /sys/kernel/btf');
  expect(result).toMatchObject({ outcome: "finished", status: 0 });
  expect(said.get("check")).toMatch(/^plain\.ko: this kernel takes no BTF of modules: kernels do from 5\.11 on[^]*\nstatus 4$/);
  expect(said.get("encode")).toMatch(/^oopscope: error: plain\.ko: this kernel takes no BTF of modules[^]*\nstatus 4$/);
  expect(said.get("same")).toBe("untouched");
  expect(said.get("shown")).toBe("vmlinux");
});
