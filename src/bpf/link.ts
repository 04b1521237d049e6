import { closeSync, readSync } from "node:fs";
import { OopscopeError } from "../base/index.ts";
import { fixedBytes } from "./bytes.ts";
import { systemFailure } from "./failure.ts";
import { Handle, closed } from "./handle.ts";
import { linkInfo, type LinkInfo } from "./info.ts";
import { loadNative, type Native } from "./native.ts";

/** An attachment that libbpf has no handle for: how it is undone, and its descriptor if it is a link of the kernel's. */
export type Undo = { readonly detach: () => void; readonly descriptor?: number };

/**
 * A program that is attached. It stays so until `close`, `detach`, or the end of this process, whatever ends it; pinned, until it is unpinned. Used after `close`,
 * it throws `closed`.
 */
export class BpfLink {
  /** What is attached where, for people: `kprobe do_unlinkat`. */
  readonly what: string;
  readonly #native: Native;
  readonly #handle: Handle | null;
  readonly #undo: Undo | null;
  readonly #onClose: () => void;
  #closed = false;

  /** @internal */
  constructor(native: Native, what: string, attached: bigint | Undo, onClose: () => void = () => {}) {
    this.what = what;
    this.#native = native;
    this.#handle = typeof attached === "bigint" ? new Handle(`the link ${what}`, attached) : null;
    this.#undo = typeof attached === "bigint" ? null : attached;
    this.#onClose = onClose;
  }

  /** A link that was pinned at a path of bpffs. */
  static async openPinned(path: string): Promise<BpfLink> {
    const native = await loadNative();
    const { result, said } = native.heard(() => native.libbpf.bpf_link__open(path));
    if (result === null) throw systemFailure(`open the pinned link \`${path}\``, native.errno(), said, { file: path });
    return new BpfLink(native, path, result);
  }

  get closed(): boolean {
    return this.#closed;
  }

  #use(): bigint {
    if (this.#handle === null) throw new OopscopeError("unsupported", `${this.what} is no link of the kernel's: it can be detached, nothing else`, { link: this.what });
    return this.#handle.use();
  }

  /** Its descriptor, which stays the link's own. */
  get descriptor(): number {
    if (this.#undo?.descriptor !== undefined) {
      if (this.#closed) throw closed(`the link ${this.what}`);
      return this.#undo.descriptor;
    }
    return this.#native.libbpf.bpf_link__fd(this.#use());
  }

  /** What the kernel says of it. Throws `missing-feature` where the attachment is a perf event of a kernel without links for those (before 5.15). */
  info(): LinkInfo {
    return linkInfo(this.#native, this.descriptor);
  }

  /** Keeps it attached beyond this process, under a path of bpffs. */
  pin(path: string): void {
    this.#call("pin", path, (link) => this.#native.libbpf.bpf_link__pin(link, path));
  }

  unpin(): void {
    this.#call("unpin", "", (link) => this.#native.libbpf.bpf_link__unpin(link));
  }

  #call(verb: string, path: string, call: (link: bigint) => number): void {
    const link = this.#use();
    const { result, said } = this.#native.heard(() => call(link));
    if (result < 0) throw systemFailure(`${verb} the link ${this.what}${path === "" ? "" : ` at \`${path}\``}`, result, said, path === "" ? {} : { file: path });
  }

  /** Detaches it now, even where others hold it (5.9 and newer: cgroup, netns, XDP and such; others say EOPNOTSUPP and end with `close`). */
  detach(): void {
    if (this.#undo !== null) this.close();
    else this.#call("detach", "", (link) => this.#native.libbpf.bpf_link__detach(link));
  }

  /** All that an iterator's program writes, as bytes: one run of it. `limit` is in bytes. */
  read(limit = 1 << 24): Uint8Array {
    const { result, said } = this.#native.heard(() => this.#native.libbpf.bpf_iter_create(this.descriptor));
    if (result < 0) throw systemFailure(`start the iterator ${this.what}`, result, said);
    const parts: Uint8Array[] = [];
    let size = 0;
    try {
      for (;;) {
        const part = fixedBytes(1 << 16);
        const got = readSync(result, part);
        if (got === 0) return Buffer.concat(parts);
        size += got;
        if (size > limit) throw new OopscopeError("over-budget", `the iterator ${this.what} wrote more than ${limit} bytes`, { limit });
        parts.push(part.subarray(0, got));
      }
    } finally {
      closeSync(result);
    }
  }

  /** Detaches it, unless it is pinned. A second time it does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const address = this.#handle?.end() ?? null;
    if (address !== null) this.#native.heard(() => this.#native.libbpf.bpf_link__destroy(address));
    this.#undo?.detach();
    this.#onClose();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
