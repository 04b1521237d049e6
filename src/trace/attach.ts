import { messageOf, OopscopeError } from "../base/index.ts";
import { GeneratedProgram, type BpfLink } from "../bpf/index.ts";
import type { Context } from "./code/context.ts";
import { countProgram, entryProgram, keepingProgram, returnProgram, type ProgramMaps, type ProgramPlan } from "./code/programs.ts";
import { formOf, type ProbePlan, type When } from "./plan.ts";
import { probeText, type FunctionProbe } from "./probe.ts";

/** A probe that is attached, and how. */
export type AttachedProbe = { readonly probe: string; readonly module: string | null; /** Of `fentry` and `kprobe.multi` modules cannot be unloaded meanwhile. */ readonly how: "fentry" | "kprobe" | "kprobe.multi" | "tracepoint"; /** Why not by fentry; null where that needs no word. */ readonly why: string | null };
type Way = Pick<AttachedProbe, "how" | "why">;

/** Makes the programs of probes and attaches them; functions of one form share theirs where the kernel has cookies. */
export class Attacher {
  readonly #maps: ProgramMaps;
  readonly #when: When;
  readonly #count: number;
  readonly #rate: number | null;
  readonly #ownPid: number | null;
  readonly #programs: GeneratedProgram[];
  readonly #shared = new Map<string, GeneratedProgram>();
  readonly #first: "fentry" | "kprobe";
  /** Of kprobes, by the probe's number. */
  readonly #links = new Map<number, BpfLink[]>();
  /** Unknown until a program with one was loaded or refused. */
  #cookies: boolean | null = null;

  constructor(maps: ProgramMaps, when: When, count: number, rate: number | null, own: number | null, programs: GeneratedProgram[], first: "fentry" | "kprobe") {
    this.#maps = maps;
    this.#when = when;
    this.#count = count;
    this.#rate = rate;
    this.#ownPid = own;
    this.#programs = programs;
    this.#first = first;
  }

