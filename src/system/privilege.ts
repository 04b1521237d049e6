import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Capabilities that tracing asks for, by bit (include/uapi/linux/capability.h). */
const capabilityBits = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21, CAP_SYS_RESOURCE: 24, CAP_SYSLOG: 34, CAP_PERFMON: 38, CAP_BPF: 39 } as const;
export type Capability = keyof typeof capabilityBits;

/** The capabilities, of those that tracing asks for, that this process has (CapEff of /proc/self/status); null where nobody tells. `root` is where /proc is. */
export function capabilities(root = "/"): ReadonlySet<Capability> | null {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(textOf(root, "proc/self/status") ?? "")?.[1];
  if (mask === undefined) return null;
  const bits = BigInt(`0x${mask}`);
  return new Set((Object.keys(capabilityBits) as Capability[]).filter((name) => (bits >> BigInt(capabilityBits[name])) & 1n));
}

/** What the kernel is locked down against; null where it has no lockdown, or nobody tells (securityfs). */
export function lockdown(root = "/"): "none" | "integrity" | "confidentiality" | null {
  const chosen = /\[(none|integrity|confidentiality)\]/.exec(textOf(root, "sys/kernel/security/lockdown") ?? "")?.[1];
  return (chosen as "none" | "integrity" | "confidentiality" | undefined) ?? null;
}

/** The kernel's security modules, in their order (securityfs); null where nobody tells. */
export function securityModules(root = "/"): readonly string[] | null {
  return textOf(root, "sys/kernel/security/lsm")?.trim().split(",") ?? null;
}

/** A sysctl by its dotted name, as text; null if there is none. */
export function sysctl(name: string, root = "/"): string | null {
  return textOf(root, `proc/sys/${name.replaceAll(".", "/")}`)?.trim() ?? null;
}

function textOf(root: string, path: string): string | null {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return null;
  }
}
