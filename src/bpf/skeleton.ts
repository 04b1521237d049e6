import { OopscopeError } from "../base/index.ts";
import { prototypeText, resolve, sizeOf, typeText, type Btf } from "../btf/index.ts";

/** What a program is written for. */
export type ProbePlan = {
  /** `vmlinux` for the kernel itself. */
  readonly module: string;
  readonly function: string;
  /** The function's BTF: the kernel's, or a module's on it. */
  readonly btf: Btf;
  /** Also when it returns, with its result. */
  readonly atExit: boolean;
  /** Of oopscope, for package.json. */
  readonly version: string;
};

/** Files of a new program, by name. */
export type NewProgram = Readonly<Record<string, string>>;

type Parameter = { readonly name: string; readonly declaration: string; /** How the event keeps it; null: it is passed in a way that is not kept. */ readonly field: string | null; readonly read: string };

/** A trampoline passes so many registers of arguments (BPF: MAX_BPF_FUNC_REG_ARGS; x86-64 before 6.6 had 6). */
const mostParameters = 12;

/**
 * A program that watches a function, ready to be compiled and run: `NAME.bpf.c` with the function's signature as the kernel's types have it, `NAME.h` with its event, a Makefile,
 * an agent in TypeScript, and a package.json for it. Throws `not-found` for a function without a type, `unsupported` for one with more arguments than a trampoline passes.
 */
export function newProgram({ module, function: name, btf, atExit, version }: ProbePlan): NewProgram {
  const id = btf.idsOf(name, "func").findLast((candidate) => module === "vmlinux" || candidate >= btf.firstId);
  const func = id === undefined ? null : btf.type(id);
  const proto = func?.kind === "func" ? btf.type(func.type) : null;
  if (func === null || proto?.kind !== "func_proto") throw new OopscopeError("not-found", `the BTF of ${module} has no function \`${name}\``, { module, function: name });
  if (proto.parameters.length > mostParameters) throw new OopscopeError("unsupported", `\`${name}\` has ${proto.parameters.length} arguments, a trampoline passes ${mostParameters}`, { function: name });
  const taken = new Set(["ctx", "event", "result"]);
  const parameters = proto.parameters.map(({ name: given, type }, index): Parameter => {
    let chosen = given === "" ? `arg${index + 1}` : given;
    while (taken.has(chosen)) chosen += "_";
    taken.add(chosen);
    const kept = keptAs(btf, type);
    return { name: chosen, declaration: typeText(btf, type, chosen), field: kept && `${kept.type}${chosen}`, read: kept ? `${kept.cast}${chosen}` : chosen };
  });
  const result = atExit && proto.result !== 0 ? keptAs(btf, proto.result) : null;
  const plan = { module, name, prototype: prototypeText(btf, func.id), parameters, result: result && { ...result, declaration: typeText(btf, proto.result, "result") }, atExit };
  return {
    [`${name}.bpf.c`]: programText(plan),
    [`${name}.h`]: headerFile(plan),
    Makefile: makefileText(plan),
    "agent.ts": agentText(plan),
    "package.json": `${JSON.stringify({ name: `watch-${name.toLowerCase().replace(/[^a-z0-9-]/g, "-")}`, private: true, type: "module", dependencies: { oopscope: `^${version}` } }, null, 2)}\n`,
  };
}

type Plan = {
  readonly module: string;
  readonly name: string;
  readonly prototype: string;
  readonly parameters: readonly Parameter[];
  readonly result: { readonly type: string; readonly cast: string; readonly declaration: string } | null;
  readonly atExit: boolean;
};

/** A value as a member of the event: integers by their size, pointers as they are, structs by value not at all. */
function keptAs(btf: Btf, id: number): { readonly type: string; readonly cast: string } | null {
  const type = btf.type(resolve(btf, id));
  if (type.kind === "ptr") return { type: "const void *", cast: "" };
  if (type.kind !== "int" && type.kind !== "enum" && type.kind !== "enum64") return null;
  const size = sizeOf(btf, type.id) ?? 0;
  if (![1, 2, 4, 8].includes(size)) return null;
  const signed = type.kind === "int" ? type.signed && !type.bool : type.signed;
  return { type: `__${signed ? "s" : "u"}${8 * size} `, cast: "" };
}

/** A name that no type of the kernel has. */
const eventName = (name: string): string => `${name.replace(/\W/g, "_")}_event`;

function headerFile({ name, parameters, result, atExit }: Plan): string {
  const guard = `${name.toUpperCase().replace(/\W/g, "_")}_H`;
  const fields = parameters.flatMap(({ field }) => (field === null ? [] : [`\t\t${field};\n`])).join("");
  return `/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* An event, as the program writes it and the agent reads it: BTF tells the agent how. */
#ifndef ${guard}
#define ${guard}

struct ${eventName(name)} {
	__u64 time; /* CLOCK_MONOTONIC, nanoseconds */
	__u32 pid;
	__u32 tid;
	__u32 cpu;
${atExit ? "\t__u32 at_exit; /* 0: on entry, 1: on return */\n" : "\t__u32 reserved;\n"}	char comm[16];
${fields === "" ? "" : `\tstruct {\n${fields}\t} args;\n`}${result === null ? "" : `\t${result.type}result;\n`}};

#endif
`;
}

