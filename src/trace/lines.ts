import { messageOf, OopscopeError, type ImageOffset } from "../base/index.ts";
import { closeFound, findModules, findVmlinux, moduleKey, type FoundFile, type KernelClues, type SearchPlaces } from "../kernel/index.ts";
import { imageOf, sourceRootOf, sourceRootSymbol, withoutRoot, type Image, type ImageSymbol } from "../symbolize/index.ts";
import { debuginfodFolder, machineArch, runningKernel, runningModuleBuildId, symbolsFolder } from "../system/index.ts";
import type { TraceEvent, TraceFrame } from "./event.ts";
import type { KernelNames } from "./stacks.ts";

type Functions = TraceFrame["functions"];
type Opened = { readonly file: FoundFile; readonly image: Image };

/**
 * Inlined functions, files and lines of stacks, from debug files of the kernel that runs and of its modules, which are opened when a stack first needs them. Only files whose build id is
 * the running one's are taken. Each address is looked up once.
 */
export class StackLines {
  readonly #names: KernelNames;
  readonly #places: SearchPlaces;
  readonly #running = runningKernel();
  readonly #clues: KernelClues;
  /** By module, the kernel's under ""; null where there is none. */
  readonly #opened = new Map<string, Opened | null>();
  readonly #known = new Map<string, Functions>();
  readonly #lacking = new Map<string, string>();
  #root: string | null = null;
  #generation = 0;

  constructor(names: KernelNames, places: SearchPlaces) {
    this.#names = names;
    this.#places = { fetched: symbolsFolder(), debuginfod: debuginfodFolder(), ...(this.#running ? { running: this.#running } : {}), ...places };
    const banner = this.#running?.banner ?? null;
    this.#clues = { release: /^Linux version (\S+)/.exec(banner ?? "")?.[1] ?? null, version: null, banner, buildId: this.#running?.buildId ?? null, arch: machineArch() };
  }

  /** Why there are no lines, by what they are lacking for: a module, or `vmlinux`. */
  get lacking(): ReadonlyMap<string, string> {
    return this.#lacking;
  }

  /** The same events, their frames with what the files say. */
  async filled(events: readonly TraceEvent[]): Promise<TraceEvent[]> {
    this.#forgetModules();
    const frames = events.flatMap((event) => (event.kind === "lost" ? [] : (event.stack ?? [])));
    const open = new Map<string, Map<string, TraceFrame>>();
    for (const frame of frames) {
      if (frame.symbol === null || frame.module === "bpf" || this.#known.has(keyOf(frame))) continue;
      const module = frame.module ?? "";
      const wanted = open.get(module) ?? new Map<string, TraceFrame>();
      open.set(module, wanted.set(keyOf(frame), frame));
    }
    for (const [module, wanted] of open) await this.#lookUp(module, wanted);
    return events.map((event) => (event.kind === "lost" || event.stack === null ? event : { ...event, stack: event.stack.map((frame) => ({ ...frame, functions: this.#known.get(keyOf(frame)) ?? [] })) }));
  }

  /** Another module may lie where one was, or a new build of it. */
  #forgetModules(): void {
    if (this.#generation === this.#names.generation) return;
    this.#generation = this.#names.generation;
    for (const [module, opened] of this.#opened) {
      if (module === "") continue;
      if (opened) closeOpened(opened);
      this.#opened.delete(module);
    }
    this.#known.clear();
  }

  async #lookUp(module: string, wanted: ReadonlyMap<string, TraceFrame>): Promise<void> {
    for (const key of wanted.keys()) this.#known.set(key, []);
    try {
      const opened = await this.#image(module);
      if (opened === null) return;
      const { image } = opened;
      const symbols = image.symbols(new Set([...[...wanted.values()].map(({ symbol }) => symbol!), ...(module === "" ? [startSymbol] : [])]));
      const found: { readonly key: string; readonly address: ImageOffset; readonly owner: ImageSymbol }[] = [];
      for (const [key, frame] of wanted) {
        const owner = this.#ownerOf(frame, symbols);
        // A return address is that of the instruction behind the call; nothing returns to a function's first.
        if (owner) found.push({ key, owner, address: (owner.address + Math.max(0, frame.offset - 1)) as ImageOffset });
      }
      const places = image.lookup(found.map(({ address }) => address), found.map(({ owner }) => owner));
      for (const [index, { functions, directory }] of places.entries()) {
        if (functions[0]?.file == null) continue;
        this.#known.set(found[index]!.key, functions.map(({ function: name, file, line }) => ({ function: name, file: file === null ? null : withoutRoot(file, directory, this.#root), line })));
      }
    } catch (error) {
      if (!(error instanceof OopscopeError)) throw error;
      this.#lacking.set(module === "" ? "vmlinux" : module, messageOf(error));
    }
  }

  /** The symbol in the file; null where several have the name and nothing tells which. Of the kernel its distance to the start must be that in memory. */
  #ownerOf({ symbol, module, address, offset }: TraceFrame, symbols: ReadonlyMap<string, readonly ImageSymbol[]>): ImageSymbol | null {
    const candidates = symbols.get(symbol!) ?? [];
    if (module !== null) return candidates.length === 1 ? candidates[0]! : null;
    const [start] = symbols.get(startSymbol) ?? [];
    const inMemory = this.#names.addressOf(startSymbol);
    if (start === undefined || inMemory === null) return null;
    const distance = address - BigInt(offset) - inMemory;
    return candidates.find((candidate) => BigInt(candidate.address - start.address) === distance) ?? null;
  }

  async #image(module: string): Promise<Opened | null> {
    let opened = this.#opened.get(module);
    if (opened === undefined) this.#opened.set(module, (opened = await this.#open(module)));
    return opened;
  }

  async #open(module: string): Promise<Opened | null> {
    const name = module === "" ? "vmlinux" : module;
    const buildId = module === "" ? this.#clues.buildId : runningModuleBuildId(module);
    if (buildId === null) return this.#without(name, "the running kernel does not tell its build id");
    const damaged = new Map<string, string>();
    const file = module === "" ? await findVmlinux(this.#clues, this.#places, damaged) : ((await findModules([{ name: module, buildId }], this.#clues, this.#places, damaged)).get(moduleKey(module)) ?? null);
    if (file === null) return this.#without(name, [...damaged.values()][0] ?? "no debug file of it was found");
    const own = file.code.buildId() ?? file.elf.buildId();
    let why: string | null = null;
    if (own !== buildId) why = `${file.elf.path} is of another build (build id ${own ?? "none"}, the running one has ${buildId})`;
    else {
      const image = await imageOf(file.elf);
      if (image.hasDebugInformation) {
        if (module === "") this.#root = sourceRootOf(image, image.symbols([sourceRootSymbol]).get(sourceRootSymbol)?.[0]);
        return { file, image };
      }
      why = `${file.elf.path} has no debug information`;
    }
    closeFound(file);
    return this.#without(name, why);
  }

  #without(name: string, why: string): null {
    this.#lacking.set(name, why);
    return null;
  }

  close(): void {
    for (const opened of this.#opened.values()) if (opened) closeOpened(opened);
    this.#opened.clear();
  }
}

/** Where the kernel's code begins: from there addresses are the same in the file and in memory. */
const startSymbol = "_stext";

const keyOf = ({ module, symbol, address, offset }: TraceFrame): string => `${module ?? ""}\t${symbol}\t${address}\t${offset}`;

function closeOpened({ file, image }: Opened): void {
  image.close();
  if (file.code !== file.elf) file.code.close();
}