  /**
   * Attaches functions by kprobe.multi, those of one form by one link; gives the numbers of those that are. None where the kernel has not got it; not those that it refuses with the others,
   * those whose modules are to stay free (a link holds them from 6.3 on), nor returns: where a call's frame is then differs from kernel to kernel.
   */
  async attachTogether(plans: readonly ProbePlan[], pinned: "may pin modules" | "leaves modules free"): Promise<ReadonlySet<number>> {
    const done = new Set<number>();
    if (this.#when === "return" || this.#when === "both") return done;
    const forms = new Map<string, { readonly plan: ProbePlan; readonly functions: { readonly number: number; readonly name: string; readonly address: bigint }[] }>();
    for (const [number, plan] of plans.entries()) {
      const { probe } = plan;
      if (probe.kind !== "function" || !probe.how.includes("kprobe") || probe.address === null || (probe.module !== null && pinned === "leaves modules free")) continue;
      const form = formOf(plan);
      const one = { number, name: probe.name, address: probe.address };
      const known = forms.get(form);
      if (known) known.functions.push(one);
      else forms.set(form, { plan, functions: [one] });
    }
    for (const { plan, functions } of forms.values()) {
      let program: GeneratedProgram | null = null;
      try {
        const [part] = this.#parts(plan, plan.contexts.registers!, "cookie");
        program = await this.#load("kprobe", `many_${functions[0]!.name}`, part!.code, { attachType: "trace-kprobe-multi" });
        program.attach({ kind: "kprobe.multi", functions: functions.map(({ name }) => name), addresses: functions.map(({ address }) => address), cookies: functions.map(({ number }) => BigInt(number)) });
        for (const { number } of functions) done.add(number);
      } catch (error) {
        if (!(error instanceof OopscopeError) || ["not-permitted", "missing-library"].includes(error.code)) throw error;
        if (program !== null) this.#drop([program]);
        // The kernel has it not, as a rule; else what it refuses is attached one by one, and named.
        if (done.size === 0) return done;
      }
    }
    return done;
  }

  async attach(plan: ProbePlan, number: number, only: "kprobe" | null = null): Promise<Way> {
    const { probe, contexts } = plan;
    if (probe.kind === "tracepoint") {
      const own = this.#programPlan(plan, contexts.tracepoint!, number);
      const program = await this.#load("tracepoint", `t_${probe.name}`, this.#when === "counted" ? countProgram(own, this.#count) : entryProgram(own, "tracepoint"));
      program.attach({ kind: "tracepoint", category: probe.category, name: probe.name });
      return { how: "tracepoint", why: null };
    }
    let why = probe.fallback;
    const ways = probe.how.filter((how) => only === null || how === only).sort((a, b) => Number(b === this.#first) - Number(a === this.#first));
    for (const how of ways) {
      if (how === "fentry" && contexts.fentry === null) continue;
      try {
        if (how === "fentry") await this.#fentry(plan, probe, number);
        else await this.#kprobe(plan, probe, number);
        return { how, why: how === "kprobe" ? why : null };
      } catch (error) {
        if (!(error instanceof OopscopeError) || how === ways.at(-1) || ["not-permitted", "missing-library"].includes(error.code)) throw error;
        why = messageOf(error);
      }
    }
    throw new OopscopeError("refused", `no way is left to trace ${probeText(probe)}`, {});
  }

  #programPlan(plan: ProbePlan, context: Context, probe: number | "cookie"): ProgramPlan {
    return { maps: this.#maps, context, layout: plan.layout, probe, filter: plan.filter, packet: plan.packet, ownPid: this.#ownPid, rate: this.#rate };
  }

  /** Bytecode by part: what runs when the function returns is attached first, so that no call is kept that nobody takes out again. */
  #parts(plan: ProbePlan, context: Context, probe: number | "cookie"): { readonly part: "return" | "entry"; readonly code: Uint8Array }[] {
    const own = this.#programPlan(plan, context, probe);
    if (this.#when === "counted") return [{ part: "entry", code: countProgram(own, this.#count) }];
    if (this.#when === "entry") return [{ part: "entry", code: entryProgram(own, "entry") }];
    return [
      { part: "return", code: returnProgram({ ...own, filter: plan.returnFilter, packet: null }, this.#when === "return") },
      { part: "entry", code: keepingProgram(own, this.#when === "both") },
    ];
  }

  async #load(type: "tracing" | "kprobe" | "tracepoint", name: string, code: Uint8Array, more: Partial<Parameters<typeof GeneratedProgram.load>[1]> = {}): Promise<GeneratedProgram> {
    const program = await GeneratedProgram.load(code, { type, name: name.replaceAll(/\W/g, "_"), license: "GPL", ...more });
    this.#programs.push(program);
    return program;
  }

  async #fentry(plan: ProbePlan, probe: FunctionProbe, number: number): Promise<void> {
    const made: GeneratedProgram[] = [];
    try {
      for (const { part, code } of this.#parts(plan, plan.contexts.fentry!, number)) {
        const program = await this.#load("tracing", `${part}_${probe.name}`, code, { attachType: part === "entry" ? "trace-fentry" : "trace-fexit", target: { function: probe.name, ...(probe.module === null ? {} : { module: probe.module }), ...(probe.type === null ? {} : { id: probe.type }) } });
        made.push(program);
        program.attach();
      }
    } catch (error) {
      this.#drop(made);
      throw error;
    }
  }

  /** Gives up kprobes whose function is gone. */
  forget(number: number): void {
    for (const link of this.#links.get(number) ?? []) link.close();
    this.#links.delete(number);
  }

  #drop(made: readonly (GeneratedProgram | BpfLink)[]): void {
    for (const one of made) {
      one.close();
      const index = one instanceof GeneratedProgram ? this.#programs.indexOf(one) : -1;
      if (index >= 0) this.#programs.splice(index, 1);
    }
  }

  async #kprobe(plan: ProbePlan, probe: FunctionProbe, number: number): Promise<void> {
    const made: (GeneratedProgram | BpfLink)[] = [];
    try {
      const cookies = this.#cookies !== false;
      for (const { part, code } of this.#parts(plan, plan.contexts.registers!, cookies ? "cookie" : number)) {
        const form = `${part} ${formOf(plan)}`;
        let program = cookies ? this.#shared.get(form) : undefined;
        if (program === undefined) {
          program = await this.#load("kprobe", `${part}_${probe.name}`, code);
          if (cookies) this.#shared.set(form, program);
          else made.push(program);
        }
        const link = program.attach({ kind: "kprobe", function: probe.name, ...(probe.address === null ? {} : { address: probe.address }), return: part === "return", ...(cookies ? { cookie: BigInt(number) } : {}) });
        made.push(link);
        this.#links.set(number, [...(this.#links.get(number) ?? []), link]);
        if (cookies) this.#cookies = true;
      }
    } catch (error) {
      this.#drop(made);
      // The first program tells: before 5.15 there is no bpf_get_attach_cookie, and no link for it.
      if (this.#cookies === null && error instanceof OopscopeError && error.code !== "not-permitted" && error.code !== "missing-library") {
        this.#cookies = false;
        await this.#kprobe(plan, probe, number);
        return;
      }
      throw error;
    }
  }
}
