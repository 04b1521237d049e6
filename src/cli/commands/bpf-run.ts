import { OopscopeError } from "../../base/index.ts";
import { resolve, type Btf } from "../../btf/index.ts";
import { BpfObject, compiledDecoderOf, eventTypeFor, eventTypesOf, plain, presenterOf, readTracePipe, RingBuffer, textOfJson, traceClock, type BpfLink, type EventType, type Json, type RingRecord } from "../../bpf/index.ts";
import { visible } from "../../render/index.ts";
import { exit } from "../exit.ts";
import { interruptible } from "../interrupt.ts";
import { say, writeResult } from "../output.ts";
import { pipeText } from "./bpf-pipe.ts";

export type BpfRunFlags = {
  readonly format: "text" | "json";
  readonly set?: string[];
  readonly event?: string[];
  readonly skipMissing?: boolean;
  readonly printk?: boolean;
  readonly maps?: boolean;
  readonly duration?: number;
  readonly limit?: number;
  readonly quiet?: boolean;
};

/** An event as scripts get it: the keys of every tracing command, what is unknown is null. */
type EventRecord = { readonly time: Json; readonly cpu: Json; readonly pid: Json; readonly tid: Json; readonly comm: Json; readonly probe: string; readonly module: null; readonly function: null; readonly kind: string; readonly args: Json; readonly ret: null; readonly duration: null; readonly stack: readonly never[] };

/** Loads a BPF object, attaches what says where, and shows what comes, until Ctrl-C, a time or a number of events; then what the maps hold. */
export async function runBpfRun(file: string, flags: BpfRunFlags): Promise<number> {
  return interruptible(async (signal) => {
    const object = await BpfObject.open(file);
    try {
      return await runObject(object, flags, signal);
    } finally {
      const count = object.links.size;
      object.close();
      if (flags.quiet !== true && count > 0) say("note", `detached ${count} ${count === 1 ? "program" : "programs"}`);
    }
  });
}

async function runObject(object: BpfObject, flags: BpfRunFlags, signal: AbortSignal): Promise<number> {
  for (const setting of flags.set ?? []) setVariable(object, setting);
  const types = chosenTypes(object.btf, flags.event ?? []);
  const { skipped } = object.load({ missingTargets: flags.skipMissing === true ? "skip" : "fail" });
  for (const { program, why } of skipped) say("warning", `${program} is left out: ${why}`);
  const links = attachAll(object, flags);
  if (links === 0) say("warning", "nothing is attached: no section says where");
  else if (flags.quiet !== true) say("note", `attached ${[...object.links].map(({ what }) => what).join(", ")}; Ctrl-C ends it`);

  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = flags.duration === undefined ? null : setTimeout(onAbort, flags.duration * 1000);
  let left = flags.limit ?? Infinity;
  /** False when no more is wanted. */
  const show = (text: string): void => {
    if (left <= 0) return;
    if (!writeResult(text) || --left <= 0) stop.abort();
  };
  // Node ends when nothing but a signal is waited for.
  const alive = setInterval(() => {}, 1 << 30);
  const rings: RingBuffer<string>[] = [];
  let lostBefore: (bigint | null)[] = [];
  try {
    for (const map of object.maps.values()) {
      if (map.type === "ringbuf") rings.push(await RingBuffer.open(map, { decode: eventText(map.name, object.btf, types, flags), ...lostCounter(object) }));
    }
    lostBefore = rings.map((ring) => ring.statistics().lost);
    const tasks = rings.map(async (ring) => {
      for await (const events of ring.batches({ signal: stop.signal })) for (const event of events) show(event);
    });
    if (flags.printk !== false) tasks.push(showPipe(stop.signal, flags, show));
    // Without anything to wait for it is the programs' work that counts.
    if (tasks.length === 0) tasks.push(new Promise((done) => stop.signal.addEventListener("abort", () => done(), { once: true })));
    const failed = Promise.all(tasks);
    failed.catch(() => stop.abort());
    await failed;
    for (const ring of rings) for (const event of left > 0 ? ring.take() : []) show(event);
  } finally {
    signal.removeEventListener("abort", onAbort);
    if (timer !== null) clearTimeout(timer);
    clearInterval(alive);
    stop.abort();
  }
  for (const [index, ring] of rings.entries()) tellLost(ring, lostBefore[index] ?? null, flags);
  for (const ring of rings) ring.close();
  if (flags.maps !== false) showMaps(object, flags);
  return signal.aborted ? exit.interrupted : exit.done;
}

function setVariable(object: BpfObject, setting: string): void {
  const [, name, text] = /^([\w$]+)=(.*)$/s.exec(setting) ?? [];
  if (name === undefined) throw new OopscopeError("bad-argument", `--set takes NAME=VALUE, not \`${setting}\``, {});
  const variable = object.variable(name);
  const number = /^-?(?:0x[0-9a-f]+|\d+)$/i.test(text!);
  const value = text === "true" || text === "false" ? text === "true" : number ? (text!.startsWith("-") ? -BigInt(text!.slice(1)) : BigInt(text!)) : text;
  variable.set(value);
}

function chosenTypes(btf: Btf | null, names: readonly string[]): readonly EventType[] {
  if (btf === null) {
    if (names.length > 0) throw new OopscopeError("bad-argument", "the object has no BTF, so --event names nothing (compile it with -g)", {});
    return [];
  }
  if (names.length === 0) return eventTypesOf(btf);
  return names.map((name) => {
    const id = btf.find(name, "struct", "union", "typedef");
    if (id === null) throw new OopscopeError("bad-argument", `the object has no struct \`${name}\`; a compiler keeps only those that something refers to`, { type: name });
    const resolved = resolve(btf, id);
    return { id: resolved, name, size: btf.sizeOrType(resolved) };
  });
}

