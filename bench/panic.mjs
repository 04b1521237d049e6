import { readFileSync } from "node:fs";
import { openImage } from "../dist/symbolize/index.js";

/**
 * A panic of 30 frames in vmlinux and four modules for the benchmark: the vmlinux part is a real guest's, the module frames are places in functions that
 * a generator picks. Gives the log and, for the peers, the same addresses by file.
 */
export async function benchPanic(root, vmlinux, modules, random) {
  const real = readFileSync(`${root}test/fixtures/logs/skb-double-free-forward.log`, "latin1").split("\n");
  const begin = real.findIndex((line) => line.includes("cut here"));
  const lines = real.slice(begin).filter((line) => !/\[skb_double_free\]/.test(line));
  const trace = lines.findIndex((line) => line.includes("Call Trace"));
  const frame = /([A-Za-z_][\w.]*)\+0x([0-9a-f]+)\/0x([0-9a-f]+)/;
  const kept = [];
  let frames = 0;
  for (const line of lines) {
    if (line.includes("---[ end trace")) break;
    if (frame.test(line)) {
      if (frames >= 26) continue;
      frames++;
    }
    kept.push(line);
  }
  const perFile = [{ file: vmlinux, places: kept.flatMap((line) => (frame.exec(line) ? [frame.exec(line).slice(1, 4)] : [])) }];
  const inserted = [];
  for (const { name, path } of modules) {
    const image = await openImage(path);
    const table = image.elf.symbols();
    const text = image.elf.section(".text");
    const functions = [];
    for (let index = 1; index < table.count; index++) if (table.type(index) === 2 && table.section(index) === text.index && table.size(index) > 64) functions.push(index);
    // As kallsyms prints it: the size reaches to the next symbol.
    let pick;
    let size;
    do {
      pick = functions[Math.floor(random() * functions.length)];
      const [symbol] = image.symbols([table.name(pick)]).get(table.name(pick));
      size = image.extentOf(symbol);
    } while (size === null);
    const offset = 16 + Math.floor(random() * (table.size(pick) - 32));
    inserted.push(`[    2.100000]  ${table.name(pick)}+0x${offset.toString(16)}/0x${size.toString(16)} [${name}]`);
    perFile.push({ file: path, section: image.elf.placeOf(text), places: [[table.name(pick), offset.toString(16), size.toString(16)]] });
    image.close();
  }
  kept.splice(trace + 2, 0, ...inserted);
  // Addresses for the peers, with the same -1 as ours.
  for (const entry of perFile) {
    const image = await openImage(entry.file);
    const symbols = image.symbols(entry.places.map(([name]) => name));
    entry.addresses = entry.places.flatMap(([name, offset]) => {
      const symbol = symbols.get(name)?.[0];
      if (!symbol) return [];
      const address = symbol.address + Number.parseInt(offset, 16) - 1;
      return [image.elf.relocatable ? BigInt(address - entry.section) : image.elf.addressOf(address)];
    });
    image.close();
  }
  return { log: `${kept.join("\n")}\n`, perFile };
}
