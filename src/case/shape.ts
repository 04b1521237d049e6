/**
 * The shape of `oopscope.case/1`, held to the types of types.ts by the compiler. docs/case.schema.json is made from it (a test writes and compares it). Unknown
 * keys are let be: newer versions add some. What is added here later must be optional, or cases of older versions could no longer be read.
 */
import * as z from "zod/mini";
import type { Case, CaseFrame, CaseFunction, CaseInstructions, CaseReport, CaseStack, CaseVerdict, FaultUnknown } from "./types.ts";

/** Made of all members of T, and of nothing else. */
type Members<T> = { readonly [K in keyof T]-?: z.ZodMiniType<T[K]> };
const object = <T>(members: Members<T>) => z.looseObject(members) as unknown as z.ZodMiniType<T>;

const text = z.string();
const orNull = <T>(inner: z.ZodMiniType<T>) => z.nullable(inner) as unknown as z.ZodMiniType<T | null>;
const list = <T>(inner: z.ZodMiniType<T>) => z.array(inner) as unknown as z.ZodMiniType<readonly T[]>;
/** Lines, columns, sizes, numbers of processors and tasks. */
const count = z.int().check(z.nonnegative());
const hexadecimal = z.string().check(z.regex(/^0x[0-9a-f]+$/));
const flag = z.boolean();

const taintedModule = object<CaseReport["modules"][number]>({ name: text, taint: text });
const match = z.enum(["verified", "mismatch", "unknown"]);
const fn = object<CaseFunction>({ function: text, file: orNull(text), line: orNull(count), column: orNull(count), discriminator: orNull(count), inlined: flag });
const unresolved = object<NonNullable<CaseFrame["unresolved"]>>({
  reason: z.enum(["no-image", "no-symbol", "size-mismatch", "outside", "no-debug-info", "no-address", "user", "ambiguous", "broken"]),
  why: text,
});
const frame = object<CaseFrame>({
  logLine: count, column: count, text, symbol: orNull(text), offset: orNull(count), size: orNull(count), module: orNull(text), address: orNull(hexadecimal), section: orNull(text),
  reliable: flag, exact: flag, functions: list(fn), candidates: list(object<CaseFrame["candidates"][number]>({ address: hexadecimal, section: orNull(text), functions: list(fn) })),
  note: orNull(text), unresolved: orNull(unresolved),
});
const instruction = object<CaseInstructions["list"][number]>({ address: hexadecimal, bytes: text, text, trap: flag, zeros: flag });
const instructions = object<CaseInstructions>({ logLine: count, bytes: text, user: flag, list: list(instruction), fromTrap: list(instruction) });
const stack = object<CaseStack>({ name: text, frames: list(frame) });

const place = { module: orNull(text), function: text, file: orNull(text), line: orNull(count) };
const verdict = object<CaseVerdict>({
  rule: text,
  confidence: z.enum(["high", "medium", "low"]),
  summary: text,
  guilty: orNull(object<NonNullable<CaseVerdict["guilty"]>>(place)),
  earlier: list(object<CaseVerdict["earlier"][number]>({ role: text, function: text, file: orNull(text), line: orNull(count), path: list(text) })),
  suspects: list(object<CaseVerdict["suspects"][number]>({ ...place, why: text })),
  evidence: list(object<CaseVerdict["evidence"][number]>({ logLine: count, text, why: text })),
  fault: orNull(
    object<NonNullable<CaseVerdict["fault"]>>({
      expression: text, variable: orNull(text), type: orNull(text), field: orNull(text), value: orNull(text), register: orNull(text), address: orNull(text),
    }),
  ),
  faultUnknown: z.optional(orNull(object<FaultUnknown>({ reason: z.enum(["no-access", "no-code", "not-shown", "contradiction", "no-name", "broken"]), why: text }))),
  objects: list(object<CaseVerdict["objects"][number]>({ address: text, what: text, why: text })),
  next: list(object<CaseVerdict["next"][number]>({ why: text, command: text })),
});
const report = object<CaseReport>({
  title: text,
  altTitles: list(text),
  kind: text,
  corrupted: orNull(object<NonNullable<CaseReport["corrupted"]>>({ why: text })),
  lines: z.tuple([count, count]),
  context: object<CaseReport["context"]>({
    cpu: orNull(count), pid: orNull(count), comm: orNull(text), mode: orNull(z.enum(["process", "softirq", "hardirq", "nmi"])),
    taint: orNull(object<NonNullable<CaseReport["context"]["taint"]>>({ flags: text, words: list(text) })),
  }),
  modules: list(taintedModule),
  registers: z.record(z.string(), text),
  instructions: orNull(instructions),
  moreInstructions: list(instructions),
  stacks: list(stack),
  verdict: orNull(verdict),
});

/** The shape of a whole case. */
export const caseShape = object<Case>({
  schema: z.literal("oopscope.case/1"),
  tool: object<Case["tool"]>({ version: text }),
  log: object<Case["log"]>({ name: text, lines: list(object<Case["log"]["lines"][number]>({ line: count, text })) }),
  kernel: object<Case["kernel"]>({ release: orNull(text), version: orNull(text), arch: orNull(text), hardware: orNull(text) }),
  image: object<Case["image"]>({
    vmlinux: orNull(object<NonNullable<Case["image"]["vmlinux"]>>({ path: text, buildId: orNull(text), match, why: text })),
    basePath: orNull(text),
    modules: list(object<Case["image"]["modules"][number]>({ name: text, path: text, match, why: text })),
  }),
  sources: list(object<Case["sources"][number]>({ file: text, first: count, lines: list(text) })),
  reports: list(report),
  loose: list(frame),
  events: list(z.record(z.string(), z.unknown())),
});