function programText({ module, name, prototype, parameters, result, atExit }: Plan): string {
  const signature = parameters.map(({ declaration }) => `, ${declaration}`).join("");
  const kept = parameters.filter(({ field }) => field !== null);
  const copies = kept.map(({ name: field, read }) => `\tevent->args.${field} = ${read};\n`).join("");
  const left = parameters.filter(({ field }) => field === null).map(({ name: field }) => `\t/* ${field} is passed by value and is not kept. */\n`).join("");
  const pointer = parameters.find(({ field }) => field?.startsWith("const void *"));
  const hint = pointer === undefined ? "" : `\t/* What a pointer leads to: BPF_CORE_READ(${pointer.name}, member), or ${pointer.name}->member, which the verifier checks. */\n`;
  const zeroes = atExit ? "" : "\tevent->reserved = 0;\n";
  const at = (exit: number): string => (atExit ? `\tevent->at_exit = ${exit};\n` : zeroes);
  const exitProgram = !atExit
    ? ""
    : `
SEC("fexit/${name}")
int BPF_PROG(on_exit${signature}${result === null ? "" : `, ${result.declaration}`})
{
	struct ${eventName(name)} *event = begin();

	if (!event)
		return 0;
${at(1)}${copies}${result === null ? "" : "\tevent->result = result;\n"}	bpf_ringbuf_submit(event, 0);
	return 0;
}
`;
  return `// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Watches a function of ${module === "vmlinux" ? "the kernel" : `the module ${module}`}:
 *
 *	${prototype}
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "${name}.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

/* Keeps the event's type: that is how it is shown as what it is. */
const struct ${eventName(name)} *unused __attribute__((unused));

/* Only this process; 0 for all. Set before loading: oopscope bpf run --set wanted=PID */
const volatile __u32 wanted = 0;

/* Events that the ring had no room for. */
__u64 lost;

static struct ${eventName(name)} *begin(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct ${eventName(name)} *event;

	if (wanted && id >> 32 != wanted)
		return NULL;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return NULL;
	}
	event->time = bpf_ktime_get_ns();
	event->pid = id >> 32;
	event->tid = id;
	event->cpu = bpf_get_smp_processor_id();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	return event;
}

SEC("fentry/${name}")
int BPF_PROG(on_entry${signature})
{
	struct ${eventName(name)} *event = begin();

	if (!event)
		return 0;
${at(0)}${hint}${left}${copies}${result === null ? "" : "\tevent->result = 0;\n"}	bpf_ringbuf_submit(event, 0);
	return 0;
}
${exitProgram}
char LICENSE[] SEC("license") = "Dual MIT/GPL";
`;
}

function makefileText({ module, name }: Plan): string {
  return `# The program, and what runs it. \`make run\` shows its events by the command line, \`make agent\` by agent.ts.
OOPSCOPE ?= oopscope

all: ${name}.bpf.o

# vmlinux.h is made on the way, of the running kernel${module === "vmlinux" ? "" : ` and the module, which must be loaded`}.
${name}.bpf.o: ${name}.bpf.c ${name}.h
	$(OOPSCOPE) bpf build${module === "vmlinux" ? "" : ` --module ${module}`} $<

run: ${name}.bpf.o
	sudo $(OOPSCOPE) bpf run $<

# Node 22.18 and newer run TypeScript as it is; before, compile it: npx tsc or npx esbuild.
agent: ${name}.bpf.o
	[ -d node_modules ] || npm install
	sudo node agent.ts

clean:
	rm -f ${name}.bpf.o

.PHONY: all run agent clean
`;
}

function agentText({ name, parameters, result, atExit }: Plan): string {
  const typeOf = (field: string): string => (field.startsWith("const void *") || /^__[su]64 /.test(field) ? "bigint" : "number");
  const args = parameters.flatMap(({ field, name: argument }) => (field === null ? [] : [`${argument}: ${typeOf(field)}`]));
  return `// Watches ${name}: loads ${name}.bpf.o, attaches it, and prints what it sees until Ctrl-C.
import { BpfObject, eventDecoder, RingBuffer } from "oopscope/bpf";

/** struct ${eventName(name)} of ${name}.h. Integers of 64 bits and pointers are bigints. */
type Event = {
  time: bigint;
  pid: number;
  tid: number;
  cpu: number;
${atExit ? "  at_exit: number;\n" : ""}  comm: string;
${args.length === 0 ? "" : `  args: { ${args.join("; ")} };\n`}${result === null ? "" : `  result: ${typeOf(result.type)};\n`}};

const object = await BpfObject.open(new URL("${name}.bpf.o", import.meta.url).pathname);
const decode = eventDecoder(object.btf!, "${eventName(name)}");
object.load();
object.attach();
const ring = await RingBuffer.open<Event>(object.map("events"), { decode: (record) => decode(record) as Event, lost: object.variable("lost") });
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
console.error("attached to ${name}; Ctrl-C ends it");

const shown = (value: unknown): string => JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? \`0x\${inner.toString(16)}\` : inner));
for await (const events of ring.batches({ signal: stop.signal })) {
  for (const event of events) console.log(\`\${event.comm}-\${event.tid} ${atExit ? '${event.at_exit === 1 ? "leaves" : "enters"} ' : ""}${name}${args.length === 0 ? "" : " ${shown(event.args)}"}${result === null ? "" : "${event.at_exit === 1 ? ` = ${shown(event.result)}` : \"\"}"}\`);
}
const { records, lost } = ring.statistics();
ring.close();
object.close();
console.error(\`detached; \${records} events, \${lost} lost\`);
`;
}
