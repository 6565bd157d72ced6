import { messageOf, type Logger } from "#core";
import { deleteLink, type RouteSocket } from "#linux";

/** The kernel takes a link away soon after its namespace; what is there after this time is held by something. */
const graceMs = 3000;

/**
 * Links whose sandbox was removed. The kernel removes them with the namespace, and nobody waits; but a thread of the engine that
 * was born while the engine was inside (setns(2) is inherited) keeps a namespace alive until it ends, and its link would
 * answer for an address that is free again. One timer, while there are any.
 */
export class StaleLinks implements Disposable {
  readonly #routes: RouteSocket;
  readonly #logger: Logger;
  #names: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(routes: RouteSocket, logger: Logger) {
    this.#routes = routes;
    this.#logger = logger;
  }

  add(name: string): void {
    this.#names.push(name);
    this.#timer ??= setTimeout(() => this.#sweep(), graceMs).unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#names = [];
  }

  #sweep(): void {
    this.#timer = undefined;
    for (const name of this.#names.splice(0)) {
      try {
        if (deleteLink(this.#routes, name)) this.#logger.log("debug", "a link outlived its sandbox", { link: name });
      } catch (error) {
        this.#logger.log("warn", "a link that outlived its sandbox cannot be removed", {
          link: name,
          error: messageOf(error),
        });
      }
    }
  }
}
