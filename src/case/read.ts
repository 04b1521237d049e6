import * as z from "zod/mini";
import { OopscopeError, messageOf } from "../base/index.ts";
import { caseShape } from "./shape.ts";
import type { Case } from "./types.ts";

/**
 * A saved case. Keys that this version does not know are kept. Throws `malformed` (no JSON, or not the shape of a case: the message names the key and what
 * stands there) or `unsupported` (another schema). `name` is the file's, for messages.
 */
export function readCase(json: string, name: string): Case {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new OopscopeError("malformed", `${name} is no JSON: ${messageOf(cause)}`, { file: name }, cause);
  }
  const schema = typeof value === "object" && value !== null && "schema" in value ? value.schema : undefined;
  if (schema !== "oopscope.case/1") {
    const found = schema === undefined ? "it has no schema" : `its schema is ${shown(schema)}`;
    throw new OopscopeError(typeof schema === "string" ? "unsupported" : "malformed", `${name} is no case that this version reads: ${found}, and not "oopscope.case/1"`, { file: name });
  }
  const result = z.safeParse(caseShape, value);
  if (!result.success) throw wrongShape(name, value, result.error.issues);
  // The value itself, not the parser's copy: the order of keys stays.
  return value as Case;
}

function wrongShape(name: string, value: unknown, issues: readonly z.core.$ZodIssue[]): OopscopeError {
  const issue = issues[0]!;
  const { path } = issue;
  const stands = path.reduce<unknown>((at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined), value);
  const key = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("").replace(/^\./, "");
  const more = issues.length === 1 ? "" : `, and ${issues.length - 1} more`;
  return new OopscopeError("malformed", `${name}: ${key === "" ? "the whole" : key} must be ${expected(issue)}, not ${shown(stands)}${more}`, { file: name, key });
}

const kinds: Readonly<Record<string, string>> = {
  int: "a whole number", string: "a text", array: "a list", tuple: "a list", object: "an object", record: "an object", boolean: "true or false", number: "a number",
};

/** The issues that the shape can give; any other keeps the words of the library. */
function expected(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") return kinds[issue.expected] ?? issue.expected;
  if (issue.code === "invalid_value") return `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
  if (issue.code === "invalid_format") return "an 0x number";
  if (issue.code === "too_small") return issue.origin === "array" ? `a list of at least ${issue.minimum}` : `at least ${issue.minimum}`;
  if (issue.code === "too_big") return issue.origin === "array" ? `a list of at most ${issue.maximum}` : `at most ${issue.maximum}`;
  return issue.message;
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
