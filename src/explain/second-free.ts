import { evidenceOf, nameOf, type Evidence, type Subject } from "./subject.ts";

/** Registers in the order in which an allocator's free path is likely to hold an object. */
const registers = ["rdi", "rbx", "rax", "rcx", "rdx", "r8", "r12", "r13", "r14", "r15", "rbp", "rsi", "x0", "x1", "x2", "x3", "x19", "x20", "x21", "x22", "x23"];
const freeing = /^(?:_{0,3}kfree|_{0,3}kmem_cache_free|_{0,3}slab_free|do_slab_free|set_freepointer|kvfree|kfree_sensitive|free_to_partial_list|_{0,2}kasan_slab_free)/;

/** What in a report speaks for a free of what is free: the check that failed, the free function under it, and equal registers. */
export function secondFree(subject: Subject): Evidence[] {
  const evidence: Evidence[] = [];
  const bug = subject.find(/kernel BUG at (?:\S+\/)?mm\/slub\.c:\d+!/);
  if (bug !== null) evidence.push(evidenceOf(bug, "SLUB's freelist check: the object that is freed is already the first one on the free list"));
  const seen = subject.find(/BUG: oopscope-guard: (?:double-free|use-after-free) of an? \w+ at 0x[0-9a-f]+/);
  if (seen !== null) evidence.push(evidenceOf(seen, "`oopscope guard` remembered the free, and saw the object come back without an allocation in between"));
  const said = subject.find(/BUG [\w-]+ \([^)]*\): (?:Object already free|Slab has \d+ allocated objects but \d+ are to be freed)|BUG: KFENCE: invalid free|BUG: KASAN: (?:double-free|use-after-free|slab-use-after-free)/);
  if (said !== null) evidence.push(evidenceOf(said, "the kernel's own check says it"));
  const free = subject.trail.find((frame) => freeing.test(nameOf(frame)));
  if (free !== undefined && free === subject.pc) evidence.push({ logLine: free.logLine, text: free.text, why: `the check stands in \`${nameOf(free)}\`, which was freeing` });
  if (bug !== null) evidence.push(...equalRegisters(subject));
  return evidence;
}

/** set_freepointer() compares the object with the list's head: where they are equal, two registers hold the same address. */
function equalRegisters(subject: Subject): Evidence[] {
  for (const [index, name] of registers.entries()) {
    const value = subject.register(name);
    // Addresses of the kernel's heap only: small numbers are equal by chance.
    if (value === null || value < 0xff00_0000_0000_0000n || value >= 0xffff_ffff_8000_0000n) continue;
    const other = registers.slice(index + 1).find((one) => subject.register(one) === value);
    if (other === undefined) continue;
    const [first, second] = [name.toUpperCase(), other.toUpperCase()];
    const why = `${first} is equal to ${second}: the object that is freed, and the head of the free list`;
    const lines = [subject.registerLine(name), subject.registerLine(other)].filter((line) => line !== null);
    return lines.filter((line, at) => lines.findIndex(({ logLine }) => logLine === line.logLine) === at).map((line) => evidenceOf(line, why));
  }
  return [];
}
