// The glue of iced-x86 as the command line loads it. As it is published it costs 13 ms of each start that lists a `Code:` line: 0.9 MB, most of it comments
// and two tables of thousands of names as object literals, which V8 compiles at once. The WebAssembly stays where it is.
import { readFileSync } from "node:fs";
import { transformSync } from "esbuild";

/** Enumerations that are only asked for names by their numbers. */
const large = ["Code", "Mnemonic"];

/** The glue's text, to be written beside the command line. `path` is the published file. */
export function smallGlue(path) {
  let text = readFileSync(path, "utf8");
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
  return transformSync(text, { minify: true, platform: "node", target: "node20.19", legalComments: "none" }).code;
}

function replaced(text, pattern, by) {
  if (!pattern.test(text)) throw new Error(`iced-x86: ${pattern} is not in its glue`);
  return text.replace(pattern, by);
}
