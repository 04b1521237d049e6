/** Keeps V8's compiled code between runs where Node can (22.1 and newer); it is a third of a short command's time. */
export function enableCompileCache(): void {
  (process.getBuiltinModule("node:module") as { enableCompileCache?: () => unknown }).enableCompileCache?.();
}
