import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildModule, findKernel, listKernels } from "../../src/lab/index.ts";
import { bootGuest } from "../bpf/guest.ts";
import { testKernel } from "../lab/kernel.ts";
import { root } from "../support/cli.ts";
import { reachable } from "../support/reachable.ts";

// The kernel is asked for everything: an fentry program for each function of the zoo that its BTF has (by bpftool's reading of it), a kprobe for each of its symbols. What it refuses,
// `functions` must refuse, with the right reason, and nothing else.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oopscope-probe-"));
  execFileSync("gcc", ["-D_GNU_SOURCE", "-O1", "-o", join(folder, "attach"), `${root}test/probe/attach.c`]);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Functions of the kernel that it is safe to attach to, with those that every kernel refuses. */
const kernelFunctions = ["kfree", "vfs_read", "start_kernel", "printk", "_printk", "migrate_disable", "migrate_enable", "___migrate_enable"];

const script = (zoo: string): string => `#!/bin/bash
exec 2>&1
dmesg -n 1
${reachable}
mount -t tracefs t /sys/kernel/tracing 2>/dev/null; mount -t debugfs d /sys/kernel/debug 2>/dev/null
oopscope() { ${process.execPath} ${root}dist/cli/main.cjs "$@"; }
say() { sed "s/^/@$1 /"; }
oopscope functions --module ${zoo} --format json 2>/dev/null | say FILE
cp ${zoo} /tmp/probe_zoo.ko
# Debian's headers of 6.1 come without vmlinux, so that the build leaves BTF out.
if [ -e /sys/kernel/btf/vmlinux ] && ! readelf -SW /tmp/probe_zoo.ko | grep -q ' \\.BTF '; then
  bpftool btf list | grep -q 'name' && pahole -J --btf_base /sys/kernel/btf/vmlinux /tmp/probe_zoo.ko && oopscope functions --module /tmp/probe_zoo.ko --format json 2>/dev/null | say ENCODED
fi
busybox insmod /tmp/probe_zoo.ko || exit 9
Z=$(bpftool btf list | sed -n 's/^\\([0-9]*\\): .*probe_zoo.*/\\1/p')
[ -n "$Z" ] && bpftool btf dump id $Z 2>/dev/null | sed -n "s/^\\[\\([0-9]*\\)\\] FUNC '\\([^']*\\)'.*/$Z \\1 \\2/p" > /tmp/zoo.ids
bpftool btf dump file /sys/kernel/btf/vmlinux | sed -n "s/^\\[\\([0-9]*\\)\\] FUNC '\\([^']*\\)'.*/0 \\1 \\2/p" > /tmp/kernel.ids
${join("/", folder)}/attach < /tmp/zoo.ids | say FENTRY
grep -E ' (${kernelFunctions.join("|")})$' /tmp/kernel.ids | ${join("/", folder)}/attach | say KFENTRY
awk 'NR % 97 == 5' /tmp/kernel.ids > /tmp/sample.ids; ${join("/", folder)}/attach load < /tmp/sample.ids | say LOAD
cd /sys/kernel/tracing
kprobe() { if (echo "p:z/probe $1" > kprobe_events) 2>/dev/null; then echo "$2 ok"; else echo "$2 no"; fi; echo > kprobe_events; }
awk '$4 == "[probe_zoo]" && $2 ~ /[tTwW]/ { print $3 }' /proc/kallsyms | sort -u > /tmp/zoo.names
for name in $(cat /tmp/zoo.names) zoo_inlined zoo_trimmed zoo_at_start; do kprobe probe_zoo:$name $name; done | say KPROBE
awk '$4 == "" && $2 ~ /[tT]/ { print $3 }' /proc/kallsyms | awk 'NR % 499 == 3' > /tmp/kernel.names
for name in $(cat /tmp/kernel.names) ${kernelFunctions.join(" ")}; do kprobe $name $name; done | say KKPROBE
awk '$4 == "" && $2 ~ /[tTwW]/ { print $3 }' /proc/kallsyms | sort | uniq -d | say TWICE
oopscope functions --format json 2>/dev/null > /tmp/all.json; wc -l < /tmp/all.json | say COUNT
# Of 40,000 lines those that are asked for: the console is slow.
(cat /tmp/kernel.names; sed 's/^[0-9]* [0-9]* //' /tmp/sample.ids; printf '%s\\n' ${kernelFunctions.join(" ")}) | sed 's/.*/"module":null,"name":"&",/' > /tmp/wanted; grep -F -f /tmp/wanted /tmp/all.json | say ALL
oopscope functions --module /tmp/probe_zoo.ko --why zoo_inlined --format json 2>/dev/null | say INLINED
oopscope functions --module /tmp/probe_zoo.ko --why zoo_disagreed --format json 2>/dev/null | say DISAGREED
oopscope functions --why 'probe_zoo:*' --format json 2>/dev/null | say WHY
for name in probe_zoo:zoo_inlined probe_zoo:zoo_trimmed probe_zoo:zoo_plian ${kernelFunctions.join(" ")}; do oopscope functions --why $name --format json 2>/dev/null | say WHY; done
setpriv --reuid 65534 --regid 65534 --clear-groups ${process.execPath} ${root}dist/cli/main.cjs functions 'probe_zoo:zoo_plain' --format json 2>/tmp/nobody | say NOBODY; cat /tmp/nobody | say NOTE
oopscope functions probe_zoo --format json 2>/dev/null | say MODULE
head -1 /tmp/zoo.ids > /tmp/one.ids; grep ' kfree$' /tmp/kernel.ids >> /tmp/one.ids
# What fentry and the doctor say as root, with the two capabilities of BPF, and as nobody.
as() { who=$1; shift; "$@" ${join("/", folder)}/attach load < /tmp/one.ids | say "$who.LOAD"; "$@" ${process.execPath} ${root}dist/cli/main.cjs doctor trace --format json 2>/dev/null | tr '\\n' ' ' | sed 's/$/\\n/' | say "$who.DOCTOR"; "$@" ${process.execPath} ${root}dist/cli/main.cjs doctor trace -q > /dev/null 2>&1; echo "$?" | say "$who.STATUS"; }
as ROOT env
as BPF setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +cap_38,+cap_39 --ambient-caps +cap_38,+cap_39
as NONE setpriv --reuid 65534 --regid 65534 --clear-groups
`;

