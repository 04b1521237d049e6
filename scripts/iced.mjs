// The glue of iced-x86 as the command line loads it. As it is published it costs 13 ms of each start that lists a `Code:` line: 0.9 MB, most of it comments
// and two tables of thousands of names as object literals, which V8 compiles at once. What src/disasm does not name is left out; of the WebAssembly that are
// exports, each of which V8 makes an object of.
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
  text = replaced(text, /require\('path'\)\.join\(__dirname, 'iced_x86_bg\.wasm'\)/, () => '__dirname + "/iced.wasm"');
  return transformSync(text, { minify: true, platform: "node", target: "node20.19", legalComments: "none", treeShaking: true }).code;
}

/** The WebAssembly with those exports alone that the glue's text asks for. `path` is the published file. */
export function smallEngine(path, glue) {
  const bytes = readFileSync(path);
  const wanted = new Set([...glue.matchAll(/\bwasm\.(\w+)/g)].map(([, name]) => name));
  let at = 8;
  const uleb = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const parts = [bytes.subarray(0, at)];
  while (at < bytes.length) {
    const section = at;
    const id = bytes[at++];
    const size = uleb();
    const end = at + size;
    if (id === exportSection) {
      const kept = [];
      for (let count = uleb(); count > 0; count--) {
        const entry = at;
        const length = uleb();
        const name = bytes.toString("utf8", at, at + length);
        at += length + 1; // and its kind
        uleb();
        if (wanted.delete(name)) kept.push(bytes.subarray(entry, at));
      }
      const body = Buffer.concat([ulebOf(kept.length), ...kept]);
      parts.push(Buffer.of(id), ulebOf(body.length), body);
    } else parts.push(bytes.subarray(section, end));
    at = end;
  }
  if (wanted.size > 0) throw new Error(`iced-x86: its WebAssembly exports no ${[...wanted].join(", ")}`);
  return Buffer.concat(parts);
}

const exportSection = 7;

const ulebOf = (value) => Buffer.from(value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...ulebOf(value >>> 7)]);

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
