import { afterAll, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { maxTimerMs, silentLogger, systemClock, type Clock } from "#core";
import type { EventMessage } from "#spec";
import { removeTestTree } from "../../../test/support/remove.ts";
import { tag } from "../../../test/support/tag.ts";
import type { Filters } from "../contract.ts";
import { createEventBus, type EventBus, type EventInput } from "./bus.ts";
import { openEventLog } from "./log.ts";

const noFilters: Filters = new Map();
const start: EventInput = { type: "container", action: "start", id: "c1", attributes: { name: "web", tier: "a=b" } };
const root = mkdtempSync(`/tmp/${tag}events-`);
const logs = new DisposableStack();
afterAll(() => {
  logs.dispose();
  removeTestTree(root);
});

function openBus(clock: Clock = systemClock, directory = mkdtempSync(`${root}/`)): EventBus {
  return createEventBus(clock, logs.use(openEventLog({ directory, logger: silentLogger })));
}

async function collect(events: AsyncIterable<EventMessage>): Promise<string[]> {
  const actions: string[] = [];
  for await (const { Action } of events) actions.push(Action);
  return actions;
}
test("a time further away than timers reach is no reason to end", async () => {
  const bus = openBus();
  const until = systemClock.nowNs() + BigInt(maxTimerMs) * 2_000_000n;
  const end = new AbortController();
  const heard = collect(bus.subscribe({ until, filters: noFilters }, end.signal));
  await new Promise((resolve) => setTimeout(resolve, 2));
  expect(bus.listenerCount).toBe(1);
  bus.emit(start);
  end.abort();
  expect(await heard).toEqual(["start"]);
});

test("nothing is left of a subscription that ended", async () => {
  const bus = openBus();
  const end = new AbortController();
  const heard = collect(bus.subscribe({ filters: noFilters }, end.signal));
  end.abort();
  bus.emit(start);
  expect(await heard).toEqual([]);
  expect(bus.listenerCount).toBe(0);
});

test("what was is replayed since a time and until one", async () => {
  let ns = 10_000n;
  const bus = openBus({ nowMs: () => 0, nowNs: () => ns });
  for (const action of ["create", "start", "die"]) {
    bus.emit({ ...start, action });
    ns += 10_000n;
  }
  expect(
    await collect(bus.subscribe({ since: 20_000n, until: 25_000n, filters: noFilters }, new AbortController().signal)),
  ).toEqual(["start"]);
});

test.each([
  ["container", "web", 1],
  ["container", "c", 1],
  ["container", "other", 0],
  ["label", "tier=a=b", 1],
  ["label", "constructor", 0],
  ["event", "stop", 0],
  ["type", "image", 0],
])("filter %s=%s: %d", async (key, value, count) => {
  let ns = 10_000n;
  const bus = openBus({ nowMs: () => 0, nowNs: () => ns });
  bus.emit(start);
  ns = 20_000n;
  const options = { since: 1n, until: 15_000n, filters: new Map([[key, [value]]]) };
  expect(await collect(bus.subscribe(options, new AbortController().signal))).toHaveLength(count);
});

test("a listener that does not read is let go at last; others are not", async () => {
  const bus = openBus();
  const { signal } = new AbortController();
  const idle = bus.subscribe({ filters: noFilters }, signal);
  for (let count = 0; count <= 16 * 1024; count++) bus.emit(start);
  const end = new AbortController();
  const other = collect(bus.subscribe({ filters: noFilters }, end.signal));
  bus.emit(start);
  end.abort();
  expect(await other).toEqual(["start"]);
  const failure = await collect(idle).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "exhausted" });
});
