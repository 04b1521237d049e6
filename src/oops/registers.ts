/**
 * Register dumps as __show_regs and show_regs of each architecture print them: x86, arm64, arm, riscv (`rax: …`, `x0 : …`), powerpc (`GPR00: …`, four a
 * line), s390 (`Krnl GPRS: …`, four a line), mips (`$ 0   : …`, four a line), loongarch (`a0 9000… a1 …`). Values are `0x…` without leading zeros; names in
 * lower case, the general registers of powerpc and s390 as `r0`, those of mips as `$0`.
 */
const names = new Set(
  (
    "rax rbx rcx rdx rsi rdi rbp rsp rip r8 r9 r10 r11 r12 r13 r14 r15 fs gs knlgs cs ds es ss cr0 cr2 cr3 cr4 dr0 dr1 dr2 dr3 dr6 dr7 pkru orig_rax eflags " +
    "eax ebx ecx edx esi edi ebp esp eip " +
    "sp pc lr pstate pmr_save epc ra gp tp t0 t1 t2 t3 t4 t5 t6 s0 s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 a0 a1 a2 a3 a4 a5 a6 a7 status badaddr cause fp ip psr nip ctr xer msr dar dsisr irqmask softe cfar cr msr badv hi lo status badva prid " +
    "t7 t8 t9 u0 r21 s9 era crmd prmd euen ecfg estat oldfp orig_r3 trap"
  ).split(" "),
);
for (let n = 0; n < 30; n++) names.add(`x${n}`);
for (let n = 0; n < 8; n++) names.add(`r${n}`);

const one = /([A-Za-z_][A-Za-z0-9_]{0,8}) {0,4}: {0,2}(?:([0-9a-f]{4}):)?(?:\[<)?([0-9a-f]{1,16})(?:>\])?(?:\([0-9a-f]{1,8}\))?(?: {0,2}<[A-Z0-9,]{0,160}>)?(?:\s+|$)|([A-Za-z][A-Za-z0-9]{1,2}) ([0-9a-f]{16})(?:\s+|$)/y;
// powerpc: four from GPR00, GPR04, …; mips: four from $ 0, $ 4, … (eight on 64-bit kernels before 2.6.23); s390: four, without names from the second line on.
const numberedRow = /\s{0,8}(?:GPR(\d\d)|\$ ?(\d{1,2}) {1,4}|Krnl GPRS) ?:((?: {1,2}(?:[0-9a-f]{16}|[0-9a-f]{8}))+)\s*$/y;
const unnamedRow = /\s{4,16}((?:[0-9a-f]{16} ?){4})\s*$/y;

/** The registers of a line that holds nothing else up to where it is torn, or null. */
export function readRegisters(text: string, start: number): [string, string][] | null {
  numberedRow.lastIndex = start;
  const row = numberedRow.exec(text);
  if (row !== null) return numberedFrom(row[3]!, row[2] === undefined ? "r" : "$", Number(row[1] ?? row[2] ?? 0));
  let at = start;
  while (text.charCodeAt(at) === 0x20) at++;
  const found: [string, string][] = [];
  while (found.length < 16) {
    one.lastIndex = at;
    const match = one.exec(text);
    if (match === null) break;
    const name = (match[1] ?? match[4])!.toLowerCase().replace(/^r0(?=\d$)/, "r");
    const digits = (match[3] ?? match[5])!;
    if (!names.has(name)) break;
    // RSP: 0018:ffffc90000013d88
    if (match[2] !== undefined && (name === "rsp" || name === "esp")) found.push(["ss", `0x${match[2].replace(/^0+(?=.)/, "")}`]);
    if (match[2] === undefined || name === "rsp" || name === "esp") found.push([name, `0x${digits.replace(/^0+(?=.)/, "")}`]);
    at = one.lastIndex;
  }
  return found.length > 0 ? found : null;
}

/** s390's further rows of general registers: `next` is the number of the first one. */
export function readUnnamedRegisters(text: string, start: number, next: number): [string, string][] | null {
  unnamedRow.lastIndex = start;
  const row = unnamedRow.exec(text);
  return row === null ? null : numberedFrom(row[1]!, "r", next);
}

function numberedFrom(values: string, letter: string, first: number): [string, string][] {
  return values.trim().split(/ +/).map((digits, k) => [`${letter}${first + k}`, `0x${digits.replace(/^0+(?=.)/, "")}`]);
}
