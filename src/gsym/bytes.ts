/** Bytes that grow as they are written. */
export class ByteWriter {
  readonly #little: boolean;
  #bytes: Uint8Array;
  #view: DataView;
  size = 0;

  constructor(little: boolean, room = 1 << 16) {
    this.#little = little;
    this.#bytes = new Uint8Array(room);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What was written. Not a copy. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.size);
  }

  u8(value: number): void {
    this.#need(1);
    this.#bytes[this.size++] = value;
  }

  u32(value: number): void {
    this.#need(4);
    this.#view.setUint32(this.size, value, this.#little);
    this.size += 4;
  }

  /** Sets a number that was written before. */
  fix32(at: number, value: number): void {
    this.#view.setUint32(at, value, this.#little);
  }

  uleb(value: number): void {
    this.#need(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.size++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.size++] = rest;
  }

  sleb(value: number): void {
    this.#need(10);
    let rest = value;
    for (;;) {
      const low = ((rest % 0x80) + 0x80) % 0x80;
      rest = Math.floor(rest / 0x80);
      if ((rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40)) {
        this.#bytes[this.size++] = low;
        return;
      }
      this.#bytes[this.size++] = low | 0x80;
    }
  }

  put(bytes: Uint8Array): void {
    this.#need(bytes.length);
    this.#bytes.set(bytes, this.size);
    this.size += bytes.length;
  }

  align(step: number): void {
    while (this.size % step !== 0) this.u8(0);
  }

  #need(room: number): void {
    if (this.size + room <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.size + room));
    larger.set(this.#bytes.subarray(0, this.size));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