/** Programs whose section does not say where stay loaded and are not attached: they may be tail-called, or are for another command. */
function attachAll(object: BpfObject, flags: BpfRunFlags): number {
  const links: BpfLink[] = [];
  for (const program of object.programs.values()) {
    if (!program.autoload) continue;
    try {
      links.push(program.attach());
    } catch (error) {
      if (!(error instanceof OopscopeError && error.code === "bad-argument")) throw error;
      if (flags.quiet !== true) say("note", `${program.name} is not attached: ${error.message}`);
    }
  }
  return links.length;
}

/** Programs that count what they could not write have a variable of this name, as those of `oopscope bpf new`. */
function lostCounter(object: BpfObject): { lost?: () => bigint } {
  const variable = object.variables.get("lost");
  if (variable === undefined || !/^(?:volatile )?(?:__u64|u64|__u32|u32|unsigned long long|unsigned long|unsigned int|unsigned|long long|long|int)$/.test(variable.type)) return {};
  return { lost: () => BigInt(variable.get() as number | bigint) };
}

function tellLost(ring: RingBuffer<string>, before: bigint | null, flags: BpfRunFlags): void {
  const { lost } = ring.statistics();
  if (lost === null || before === null) {
    if (flags.quiet !== true) say("note", `whether events of ${ring.name} were lost is unknown: the program has no variable \`lost\` that counts them`);
    return;
  }
  const count = lost - before;
  if (count === 0n) return;
  if (flags.format === "json") writeResult(`${JSON.stringify(recordOf(ring.name, "lost", { count: plain(count) }))}\n`);
  say("warning", `${count} events of ${ring.name} were lost: the ring was full`);
}

function recordOf(probe: string, kind: string, args: Json): EventRecord {
  const of = (name: string): Json => (typeof args === "object" && args !== null && !Array.isArray(args) ? ((args as Readonly<Record<string, Json>>)[name] ?? null) : null);
  return { time: of("time"), cpu: of("cpu"), pid: of("pid"), tid: of("tid"), comm: of("comm"), probe, module: null, function: null, kind, args, ret: null, duration: null, stack: [] };
}

/** A record as a line of output. */
function eventText(name: string, btf: Btf | null, types: readonly EventType[], flags: BpfRunFlags): (record: RingRecord) => string {
  const readers = new Map(btf === null ? [] : types.map(({ id }) => [id, { decode: compiledDecoderOf(btf, id), present: presenterOf(btf, id) }]));
  let told = false;
  return (record) => {
    const { type, ...rest } = eventTypeFor(types, record.length);
    if (type === null && !told && flags.quiet !== true) {
      told = true;
      say("note", `events of ${name} are shown as bytes: ${"why" in rest ? rest.why : ""}`, "oopscope bpf run --event STRUCT …, or a global pointer to the struct in the program");
    }
    const reader = type === null ? null : readers.get(type.id)!;
    const value: Json = reader === null ? { bytes: Buffer.from(record.bytes()).toString("hex") } : reader.present(record.decode(reader.decode));
    if (flags.format === "json") return `${JSON.stringify(recordOf(name, "event", value))}\n`;
    const text = textOfJson(value);
    return `${visible(`${name}: ${type === null ? "" : `${type.name} `}${text}`)}\n`;
  };
}

async function showPipe(signal: AbortSignal, flags: BpfRunFlags, show: (text: string) => void): Promise<void> {
  try {
    const clock = traceClock();
    for await (const lines of readTracePipe({ signal })) for (const line of lines) show(pipeText(line, clock, flags.format));
  } catch (error) {
    if (!(error instanceof OopscopeError)) throw error;
    if (flags.quiet !== true) say("note", `lines of bpf_printk are not shown: ${error.message}`);
    await new Promise<void>((done) => (signal.aborted ? done() : signal.addEventListener("abort", () => done(), { once: true })));
  }
}

/** So many entries of a map; the rest is counted. */
const shownEntries = 1000;

function showMaps(object: BpfObject, flags: BpfRunFlags): void {
  const lines: string[] = [];
  for (const map of object.maps.values()) {
    if (map.name.includes(".") || !/hash|array|lpm-trie/.test(map.type) || /^(?:prog|perf-event|cgroup)-array|of-maps|stack-trace/.test(map.type)) continue;
    const present = (id: number): ((value: unknown) => Json) => (map.types === null || id === 0 ? plain : presenterOf(map.types.btf, id));
    const key = present(map.types?.key ?? 0);
    const one = present(map.types?.value ?? 0);
    const value = map.type.includes("percpu") ? (values: unknown): Json => (values as unknown[]).map(one) : one;
    let count = 0;
    for (const [entryKey, entryValue] of map) {
      if (++count > shownEntries) continue;
      lines.push(flags.format === "json" ? JSON.stringify({ map: map.name, key: key(entryKey), value: value(entryValue) }) : visible(`${map.name}[${textOfJson(key(entryKey))}] = ${textOfJson(value(entryValue))}`));
    }
    if (count > shownEntries) say("note", `the map ${map.name} has ${count} entries, ${shownEntries} are shown`);
  }
  if (lines.length > 0) writeResult(`${lines.join("\n")}\n`);
}
