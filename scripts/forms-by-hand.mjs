// Forms of test/fixtures/forms whose programs cannot run here, written after their documentation from the plain log of the same crash: `node scripts/forms-by-hand.mjs`.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const folder = "test/fixtures/forms/";
const lines = (name) => readFileSync(folder + name, "latin1").replace(/\n$/, "").split("\n");
const write = (name, text) => writeFileSync(`${folder}${name}`, text, "latin1");
const plain = lines("plain.log");
const message = (line) => line.replace(/^\[ *\d+\.\d{6}\] /, "");

// Android's logcat: logd takes a first word with a colon behind it for the tag.
const tagged = (line) => /^([A-Za-z#]{2,12}): (.*)$/.exec(message(line));
write("logcat-threadtime.log", plain.map((line, k) => {
  const tag = tagged(line);
  return `11-22 20:48:${String(56 + (k >> 6)).padStart(2, "0")}.${String(459 + k).padStart(3, "0")}     0     0 ${k === 1 ? "F" : "W"} ${(tag?.[1] ?? "").padEnd(8)}: ${tag?.[2] ?? message(line)}\n`;
}).join(""));
write("logcat-brief.log", plain.map((line) => `W/${(tagged(line)?.[1] ?? "").padEnd(8)}(    0): ${tagged(line)?.[2] ?? message(line)}\n`).join(""));

// vmcore-dmesg and crash's `log` print the records of a dump as dmesg does.
write("vmcore-dmesg.log", plain.map((line) => `${line}\n`).join(""));

// netconsole cuts a record of more than 1,000 bytes (MAX_PRINT_CHUNK); here at 64, so that there are fragments: with and without a line feed behind each.
const fragments = lines("kmsg.log").filter((line) => /^\d/.test(line)).map((record) => {
  const semicolon = record.indexOf(";");
  const body = record.slice(semicolon + 1);
  const pieces = body.match(/.{1,64}/g) ?? [""];
  return pieces.length < 2 ? [record] : pieces.map((piece, k) => `${record.slice(0, semicolon)},ncfrag=${k * 64}/${body.length + 1};${piece}`);
});
write("netconsole-fragments.log", fragments.map((pieces) => `${pieces.join("\n")}\n`).join(""));
write("netconsole-fragments-joined.log", fragments.map((pieces) => `${pieces.join("")}\n`).join(""));

// efi-pstore cuts a dump into parts of 1,024 bytes from its end; the files come in any order.
const raw = lines("dmesg-r.log").map((line) => `${line}\n`);
const parts = [];
for (let end = raw.length; end > 0; ) {
  let begin = end;
  for (let size = 0; begin > 0 && (size += raw[begin - 1].length) <= 1000; begin--);
  begin = Math.min(begin, end - 1);
  parts.push(`Oops#1 Part${parts.length + 1}\n${raw.slice(begin, end).join("")}`);
  end = begin;
}
write("pstore-parts.log", parts.join(""));
write("pstore-parts-shuffled.log", parts.map((part, k) => ({ part, key: (k * 7) % parts.length })).sort((a, b) => a.key - b.key).map(({ part }) => part).join(""));

// A mail: wrapped by fold(1) at 72 columns as mail programs do, the answer to it quoted; a page's source; Markdown.
const fold = (text, width) => execFileSync("fold", ["-s", "-w", String(width)], { input: text, encoding: "latin1" }).replace(/ +$/gm, "");
const wrapped = fold(`${plain.join("\n")}\n`, 72);
write("mail-wrapped.log", `Hi all,\n\nsince the update this machine dies with:\n\n${wrapped}\nAny ideas?\n\nBest regards,\nJane\n`);
write("mail-quoted.log", `On Sun, Nov 22, 2026 at 08:48:00PM +0000, Jane wrote:\n> Hi all,\n>\n> since the update this machine dies with:\n>\n${wrapped.replace(/^/gm, "> ").replace(/> $/, "")}>\n> Any ideas?\n\nWhich kernel is that?\n`);
write("mail-quoted-twice.log", `> On Sun, Nov 22, 2026 Jane wrote:\n${plain.map((line) => `> > ${line}\n`).join("")}>\n> Please test the patch below.\n`);
write("markdown-fence.log", `### What happened\n\n- the log:\n\n\`\`\`console\n${plain.join("\n")}\n\`\`\`\n\nand then nothing.\n`);
write("markdown-indented.log", `What happened:\n\n${plain.map((line) => `    ${message(line)}\n`).join("")}\nand then nothing.\n`);
write("html.log", `<pre>\n${plain.join("\n").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")}\n</pre>\n`);

// A serial console: user space writes in between, a line feed is lost, carriage returns stand where they like.
write("serial-torn.log", plain.map((line, k) => (k === 12 ? `${line}\r\r\n` : k === 20 ? line : k === 30 ? `\rdebian login: ${line}\r\n` : `\x1b[0m${line}\x1b[0m\r\n`)).join(""));
