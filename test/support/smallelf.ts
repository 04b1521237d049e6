/** A small 64-bit little-endian ELF file (gABI chapter 4), enough for code with its tables. */
export type SmallSection = {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Link address; leave out in relocatable files. */
  readonly address?: bigint;
  readonly code?: boolean;
  readonly relocations?: readonly SmallRelocation[];
};
export type SmallRelocation = { readonly offset: bigint; readonly type: number; /** Index into `symbols`. */ readonly symbol: number; readonly addend: number };
export type SmallSymbol = { readonly name: string; /** Name of its section; undefined symbols have none. */ readonly section?: string; readonly value: bigint };

export function smallElf(kind: "relocatable" | "linked", sections: readonly SmallSection[], symbols: readonly SmallSymbol[]): Uint8Array {
  const all: { name: string; type: number; flags: number; address: bigint; bytes: Uint8Array; link: number; info: number; entry: number }[] = [];
  all.push({ name: "", type: 0, flags: 0, address: 0n, bytes: new Uint8Array(), link: 0, info: 0, entry: 0 });
  for (const { name, bytes, address = 0n, code = false } of sections) all.push({ name, type: 1, flags: code ? 6 : 2, address, bytes, link: 0, info: 0, entry: 0 });
  const symbolTable = sections.length + 1;
  const indexOf = (name: string | undefined) => (name === undefined ? 0 : all.findIndex((one) => one.name === name));
  const strings = ["", ...symbols.map(({ name }) => name)];
  const stringBytes = Buffer.from(strings.map((one) => `${one}\0`).join(""), "latin1");
  const entries = Buffer.alloc(24 * (symbols.length + 1));
  let nameAt = 1;
  for (const [k, { name, section, value }] of symbols.entries()) {
    const at = 24 * (k + 1);
    entries.writeUInt32LE(nameAt, at);
    entries.writeUInt8(0x10, at + 4);
    entries.writeUInt16LE(indexOf(section), at + 6);
    entries.writeBigUInt64LE(value, at + 8);
    nameAt += name.length + 1;
  }
  all.push({ name: ".symtab", type: 2, flags: 0, address: 0n, bytes: entries, link: symbolTable + 1, info: 1, entry: 24 });
  all.push({ name: ".strtab", type: 3, flags: 0, address: 0n, bytes: stringBytes, link: 0, info: 0, entry: 0 });
  for (const [k, { name, relocations }] of sections.entries()) {
    if (!relocations) continue;
    const bytes = Buffer.alloc(24 * relocations.length);
    for (const [r, { offset, type, symbol, addend }] of relocations.entries()) {
      bytes.writeBigUInt64LE(offset, 24 * r);
      bytes.writeBigUInt64LE((BigInt(symbol + 1) << 32n) | BigInt(type), 24 * r + 8);
      bytes.writeBigInt64LE(BigInt(addend), 24 * r + 16);
    }
    all.push({ name: `.rela${name}`, type: 4, flags: 0, address: 0n, bytes, link: symbolTable, info: k + 1, entry: 24 });
  }
  const nameBytes = Buffer.from([...all.map(({ name }) => name), ".shstrtab"].map((one) => `${one}\0`).join(""), "latin1");
  all.push({ name: ".shstrtab", type: 3, flags: 0, address: 0n, bytes: nameBytes, link: 0, info: 0, entry: 0 });

  let offset = 64;
  const offsets = all.map(({ bytes }) => {
    const at = (offset + 7) & ~7;
    offset = at + bytes.length;
    return at;
  });
  const tableAt = (offset + 7) & ~7;
  const file = Buffer.alloc(tableAt + 64 * all.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(kind === "relocatable" ? 1 : 2, 16);
  file.writeUInt16LE(62, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(tableAt), 40);
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(64, 58);
  file.writeUInt16LE(all.length, 60);
  file.writeUInt16LE(all.length - 1, 62);
  let at = 0;
  for (const [k, section] of all.entries()) {
    file.set(section.bytes, offsets[k]);
    const header = tableAt + 64 * k;
    file.writeUInt32LE(at, header);
    file.writeUInt32LE(section.type, header + 4);
    file.writeBigUInt64LE(BigInt(section.flags), header + 8);
    file.writeBigUInt64LE(section.address, header + 16);
    file.writeBigUInt64LE(BigInt(offsets[k]!), header + 24);
    file.writeBigUInt64LE(BigInt(section.bytes.length), header + 32);
    file.writeUInt32LE(section.link, header + 40);
    file.writeUInt32LE(section.info, header + 44);
    file.writeBigUInt64LE(8n, header + 48);
    file.writeBigUInt64LE(BigInt(section.entry), header + 56);
    at += section.name.length + 1;
  }
  return new Uint8Array(file.buffer, file.byteOffset, file.length);
}
