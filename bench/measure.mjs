import { spawnSync } from "node:child_process";

/**
 * Runs commands in turns (one round each, so that a busy moment of the machine hits all alike) and gives for each the medians: wall and processor time in
 * milliseconds, peak memory in MB. The first round is not counted: it warms the caches.
 */
export function measure(commands, rounds) {
  const samples = commands.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, { command, args, input, env, status = [0] }] of commands.entries()) {
      const begin = performance.now();
      const run = spawnSync("/usr/bin/time", ["-q", "-f", "\n%U %S %M", command, ...args], { input, maxBuffer: 1 << 30, env: { ...process.env, NODE_COMPILE_CACHE: undefined, ...env } });
      const wall = performance.now() - begin;
      if (run.error) throw run.error;
      if (!status.includes(run.status)) throw new Error(`${command} ${args.join(" ")} ended with ${run.status}: ${run.stderr}`);
      const [user, system, memory] = run.stderr.toString().trim().split("\n").at(-1).split(" ").map(Number);
      if (round >= 0) samples[index].push({ wall, cpu: (user + system) * 1000, memory: memory / 1024 });
    }
  }
  return samples.map((list) => ({ wall: median(list.map(({ wall }) => wall)), cpu: median(list.map(({ cpu }) => cpu)), memory: median(list.map(({ memory }) => memory)) }));
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A table in Markdown: one row a command, ratios of wall time to the first. */
export function table(title, commands, results, owed = {}) {
  const lines = [`### ${title}`, "", "| command | wall ms | ratio | CPU ms | peak MB | owed |", "|---|---:|---:|---:|---:|---|"];
  for (const [index, { name }] of commands.entries()) {
    const { wall, cpu, memory } = results[index];
    lines.push(`| ${name} | ${wall.toFixed(0)} | ${(wall / results[0].wall).toFixed(2)} | ${cpu.toFixed(0)} | ${memory.toFixed(0)} | ${owed[name] ?? ""} |`);
  }
  return `${lines.join("\n")}\n`;
}
