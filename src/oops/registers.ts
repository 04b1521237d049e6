/**
 * Register dumps: x86 (arch/x86/kernel/process_{32,64}.c __show_regs), arm64 and riscv (kernel/process.c __show_regs).
 * Values are `0x…` without leading zeros; names in lower case.
 */
const names = new Set(
  (
    "rax rbx rcx rdx rsi rdi rbp rsp rip r8 r9 r10 r11 r12 r13 r14 r15 fs gs knlgs cs ds es ss cr0 cr2 cr3 cr4 dr0 dr1 dr2 dr3 dr6 dr7 pkru orig_rax eflags " +
    "eax ebx ecx edx esi edi ebp esp eip " +
    "sp pc lr pstate pmr_save epc ra gp tp t0 t1 t2 t3 t4 t5 t6 s0 s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 a0 a1 a2 a3 a4 a5 a6 a7 status badaddr cause fp ip psr nip ctr xer msr dar dsisr irqmask softe"
  ).split(" "),
);
for (let n = 0; n < 30; n++) names.add(`x${n}`);
for (let n = 0; n < 8; n++) names.add(`r${n}`);

const one = /([A-Za-z_][A-Za-z0-9_]{0,8}) {0,2}: {0,2}(?:([0-9a-f]{4}):)?(?:\[<)?([0-9a-f]{2,16})(?:>\])?(?:\([0-9a-f]{1,8}\))?(?:\s+|$)|([A-Z][A-Z0-9]{1,2}) ([0-9a-f]{16})(?:\s+|$)/y;

/** The registers of a line that holds nothing else up to where it is torn, or null. */
export function readRegisters(text: string, start: number): [string, string][] | null {
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
