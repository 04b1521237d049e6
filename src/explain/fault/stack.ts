import type { ElfFile } from "../../elf/index.ts";
import type { CaseFrame } from "../../case/index.ts";
import { functionAt, type FunctionCode } from "./code.ts";
import { FaultImage, type ImageFiles } from "./image.ts";
import type { Given } from "./access.ts";
import type { Linear } from "./linear.ts";
import { machineOf } from "./machines/index.ts";
import { Names } from "./names.ts";
import { Values } from "./values.ts";

/** Opens the files of an image (a module by its name, vmlinux for null); null where there are none. They stay the caller's. */
export type OpenFiles = (module: string | null) => Promise<ImageFiles | null>;

/** A frame with its code: `index` is the instruction that trapped, or the call that the frame returns from. */
export type CodePlace = { readonly frame: CaseFrame; readonly code: FunctionCode; readonly index: number; readonly at: number };

/** The images of one case, opened as they are needed. */
export class CaseCode {
  readonly #open: OpenFiles;
  readonly #images = new Map<string, FaultImage | null>();
  readonly #functions = new Map<string, FunctionCode | null>();

  constructor(open: OpenFiles) {
    this.#open = open;
  }

  async image(module: string | null): Promise<FaultImage | null> {
    const key = module ?? "";
    let image = this.#images.get(key);
    if (image === undefined) {
      const files = await this.#open(module);
      const machine = machineOf(files?.elf.header.arch ?? null);
      image = files && machine ? new FaultImage(files, machine) : null;
      this.#images.set(key, image);
    }
    return image;
  }

  /** The code of a frame's function, and where in it the frame is. Null where anything of that is not to be had. */
  async placeOf(frame: CaseFrame): Promise<CodePlace | null> {
    if (frame.functions.length === 0 || frame.address === null) return null;
    const image = await this.image(frame.module);
    const at = image && imageOffset(image.elf, frame);
    if (!image || at === null) return null;
    const key = `${frame.module ?? ""} ${at}`;
    let code = this.#functions.get(key);
    if (code === undefined) this.#functions.set(key, (code = await functionAt(image, at)));
    if (!code) return null;
    const index = frame.exact ? code.indexAt(at) : code.indexHolding(at);
    return index < 0 ? null : { frame, code, index, at: code.list[index]!.at };
  }
}

function imageOffset(elf: ElfFile, { address, section, module }: CaseFrame): number | null {
  const link = BigInt(address!);
  if (module === null) {
    const offset = elf.offsetOf(link as Parameters<ElfFile["offsetOf"]>[0]);
    return Number.isSafeInteger(offset) ? offset : null;
  }
  const own = section === null ? null : elf.section(section);
  return own ? elf.placeOf(own) + Number(link) : null;
}

/**
 * What the callers of a frame gave it, in words of the last of them: `callers` are the frames from its own caller up to the one whose words are wanted. Nothing
 * where one of them does not call what the frame below it is in: something between them left no frame, and may have changed the arguments.
 */
export function givenBy(callee: CodePlace, callers: readonly CodePlace[], wanted: string | null): Given {
  const [caller, ...others] = callers;
  if (!caller || !calls(caller, callee)) return () => [];
  const known = new Map<string, readonly Linear[]>();
  const isLast = others.length === 0;
  let readings: readonly Values[] | null = null;
  const make = (): readonly Values[] => {
    const scopes = caller.code.image.scopesAt(caller.code.entry);
    if (!isLast) return [new Values(caller.code, new Names(caller.code, null, caller.at, 0, "own"), caller.index, givenBy(caller, others, wanted))];
    let scope = 0;
    for (const [index, { name, kind, ranges }] of (scopes?.scopes ?? []).entries()) if (kind !== "block" && name === wanted && ranges.some((low, k) => k % 2 === 0 && caller.at >= low && caller.at < ranges[k + 1]!)) scope = index;
    return (["own", "inner", "any"] as const).map((reach) => new Values(caller.code, new Names(caller.code, scopes, caller.at, scope, reach), caller.index));
  };
  return (register) => {
    if (!caller.code.machine.given.includes(register)) return [];
    let values = known.get(register);
    if (!values) {
      readings ??= make();
      values = [];
      for (const reading of readings) {
        const found = reading.before(register, caller.index).filter((value) => value.unknown === null && !value.terms.some(({ atom }) => atom.kind === "entry"));
        values = [...values, ...found];
        if (found.length > 0) break;
      }
      known.set(register, values);
    }
    return values;
  };
}

/** Whether a frame's call leads to the function of the frame below it. Indirect calls may lead anywhere. */
function calls(caller: CodePlace, callee: CodePlace): boolean {
  const instruction = caller.code.list[caller.index]!;
  if (instruction.effect.operation !== "call") return false;
  const { target } = instruction;
  if (!target) return true;
  if ("address" in target) return caller.code.image === callee.code.image ? target.address === callee.code.entry || aliases(callee, caller.code.calleeOf(instruction)) : false;
  return caller.code.machine.thunk(target.name) !== null || aliases(callee, target.name);
}

/** `memcpy` and `__memcpy` are one function. */
function aliases(callee: CodePlace, name: string | null): boolean {
  if (name === null) return false;
  const { code, frame } = callee;
  const plain = (text: string | null): string => (text ?? "").replace(/^_+/, "").replace(/\.(?:cold|isra|constprop|part)\b.*$/, "");
  return plain(name) === plain(frame.symbol) || plain(name) === plain(code.image.symbolAt(code.entry)?.name ?? null);
}
