/** What a log tells about the kernel it comes from. Plain values: this folder knows nothing of logs. */
export type KernelClues = {
  /** `6.1.0-56-amd64`. */
  readonly release: string | null;
  /** What follows the release in the log: `#1 Debian 6.1.192-2`. */
  readonly version: string | null;
  /** The whole `Linux version …` line of the boot, where the log has it. */
  readonly banner: string | null;
  readonly buildId: string | null;
  readonly arch: string | null;
};

export type ModuleClues = { readonly name: string; readonly buildId: string | null };

/** Module names are the same with `-` and `_`. */
export function moduleKey(name: string): string {
  return name.replaceAll("-", "_");
}
