import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OopscopeError } from "../base/index.ts";
import type { Btf } from "../btf/index.ts";
import { tracefsFolder } from "../system/index.ts";
import { bytesOf, parseExpression, typeNamed, type Type } from "./expression/index.ts";
import type { TracepointProbe } from "./probe.ts";

/** What `t:CATEGORY:NAME` names; null for what is no tracepoint. */
export function tracepointName(text: string): { readonly category: string; readonly name: string } | null {
  const [, category, name] = /^(?:t|tracepoint):([\w-]+):([\w-]+)$/.exec(text) ?? [];
  return category === undefined ? null : { category, name: name! };
}

/** tracefs's description of a tracepoint: `field:unsigned short protocol;\toffset:24;\tsize:2;\tsigned:0;` a line (kernel/trace/trace_events.c, f_show). */
export function readTracepoint(category: string, name: string, btf: Btf, root: string): TracepointProbe | { readonly why: string } {
  const folder = tracefsFolder(root);
  if (folder === null) return { why: "tracefs is not mounted: sudo mount -t tracefs nodev /sys/kernel/tracing" };
  let format: string;
  try {
    format = readFileSync(join(folder.path, "events", category, name, "format"), "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { why: code === "EACCES" || code === "EPERM" ? `${folder.path} may not be read: it takes root` : "there is no such tracepoint" };
  }
  const fields: TracepointProbe["fields"][number][] = [];
  for (const [, declaration, offsetText, sizeText, signed] of format.matchAll(/^\s*field:(.+?);\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:([01]);)?/gm)) {
    const parsed = /^(.*?)\s*\b(\w+)(\[[^\]]*\])?$/.exec(declaration!);
    if (!parsed || parsed[2]!.startsWith("common_")) continue;
    const [, typeText, field, array] = parsed;
    const offset = Number(offsetText);
    const size = Number(sizeText);
    const char = btf.find("char", "int");
    if (typeText!.startsWith("__data_loc")) {
      // char is text; what else there is of it is bytes, whose number nobody reads here.
      if (char !== null && /\bchar\b/.test(typeText!)) fields.push({ name: field!, type: { kind: "pointer", to: { kind: "btf", id: char } }, place: { offset, dynamic: true }, value: "pointer" });
      continue;
    }
    const type = tracepointType(btf, typeText!, field!, array, size, signed === "1");
    if (type !== null) fields.push({ name: field!, type, place: { offset, dynamic: false }, value: "place" });
  }
  return { kind: "tracepoint", category, name, btf, fields };
}

function tracepointType(btf: Btf, text: string, field: string, array: string | undefined, size: number, signed: boolean): Type | null {
  const skb = btf.find("sk_buff", "struct");
  // Tracepoints write this address down without its type.
  if (field === "skbaddr" && size === 8 && skb !== null) return { kind: "pointer", to: { kind: "btf", id: skb } };
  if (array !== undefined) {
    if (/\bchar$/.test(text) && !/unsigned/.test(text)) return charArray(btf, size);
    return null;
  }
  try {
    const tree = parseExpression(`(${text.replaceAll(/\b(?:const|volatile)\b/g, "").trim()})0`, (name) => btf.find(name, "typedef", "int") !== null);
    if (tree.kind === "cast") {
      const named = typeNamed(btf, tree.type);
      if (typeof named !== "string" && bytesOf(btf, named) === size) return named;
    }
  } catch (error) {
    if (!(error instanceof OopscopeError)) throw error;
  }
  return size === 1 || size === 2 || size === 4 || size === 8 ? { kind: "integer", size, signed } : null;
}

/** An array of so many char that BTF has somewhere; null where it has none. */
function charArray(btf: Btf, size: number): Type | null {
  for (const id of btf.idsOfKind("array")) {
    const type = btf.type(id);
    if (type.kind === "array" && type.length === size && btf.nameOf(type.element) === "char" && btf.kindOf(type.element) === "int") return { kind: "btf", id };
  }
  return null;
}
