import { OopscopeError } from "../base/index.ts";

/** An address of the library's own, which is used as long as what it belongs to is open. The only way to it is `use`. */
export class Handle {
  readonly #what: string;
  readonly #owner: Handle | null;
  #address: bigint | null;

  /** `what` names it in errors: `program on_unlink`. `owner`: what it ends with. */
  constructor(what: string, address: bigint, owner: Handle | null = null) {
    this.#what = what;
    this.#address = address;
    this.#owner = owner;
  }

  get open(): boolean {
    return this.#address !== null && (this.#owner?.open ?? true);
  }

  /** The address. Throws `closed`. */
  use(): bigint {
    if (this.#owner !== null) this.#owner.use();
    if (this.#address === null) throw closed(this.#what);
    return this.#address;
  }

  /** The address, for the last time; null if it is closed already. */
  end(): bigint | null {
    const address = this.#address;
    this.#address = null;
    return address;
  }
}

export function closed(what: string): OopscopeError {
  return new OopscopeError("closed", `${what} is used after it was closed`, { handle: what });
}
