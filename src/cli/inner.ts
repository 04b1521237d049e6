/** What is behind a module of Node's, without all that the module brings; null where Node does not give it away (20 and 22 do). */
export function inner<T>(name: "v8" | "zlib"): T | null {
  try {
    return (process as unknown as { binding(name: string): T }).binding(name);
  } catch {
    return null;
  }
}
