// The glue of iced-x86 as the command line loads it. As it is published it costs 13 ms of each start that lists a `Code:` line: 0.9 MB, most of it comments
// and two tables of thousands of names as object literals, which V8 compiles at once. What src/disasm does not name is left out. The WebAssembly stays where it is.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";
import ts from "typescript";

/** Enumerations that are only asked for names by their numbers. */
const large = ["Code", "Mnemonic"];

/** The glue's text, to be written beside the command line. `path` is the published file, `users` the folder of the sources that use it. */
export function smallGlue(path, users) {
  let text = usedOf(readFileSync(path, "utf8"), users);
  for (const name of large) {
    text = replaced(text, new RegExp(`module\\.exports\\.${name} = Object\\.freeze\\(\\{([^}]*)\\}\\);`), (_, table) => {
      const names = [...table.matchAll(/"(\d+)":"(\w+)"/g)].map(([, number, value], index) => {
        if (Number(number) !== index) throw new Error(`iced-x86: ${name} has no ${index}`);
        return value;
      });
      return `module.exports.${name} = "${names.join(" ")}".split(" ");`;
    });
  }
  text = replaced(text, /require\('path'\)\.join\(__dirname, 'iced_x86_bg\.wasm'\)/, () => 'require.resolve("iced-x86/iced_x86_bg.wasm")');
  return transformSync(text, { minify: true, platform: "node", target: "node20.19", legalComments: "none", treeShaking: true }).code;
}

/** Without the exports and the members of classes whose names nobody says. */
function usedOf(text, users) {
  const sources = readdirSync(users, { recursive: true }).filter((name) => name.endsWith(".ts")).map((name) => readFileSync(join(users, name), "utf8"));
  const said = new Set(sources.join("\n").match(/\w+/g));
  const glue = ts.createSourceFile("iced_x86.js", text, ts.ScriptTarget.Latest, true);
  const used = (name) => name.startsWith("__") || name === "free" || said.has(name);
  const unused = [];
  for (const statement of glue.statements) {
    if (ts.isClassDeclaration(statement)) unused.push(...statement.members.filter((member) => member.name !== undefined && !used(member.name.text)));
    const exported = /^module\.exports\.(\w+) = /.exec(statement.getText());
    if (exported !== null && !used(exported[1])) unused.push(statement);
  }
  let rest = text;
  for (const { pos, end } of unused.sort((one, other) => other.pos - one.pos)) rest = rest.slice(0, pos) + rest.slice(end);
  return rest;
}

function replaced(text, pattern, by) {
  if (!pattern.test(text)) throw new Error(`iced-x86: ${pattern} is not in its glue`);
  return text.replace(pattern, by);
}
