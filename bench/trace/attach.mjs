// `node attach.mjs MODULE COUNT…`: how long it takes to attach to so many functions of a module and to detach, by fentry and by kprobes; a line a round.
import { readFileSync } from "node:fs";
import { Trace } from "../../dist/trace/index.js";

const [module, ...counts] = process.argv.slice(2);
const names = [...new Set([...readFileSync("/proc/kallsyms", "latin1").matchAll(new RegExp(`^[0-9a-f]+ [tT] (\\w+)\\t\\[${module}\\]$`, "gm"))].map(([, name]) => name))].filter((name) => !/^(?:init_module|cleanup_module|__)/.test(name));
for (const wanted of counts.map(Number)) {
  for (let round = 0; round < 3; round++) {
    for (const pinned of ["may pin modules", "leaves modules free"]) {
      const began = performance.now();
      const running = await Trace.open({ probes: names.slice(0, wanted).map((name) => `${module}:${name}`), expressions: ["cpu"], pinned });
      const attached = performance.now();
      const ways = new Set(running.attached.map(({ how }) => how));
      const { length } = running.attached;
      running.close();
      const by = ways.size === 1 ? [...ways][0] : "both";
      console.log(`@@ ${by} ${wanted} ${length} ${Math.round(attached - began)} ${Math.round(performance.now() - attached)}`);
    }
  }
}
