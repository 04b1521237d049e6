import { functionAt, type CodeInstruction, type FunctionCode } from "./code.ts";
import { freedRegister, freeFamily } from "./freeing.ts";
import type { FaultImage } from "./image.ts";

// Which calls within an image lead to a function that frees: by its own code, relocations and symbols. Calls through pointers are not followed.

/** A call of a chain: the function that it stands in, and which instruction it is. */
export type Call = { readonly code: FunctionCode; readonly index: number };
/** A way to a free: the last call is that of the freeing function, whose name and argument register follow. */
export type FreeChain = { readonly calls: readonly Call[]; readonly frees: string; readonly argument: string };

const deepestChain = 6;
const mostFunctions = 400;
const mostChains = 64;

export class CallGraph {
  readonly #image: FaultImage;
  readonly #functions = new Map<number, FunctionCode | null>();
  readonly #chains = new Map<string, readonly FreeChain[]>();

  constructor(image: FaultImage) {
    this.#image = image;
  }

  /** The chains that begin with the call of an instruction and end in a free of a family. */
  async chainsFrom(code: FunctionCode, index: number, family: string): Promise<readonly FreeChain[]> {
    return this.#follow(code, index, family, deepestChain, new Set());
  }

  async #follow(code: FunctionCode, index: number, family: string, depth: number, active: Set<number>): Promise<readonly FreeChain[]> {
    const instruction = code.list[index]!;
    const here: Call = { code, index };
    const name = nameOf(code, instruction);
    const argument = name === null ? null : freedRegister(name, code.machine);
    if (name !== null && argument !== null) return freeFamily(name) === family ? [{ calls: [here], frees: name, argument }] : [];
    const { target } = instruction;
    if (!target || !("address" in target) || depth === 0) return [];
    const callee = await this.#functionAt(target.address);
    if (!callee || callee === code || active.has(callee.entry)) return [];
    const chains = await this.#within(callee, family, depth - 1, new Set([...active, callee.entry]));
    return chains.map((chain) => ({ ...chain, calls: [here, ...chain.calls] }));
  }

  /** All chains of a function's calls and jumps. */
  async #within(code: FunctionCode, family: string, depth: number, active: Set<number>): Promise<readonly FreeChain[]> {
    const key = `${code.entry} ${family} ${depth}`;
    const known = this.#chains.get(key);
    if (known) return known;
    const found: FreeChain[] = [];
    for (const index of callsOf(code)) {
      if (found.length >= mostChains) break;
      found.push(...(await this.#follow(code, index, family, depth, active)));
    }
    this.#chains.set(key, found);
    return found;
  }

  async #functionAt(address: number): Promise<FunctionCode | null> {
    let code = this.#functions.get(address);
    if (code === undefined) {
      if (this.#functions.size >= mostFunctions) return null;
      this.#functions.set(address, (code = this.#image.sectionAt(address) ? await functionAt(this.#image, address) : null));
    }
    return code;
  }
}

function nameOf(code: FunctionCode, instruction: CodeInstruction): string | null {
  return code.calleeOf(instruction)?.replace(/\.(?:isra|constprop|part|cold|llvm)\b.*$/, "") ?? null;
}

/** Calls, and jumps to other functions, which are calls at a function's end. */
export function callsOf(code: FunctionCode): number[] {
  const found: number[] = [];
  for (const [index, { effect, target }] of code.list.entries()) {
    if (effect.operation === "call") found.push(index);
    else if ((effect.operation === "jump" || effect.operation === "branch") && target && ("name" in target || code.indexAt(target.address) < 0)) found.push(index);
  }
  return found;
}

/** The instructions from which control can come to another, that one left out unless it is in a loop. */
export function comingTo(code: FunctionCode, index: number): ReadonlySet<number> {
  const seen = new Set<number>();
  const work = [...code.before(index)];
  while (work.length > 0) {
    const k = work.pop()!;
    if (seen.has(k)) continue;
    seen.add(k);
    work.push(...code.before(k));
  }
  return seen;
}
