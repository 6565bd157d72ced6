import { afterAll, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createLogger, silentLogger, systemClock } from "#core";
import { removeTestTree } from "../../../test/support/remove.ts";
import { tag } from "../../../test/support/tag.ts";
import { createEventBus } from "./bus.ts";
import { openEventLog, type EventLog } from "./log.ts";
import { stampEvent } from "./message.ts";

const root = mkdtempSync(`/tmp/${tag}event-log-`);
afterAll(() => removeTestTree(root));

const baseNs = systemClock.nowNs() / 1000n;

function eventAt(at: number): ReturnType<typeof stampEvent> {
  const input = { type: "container", action: `a${at}`, id: "c1", attributes: { name: "web" } } as const;
  return stampEvent(input, (baseNs + BigInt(at)) * 1000n);
}

async function actions(log: EventLog, since = 0n): Promise<string[]> {
  const found: string[] = [];
  for await (const { message } of log.read(since)) found.push(message.Action);
  return found;
}

test("what was appended is there after a reopen, from its time on, and the log goes on behind it", async () => {
  const directory = mkdtempSync(`${root}/`);
  {
    using log = openEventLog({ directory, logger: silentLogger });
    for (const at of [1, 2, 3]) log.append(eventAt(at));
  }
  using log = openEventLog({ directory, logger: silentLogger });
  expect(log.lastNs).toBe(eventAt(3).ns);
  log.append(eventAt(4));
  expect(await actions(log)).toEqual(["a1", "a2", "a3", "a4"]);
  expect(await actions(log, eventAt(3).ns)).toEqual(["a3", "a4"]);
  expect(await actions(log, eventAt(3_600_000_000).ns)).toEqual([]);
});

test("no daemon has to end well: each event is on disk when it was appended", () => {
  const directory = mkdtempSync(`${root}/`);
  using log = openEventLog({ directory, logger: silentLogger });
  log.append(eventAt(1));
  expect(readFileSync(join(directory, "1.jsonl"), "utf8")).toBe(`${JSON.stringify(eventAt(1).message)}\n`);
});

test.each([
  ['{"Type":"contai', ["a1", "a2"]],
  ["\0\0\0\n", ["a1", "a2"]],
  ["null\n", ["a1", "a2"]],
])("a damaged end %j costs nothing else", async (torn, expected) => {
  const directory = mkdtempSync(`${root}/`);
  {
    using log = openEventLog({ directory, logger: silentLogger });
    log.append(eventAt(1));
  }
  appendFileSync(join(directory, "1.jsonl"), torn);
  using log = openEventLog({ directory, logger: silentLogger });
  log.append(eventAt(2));
  expect(await actions(log)).toEqual(expected);
});

test("old segments make room: the log is bounded, and what is left has no gap", async () => {
  const directory = mkdtempSync(`${root}/`);
  const options = { directory, logger: silentLogger, segmentBytes: 2000, segments: 3 };
  using log = openEventLog(options);
  for (let at = 1; at <= 100; at++) log.append(eventAt(at));
  const bytes = readdirSync(directory).map((name) => statSync(join(directory, name)).size);
  expect(bytes).toHaveLength(3);
  expect(Math.max(...bytes)).toBeLessThan(2400);
  const left = await actions(log);
  expect(left.length).toBeGreaterThan(10);
  expect(left).toEqual(Array.from({ length: left.length }, (_, index) => `a${101 - left.length + index}`));
  using again = openEventLog(options);
  expect(await actions(again)).toEqual(left);
});

test("a reader sees what was there when it asked, also when that makes room meanwhile", async () => {
  const directory = mkdtempSync(`${root}/`);
  using log = openEventLog({ directory, logger: silentLogger, segmentBytes: 1000, segments: 2 });
  log.append(eventAt(1));
  const reading = log.read(0n);
  for (let at = 2; at <= 50; at++) log.append(eventAt(at));
  const seen: string[] = [];
  for await (const { message } of reading) seen.push(message.Action);
  expect(seen.every((action) => action === "a1")).toBe(true);
});

test("a log that cannot be written is said once and ends nothing", async () => {
  const lines: string[] = [];
  const logger = createLogger("warn", (line) => lines.push(line));
  const log = openEventLog({ directory: mkdtempSync(`${root}/`), logger });
  log.append(eventAt(1));
  log[Symbol.dispose]();
  log.append(eventAt(2));
  log.append(eventAt(3));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("events cannot be kept");
  expect(await actions(log)).toEqual(["a1"]);
});

test("stored and live events come once each and in order, however they meet", async () => {
  using log = openEventLog({
    directory: mkdtempSync(`${root}/`),
    logger: silentLogger,
    segmentBytes: 3000,
    segments: 50,
  });
  const bus = createEventBus(systemClock, log);
  const emit = (at: number): void => bus.emit({ type: "volume", action: `a${at}`, id: "v", attributes: {} });
  for (let at = 0; at < 200; at++) emit(at);
  const end = new AbortController();
  const seen: string[] = [];
  const times: number[] = [];
  let next = 200;
  for await (const { Action, timeNano } of bus.subscribe({ since: 1n, filters: new Map() }, end.signal)) {
    seen.push(Action);
    times.push(timeNano);
    if (next < 400) emit(next++);
    if (seen.length === 400) end.abort();
  }
  expect(seen).toEqual(Array.from({ length: 400 }, (_, at) => `a${at}`));
  expect(times.every((time, at) => at === 0 || time > (times[at - 1] ?? 0))).toBe(true);
});

test("a time on the wire is exact: who goes on from it misses nothing and sees nothing twice", async () => {
  using log = openEventLog({ directory: mkdtempSync(`${root}/`), logger: silentLogger });
  const bus = createEventBus(systemClock, log);
  for (let at = 0; at < 20; at++) bus.emit({ type: "volume", action: `a${at}`, id: "v", attributes: {} });
  const all: bigint[] = [];
  for await (const { ns, message } of log.read(0n)) {
    expect(JSON.stringify(message)).toContain(`"timeNano":${ns}`);
    all.push(ns);
  }
  expect(await actions(log, (all[9] ?? 0n) + 1n)).toEqual(Array.from({ length: 10 }, (_, at) => `a${at + 10}`));
});
