import { StreamReader, type Bytes } from "./stream.ts";

/** A member of an archive. Its body is to be read, if at all, before the next member is asked for. */
export type ArMember = { readonly name: string; readonly size: number; readonly body: Bytes };

const mostMembers = 1000;

/** The members of an ar archive as Debian packages are one (deb(5)): the magic, then headers of 60 bytes, bodies padded to even sizes. No long names. */
export async function* arMembers(name: string, source: Bytes): AsyncGenerator<ArMember> {
  const reader = new StreamReader(name, source);
  try {
    const magic = await reader.read(8);
    if (!magic || Buffer.from(magic).toString("latin1") !== "!<arch>\n") throw reader.fail(`not a Debian package: it does not begin with !<arch>${magic && magic[0] === 0x3c ? ", but like a page of HTML" : ""}`);
    for (let count = 0; ; count++) {
      const bytes = await reader.read(60);
      if (!bytes) return;
      if (count === mostMembers) throw reader.fail(`more than ${mostMembers} members`);
      const header = Buffer.from(bytes).toString("latin1");
      const size = header.slice(48, 58);
      if (header.slice(58) !== "`\n" || !/^[0-9]{1,10} *$/.test(size)) throw reader.fail("a damaged header of a member");
      const end = reader.at + Number(size);
      yield { name: header.slice(0, 16).trimEnd().replace(/\/$/, ""), size: Number(size), body: reader.take(Number(size)) };
      await reader.skip(end - reader.at);
      if (Number(size) % 2 === 1) await reader.read(1);
    }
  } finally {
    await reader.close();
  }
}
