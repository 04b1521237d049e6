/**
 * Faults and the deaths they end in. x86: arch/x86/mm/fault.c show_fault_oops, arch/x86/kernel/traps.c, dumpstack.c __die_header; arm64:
 * arch/arm64/mm/fault.c die_kernel_fault, kernel/traps.c; riscv: arch/riscv/mm/fault.c, kernel/traps.c; the others likewise.
 */
import type { CrashFormat } from "../format.ts";
import type { CrashKind } from "../types.ts";

const null_ = "BUG: unable to handle kernel NULL pointer dereference in {f}";
const paging = "BUG: unable to handle kernel paging request in {f}";

/** What an address itself proves: list poison (include/linux/poison.h), slab poison. */
function kindOfAddress(text: string, otherwise: CrashKind): CrashKind {
  const digits = /[0-9a-f]{8,16}/.exec(text)?.[0] ?? "";
  if (digits.includes("6b6b6b6b6b6b")) return "use-after-free";
  if (/^dead0000000001|^dead00000000022|^00000100$|^00000122$/.test(digits) && digits.length >= 16) return "list-corruption";
  if (digits.length >= 8 && BigInt(`0x${digits}`) < 4096n) return "null-dereference";
  return otherwise;
}

const death = (starts: readonly string[], header: RegExp, kind: CrashFormat["kind"], title: CrashFormat["title"], weight: number): CrashFormat => ({
  starts, header, stage: "death", weight, kind, title, names: "pc", trace: "needed",
});

