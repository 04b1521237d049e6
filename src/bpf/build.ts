import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { OopscopeError, messageOf } from "../base/index.ts";
import { findProgram, runProgram } from "../system/index.ts";

export type BuildOptions = {
  /** Where the object goes; default: beside the source, `NAME.bpf.o`. */
  readonly output?: string;
  /** `vmlinux.h` for a source that includes one and has none beside it (`headerText` of oopscope/btf); asked for when it is needed. */
  readonly header?: () => Promise<Iterable<Uint8Array>>;
  /** More words for clang, such as `-DNAME` and `-Iinclude`. */
  readonly flags?: readonly string[];
  /** The processor whose registers kprobes and BPF_PROG read; default: this machine's. */
  readonly arch?: keyof typeof archNames;
  readonly signal?: AbortSignal;
};

export type BuildResult = {
  /** Null where clang found errors. */
  readonly output: string | null;
  /** What clang had to say, with its own places. */
  readonly diagnostics: string;
  /** Headers that were not found: `bpf/bpf_helpers.h`. */
  readonly missingHeaders: readonly string[];
};

/** What libbpf's bpf_tracing.h calls processors, and Debian their folders of headers. */
const archNames = { x64: ["x86", "x86_64-linux-gnu"], arm64: ["arm64", "aarch64-linux-gnu"], riscv64: ["riscv", "riscv64-linux-gnu"], ppc64: ["powerpc", "powerpc64le-linux-gnu"], s390x: ["s390", "s390x-linux-gnu"] } as const;

/** clang by its name, or the newest of Debian's numbered ones. */
function findClang(): string {
  const names = ["clang", ...Array.from({ length: 20 }, (_, index) => `clang-${30 - index}`)];
  for (const name of names) {
    const path = findProgram(name);
    if (path !== null) return path;
  }
  throw new OopscopeError("missing-tool", "the program clang, which compiles BPF programs, is not installed", { program: "clang" });
}

/**
 * Compiles a BPF program in C: for the instruction set that Linux 5.1 and newer have (v3), with BTF, optimised (the verifier wants it so), with warnings. Throws `missing-tool`, `not-found`,
 * `bad-argument` for a processor that libbpf does not know; errors in the source are in the result.
 */
export async function buildBpf(source: string, { output, header, flags = [], arch = process.arch as keyof typeof archNames, signal }: BuildOptions = {}): Promise<BuildResult> {
  const names = archNames[arch];
  if (names === undefined) throw new OopscopeError("bad-argument", `BPF programs for ${String(arch)} are unknown`, { arch });
  const text = await readSource(source);
  const out = output ?? source.replace(/(?:\.bpf)?\.c$/, "") + ".bpf.o";
  if (out === source) throw new OopscopeError("bad-argument", `the object would overwrite its source \`${source}\``, { file: source });
  const clang = findClang();
  const folder = await mkdtemp(join(tmpdir(), "oopscope-bpf-"));
  try {
    const own = /^\s*#\s*include\s+["<]vmlinux\.h[">]/m.test(text) && !existsSync(join(dirname(source), "vmlinux.h"));
    if (own && header !== undefined) {
      const pieces: Uint8Array[] = [];
      for (const piece of await header()) pieces.push(piece.slice());
      await writeFile(join(folder, "vmlinux.h"), Buffer.concat(pieces));
    }
    const args = ["--target=bpf", "-mcpu=v3", "-O2", "-g", "-Wall", `-D__TARGET_ARCH_${names[0]}`, `-I${folder}`, "-idirafter", `/usr/include/${names[1]}`, ...flags, "-fno-color-diagnostics", "-c", source, "-o", out];
    const { status, stdout, stderr } = await runProgram(clang, args, signal === undefined ? {} : { signal });
    const diagnostics = `${stdout}${stderr}`;
    const missingHeaders = [...diagnostics.matchAll(/fatal error: '([^']+)' file not found/g)].map(([, name]) => name!);
    return { output: status === 0 ? out : null, diagnostics, missingHeaders };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readSource(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new OopscopeError(missing ? "not-found" : "unreadable", `cannot read \`${path}\`: ${missing ? "there is no such file" : messageOf(cause)}`, { file: path }, cause);
  }
}
