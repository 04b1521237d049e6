/**
 * The rows of the table of A64 instructions. A row is one encoding of the Arm Architecture Reference Manual (DDI 0487, chapter C4 and the pages of the
 * instructions), written as
 *
 *     pattern | text ? conditions
 *
 * `pattern` has one character for each bit, the highest first, blanks aside: `0`, `1`, or a letter that names a field; runs of the same letter are put
 * together to one number. `text` is objdump's, with `<…>` for what the fields decide:
 *
 *     <f>            field f as a decimal number
 *     <name:f>       operand `name` (operands.ts, vectoroperands.ts) of field f; <name:f:8> with a number for it
 *     <f?a,b,c>      the word that field f chooses; `-` for one that is not allocated, `.` for an empty one
 *
 * `conditions` such as `z<3 n!=31` must all hold (`=`, `!=`, `<`, `>`; the right side is a number or another field). An operand that its fields do not allow
 * makes the row not match. The first row that matches is the instruction, so that aliases stand before what they are aliases of.
 */
export type Row = { readonly mask: number; readonly value: number; readonly fields: readonly Field[]; readonly text: readonly Part[]; readonly conditions: readonly Condition[] };

/** A field's name, width, and the runs of bits that make it up, the highest first. */
type Field = { readonly name: string; readonly width: number; readonly runs: readonly { readonly low: number; readonly size: number }[] };

/** Values and widths of the fields of one instruction word, by their letters. */
export type Fields = { readonly of: Readonly<Record<string, number>>; readonly widths: Readonly<Record<string, number>>; readonly address: number };

/** A field's value; 0 for one that the row does not have. */
export function field(fields: Fields, name: string): number {
  return fields.of[name] ?? 0;
}

/** An operand's text; null if the fields allow none. `number` is the row's parameter, 0 without one. */
export type Operand = (value: number, fields: Fields, width: number, number: number) => string | null;

type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "number"; readonly field: string }
  | { readonly kind: "choice"; readonly field: string; readonly words: readonly string[] }
  | { readonly kind: "operand"; readonly operand: Operand; readonly field: string; readonly number: number };

type Condition = { readonly field: string; readonly test: "=" | "!=" | "<" | ">"; readonly other: string | number };

/** The rows of a text, one a line, with their patterns free of blanks; empty lines and lines that begin with `//` do not count. */
export function rowLines(text: string): [pattern: string, line: string][] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("//"))
    .map((line) => [line.slice(0, line.indexOf(" | ")).replaceAll(" ", ""), line]);
}

/** Reads a row. Throws on one that breaks the grammar: tables are code. */
export function parseRow(bits: string, line: string, operands: Readonly<Record<string, Operand>>): Row {
  if (bits.length !== 32) throw new Error(`row of ${bits.length} bits: ${line}`);
  const rest = line.slice(line.indexOf(" | ") + 3);
  let mask = 0;
  let value = 0;
  const runs = new Map<string, { low: number; size: number }[]>();
  for (let at = 0; at < 32; ) {
    const letter = bits[at]!;
    let end = at + 1;
    while (end < 32 && bits[end] === letter) end++;
    const low = 32 - end;
    const size = end - at;
    const ones = ((2 ** size - 1) * 2 ** low) >>> 0;
    if (letter === "0" || letter === "1") {
      mask |= ones;
      if (letter === "1") value |= ones;
    } else runs.set(letter, [...(runs.get(letter) ?? []), { low, size }]);
    at = end;
  }
  const fields = [...runs].map(([name, list]) => ({ name, runs: list, width: list.reduce((sum, { size }) => sum + size, 0) }));
  const question = rest.lastIndexOf(" ? ");
  const text = parseText(question < 0 ? rest : rest.slice(0, question), operands);
  const conditions = question < 0 ? [] : rest.slice(question + 3).split(" ").map(parseCondition);
  const used = [...text.flatMap((part) => (part.kind === "text" ? [] : [part.field])), ...conditions.map(({ field }) => field)];
  for (const name of used) if (!runs.has(name)) throw new Error(`no field ${name}: ${line}`);
  return { mask: mask >>> 0, value: value >>> 0, fields, text, conditions };
}

function parseText(text: string, operands: Readonly<Record<string, Operand>>): Part[] {
  return text.split(/<([^>]*)>/).flatMap((piece, index): Part[] => {
    if (index % 2 === 0) return piece === "" ? [] : [{ kind: "text", text: piece }];
    const choice = /^(\w)\?(.*)$/.exec(piece);
    if (choice) return [{ kind: "choice", field: choice[1]!, words: choice[2]!.split(",") }];
    const [name = "", field, number] = piece.split(":");
    if (field === undefined) return [{ kind: "number", field: name }];
    const operand = operands[name];
    if (!operand) throw new Error(`no operand ${name}: ${text}`);
    return [{ kind: "operand", operand, field, number: number === undefined ? 0 : Number(number) }];
  });
}

function parseCondition(text: string): Condition {
  const parts = /^(\w)(=|!=|<|>)(\w+)$/.exec(text);
  if (!parts) throw new Error(`condition ${text}`);
  return { field: parts[1]!, test: parts[2] as Condition["test"], other: /^\d/.test(parts[3]!) ? Number(parts[3]) : parts[3]! };
}

/** The text of a word by a row, null if the row does not match. */
export function textBy(row: Row, word: number, address: number): string | null {
  if ((word & row.mask) >>> 0 !== row.value) return null;
  const of: Record<string, number> = {};
  const widths: Record<string, number> = {};
  for (const { name, width, runs } of row.fields) {
    let value = 0;
    for (const { low, size } of runs) value = value * 2 ** size + ((word >>> low) & (2 ** size - 1));
    of[name] = value;
    widths[name] = width;
  }
  for (const { field, test, other } of row.conditions) {
    const left = of[field]!;
    const right = typeof other === "number" ? other : of[other]!;
    if (!(test === "=" ? left === right : test === "!=" ? left !== right : test === "<" ? left < right : left > right)) return null;
  }
  let text = "";
  for (const part of row.text) {
    const piece = pieceOf(part, { of, widths, address });
    if (piece === null) return null;
    text += piece;
  }
  return text;
}

function pieceOf(part: Part, fields: Fields): string | null {
  if (part.kind === "text") return part.text;
  const value = fields.of[part.field]!;
  switch (part.kind) {
    case "number":
      return String(value);
    case "choice": {
      const word = part.words[value];
      return word === undefined || word === "-" ? null : word === "." ? "" : word;
    }
    case "operand":
      return part.operand(value, fields, fields.widths[part.field]!, part.number);
  }
}
