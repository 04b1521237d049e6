/** Commands that a verdict recommends. */
import type { Guilty } from "./blame.ts";
import type { Step } from "./rule.ts";
import type { Subject } from "./subject.ts";

/** What is safe to stand in a command as it is. */
const plain = /^[\w./+-]{1,200}$/;

/** The log's name for a command. */
export function logName({ facts }: Subject): string {
  const { name } = facts.case.log;
  return name !== "-" && plain.test(name) ? name : "LOG";
}

/** Watch the guilty function's calls, with stacks. */
export function trace(guilty: Guilty | null, why: string): readonly Step[] {
  if (guilty === null || !plain.test(guilty.function)) return [];
  return [{ why, command: `oopscope trace ${guilty.module === null ? "" : `${guilty.module}:`}${guilty.function} --stack` }];
}

/** Watch a module's frees and uses until the second one is caught. */
export function guard(subject: Subject, guilty: Guilty | null, why = "catch it in the act, with both stacks, before the panic takes the evidence away"): readonly Step[] {
  const module = guilty?.module ?? (subject.facts.outOfTree.length === 1 ? subject.facts.outOfTree[0]! : null);
  // What it has caught, it need not catch again.
  return module === null || subject.has(/BUG: oopscope-guard: /) ? [] : [{ why, command: `oopscope guard ${module}` }];
}

/** The slab cache that the report is about. */
export function cacheOf(subject: Subject): string | null {
  return subject.find(/\bBUG ([\w-]{1,64}) \(|belongs to the cache ([\w-]{1,64}) of size|\bFIX ([\w-]{1,64}):/)?.match.slice(1).find((name) => name !== undefined) ?? null;
}

/** Let SLUB keep the stacks of allocation and free. */
export function slubDebug(subject: Subject, flags = "FUZ"): readonly Step[] {
  const cache = cacheOf(subject);
  if (subject.has(/slub?_debug=/)) return [];
  const why = "boot with SLUB's checks, so that the next report shows who allocated and who freed the object (slab_debug= on newer kernels)";
  return [{ why, command: `slub_debug=${flags}${cache === null ? "" : `,${cache}`}` }];
}

/** Boot option or sysctl. */
export function set(command: string, why: string): readonly Step[] {
  return [{ why, command }];
}

export function kasan(subject: Subject, why = "a kernel with KASAN names the free and the use"): readonly Step[] {
  return subject.has(/BUG: KASAN/) ? [] : [{ why: `${why}; run it where a crash does no harm`, command: "oopscope lab run --kernel PATH/TO/KASAN/bzImage --module MODULE.ko --script REPRODUCE.sh" }];
}

/** What is missing for a better answer: the module's file, the kernel's debug file. */
export function missingFiles(subject: Subject, guilty: Guilty | null): readonly Step[] {
  const { image } = subject.facts.case;
  const steps: Step[] = [];
  if (guilty !== null && guilty.module !== null && guilty.line === null && guilty.module !== "bpf") {
    steps.push({ why: `the line in ${guilty.module} needs the module of the build that crashed, with debug information`, command: `oopscope explain --modules PATH/TO/BUILD ${logName(subject)}` });
  }
  if (image.vmlinux?.match === "mismatch" || image.modules.some(({ match }) => match === "mismatch")) {
    steps.push({ why: "a file that was used is of another build: name the one that crashed", command: `oopscope explain --vmlinux PATH/TO/vmlinux --modules PATH/TO/MODULES ${logName(subject)}` });
  } else if (image.vmlinux === null && guilty?.module === null && guilty.line === null) {
    steps.push({ why: "the lines of the kernel's own functions need its debug file", command: `oopscope symbols fetch ${logName(subject)}` });
  }
  return steps;
}
