import { closeSync } from "node:fs";
import { EngineError } from "#core";

/** An open file descriptor with an owner; closed once, however often it is disposed. */
export class FileDescriptor implements Disposable {
  readonly #fd: number;
  #open = true;
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** @throws EngineError after disposal: the number may already mean another file */
  get fd(): number {
    if (!this.#open) throw new EngineError("internal", `file descriptor ${this.#fd} is closed`);
    return this.#fd;
  }

  get closed(): boolean {
    return !this.#open;
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#fd);
  }
}
