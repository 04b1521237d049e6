import * as module from "node:module";

/** Keeps V8's compiled code between runs where Node can (22.1 and newer); it is a third of a short command's time. */
export function enableCompileCache(): void {
  (module as typeof module & { enableCompileCache?: () => unknown }).enableCompileCache?.();
}
