// Node takes 0.2 ms to find and open a file, so pieces of the command line that are loaded together become one file.

/** `require` of a piece, as esbuild writes it. */
const required = /\brequire\("\.\/([\w-]+\.cjs)"\)/g;

/** The same loaded later, which is no reason to be in the same file. */
const later = /\.then\(\(\)=>[^;]*?\brequire\("\.\/([\w-]+\.cjs)"\)\)*/g;

/**
 * Puts pieces into packs. `pieces` are texts of CommonJS by file name; a pack, `[name, ...commands]`, has the pieces that all of these commands need and that are
 * in no pack before it; one that is named twice has those of both. What is in no pack stays a file of its own, as does what is `apart`. In a pack each piece is a function, called when it is first
 * asked for, as a file would be. What it gives are values then, where esbuild has two functions for each: hot loops use other pieces' constants.
 */
export function packed(pieces, wanted, apart) {
  const needs = new Map([...pieces].map(([name, text]) => [name, namesIn(text.replace(later, "")).filter((other) => !apart.includes(other))]));
  const packOf = new Map();
  const packs = new Map();
  for (const [pack, ...commands] of wanted) {
    const file = `${pack}.cjs`;
    const [first, ...others] = commands.map((command) => neededBy(command, needs));
    const own = [...first].filter((name) => !packOf.has(name) && others.every((needed) => needed.has(name)));
    for (const name of own) packOf.set(name, file);
    packs.set(file, [...(packs.get(file) ?? []), ...own]);
  }
  const rewritten = (text, from) => text.replace(required, (_, name) => {
    const pack = packOf.get(name);
    const call = `("${name.replace(/\.cjs$/, "")}")`;
    return pack === undefined ? `require("./${name}")` : pack === from ? `__piece${call}` : `require("./${pack}").__piece${call}`;
  });
  const files = new Map();
  for (const [name, text] of pieces) if (!packOf.has(name)) files.set(name, rewritten(text, name));
  for (const [file, names] of packs) {
    const functions = names.map((name) => `"${name.replace(/\.cjs$/, "")}":(function(module){${rewritten(pieces.get(name), file)}})`);
    files.set(file, `const __pieces={${functions.join(",\n")}},__done=new Map();function __piece(name){let module=__done.get(name);if(module===undefined){__done.set(name,module={exports:{}});__pieces[name](module);const made=Object.defineProperty({},"__esModule",{value:true});for(const key of Object.keys(module.exports))made[key]=module.exports[key];module.exports=made}return module.exports}exports.__piece=__piece;`);
  }
  return files;
}

/** Of pieces of one name the command itself is the one that leads to most. */
function neededBy(command, needs) {
  const named = [...needs.keys()].filter((name) => new RegExp(`^${command}-[A-Z0-9]{8}\\.cjs$`).test(name));
  const [most] = named.map((name) => reached(name, needs)).sort((one, other) => other.size - one.size);
  if (most === undefined) throw new Error(`no piece of the command line is called ${command}`);
  return most;
}

const namesIn = (text) => [...text.matchAll(required)].map(([, name]) => name);

function reached(name, needs, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const other of needs.get(name) ?? []) reached(other, needs, found);
  return found;
}
