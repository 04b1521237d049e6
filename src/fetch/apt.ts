import { OopscopeError } from "../base/index.ts";
import { runProgram } from "../system/index.ts";
import { download } from "./download.ts";

/** Where a package can be had. */
export type PackageFile = {
  readonly package: string;
  /** Null where the file was named without it. */
  readonly version: string | null;
  readonly url: string;
  readonly size: number | null;
  /** What apt's signed lists say of its contents; null where nobody vouches for them. */
  readonly sha256: string | null;
};

type Asking = { readonly signal?: AbortSignal; /** More environment, for an apt with another configuration. */ readonly env?: Readonly<Record<string, string>> };

/** Whether apt is here. */
export async function hasApt(asking: Asking = {}): Promise<boolean> {
  try {
    return (await runProgram("apt-get", ["--version"], asking)).status === 0;
  } catch (error) {
    if (error instanceof OopscopeError && error.code === "missing-tool") return false;
    throw error;
  }
}

/** The package as apt's own sources have it; of this version, if one is wanted, else the one that apt would install. Null where they do not have it. */
export async function findInApt(name: string, arch: string, version: string | null, asking: Asking = {}): Promise<PackageFile | null> {
  const { status, stdout } = await runProgram("apt-get", ["download", "--print-uris", `${name}:${arch}${version === null ? "" : `=${version}`}`], asking);
  // 'URL' FILE SIZE SHA256:HEX
  const found = /^'([^']+)' (\S+) (\d+)(?: SHA256:([0-9a-f]{64}))?/m.exec(stdout);
  if (status !== 0 || !found) return null;
  const [, url, file, size, sha256] = found as unknown as [string, string, string, string, string | undefined];
  return { package: name, version: versionOf(file), url, size: Number(size), sha256: sha256 ?? null };
}

/** The versions of a package that apt knows. */
export async function versionsInApt(name: string, asking: Asking = {}): Promise<string[]> {
  const { stdout } = await runProgram("apt-cache", ["madison", name], asking);
  return [...new Set(stdout.split("\n").flatMap((line) => line.split("|")[1]?.trim() || []))];
}

/** `linux-image-6.1.0-56-amd64-dbg_6.1.192-2_amd64.deb`; an epoch's colon is `%3a`. */
function versionOf(file: string): string | null {
  const version = file.split("_")[1];
  return version === undefined ? null : version.replaceAll("%3a", ":");
}

/** The archives that apt is told to use, by their addresses, without a trailing slash. */
export async function archivesOfApt(asking: Asking = {}): Promise<string[]> {
  const { stdout } = await runProgram("apt-get", ["indextargets", "--format", "$(REPO_URI)"], asking);
  return [...new Set(stdout.split("\n").map((line) => line.trim().replace(/\/+$/, "")).filter((line) => /^(?:https?|file):\/\//.test(line)))];
}

/**
 * The package in the pools of archives, also one that is not in their lists any more: where a distribution's kernels lie, by version. The first archive that has
 * it. Nobody vouches for such a file but the archive itself.
 */
export async function findInPools(archives: readonly string[], distribution: string, name: string, arch: string, version: string, asking: Asking & { readonly timeout?: number } = {}): Promise<PackageFile | null> {
  const ending = distribution === "Ubuntu" ? "ddeb" : "deb";
  const file = `${name}_${version.replace(/^\d+:/, "")}_${arch}.${ending}`;
  for (const archive of archives) {
    for (const folder of foldersOf(distribution, version, name)) {
      const url = `${archive.replace(/\/+$/, "")}/${folder}/${encodeURIComponent(file)}`;
      try {
        const answer = await download(url, { ...asking, method: "HEAD" });
        answer.close();
        if (answer.status === 200) return { package: name, version, url, size: answer.size, sha256: null };
      } catch (error) {
        asking.signal?.throwIfAborted();
        if (!(error instanceof OopscopeError) || error.code !== "unreachable") throw error;
        break; // this archive does not answer: the next one
      }
    }
  }
  return null;
}

/** By the name of the source package, as pools are sorted: kernels for other machines and of newer releases have sources of their own on Ubuntu. */
function foldersOf(distribution: string, version: string, name: string): string[] {
  if (distribution !== "Ubuntu") return ["pool/main/l/linux", "pool/updates/main/l/linux"];
  const series = /^\d+\.\d+/.exec(version)?.[0] ?? "";
  const flavour = /-([a-z]+)-dbgsym$/.exec(name)?.[1] ?? "generic";
  const sources = flavour === "generic" || flavour === "lowlatency" ? ["linux", `linux-hwe-${series}`, `linux-${flavour}`] : [`linux-${flavour}`, `linux-${flavour}-${series}`];
  return sources.map((source) => `pool/main/l/${source}`);
}
