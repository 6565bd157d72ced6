/**
 * A queue that is read with `for await`; `end` lets the reader drain and finish, `fail` makes it throw. It bounds nothing by
 * itself: a writer that can wait awaits {@link AsyncQueue.room}, one that cannot looks at `length`.
 */
export class AsyncQueue<T> implements AsyncIterable<T>, Disposable {
  #items: T[] = [];
  #wake: (() => void) | undefined;
  readonly #writers: (() => void)[] = [];
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  /** Items that nobody has taken yet. */
  get length(): number {
    return this.#items.length;
  }

  /** Undefined while fewer than `limit` items wait; otherwise settles when they are taken, or nobody will take them. */
  room(limit: number): Promise<void> | undefined {
    if (this.#ended || this.#items.length < limit) return undefined;
    return new Promise((resolve) => this.#writers.push(resolve));
  }

  push(item: T): void {
    if (this.#ended) return;
    this.#items.push(item);
    this.#signal();
  }

  end(): void {
    this.#ended = true;
    this.#signal();
    this.#makeRoom();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.end();
  }

  [Symbol.dispose](): void {
    this.#items = [];
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      while (this.#items.length > 0) {
        const batch = this.#items.splice(0);
        this.#makeRoom();
        yield* batch;
      }
      if (this.#failure) throw asError(this.#failure.error);
      if (this.#ended) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #makeRoom(): void {
    for (const resolve of this.#writers.splice(0)) resolve();
  }

  #signal(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
