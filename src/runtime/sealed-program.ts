import { statSync, type Stats } from "node:fs";
import { messageOf, type Logger } from "#core";
import { sealedCopy } from "#linux";

interface Sealed {
  readonly path: string;
  readonly source: Stats;
}

/**
 * An OCI runtime as a sealed copy in memory. crun and runc replace themselves by such a copy at each start, so that no container
 * can overwrite the program through /proc/<pid>/exe (CVE-2019-5736); run from one already, they need not: 1.3 ms saved per
 * start of crun. Made again when the file has changed; where the host forbids it the program itself is run.
 */
export class SealedProgram implements Disposable {
  readonly #file: string;
  readonly #name: string;
  readonly #logger: Logger;
  /** Older copies stay: a monitor may be about to run one. */
  readonly #copies = new DisposableStack();
  #sealed: Sealed | undefined;
  #refused = false;

  constructor(file: string, name: string, logger: Logger) {
    this.#file = file;
    this.#name = name;
    this.#logger = logger;
  }

  /** To be executed while this process lives. */
  path(): string {
    return (this.#refused ? undefined : this.#current()?.path) ?? this.#file;
  }

  [Symbol.dispose](): void {
    this.#copies.dispose();
  }

  #current(): Sealed | undefined {
    const source = statSync(this.#file, { throwIfNoEntry: false });
    if (source === undefined) return undefined;
    if (this.#sealed && isSame(this.#sealed.source, source)) return this.#sealed;
    try {
      const { fd } = this.#copies.use(sealedCopy(this.#file, this.#name));
      this.#sealed = { path: `/proc/${process.pid}/fd/${fd}`, source };
    } catch (error) {
      this.#refused = true;
      this.#logger.log("warn", "an OCI runtime cannot be kept in memory: each start of it copies it", {
        runtime: this.#name,
        error: messageOf(error),
      });
    }
    return this.#sealed;
  }
}

function isSame(one: Stats, other: Stats): boolean {
  return one.ino === other.ino && one.mtimeMs === other.mtimeMs && one.size === other.size;
}