export const faultFormats: readonly CrashFormat[] = [
  {
    starts: ["kernel tried to execute", "unable to execute userspace code"],
    header: /(?:kernel tried to execute NX-protected page|unable to execute userspace code)/y,
    stage: "cause", weight: 0, kind: (match) => (match[0].startsWith("unable") ? "user-access" : "bad-access"), title: paging, names: "pc", trace: "needed",
  },
  {
    starts: ["BUG: kernel NULL pointer dereference", "BUG: unable to handle kernel NULL pointer dereference", "BUG: Kernel NULL pointer dereference"],
    header: /BUG: (?:unable to handle )?[kK]ernel NULL pointer dereference/y,
    stage: "announcement", weight: 6, kind: "null-dereference", title: null_, names: "pc", trace: "needed",
  },
  {
    starts: ["BUG: unable to handle page fault", "BUG: unable to handle kernel paging request", "BUG: Unable to handle kernel data access", "BUG: Unable to handle kernel instruction fetch", "BUG: unable to handle kernel data access"],
    header: /BUG: [uU]nable to handle (?:page fault for address: ?|kernel paging request at |kernel (?:data access|instruction fetch)[a-z ]{0,20}(?:at )?)(?:0x)?([0-9a-f]{0,16})/y,
    stage: "announcement", weight: 6, kind: (match) => kindOfAddress(match[1]!, "bad-access"), title: paging, names: "pc", trace: "needed",
  },
  {
    starts: ["Unable to handle kernel "],
    header: /Unable to handle kernel (NULL pointer dereference|paging request|access to user memory outside uaccess routines|execute from non-executable memory|execution of user memory|execution of memory|write to read-only memory|read from unreadable memory|pointer dereference|unknown instruction fetch)[a-z ]{0,40}(?:at (?:virtual )?address:? )?(?:0x)?([0-9a-f]{0,16})/y,
    stage: "announcement", weight: 6,
    kind: (match) => (match[1]!.startsWith("NULL") ? "null-dereference" : /user/.test(match[1]!) ? "user-access" : kindOfAddress(match[2]!, "bad-access")),
    title: (match) => (match[1]!.startsWith("NULL") ? null_ : /^paging|^pointer/.test(match[1]!) ? paging : `BUG: unable to handle kernel ${match[1]!} in {f}`),
    names: "pc", trace: "needed",
  },
  {
    starts: ["CPU "],
    header: /CPU \d{1,5} Unable to handle kernel paging request at virtual address ([0-9a-f]{8,16})/y,
    stage: "announcement", weight: 6, kind: (match) => kindOfAddress(match[1]!, "bad-access"), title: paging, names: "pc", trace: "needed",
  },
  {
    starts: ["BUG: stack guard page was hit", "BUG: TASK stack guard page was hit", "BUG: IRQ stack guard page was hit", "BUG: NMI stack guard page was hit", "BUG: #DF stack guard page was hit"],
    header: /BUG: (?:[A-Z#]{2,8} )?stack guard page was hit/y,
    stage: "announcement", weight: 7, kind: "stack-overflow", title: "BUG: stack guard page was hit in {f}", names: "pc", trace: "needed",
  },
  {
    starts: ["Insufficient stack space to handle exception"],
    header: /Insufficient stack space to handle exception/y,
    stage: "announcement", weight: 7, kind: "stack-overflow", title: "kernel stack overflow in {f}", names: "pc", trace: "needed",
  },
  {
    starts: ["traps: PANIC: double fault", "PANIC: double fault"],
    header: /(?:traps: )?PANIC: double fault/y,
    stage: "announcement", weight: 5, kind: "stack-overflow", title: "PANIC: double fault in {f}", names: "pc", trace: "needed",
  },
  death(["general protection fault", "Oops: general protection fault"],
    /(?:Oops: )?general protection fault(?:, (?:probably|maybe) for (?:non-canonical )?address 0x([0-9a-f]{1,16}))?/y,
    (match) => kindOfAddress((match[1] ?? "").padStart(16, "f"), "general-protection"), "general protection fault in {f}", 5),
  death(["divide error: ", "Oops: divide error"], /(?:Oops: )?divide error: ?/y, "divide-error", "divide error in {f}", 5),
  death(["invalid opcode: ", "Oops: invalid opcode"], /(?:Oops: )?invalid opcode: [0-9a-f]{4}/y, "invalid-opcode", "invalid opcode in {f}", 3),
  death(["stack segment: ", "Oops: stack segment"], /(?:Oops: )?stack segment: [0-9a-f]{4}/y, "bad-access", "stack segment fault in {f}", 5),
  death(["int3: ", "Oops: int3"], /(?:Oops: )?int3: [0-9a-f]{4}/y, "invalid-opcode", "int3 in {f}", 5),
  death(["alignment check: ", "Oops: alignment check"], /(?:Oops: )?alignment check: [0-9a-f]{4}/y, "bad-access", "alignment check in {f}", 5),
  death(["double fault: ", "Oops: double fault"], /(?:Oops: )?double fault: [0-9a-f]{4}/y, "stack-overflow", "double fault in {f}", 5),
  death(["control protection fault", "Oops: control protection fault"], /(?:Oops: )?control protection fault/y, "cfi", "control protection fault in {f}", 5),
  death(["Internal error: "],
    /Internal error: (Oops - BUG|Oops - undefined instruction|Oops - Undefined instruction|Oops - CFI|Oops - FPAC|Oops - BTI|Oops - SP|Oops - PC|Oops|[A-Za-z][A-Za-z -]{2,60}?)(?:: ([0-9a-f]{1,16}))?(?: \[#\d+\]|\s*$|:)/y,
    (match) => (/CFI|FPAC|BTI/.test(match[1]!) ? "cfi" : /ndefined/.test(match[1]!) ? "invalid-opcode" : /external abort|SError|ECC/.test(match[1]!) ? "hardware" : match[1]!.startsWith("UBSAN") ? "undefined-behaviour" : "bad-access"),
    (match) => (match[1] === "Oops" ? "BUG: unable to handle kernel paging request in {f}" : `Internal error in {f}`), 2),
  death(["Oops"], /(?:Oops: )?Oops(?: - ([a-z][a-z -]{2,60}?))?(?:: [0-9a-fA-F]{4,16}| \[#|: Kernel|\[#|: Exception|: Machine check|: [A-Z][A-Za-z ]{2,60}, sig: \d)/y,
    (match) => (/illegal instruction/.test(match[1] ?? "") ? "invalid-opcode" : "bad-access"), (match) => (match[1] === undefined ? "kernel oops in {f}" : `Oops: ${match[1]} in {f}`), 2),
  death(["Kernel BUG [#"], /Kernel BUG \[#\d+\]/y, "bug", "kernel BUG in {f}", 3),
  // mips and loongarch: die_if_kernel("Kernel bug detected").
  death(["Kernel bug detected["], /Kernel bug detected\[#\d+\]/y, "bug", "kernel BUG in {f}", 3),
  death(["Reserved instruction in kernel code["], /Reserved instruction in kernel code\[#\d+\]/y, "invalid-opcode", "invalid opcode in {f}", 3),
  death(["Kernel unaligned ", "Unhandled kernel unaligned access["], /(?:Kernel unaligned [a-z ]{2,30}|Unhandled kernel unaligned access)\[#\d+\]/y, "bad-access", "unaligned access in {f}", 3),
  // s390's program checks (arch/s390/kernel/traps.c).
  death(["illegal operation: ", "specification exception: ", "addressing exception: ", "protection exception: ", "privileged operation: ", "fixpoint divide exception: ", "data exception: ", "operand exception: ", "execute exception: ", "translation exception: "],
    /([a-z ]{4,24}): [0-9a-f]{4} ilc:\d/y,
    (match) => (/^(?:illegal|privileged)/.test(match[1]!) ? "invalid-opcode" : match[1] === "fixpoint divide exception" ? "divide-error" : "bad-access"),
    (match) => (match[1] === "illegal operation" ? "invalid opcode in {f}" : match[1] === "fixpoint divide exception" ? "divide error in {f}" : `${match[1]!} in {f}`), 4),
  death(["monitor event: "], /monitor event: [0-9a-f]{4} ilc:/y, "bug", "kernel BUG in {f}", 3),
];
