import { nobody } from "../blame.ts";
import type { Rule } from "../rule.ts";
import { evidenceOf, nameOf, type Subject } from "../subject.ts";
import { set } from "../steps.ts";
import { meaningOf } from "../values.ts";

const unloaded = /\[last unloaded: ([A-Za-z0-9_][\w.-]{0,63})/;

/** A module is gone, and the kernel still has a pointer into it: a timer, a work, a notifier, a callback that its exit function forgot. */
export const unloadedCode: Rule = {
  name: "unloaded-code",
  kinds: ["bad-access", "invalid-opcode", "null-dereference", "general-protection"],
  needs: [{ form: unloaded, why: "this module's memory was given back" }],
  when: (subject) => {
    const name = subject.find(unloaded)!.match[1]!;
    const { address, pc } = subject;
    const jumped = address !== null && pc !== null && pc.symbol === null && pc.address !== null && BigInt(pc.address) === address.value;
    if (address === null || !(inModules(address.value) || (jumped && isArm(subject) && inArmModules(address.value))) || meaningOf(address.value) !== null || subject.has(/permissions violation/)) return null;
    const [first] = subject.trail;
    // Data of the module is as gone as its code; then a core function that goes through callbacks met it.
    if (!jumped && (first === undefined || first.module !== null)) return null;
    const evidence = [evidenceOf(address.said, "an address where modules are, and no module is there any more")];
    if (!jumped && first !== undefined) evidence.push({ logLine: first.logLine, text: first.text, why: `\`${nameOf(first)}\` still had it` });
    return {
      evidence,
      blame: nobody,
      // Every module's exit function goes by this name, whatever its author called it.
      guilty: { module: name, function: "cleanup_module", file: null, line: null },
    };
  },
  blame: null,
  confidence: "medium",
  summary: (_who, subject) => `module ${subject.find(unloaded)?.match[1] ?? "?"} was unloaded while the kernel still had a pointer into it: its exit function (\`cleanup_module\`) leaves ${left(subject)} behind`,
  next: (subject) => {
    const name = subject.find(unloaded)?.match[1];
    return name === undefined ? [] : set(`oopscope functions ${name}`, "its exit function must undo what its other functions registered: timers, work, notifiers, threads");
  },
};

/** Where x86-64 keeps modules (Documentation/arch/x86/x86_64/mm.rst). */
const inModules = (address: bigint): boolean => address >= 0xffff_ffff_a000_0000n && address < 0xffff_ffff_ff00_0000n;

/** arm64 keeps them in the lower part of the kernel's own mappings, beside what vmalloc gives out: only for a jump is it sign enough. */
const inArmModules = (address: bigint): boolean => address >= 0xffff_8000_0000_0000n && address < 0xffff_f000_0000_0000n;
const isArm = ({ facts }: Subject): boolean => facts.case.kernel.arch === "arm64";

function left(subject: Subject): string {
  const names = subject.trail.slice(0, 3).map(nameOf);
  if (names.some((name) => /timer/.test(name))) return "a timer";
  if (names.some((name) => /work/.test(name))) return "work";
  return names.some((name) => /notifier/.test(name)) ? "a notifier" : "something";
}
