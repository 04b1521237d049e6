/** Steps that a piece of work may take: what reads hostile files spends them as it goes. One that is used up throws what `exhausted` gives. */
export class Budget {
  readonly #exhausted: () => Error;
  #left: number;

  constructor(steps: number, exhausted: () => Error) {
    this.#left = steps;
    this.#exhausted = exhausted;
  }

  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw this.#exhausted();
  }
}
