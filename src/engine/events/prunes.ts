import { EngineError } from "#core";
import type { EventType } from "#spec";
import type { EventBus } from "./bus.ts";

/** Clean-ups that users ask for: one at a time of each kind of object, each told by an event. */
export interface Prunes {
  /** @throws EngineError `conflict` while another of this kind runs */
  run<T extends { readonly spaceReclaimed: number }>(type: EventType, prune: () => Promise<T>): Promise<T>;
}

export function createPrunes(events: EventBus): Prunes {
  const running = new Set<EventType>();
  return {
    async run(type, prune) {
      if (running.has(type)) throw new EngineError("conflict", "a prune operation is already running");
      running.add(type);
      try {
        const report = await prune();
        events.emit({ type, action: "prune", id: "", attributes: { reclaimed: String(report.spaceReclaimed) } });
        return report;
      } finally {
        running.delete(type);
      }
    },
  };
}
