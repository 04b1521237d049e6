import { hex } from "../../base/index.ts";
import type { CaseReport, CaseVerdict } from "../../case/index.ts";
import { typeName } from "../../dwarf/index.ts";
import { single, textOf, type Known } from "./linear.ts";
import { addressText } from "./place.ts";
import type { CodePlace } from "./stack.ts";
import type { Values } from "./values.ts";

export type ObjectNote = CaseVerdict["objects"][number];

/** Where x86-64's kernel puts things with four levels of page tables and no randomization of the regions (Documentation/arch/x86/x86_64/mm.rst). */
const ranges: readonly (readonly [bigint, bigint, string])[] = [
  [0xffff888000000000n, 0xffffc87fffffffffn, "the direct map of all memory"],
  [0xffffc90000000000n, 0xffffe8ffffffffffn, "vmalloc memory"],
  [0xffffea0000000000n, 0xffffeaffffffffffn, "the array of struct page"],
  [0xffffec0000000000n, 0xfffffbffffffffffn, "KASAN's shadow"],
  [0xfffffe0000000000n, 0xfffffe7fffffffffn, "the per-processor entry area"],
  [0xffffffff80000000n, 0xffffffff9fffffffn, "the kernel's own image"],
  [0xffffffffa0000000n, 0xfffffffffeffffffn, "memory of modules, or the kernel's image with KASLR"],
  [0xffffffffff600000n, 0xffffffffff600fffn, "the vsyscall page"],
];

/** Linux's names of the errors that pointers carry (include/uapi/asm-generic/errno-base.h, errno.h). */
const errors: Readonly<Record<number, string>> = {
  1: "EPERM", 2: "ENOENT", 3: "ESRCH", 4: "EINTR", 5: "EIO", 6: "ENXIO", 7: "E2BIG", 8: "ENOEXEC", 9: "EBADF", 10: "ECHILD", 11: "EAGAIN", 12: "ENOMEM", 13: "EACCES", 14: "EFAULT", 15: "ENOTBLK", 16: "EBUSY", 17: "EEXIST",
  18: "EXDEV", 19: "ENODEV", 20: "ENOTDIR", 21: "EISDIR", 22: "EINVAL", 23: "ENFILE", 24: "EMFILE", 25: "ENOTTY", 26: "ETXTBSY", 27: "EFBIG", 28: "ENOSPC", 29: "ESPIPE", 30: "EROFS", 31: "EMLINK", 32: "EPIPE", 33: "EDOM",
  34: "ERANGE", 35: "EDEADLK", 36: "ENAMETOOLONG", 38: "ENOSYS", 39: "ENOTEMPTY", 61: "ENODATA", 62: "ETIME", 71: "EPROTO", 74: "EBADMSG", 75: "EOVERFLOW", 84: "EILSEQ", 90: "EMSGSIZE", 92: "ENOPROTOOPT", 93: "EPROTONOSUPPORT",
  95: "EOPNOTSUPP", 97: "EAFNOSUPPORT", 98: "EADDRINUSE", 99: "EADDRNOTAVAIL", 100: "ENETDOWN", 101: "ENETUNREACH", 103: "ECONNABORTED", 104: "ECONNRESET", 105: "ENOBUFS", 106: "EISCONN", 107: "ENOTCONN", 110: "ETIMEDOUT",
  111: "ECONNREFUSED", 113: "EHOSTUNREACH", 114: "EALREADY", 115: "EINPROGRESS", 116: "ESTALE", 122: "EDQUOT", 125: "ECANCELED", 512: "ERESTARTSYS", 516: "ERESTART_RESTARTBLOCK", 517: "EPROBE_DEFER", 524: "ENOTSUPP",
};

const poisonDelta = 0xdead000000000000n;
const listPoison1 = poisonDelta + 0x100n;
const listPoison2 = poisonDelta + 0x122n;

/** What a value looks like, by its bits alone; null for one that could be anything. `stack` is RSP. */
export function looksLike(value: bigint, stack: bigint | null): { readonly what: string; readonly why: string } | null {
  const text = value.toString(16).padStart(16, "0");
  if (value === 0n) return { what: "NULL, or 0", why: "all bits are 0" };
  if (stack !== null && value >= stack - 0x1000n && value < stack + 0x4000n && value >> 14n === stack >> 14n) return { what: "an address on this task's stack", why: "it lies near RSP" };
  const near = (poison: bigint): bigint | null => (value >= poison && value < poison + 0x100n ? value - poison : null);
  for (const [name, poison] of [["LIST_POISON2", listPoison2], ["LIST_POISON1", listPoison1]] as const) {
    if (value === poison) return { what: `${name}: a list entry that was deleted already`, why: "list_del() leaves it in next and prev" };
  }
  if (near(listPoison1) !== null) return { what: `LIST_POISON1 or 2 and an offset of ${hex(value - listPoison1)}`, why: "list_del() leaves the poison in next and prev" };
  const poisoned = poison(text);
  if (poisoned) return poisoned;
  const signed = BigInt.asIntN(64, value);
  if (signed < 0n && signed >= -4095n) {
    const name = errors[Number(-signed)];
    return { what: name ? `the error -${name}` : `the error ${signed}`, why: "error pointers are the last 4095 addresses (include/linux/err.h)" };
  }
  if ((value & 0xffffffffn) === 0xc0000000n && value >> 32n === 0n) return { what: "a saturated refcount", why: "REFCOUNT_SATURATED (include/linux/refcount.h)" };
  const ascii = asciiOf(value);
  if (ascii) return { what: `text: "${ascii}"`, why: "all its bytes are printable" };
  if (value < 0x1000n) return { what: `the number ${value}, or NULL and an offset`, why: "it lies in the first page" };
  if (value < 0x1_0000n) return { what: `the number ${value}`, why: "it is too small for an address" };
  if (value < 0x0000_8000_0000_0000n) return value < 0x40_0000n ? null : { what: "a user address, or a number", why: "it lies in the lower half of the address space" };
  if (value < 0xff00000000000000n) return { what: "not an address", why: "it is not canonical" };
  const range = ranges.find(([low, high]) => value >= low && value <= high);
  if (range) return { what: `an address in ${range[2]}`, why: "the range is the default of x86-64" };
  return { what: "a kernel address", why: "it lies in the upper half of the address space" };
}

