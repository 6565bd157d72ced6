import { messageOf, type Logger } from "#core";
import type { Engine, EngineDeps } from "#engine";
import type { LiveOptions } from "./live-options.ts";

/** From the first moment on a SIGHUP reads the configuration again; a daemon it ends, or a wrong file ends, there is none. */
export class Hangup implements Disposable {
  readonly #live: LiveOptions;
  readonly #logger: Logger;
  readonly #listener = (): void => this.#reload();
  #reloaded: () => void = () => undefined;

  constructor(live: LiveOptions, logger: Logger) {
    this.#live = live;
    this.#logger = logger;
    process.on("SIGHUP", this.#listener);
  }

  /** From now on those who listen for events hear of it. */
  async announce(engine: Engine, { events, machine }: Pick<EngineDeps, "events" | "machine">): Promise<void> {
    const id = String((await engine.system.info())["ID"]);
    this.#reloaded = () => {
      const attributes = { ...this.#live.attributes, name: machine.hostname };
      events.emit({ type: "daemon", action: "reload", id, attributes });
    };
  }

  #reload(): void {
    try {
      this.#live.reload();
    } catch (error) {
      this.#logger.log("error", "the configuration is left as it is", { error: messageOf(error) });
      return;
    }
    this.#logger.log("info", "Reloaded configuration", this.#live.attributes);
    this.#reloaded();
  }

  [Symbol.dispose](): void {
    process.off("SIGHUP", this.#listener);
  }
}
