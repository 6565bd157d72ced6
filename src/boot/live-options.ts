import type { LogLevel } from "#core";
import { readReloadableOptions, type DaemonOptions } from "./daemon-options.ts";

/**
 * The options that SIGHUP changes while the daemon runs, as dockerd does: of those that it reloads, the ones that exist here and
 * that nothing running was made with. A key that daemon.json does not have, or no longer has, leaves its option as it is.
 */
export class LiveOptions {
  readonly #argv: readonly string[];
  readonly #quietLevel: LogLevel;
  #debug: boolean;
  #labels: readonly string[];

  constructor(argv: readonly string[], { debug, labels, logLevel }: DaemonOptions) {
    this.#argv = argv;
    this.#quietLevel = debug ? "info" : logLevel;
    this.#debug = debug;
    this.#labels = labels;
  }

  get debug(): boolean {
    return this.#debug;
  }

  get labels(): readonly string[] {
    return this.#labels;
  }

  get logLevel(): LogLevel {
    return this.#debug ? "debug" : this.#quietLevel;
  }

  /** Reads daemon.json again. @throws EngineError as a start would; nothing is changed then */
  reload(): void {
    const { debug = this.#debug, labels = this.#labels } = readReloadableOptions(this.#argv);
    this.#debug = debug;
    this.#labels = labels;
  }

  /** Of the event `reload`, beside the host's name. */
  get attributes(): Readonly<Record<string, string>> {
    return { debug: String(this.#debug), labels: JSON.stringify(this.#labels), "live-restore": "true" };
  }
}
