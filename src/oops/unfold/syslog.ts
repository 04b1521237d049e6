// rsyslog writes control characters of a message as #ooo (octal; $EscapeControlCharactersOnReceive).
const escaped = /#(0[0-3][0-7])/g;
const prefix = /^.{0,320}? kernel(?:\[\d{1,8}\])?: ?/;

/** The lines of a syslog entry: `#012` begins the next one, behind the same prefix. */
export function unescapeSyslog(text: string): string[] {
  if (!text.includes("#0")) return [text];
  const head = prefix.exec(text)?.[0];
  if (head === undefined) return [text];
  const message = text.slice(head.length).replace(escaped, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return message.split("\n").map((line) => head + line);
}
