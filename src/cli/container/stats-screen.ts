import { followStats, listContainers, streamEvents, type ApiClient } from "#client";
import type { StatsResponse } from "#spec";
import type { StatsRow } from "./stats-columns.ts";

/** Containers on the screen, and what came of each last. */
export class StatsScreen {
  readonly #client: ApiClient;
  readonly #rows = new Map<string, StatsRow>();
  /** Streams of containers, each stopped by its own row's end. */
  readonly #streams = new Map<string, AsyncGenerator<StatsResponse, void, undefined>>();

  constructor(client: ApiClient) {
    this.#client = client;
  }

  get rows(): readonly StatsRow[] {
    return [...this.#rows.values()];
  }

  /** Follows the containers that were named until all are gone. @throws ApiError for one that is not there */
  async followNamed(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.#follow(name)));
  }

  /** Follows what runs (or all there is), and what comes; never ends by itself. @param listed called once all are on the screen */
  async followAll(all: boolean, listed: () => void): Promise<void> {
    const events = streamEvents(this.#client, { filters: { type: ["container"] } });
    // Asked for before the list is: nothing comes between them unseen.
    const first = events.next();
    for (const { Id } of await listContainers(this.#client, { all, limit: 0, size: false, filters: {} })) this.#add(Id);
    listed();
    for (let next = await first; !next.done; next = await events.next()) {
      const { Action, Actor } = next.value.event;
      if (Action === "start" || (all && Action === "create")) this.#add(Actor.ID);
      else if (Action === "destroy" || (!all && Action === "die")) this.#remove(Actor.ID);
    }
  }

  #add(id: string): void {
    const container = id.slice(0, 12);
    if (this.#rows.has(container)) return;
    // It may be gone by now; a daemon that is gone is told by the stream of events.
    this.#follow(container).catch(() => this.#rows.delete(container));
  }

  #remove(id: string): void {
    const container = id.slice(0, 12);
    this.#rows.delete(container);
    void this.#streams.get(container)?.return();
    this.#streams.delete(container);
  }

  async #follow(container: string): Promise<void> {
    this.#rows.set(container, { container, stats: undefined, names: { id: "", name: "" } });
    const stream = followStats(this.#client, container);
    this.#streams.set(container, stream);
    for await (const stats of stream) {
      if (!this.#rows.has(container)) return;
      this.#rows.set(container, { container, stats, names: stats });
    }
    const last = this.#rows.get(container);
    if (last) this.#rows.set(container, { ...last, stats: undefined });
  }

  /** Whether something has come of each container on the screen. */
  heard(): boolean {
    return this.rows.every(({ stats }) => stats !== undefined);
  }
}
