import { describe, expect, test } from "vitest";
import { listCode, type CodeRow } from "../../src/disasm/index.ts";

/** A `Code:` line as the log has it, as bytes and the index of the marked one. */
function codeLine(text: string): [Uint8Array, number] {
  const bytes = text.split(" ");
  return [Uint8Array.from(bytes, (byte) => parseInt(byte.replace(/[<>]/g, ""), 16)), bytes.findIndex((byte) => byte.startsWith("<"))];
}

const shown = (rows: readonly CodeRow[]) => rows.map((row) => `${row.address.slice(2).padStart(4)}${row.trap ? ":*" : ": "} ${row.bytes.padEnd(21)} ${row.text}`);

// The two lines of the article. Its listings are an older binutils'; 2.40 writes call, jmp and ret without their q.
const kernel = "e7 e8 9e 71 fd ff e9 ef fe ff ff 4d 89 f1 41 b8 01 00 00 00 48 89 d9 48 89 da 4c 89 e6 4c 89 ef e8 6f fa ff ff e9 d0 fe ff ff <0f> 0b 48 8b 05 d1 51 77 01 e9 ff fd ff ff 66 66 2e 0f 1f 84 00 00";
const user = "23 4c 89 44 24 38 e8 8d 46 ff ff 48 85 f6 0f 84 a0 00 00 00 48 8b 94 24 88 00 00 00 49 89 f1 48 8b 74 24 48 4d 89 c8 4d 8b 09 <49> 29 d0 4d 85 c9 74 b0 4d 89 ca 49 29 d1 4c 39 ce 77 a5 4c 89 44";

describe("the Code: lines of the article", () => {
  test("kernel code", async () => {
    const { list, fromTrap } = await listCode(...codeLine(kernel), "x86_64");
    expect(shown(list)).toEqual([
      "   0:  e7 e8                 out    %eax,$0xe8",
      "   2:  9e                    sahf",
      "   3:  71 fd                 jno    0x2",
      "   5:  ff                    (bad)",
      "   6:  e9 ef fe ff ff        jmp    0xfffffffffffffefa",
      "   b:  4d 89 f1              mov    %r14,%r9",
      "   e:  41 b8 01 00 00 00     mov    $0x1,%r8d",
      "  14:  48 89 d9              mov    %rbx,%rcx",
      "  17:  48 89 da              mov    %rbx,%rdx",
      "  1a:  4c 89 e6              mov    %r12,%rsi",
      "  1d:  4c 89 ef              mov    %r13,%rdi",
      "  20:  e8 6f fa ff ff        call   0xfffffffffffffa94",
      "  25:  e9 d0 fe ff ff        jmp    0xfffffffffffffefa",
      "  2a:* 0f 0b                 ud2",
      "  2c:  48 8b 05 d1 51 77 01  mov    0x17751d1(%rip),%rax        # 0x1775204",
      "  33:  e9 ff fd ff ff        jmp    0xfffffffffffffe37",
      "  38:  66                    data16",
      "  39:  66                    data16",
      "  3a:  2e                    cs",
      "  3b:  0f                    .byte 0xf",
      "  3c:  1f                    (bad)",
      "  3d:  84 00                 test   %al,(%rax)",
      "  3f:  00                    .byte 0x0",
    ]);
    expect(shown(fromTrap)).toEqual([
      "   0:* 0f 0b                 ud2",
      "   2:  48 8b 05 d1 51 77 01  mov    0x17751d1(%rip),%rax        # 0x17751da",
      "   9:  e9 ff fd ff ff        jmp    0xfffffffffffffe0d",
      "   e:  66                    data16",
      "   f:  66                    data16",
      "  10:  2e                    cs",
      "  11:  0f                    .byte 0xf",
      "  12:  1f                    (bad)",
      "  13:  84 00                 test   %al,(%rax)",
      "  15:  00                    .byte 0x0",
    ]);
  });

  test("user-space code", async () => {
    const { list, fromTrap } = await listCode(...codeLine(user), "x86_64");
    expect(shown(list)).toEqual([
      "   0:  23 4c 89 44           and    0x44(%rcx,%rcx,4),%ecx",
      "   4:  24 38                 and    $0x38,%al",
      "   6:  e8 8d 46 ff ff        call   0xffffffffffff4698",
      "   b:  48 85 f6              test   %rsi,%rsi",
      "   e:  0f 84 a0 00 00 00     je     0xb4",
      "  14:  48 8b 94 24 88 00 00 00 mov    0x88(%rsp),%rdx",
      "  1c:  49 89 f1              mov    %rsi,%r9",
      "  1f:  48 8b 74 24 48        mov    0x48(%rsp),%rsi",
      "  24:  4d 89 c8              mov    %r9,%r8",
      "  27:  4d 8b 09              mov    (%r9),%r9",
      "  2a:* 49 29 d0              sub    %rdx,%r8",
      "  2d:  4d 85 c9              test   %r9,%r9",
      "  30:  74 b0                 je     0xffffffffffffffe2",
      "  32:  4d 89 ca              mov    %r9,%r10",
      "  35:  49 29 d1              sub    %rdx,%r9",
      "  38:  4c 39 ce              cmp    %r9,%rsi",
      "  3b:  77 a5                 ja     0xffffffffffffffe2",
      "  3d:  4c                    rex.WR",
      "  3e:  89                    .byte 0x89",
      "  3f:  44                    rex.R",
    ]);
    expect(shown(fromTrap)).toEqual([
      "   0:* 49 29 d0              sub    %rdx,%r8",
      "   3:  4d 85 c9              test   %r9,%r9",
      "   6:  74 b0                 je     0xffffffffffffffb8",
      "   8:  4d 89 ca              mov    %r9,%r10",
      "   b:  49 29 d1              sub    %rdx,%r9",
      "   e:  4c 39 ce              cmp    %r9,%rsi",
      "  11:  77 a5                 ja     0xffffffffffffffb8",
      "  13:  4c                    rex.WR",
      "  14:  89                    .byte 0x89",
      "  15:  44                    rex.R",
    ]);
  });
});

describe("the marked byte", () => {
  test("within a row of the first listing marks that row; the second listing starts with it", async () => {
    const { list, fromTrap } = await listCode(Uint8Array.of(0xb8, 0x90, 0x0f, 0x0b, 0x90, 0xc3), 2, "x86_64");
    expect(shown(list)).toEqual(["   0:* b8 90 0f 0b 90        mov    $0x900b0f90,%eax", "   5:  c3                    ret"]);
    expect(shown(fromTrap)).toEqual(["   0:* 0f 0b                 ud2", "   2:  90                    nop", "   3:  c3                    ret"]);
  });

  test("none: one listing", async () => {
    expect(await listCode(Uint8Array.of(0xc3), null, "x86_64")).toEqual({ list: [{ address: "0x0", bytes: "c3", text: "ret", trap: false }], fromTrap: [] });
  });

  test("outside of the bytes is refused", async () => {
    await expect(listCode(Uint8Array.of(0xc3), 1, "x86_64")).rejects.toMatchObject({ code: "bad-argument", facts: { trap: 1, size: 1 } });
  });
});
