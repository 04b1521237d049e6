/** BUG, WARNING and what they say beforehand (lib/bug.c, kernel/panic.c __warn, lib/list_debug.c, lib/refcount.c, mm/usercopy.c, lib/debugobjects.c). */
import type { CrashFormat } from "../format.ts";
import type { CrashKind } from "../types.ts";

/** Warnings whose file tells more than `WARNING in f`. */
const warned: readonly { readonly file: RegExp; readonly title: string; readonly kind: CrashKind }[] = [
  { file: /(?:^|\/)lib\/refcount\.c$/, title: "WARNING: refcount bug in {f}", kind: "refcount" },
  { file: /(?:^|\/)lib\/kobject\.c$/, title: "WARNING: kobject bug in {f}", kind: "warning" },
  { file: /(?:^|\/)lib\/list_debug\.c$/, title: "WARNING: corrupted list in {f}", kind: "list-corruption" },
  { file: /(?:^|\/)lib\/debugobjects\.c$/, title: "WARNING: ODEBUG bug in {f}", kind: "use-after-free" },
  { file: /(?:^|\/)kernel\/locking\/lockdep\.c$/, title: "WARNING: locking bug in {f}", kind: "lock-misuse" },
  { file: /(?:^|\/)fs\/proc\/generic\.c$/, title: "WARNING: proc registration bug in {f}", kind: "warning" },
];
const warning = (file: string | undefined) => warned.find((entry) => entry.file.test(file ?? ""));

export const bugFormats: readonly CrashFormat[] = [
  {
    starts: ["kernel BUG at "],
    header: /kernel BUG at (\S{1,400}?):(\d{1,7})!/y,
    stage: "announcement", weight: 5, names: "pc", trace: "needed",
    kind: (match) => (match[1]!.endsWith("lib/list_debug.c") ? "list-corruption" : match[1]!.endsWith("mm/usercopy.c") ? "out-of-bounds" : "bug"),
    title: (match) => (match[1]!.endsWith("lib/list_debug.c") ? "BUG: corrupted list in {f}" : match[1]!.endsWith("mm/usercopy.c") ? "BUG: bad usercopy in {f}" : "kernel BUG in {f}"),
    alt: (match) => `kernel BUG at ${match[1]!}:${match[2]!}!`,
  },
  {
    starts: ["Kernel BUG at "],
    header: /Kernel BUG at /y,
    stage: "announcement", weight: 5, names: "pc", trace: "needed", kind: "bug", title: "kernel BUG in {f}",
  },
  {
    starts: ["WARNING: "],
    header: /WARNING: (?:CPU: \d{1,5} PID: \d{1,10} at (?:(\S{1,400}?):(\d{1,7}) )?|(?:(\S{1,400}?):(\d{1,7}) )?at (?=[^+]{1,512}\+0x[^,]{1,200}, CPU#\d))/y,
    stage: "announcement", weight: 5, names: "header", trace: "needed",
    kind: (match) => warning(match[1] ?? match[3])?.kind ?? "warning",
    title: (match) => warning(match[1] ?? match[3])?.title ?? "WARNING in {f}",
    alt: (match) => ((match[1] ?? match[3]) === undefined ? "" : `WARNING at ${(match[1] ?? match[3])!}:${(match[2] ?? match[4])!}`),
  },
  {
    starts: ["refcount_t: "],
    header: /refcount_t: ([a-z][a-z0-9;, _-]{2,80})/y,
    stage: "cause", weight: 7, names: "trace", trace: "needed", kind: "refcount", title: "WARNING: refcount bug in {f}",
    alt: (match) => `refcount_t: ${match[1]!.trim()}`,
  },
  {
    starts: ["list_add ", "list_del ", "list_add_", "list_del_", "slab: double free"],
    header: /list_(?:add|del)(?: corruption| double add|_valid)[^\n]{0,20}/y,
    stage: "cause", weight: 7, names: "pc", trace: "needed", kind: "list-corruption", title: "BUG: corrupted list in {f}",
    alt: (match) => match[0].startsWith("list_add double") ? "list_add double add" : `${match[0].slice(0, 8)} corruption`,
  },
  {
    starts: ["usercopy: Kernel memory ", "Kernel memory exposure attempt", "Kernel memory overwrite attempt"],
    header: /(?:usercopy: )?Kernel memory (exposure|overwrite) attempt detected/y,
    stage: "cause", weight: 7, names: "trace", trace: "needed", kind: "out-of-bounds", title: "BUG: bad usercopy in {f}",
    alt: (match) => `usercopy: Kernel memory ${match[1]!} attempt detected`,
  },
  {
    starts: ["detected buffer overflow in "],
    header: /detected buffer overflow in (\w{1,64})/y,
    stage: "cause", weight: 7, names: "pc", trace: "needed", kind: "out-of-bounds", title: "kernel BUG in {f}", alt: (match) => `detected buffer overflow in ${match[1]!}`,
  },
  {
    starts: ["mem", "str", "sized_strscpy", "unsafe_mem"],
    header: /(\w{3,24}): detected (buffer overflow|field-spanning (?:read|write)|read overflow|write overflow)/y,
    stage: "cause", weight: 7, names: "pc", trace: "needed", kind: "out-of-bounds", title: "WARNING in {f}", alt: (match) => `${match[1]!}: detected ${match[2]!}`,
  },
  {
    starts: ["ODEBUG: "],
    header: /ODEBUG: (free active|activate active|activate not available|init active|init destroyed|assert_init not available|[a-z_]{2,20} [a-z]{2,20})/y,
    stage: "cause", weight: 7, names: "trace", trace: "needed", kind: (match) => (match[1] === "free active" ? "use-after-free" : "lock-misuse"), title: "WARNING: ODEBUG bug in {f}",
    alt: (match) => `ODEBUG: ${match[1]!}`,
  },
];
