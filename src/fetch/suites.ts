import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../system/index.ts";
import { findInApt, type PackageFile } from "./apt.ts";

// Kernels of Debian's other suites: apt is asked again with sources, lists and state of its own, in a folder that goes away. The machine's apt is not touched.

/** Where Debian's keys are, with which the lists are checked. */
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
/** By the names that move with time; each with the suites of updates that belong to it. */
const suites = ["stable", "stable-backports", "oldstable", "oldstable-backports", "testing", "unstable", "oldoldstable"];

/** The package in another suite of the archives of Debian that apt has, the newest first. Null where none has it. */
export async function findInSuites(archives: readonly string[], name: string, arch: string, version: string | null, folder: string, asking: { readonly signal?: AbortSignal }, onNote?: (text: string) => void): Promise<PackageFile | null> {
  const main = archives.find((archive) => /\/debian$/.test(archive));
  const security = archives.find((archive) => /\/debian-security$/.test(archive)) ?? null;
  if (main === undefined || !existsSync(keyring)) return null;
  onNote?.(`apt's own lists do not have ${name}; looking in Debian's other suites`);
  const home = join(folder, ".partial", `apt-${randomUUID()}.${process.pid}`);
  try {
    for (const suite of suites) {
      const env = { APT_CONFIG: writeConfig(home, suite, main, security, arch) };
      // The security archive does not have the oldest suites: what can be read counts.
      await runProgram("apt-get", ["-qq", "update"], { ...asking, env });
      const found = await findInApt(name, arch, version, { ...asking, env });
      if (found) return found;
    }
    return null;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function writeConfig(home: string, suite: string, main: string, security: string | null, arch: string): string {
  const state = join(home, suite);
  for (const part of ["lists/partial", "archives/partial"]) mkdirSync(join(state, part), { recursive: true });
  const line = (archive: string, name: string) => `deb [arch=${arch} signed-by=${keyring}] ${archive} ${name} main\n`;
  const secured = security !== null && /^(?:old)*stable$/.test(suite);
  writeFileSync(join(state, "sources.list"), line(main, suite) + (secured ? line(security, `${suite}-security`) : ""));
  writeFileSync(join(state, "status"), "");
  const settings = {
    "APT::Architecture": arch,
    "APT::Architectures": arch,
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Dir::Etc::SourceList": join(state, "sources.list"),
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::Etc::Preferences": "/dev/null",
    "Dir::Etc::PreferencesParts": "/dev/null",
    "Dir::State": state,
    "Dir::State::Lists": join(state, "lists"),
    "Dir::State::Status": join(state, "status"),
    "Dir::Cache": state,
    "Dir::Cache::Archives": join(state, "archives"),
  };
  const path = join(state, "apt.conf");
  writeFileSync(path, Object.entries(settings).map(([key, value]) => `${key} "${value}";\n`).join(""));
  return path;
}
