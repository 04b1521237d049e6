import { SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS } from "../elf/index.ts";

/** A line of a list of names. `type` is nm's letter. */
export type NamedPlace = { readonly name: string; readonly address: bigint; readonly type: string };

// A list of names as an ELF file that has symbols and nothing else (gABI, chapter 4): what reads files of symbols then reads lists as well. Each run of code
// symbols, in the order of addresses, is a section without contents. It ends where the next symbol of another kind begins, and that place is marked by a symbol:
// the size of the last function is the distance to it, as kallsyms has it.

const codeTypes = new Set(["t", "T", "w", "W", "i"]);
const page = 4096n;
/** SHN_LORESERVE is 0xff00; a kernel has six runs, a module a handful. */
const mostSections = 4096;
/** Behind the last run the names say nothing of where code ends. */
const endName = "__end_of_names";

type Run = { readonly from: bigint; to: bigint; readonly symbols: NamedPlace[] };

/** Null where no symbol is code. 64-bit, little-endian, of no machine: lists do not tell. */
export function elfOfNames(places: readonly NamedPlace[]): Uint8Array | null {
  const runs = runsOf(places);
  if (runs.length === 0 || runs.length > mostSections) return null;
  const count = runs.reduce((sum, { symbols }) => sum + symbols.length + 1, 1);
  const names = Buffer.alloc(1 + runs.reduce((sum, { symbols }) => symbols.reduce((size, { name }) => size + name.length + 1, sum + endName.length + 1), 0));
  const table = Buffer.alloc(24 * count);
  let nameAt = 1;
  let at = 24;
  // Of several names of one place kallsyms takes the first: it is the global one here, which goes before the others.
  const add = (name: string, value: bigint, section: number, first: boolean) => {
    table.writeUInt32LE(nameAt, at);
    table.writeUInt8((first ? 0x10 : 0) | (name === endName ? 0 : 2), at + 4); // STB_GLOBAL or local; STT_FUNC, or none for a mark
    table.writeUInt16LE(section, at + 6);
    table.writeBigUInt64LE(value, at + 8);
    at += 24;
    nameAt += names.write(name, nameAt, "latin1") + 1;
  };
  for (const [k, { symbols, to }] of runs.entries()) {
    for (const [n, { name, address }] of symbols.entries()) add(name, address, k + 1, symbols[n - 1]?.address !== address);
    add(endName, to, k + 1, true);
  }
  return assemble(runs, table, names);
}

function runsOf(places: readonly NamedPlace[]): Run[] {
  const sorted = places.toSorted((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : Number(codeTypes.has(b.type)) - Number(codeTypes.has(a.type))));
  const runs: Run[] = [];
  let run: Run | null = null;
  for (const place of sorted) {
    if (codeTypes.has(place.type) && place.address !== 0n) {
      if (!run) runs.push((run = { from: place.address, to: 0n, symbols: [] }));
      run.symbols.push(place);
    } else if (run && place.address > run.symbols.at(-1)!.address) {
      run.to = place.address;
      run = null;
    }
  }
  if (run) run.to = ((run.symbols.at(-1)!.address / page) + 1n) * page;
  // What lies at the end of the address space has no end.
  return runs.filter(({ to }) => to < 1n << 64n);
}

function assemble(runs: readonly Run[], table: Buffer, names: Buffer): Uint8Array {
  const texts = ["", ".symtab", ".strtab", ".text"];
  const sectionNames = Buffer.from(texts.map((text) => `${text}\0`).join(""), "latin1");
  const nameOf = (text: string) => sectionNames.indexOf(`${text}\0`);
  const symbolsAt = 64;
  const namesAt = symbolsAt + table.length;
  const sectionNamesAt = namesAt + names.length;
  const headersAt = Math.ceil((sectionNamesAt + sectionNames.length) / 8) * 8;
  const sections = runs.length + 4;
  const file = Buffer.alloc(headersAt + 64 * sections);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(2, 16); // ET_EXEC
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(headersAt), 40);
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(64, 58);
  file.writeUInt16LE(sections, 60);
  file.writeUInt16LE(sections - 1, 62);
  table.copy(file, symbolsAt);
  names.copy(file, namesAt);
  sectionNames.copy(file, sectionNamesAt);
  let at = headersAt + 64;
  const add = (name: number, type: number, flags: number, address: bigint, offset: number, size: bigint, link: number, entry: number) => {
    file.writeUInt32LE(name, at);
    file.writeUInt32LE(type, at + 4);
    file.writeBigUInt64LE(BigInt(flags), at + 8);
    file.writeBigUInt64LE(address, at + 16);
    file.writeBigUInt64LE(BigInt(offset), at + 24);
    file.writeBigUInt64LE(size, at + 32);
    file.writeUInt32LE(link, at + 40);
    file.writeUInt32LE(link === 0 ? 0 : 1, at + 44);
    file.writeBigUInt64LE(1n, at + 48);
    file.writeBigUInt64LE(BigInt(entry), at + 56);
    at += 64;
  };
  const code = SHF_ALLOC | SHF_EXECINSTR;
  for (const { from, to } of runs) add(nameOf(".text"), SHT_NOBITS, code, from, headersAt, to - from, 0, 0);
  add(nameOf(".symtab"), 2, 0, 0n, symbolsAt, BigInt(table.length), runs.length + 2, 24);
  add(nameOf(".strtab"), 3, 0, 0n, namesAt, BigInt(names.length), 0, 0);
  add(nameOf(".strtab"), 3, 0, 0n, sectionNamesAt, BigInt(sectionNames.length), 0, 0);
  return file;
}
