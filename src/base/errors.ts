/** The kinds of failure that the library tells apart. A code is stable; the message is for people. */
export type ErrorCode =
  | "not-found" // a file that was asked for is not there
  | "unreadable" // the system refused to read it
  | "unreachable" // a server did not answer, broke off, or has not got what was asked for
  | "unwritable" // the system refused to write it
  | "not-elf" // the file is of another kind
  | "malformed" // a structure contradicts its format or the file's bounds
  | "unsupported" // well-formed, but of a kind that this version does not read
  | "over-budget" // a limit on size, depth or steps was reached
  | "missing-section"
  | "bad-argument" // the caller's own input is wrong
  | "missing-tool" // a program or package that is needed is not installed
  | "missing-library" // a shared library that is needed is not installed
  | "missing-feature" // the running kernel, or the library, does not have what is asked for
  | "not-permitted" // a capability, lockdown or a sysctl forbids it
  | "refused" // the kernel refused it: the verifier, a place that is taken
  | "closed" // a handle was used after it was closed
  | "aborted";

/** What an error is about: the file, the section, the offset and the numbers that make it checkable. */
export type ErrorFacts = Readonly<Record<string, string | number | bigint | undefined>>;

/** Every failure that oopscope reports: a stable code, the facts as values, and the underlying cause. */
export class OopscopeError extends Error {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "OopscopeError";
    this.code = code;
    this.facts = facts;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
