import type { FileHandle } from "node:fs/promises";

const blockBytes = 1 << 20;
/** A flush to the disk starts after this much, so that the last one has little to do. */
const syncEveryBytes = 64 << 20;

/**
 * Appends to a file in blocks of 1 MiB: one block fills while the one before is being written, and the disk is asked
 * to take the data early, without waiting for it.
 */
export class BlockWriter {
  readonly #file: FileHandle;
  #filling = Buffer.alloc(0);
  #spare = Buffer.alloc(0);
  #filled = 0;
  #position: number;
  #unsynced = 0;
  #writing: Promise<void> = Promise.resolve();
  #syncing: Promise<void> | undefined;

  constructor(file: FileHandle, position: number) {
    this.#file = file;
    this.#position = position;
  }

  /** The chunk is the caller's again when the promise settles. */
  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      if (this.#filling.length === 0) this.#filling = Buffer.allocUnsafeSlow(blockBytes);
      const part = chunk.subarray(at, at + blockBytes - this.#filled);
      this.#filling.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === blockBytes) await this.#turn();
    }
  }

  /** Everything written is in the file. */
  async drain(): Promise<void> {
    if (this.#filled > 0) await this.#turn();
    await this.#writing;
  }

  /** Everything written is on the disk. */
  async sync(): Promise<void> {
    await this.drain();
    await this.#syncing;
    await this.#file.sync();
  }

  /** Waits for what runs, whatever comes of it; the file can be closed then. */
  async settle(): Promise<void> {
    await Promise.allSettled([this.#writing, this.#syncing]);
  }

  async #turn(): Promise<void> {
    await this.#writing;
    const block = this.#filling.subarray(0, this.#filled);
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
    this.#filled = 0;
    this.#writing = this.#append(block);
    this.#writing.catch(() => undefined); // the next turn or drain reports it
  }

  async #append(block: Buffer): Promise<void> {
    for (let at = 0; at < block.length;) {
      const { bytesWritten } = await this.#file.write(block, at, block.length - at, this.#position);
      at += bytesWritten;
      this.#position += bytesWritten;
    }
    this.#unsynced += block.length;
    if (this.#unsynced >= syncEveryBytes && this.#syncing === undefined) this.#startSync();
  }

  #startSync(): void {
    this.#unsynced = 0;
    const syncing = this.#file.datasync();
    this.#syncing = syncing;
    syncing.then(
      () => (this.#syncing = undefined),
      () => undefined, // stays as #syncing, so that sync() reports it
    );
  }
}
