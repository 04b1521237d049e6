/** Why a function of `.init.text` cannot be probed; `owner` null: the kernel's own. */
export function goneText(owner: string | null): string {
  return `it is code of the start (__init), which is freed once ${owner === null ? "the kernel" : `the module ${owner}`} has started: there is nothing left to probe`;
}
