import { readFileSync } from "node:fs";
import type { OopscopeError } from "../base/index.ts";

/** Package managers by the distributions that have them, and what they call libbpf. */
const installers: readonly (readonly [ids: readonly string[], command: string])[] = [
  [["debian", "ubuntu"], "sudo apt-get install libbpf1"],
  [["fedora", "rhel", "centos"], "sudo dnf install libbpf"],
  [["suse", "opensuse"], "sudo zypper install libbpf1"],
  [["arch"], "sudo pacman -S libbpf"],
  [["alpine"], "sudo apk add libbpf"],
];

/** The command that gives what is missing, or null where there is none. */
export function privilegeAdvice({ code, facts }: OopscopeError): string | null {
  if (code === "missing-library") return facts["library"] === "koffi" ? "npm install koffi" : installCommand();
  if (code === "not-permitted" && process.getuid?.() !== 0) return `sudo ${["oopscope", ...process.argv.slice(2)].map(quoted).join(" ")}`;
  return null;
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** How libbpf is installed on this distribution (os-release(5)). */
function installCommand(): string {
  let text = "";
  try {
    text = readFileSync("/etc/os-release", "utf8");
  } catch {
    // a system without it: the name of the package is in the message
  }
  const ids = [...text.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap(([, names]) => names!.split(" "));
  for (const id of ids) {
    const found = installers.find(([names]) => names.includes(id));
    if (found) return found[1];
  }
  return installers[0]![1];
}
