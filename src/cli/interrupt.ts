/** Runs a task that Ctrl-C and a kill stop in order: what it was writing is put away before this process ends. */
export async function interruptible<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  // A file that grows beyond `ulimit -f` is an error of the write then, and not the end of the process.
  const ignore = (): void => {};
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) process.on(name, stop);
  process.on("SIGXFSZ" as NodeJS.Signals, ignore);
  try {
    return await task(controller.signal);
  } finally {
    for (const name of signals) process.off(name, stop);
    process.off("SIGXFSZ", ignore);
  }
}
