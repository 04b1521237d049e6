import { existsSync } from "node:fs";
import { join } from "node:path";

/** An environment variable, unless it is empty. */
const set = (env: NodeJS.ProcessEnv, name: string): string | undefined => env[name] || undefined;

/** $HOME, or what the system's list of users says; node:os is loaded for that alone. A user who is in no list has the home that Debian gives to nobody. */
function homeOf(env: NodeJS.ProcessEnv): string {
  const home = set(env, "HOME");
  if (home !== undefined) return home;
  try {
    return process.getBuiltinModule("node:os").homedir();
  } catch {
    return "/nonexistent";
  }
}

/** oopscope's cache: OOPSCOPE_CACHE, or oopscope in XDG_CACHE_HOME or ~/.cache. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return set(env, "OOPSCOPE_CACHE") ?? join(set(env, "XDG_CACHE_HOME") ?? join(homeOf(env), ".cache"), "oopscope");
}

/** The part of the cache that holds symbols: a root for each release, with the distribution's own layout below it. */
export function symbolsFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), "symbols");
}

/** The part of the cache that holds compiled code of oopscope itself. */
export function codeFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), "code");
}

/** The cache that all clients of debuginfod share (debuginfod_find_debuginfo(3), "CACHE"). */
export function debuginfodFolder(env: NodeJS.ProcessEnv = process.env): string {
  const named = set(env, "DEBUGINFOD_CACHE_PATH");
  if (named !== undefined) return named;
  const home = homeOf(env);
  const old = join(home, ".debuginfod_client_cache");
  return existsSync(old) ? old : join(set(env, "XDG_CACHE_HOME") ?? join(home, ".cache"), "debuginfod_client");
}
