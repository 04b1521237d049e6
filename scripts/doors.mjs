// What a folder's door (`index.ts`) gives comes from files behind it. esbuild splits by files, and takes a door for all that is behind it; so the command line's imports are led through.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const imported = /^import \{([^}]*)\} from "(\.\.?\/[^"]*\bindex\.ts)";$/gm;
const exported = /^export \{([^}]*)\} from "(\.\/[^"]+)";$/gm;

/** The names of a list, as `[there, here]`; types are none. */
const namesOf = (list) => list.split(",").map((name) => name.trim()).filter((name) => name !== "" && !name.startsWith("type ")).map((name) => {
  const [there, here = there] = name.split(/\s+as\s+/);
  return [there, here];
});

const doors = new Map();

/** What a door gives that comes from elsewhere: `[name there, file]` by name. What a door makes itself is not among it. */
function givenBy(door) {
  let given = doors.get(door);
  if (given !== undefined) return given;
  doors.set(door, (given = new Map()));
  for (const [, list, file] of readFileSync(door, "utf8").matchAll(exported)) for (const [there, here] of namesOf(list)) given.set(here, [there, join(dirname(door), file)]);
  return given;
}

/** The text with imports from the files that make what is imported, where a door only passes it on. */
export function throughDoors(path, text) {
  const folder = dirname(path);
  return text.replace(imported, (whole, list, file) => {
    const door = join(folder, file);
    if (!existsSync(door)) return whole;
    const given = givenBy(door);
    const from = new Map();
    for (const [there, here] of namesOf(list)) {
      const [name, source] = given.get(there) ?? [there, door];
      from.set(source, [...(from.get(source) ?? []), name === here ? name : `${name} as ${here}`]);
    }
    return [...from].map(([source, names]) => {
      const way = relative(folder, source);
      return `import { ${names.join(", ")} } from "${way.startsWith(".") ? way : `./${way}`}";`;
    }).join(" ");
  });
}