/** Patterns that the allocators and others fill memory with (include/linux/poison.h). */
function poison(text: string): { readonly what: string; readonly why: string } | null {
  const patterns: readonly (readonly [string, string])[] = [
    ["6b", "slab poison: the memory was freed (POISON_FREE)"],
    ["5a", "slab poison: the memory was allocated and never written (POISON_INUSE)"],
    ["a5", "the end of slab poison (POISON_END)"],
    ["bb", "a red zone of the slab (SLUB_RED_INACTIVE)"],
    ["cc", "a red zone of the slab, breakpoints, or freed init memory"],
    ["aa", "page poison: the page was freed (PAGE_POISON)"],
  ];
  for (const [byte, what] of patterns) {
    const matching = text.match(/../g)!.slice(0, 7).filter((one) => one === byte).length;
    if (matching === 7) return { what: text.endsWith(byte) || (byte === "6b" && text.endsWith("a5")) ? what : `${what}, and an offset`, why: "its bytes are the pattern of include/linux/poison.h" };
  }
  if (/^dead[0-9a-f]{4}(?:dead|beef|4ead)/.test(text) || /^0{8}dead4ead$/.test(text)) return { what: "a magic number of the kernel's debugging", why: "spinlocks carry dead4ead (include/linux/poison.h)" };
  return null;
}

function asciiOf(value: bigint): string | null {
  let text = "";
  for (let rest = value; rest > 0n; rest >>= 8n) {
    const byte = Number(rest & 0xffn);
    if (byte < 0x20 || byte > 0x7e) return null;
    text += String.fromCharCode(byte);
  }
  // Short runs of printable bytes are mostly numbers.
  return text.length >= 6 && /[A-Za-z]{2}/.test(text) ? text.replace(/["\\]/g, "\\$&") : null;
}

/** What a runtime address is in code: its symbol with the offset. Null where it is none, or cannot be told. */
export type SymbolOf = (address: bigint) => string | null;

const order = ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

/** What every general register of a report is: the variable that it holds, and what its value looks like. `readings` are of the pc's function. */
export function registerNotes(report: CaseReport, place: CodePlace | null, readings: readonly Values[], symbolOf: SymbolOf): ObjectNote[] {
  const notes: ObjectNote[] = [];
  const stack = report.registers["rsp"] === undefined ? null : BigInt(report.registers["rsp"]);
  for (const register of order) {
    const text = report.registers[register];
    if (text === undefined) continue;
    const value = BigInt(text);
    const name = register === "rsp" ? null : nameOf(register, place, readings);
    const symbol = symbolOf(value);
    let looks = register === "rsp" ? { what: "the stack pointer", why: "it is RSP" } : symbol !== null ? { what: `the address of ${symbol}`, why: "it lies in known code" } : looksLike(value, stack);
    if (name?.isNumber && value < 0x1_0000_0000n) looks = { what: value.toString(), why: "as the log has it" };
    if (name === null && looks === null) continue;
    const what = name === null ? looks!.what : looks === null ? name.what : `${name.what}: ${looks.what}`;
    notes.push({ address: text, what: `${register.toUpperCase()}: ${what}`, why: name === null ? looks!.why : looks === null ? name.why : `${name.why}; ${looks.why}` });
  }
  return notes;
}

function nameOf(register: string, place: CodePlace | null, readings: readonly Values[]): { readonly what: string; readonly why: string; readonly isNumber: boolean } | null {
  if (!place) return null;
  for (const values of readings) {
    const known = values.before(register, place.index).find((value): value is Known => value.unknown === null && value.terms.length > 0 && !value.terms.some(({ atom }) => atom.kind === "entry" || atom.kind === "frame" || atom.text === "…"));
    if (!known) continue;
    const atom = single(known);
    // A function that gives nothing back left this behind.
    if (atom?.type === null) return null;
    if (atom && !atom.isAddress) {
      const type = atom.type === undefined ? "" : ` (\`${typeName(atom.type)}\`)`;
      return { what: `\`${atom.text}\`${type}`, why: atom.kind === "variable" ? "debug information places the variable there" : "the code before the place put it there", isNumber: atom.type?.plain?.kind === "base" };
    }
    const { text, type } = addressText(known);
    return { what: `\`${type === null ? textOf(known) : text}\`${type === null ? "" : ` (\`${type}\`)`}`, why: "the code before the place put it there", isNumber: false };
  }
  return null;
}