type Row = { module: string | null; name: string; how: string[]; unsure: string[]; signature: string | null; signatureFrom: string | null };
type WhyRow = Row & { reasons: { code: string; of: string[]; text: string; instead: string | null }[]; nearest: string[]; inlinedInto: { function: string }[] };

/** 6.1, and of the others those that the cache has: `make test` fetches 6.12, `make matrix` the rest. */
const others = process.env["OOPSCOPE_TEST_SUITE"] === undefined ? ["5.10.", "6.12.", "7."] : [];
const cached = (await listKernels()).filter(({ release }) => release.endsWith("-amd64"));
const releases = [testKernel(), ...others.flatMap((series) => cached.findLast(({ release }) => release.startsWith(series))?.release ?? [])];

describe.each(releases)("kernel %s", (release) => {
  it("what the kernel refuses is refused, and nothing else", async () => {
    const zoo = join(folder, `${release}.ko`);
    await buildModule(await findKernel(release), `${root}test/probe/probe_zoo`, zoo, "test/probe/probe_zoo");
    const named = join(folder, release, "probe_zoo.ko");
    execFileSync("mkdir", ["-p", join(folder, release)]);
    copyFileSync(zoo, named);
    const path = join(folder, `${release}.sh`);
    writeFileSync(path, script(named), { mode: 0o755 });
    const result = await bootGuest({ kernel: release, script: path, timeout: 280, memory: 2048, consoleLimit: 1 << 26 });
    const text = result.console.toString("utf8").replaceAll("\r", "");
    if (process.env["OOPSCOPE_KEEP"] !== undefined) writeFileSync(join(process.env["OOPSCOPE_KEEP"], `${release}.log`), text);
    expect(result).toMatchObject({ outcome: "finished", status: 0 });
    const lines = (mark: string): string[] => text.split("\n").flatMap((line) => (line.startsWith(`@${mark} `) ? [line.slice(mark.length + 2)] : []));
    const objects = <T>(mark: string): T[] => lines(mark).map((line) => JSON.parse(line) as T);
    const pairs = (mark: string): Map<string, string> => new Map(lines(mark).map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]));

    const kprobes = pairs("KPROBE");
    const fentries = pairs("FENTRY");
    const why = objects<WhyRow>("WHY");
    const zooRows = why.filter(({ module, name }) => module === "probe_zoo" && kprobes.has(name));
    expect(kprobes.size).toBeGreaterThan(20);
    // Several functions of one name: by name the kernel takes any of them or refuses; neither is what a user means.
    const twice = new Set(["zoo_twin", "zoo_disagreed"]);
    const judged = zooRows.filter(({ name }) => !twice.has(name));
    const isPadding = (name: string): boolean => name.startsWith("__pfx_");
    expect(judged.filter(({ name }) => !isPadding(name)).map(({ name, how, unsure }) => ({ name, kprobe: how.includes("kprobe") ? "ok" : "no", fentry: how.includes("fentry") ? "ok" : "no", unsure }))).toEqual(
      judged.filter(({ name }) => !isPadding(name)).map(({ name }) => ({ name, kprobe: kprobes.get(name), fentry: fentries.get(name) === "ok" ? "ok" : "no", unsure: [] })),
    );
    const codes = (name: string, of: string): string[] => [...new Set(zooRows.filter((row) => row.name === name).flatMap(({ reasons }) => reasons.filter((reason) => reason.of.includes(of)).map(({ code }) => code)))].sort();
    const hasModuleBtf = fentries.size > 0;
    const withoutBtf = (expected: string[]): string[] => (hasModuleBtf ? expected : ["no-module-btf"]);
    // Not every kernel's flags let the compiler split functions.
    const isSplit = release.startsWith("6.1.") || kprobes.has("zoo_partly_cold.cold");
    expect({
      plain: codes("zoo_plain", "fentry"), notrace: codes("zoo_notrace", "kprobe"), nokprobe: codes("zoo_nokprobe", "kprobe"), section: codes("zoo_kprobes_section", "kprobe").includes("blacklist"),
      variadic: codes("zoo_variadic", "fentry"), thirteen: codes("zoo_thirteen", "fentry"), large: codes("zoo_large_struct", "fentry"), result: codes("zoo_returns_struct", "fentry"),
      twin: codes("zoo_twin", "kprobe"), cold: codes("zoo_partly_cold.cold", "fentry").includes("cold-part"),
    }).toEqual({
      plain: withoutBtf([]), notrace: ["notrace"], nokprobe: ["blacklist"], section: true, variadic: withoutBtf(["variadic"]), thirteen: withoutBtf(["too-many-arguments"]), large: withoutBtf(["struct-by-value"]),
      result: withoutBtf(["struct-result"]), twin: ["ambiguous"], cold: isSplit,
    });
    const answer = (name: string): WhyRow => why.find((row) => row.name === name)!;
    expect(answer("zoo_inlined")).toMatchObject({ how: [], unsure: [] });
    expect(kprobes.get("zoo_inlined")).toBe("no");
    expect(objects<WhyRow>("INLINED")).toMatchObject([{ how: [], reasons: [{ code: "inlined" }], inlinedInto: [{ function: "zoo_run_show" }] }]);
    expect(answer("zoo_trimmed")).toMatchObject({ how: [], reasons: [{ code: "renamed" }], nearest: ["zoo_trimmed.constprop.0.isra.0"] });
    expect(kprobes.get("zoo_trimmed")).toBe("no");
    expect(kprobes.get("zoo_trimmed.constprop.0.isra.0")).toBe("ok");
    expect(answer("zoo_plian")).toMatchObject({ reasons: [{ code: "typo" }], nearest: expect.arrayContaining(["zoo_plain"]) as string[] });
    expect(kprobes.get("zoo_at_start")).toBe("no");

    // pahole of newer kernels leaves a name with two prototypes out, older ones take the first.
    const disagreed = objects<WhyRow>("DISAGREED");
    expect(disagreed).toHaveLength(2);
    if (hasModuleBtf) expect(disagreed.map(({ reasons }) => reasons.some(({ code }) => code === "inconsistent"))).toEqual(Array(2).fill(!fentries.has("zoo_disagreed")));

    // The kernel's own functions: those with one symbol each.
    const all = new Map(objects<Row>("ALL").filter(({ module }) => module === null).map((row) => [row.name, row]));
    expect(Number(lines("COUNT")[0])).toBeGreaterThan(20_000);
    expect(all.size).toBeGreaterThan(300);
    const ambiguous = new Set(lines("TWICE"));
    const single = [...pairs("KKPROBE")].filter(([name]) => !ambiguous.has(name) && !isPadding(name) && !name.startsWith("__cfi_"));
    expect(single.length).toBeGreaterThan(60);
    expect(single.map(([name]) => [name, all.get(name)?.how.includes("kprobe") ? "ok" : "no"])).toEqual(single);
    const attached = [...pairs("KFENTRY")];
    expect(attached.length).toBeGreaterThan(3);
    expect(attached.map(([name]) => [name, all.get(name)?.how.includes("fentry") ? "ok" : "no"])).toEqual(attached.map(([name, said]) => [name, said === "ok" ? "ok" : "no"]));
    // What is listed for fentry the verifier loads; what it refuses is not listed.
    const loads = [...pairs("LOAD")].filter(([name]) => !ambiguous.has(name));
    expect(loads.length).toBeGreaterThan(200);
    expect(loads.filter(([name, said]) => said !== "ok" && all.get(name)?.how.includes("fentry"))).toEqual([]);

    // The file before it is loaded says what the loaded module says, but for what only the kernel knows.
    const file = new Map(objects<Row>(hasModuleBtf && lines("ENCODED").length > 0 ? "ENCODED" : "FILE").map((row) => [row.name, row]));
    const loaded = objects<Row>("MODULE").filter(({ name }) => !["init_module", "cleanup_module"].includes(name));
    expect(loaded.length).toBeGreaterThan(15);
    expect(loaded.map(({ name, how, signature }) => ({ name, how, signature: file.get(name)?.signatureFrom === "dwarf" && signature === null ? null : signature }))).toEqual(
      loaded.map(({ name }) => ({ name, how: file.get(name)?.how, signature: file.get(name)?.signatureFrom === "dwarf" ? null : file.get(name)?.signature })),
    );
    // Without privilege: what is known, and what is not.
    expect(objects<Row>("NOBODY")).toMatchObject([{ module: "probe_zoo", name: "zoo_plain", how: [], unsure: hasModuleBtf ? ["fentry", "kprobe"] : ["kprobe"] }]);
    expect(lines("NOTE").join("\n")).toContain("may not be read (it takes root)");

    // The doctor says who can trace what, and the kernel agrees.
    const can = (who: string) => {
      const loads = pairs(`${who}.LOAD`);
      const [doctor] = objects<{ areas: { state: string; findings: { check: string; state: string }[] }[] }>(`${who}.DOCTOR`);
      const state = (check: string) => doctor!.areas[0]!.findings.find((one) => one.check === check)!.state;
      const module = [...loads.keys()].find((name) => name !== "kfree");
      return { kernel: [loads.get("kfree") === "ok", state("privilege") === "ok"], ...(module === undefined ? {} : { module: [!loads.get(module)!.startsWith("btf EPERM"), state("module-functions") === "ok"] }), status: lines(`${who}.STATUS`)[0] };
    };
    const same = (value: boolean) => [value, value];
    const modules = (value: boolean) => (hasModuleBtf ? { module: same(value) } : {});
    expect([can("ROOT"), can("BPF"), can("NONE")]).toEqual([
      { kernel: same(true), ...modules(true), status: "0" },
      { kernel: same(true), ...modules(false), status: "0" },
      { kernel: same(false), ...modules(false), status: "4" },
    ]);
  });
});
