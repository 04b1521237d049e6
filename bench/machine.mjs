import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes what /proc, tracefs and /sys of a machine with this vmlinux say of functions, with symbols of modules up to `total`. Every function of .text counts as traced: what it costs to
 * list a function does not depend on which ones are.
 */
export function writeMachine(root, elf, systemMap, release, total) {
  const lines = readFileSync(systemMap, "latin1").trim().split("\n");
  const code = /^[0-9a-f]{16} [tTwW] /;
  const functions = lines.filter((line) => code.test(line)).map((line) => line.slice(19));
  const modules = [];
  for (let k = 0; lines.length + modules.length < total; k++) modules.push(`ffffffffc${(k * 64).toString(16).padStart(7, "0")} t module_function_${k}\t[module_${k % 100}]`);
  const files = {
    "proc/version": `Linux version ${release} (bench) #1 SMP\n`,
    "proc/kallsyms": `${[...lines, ...modules].join("\n")}\n`,
    "sys/kernel/tracing/available_filter_functions": `${[...functions, ...modules.map((line) => line.slice(19).replace("\t", " "))].join("\n")}\n`,
    "sys/kernel/debug/kprobes/blacklist": "",
    "sys/kernel/btf/vmlinux": elf.bytes(elf.section(".BTF")),
    [`boot/config-${release}`]: "CONFIG_DYNAMIC_FTRACE=y\nCONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y\nCONFIG_KPROBE_EVENTS=y\n",
  };
  for (const [path, contents] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), contents);
  }
  elf.close();
  return { symbols: lines.length + modules.length, functions: functions.length + modules.length };
}
