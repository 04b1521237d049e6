import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compressionOf, elfFromBytes, unfoldFile } from "../../src/elf/index.ts";
import { ByteWriter } from "../support/bytewriter.ts";
import { compressed, writeElf } from "../support/elfwriter.ts";

const limit = 1 << 26;

/** 2 GB of zeros in 2 MB: the same member again and again. */
function gzipBomb(): Uint8Array {
  const member = gzipSync(Buffer.alloc(1 << 25));
  return Buffer.concat(Array.from({ length: 64 }, () => member));
}

/** 2.6 GB in 80 kB: a frame of RLE blocks of 128 KB each (RFC 8878, 3.1.1.2). */
function zstdBomb(blocks = 20_000): Uint8Array {
  const frame = new ByteWriter().u32(0xfd2fb528).u8(0).u8(0x38);
  for (let k = 0; k < blocks; k++) frame.number(((128 << 10) << 3) | (1 << 1) | (k === blocks - 1 ? 1 : 0), 3).u8(0x41);
  return frame.bytes;
}

/** `head -c 134217728 /dev/zero | xz -6 --check=crc32 | gzip -9n | base64` */
const xzBomb = () => gunzipSync(Buffer.from(xzBombText, "base64"));

describe("bombs stop at the limit", () => {
  test.each([
    ["gzip", gzipBomb],
    ["zstd", zstdBomb],
    ["xz", xzBomb],
  ] as const)("%s", async (kind, bomb) => {
    const bytes = bomb();
    expect(compressionOf(bytes)).toBe(kind);
    expect(bytes.length).toBeLessThan(3 << 20);
    const stop = Math.max(limit, bytes.length * 64);
    await expect(elfFromBytes("bomb.ko", bytes)).rejects.toMatchObject({ code: "over-budget", message: `bomb.ko: the ${kind} data unfold to more than ${stop} bytes` });
  });

  test("a section that claims its true 100 MB, and one that claims less than it has", async () => {
    const hundred = new Uint8Array(100 << 20);
    const packed = compressed(hundred);
    const elf = await elfFromBytes("bomb.ko", writeElf({ sections: [{ name: ".debug_info", flags: 0x800, bytes: packed }, { name: ".debug_str", flags: 0x800, bytes: compressed(hundred, { size: 1000n, packed: packed.subarray(24) }) }] }));
    expect(() => elf.bytes(elf.section(".debug_info")!)).toThrow(`bomb.ko: .debug_info: its ${packed.length - 24} bytes claim to unfold to ${100 << 20}, the limit is ${limit}`);
    expect(() => elf.bytes(elf.section(".debug_str")!)).toThrow("bomb.ko: .debug_str: the zlib data unfold to more than 1000 bytes");
  });

  test("what is within the limit is unfolded", async () => {
    expect((await unfoldFile("a", zstdBomb(8), "zstd")).length).toBe(1 << 20);
    expect((await unfoldFile("a", xzBomb(), "xz", 1 << 28)).length).toBe(1 << 27);
    expect((await unfoldFile("a", gzipSync(Buffer.alloc(1 << 20)), "gzip", 1 << 20)).length).toBe(1 << 20);
    await expect(unfoldFile("a", gzipSync(Buffer.alloc((1 << 20) + 1)), "gzip", 1 << 20)).rejects.toMatchObject({ code: "over-budget" });
  });
});

describe("headers that ask for more memory than there is", () => {
  test("a zstd window of terabytes, an xz dictionary of 4 GB", async () => {
    const window = zstdBomb(1);
    window[5] = 0xff;
    await expect(unfoldFile("a", window, "zstd")).rejects.toMatchObject({ name: "OopscopeError", code: "malformed", message: expect.stringMatching(/^a: damaged zstd data: /) as string });
    const dictionary = Uint8Array.from(xzBomb());
    // The dictionary size of LZMA2 is the only property of its filter: behind 21 01.
    const at = Buffer.from(dictionary).indexOf(Buffer.from([0x21, 0x01])) + 2;
    dictionary[at] = 40;
    await expect(unfoldFile("a", dictionary, "xz")).rejects.toMatchObject({ name: "OopscopeError", code: "malformed", message: expect.stringMatching(/^a: damaged xz data: /) as string });
  });
});

const xzBombText = "H4sIAAAAAAACA+3Q60tTcQDG8d+ploWzbURhglp52VJw7Y1Ry9sINcaC7YDu6GIJKhirqU0LET0ayhrFXGmsggxGifcUchE1FikiQ0kisKCVlwmDIaWoZ8xxqj8h8F3P8+p594VP9EyTvowQquakP3sPOUEdJYRY5AEXz0so02VCzFGed7n5otziI/VnK7Sv78tWXZ0x4bWVpPZP8qlz5yn1WMuMzaaRu+K+tL5YvpsioX8w8VMNtqWb3ER3q/Cq12+5WLkUNNDj+xa2LwgHjXHXCoOBD41W98PSoQnNYk2iOaK2ik0qnzXPQOwfL42my7rrknPsqYu1T/tSjCGZr2O+x2lryXCsSxu2j3n3OzXO6MLo5y7RZBrNbTqyFYLnL9fM72s1RcJ5h2Rg+Erim7kxabyB6QxW6/SeYOMQsxIoFxwIT38d3onoMi2zSeXHVeFvdA53qvKgkvVlmL6/Uv6cfJdlHBDlqqtVXYcP8eIHXN0thoud5XtkhaL+nWZ/5PHprBKvvWPjdpu3apfTb4ulq/peXkxlktANui/qGWlWJPS67ymu/z8G/5bWivLGAQYwgAEMYAADGMAABjCAAQxgAAMYwAAGMIABDGAAAxjAAAYwgAEMYAADGMAABjCAAQxgAAMYwAAGMIABDGAAAxjAAAYwgAEMYAADGMAABjCAAQxgAAMYwAAGMIABDGAAAxjAALabYKzSQ2JIqH4rdeMOIdqCKpZQzx5RLMvmkz/75RM8Wdbm7/37KabsN8L8FWHITAAA";
