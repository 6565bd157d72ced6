import { afterAll, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { logRemoved, logRotated, readLog, readOutput, type LogReadOptions } from "#runtime";
import { compressFinished, detachCurrent, isDetached, prune } from "./rotate.ts";

const directory = mkdtempSync("/tmp/lighter-rotate-");
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let logs = 0;

function freshLog(): string {
  const path = `${mkdtempSync(`${directory}/${++logs}-`)}/container.log`;
  writeFileSync(path, "");
  return path;
}
const second = (at: number): string => new Date(Date.parse("2026-11-21T04:00:00Z") + at * 1000).toISOString();
const entry = (at: number): string => `${second(at).slice(0, 19)}.000000001Z stdout F line ${at}\n`;
const ns = (at: number): bigint => BigInt(Date.parse(second(at))) * 1_000_000n;

/** What the monitor does when it is told. */
function rotate(path: string): void {
  detachCurrent(path);
  writeFileSync(path, "");
  logRotated(path);
}

/** Lines 0 to `count`, in segments of `each`. */
function filled(count: number, each: number): string {
  const path = freshLog();
  for (let at = 0; at < count; at++) {
    if (at > 0 && at % each === 0) rotate(path);
    appendFileSync(path, entry(at));
  }
  return path;
}

async function lines(path: string, options: LogReadOptions = {}): Promise<number[]> {
  const found: number[] = [];
  for await (const { data } of readLog(path, options, new AbortController().signal)) {
    found.push(Number(Buffer.from(data).toString().slice(5)));
  }
  return found;
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);

test.each(["plain", "compressed"] as const)("%s segments are read as one log", async (kind) => {
  const path = filled(25, 10);
  if (kind === "compressed") await compressFinished(path);
  expect(readdirSync(dirname(path)).toSorted()).toEqual([
    "container.log",
    ...(kind === "plain" ? ["container.log.1", "container.log.2"] : ["container.log.1.zst", "container.log.2.zst"]),
  ]);
  expect(await lines(path)).toEqual(range(0, 25));
  expect(await lines(path, { sinceNs: ns(12), untilNs: ns(21) })).toEqual(range(12, 21));
  for (const tail of [0, 1, 5, 6, 15, 16, 25, 40])
    expect(await lines(path, { tail })).toEqual(range(Math.max(0, 25 - tail), 25));
  expect(await lines(path, { from: { segment: 2, offset: entry(10).length } })).toEqual(range(11, 25));
});

test("since leaves out whole segments that are older", async () => {
  const path = filled(25, 10);
  const old = Date.parse(second(9)) / 1000;
  // Were it read, this would be a line of that time.
  truncateSync(`${path}.1`, 0);
  appendFileSync(`${path}.1`, entry(13));
  utimesSync(`${path}.1`, old, old);
  expect(await lines(path, { sinceNs: ns(12) })).toEqual(range(12, 25));
});

test("a reader that follows loses and doubles nothing while segments come and go", async () => {
  const path = freshLog();
  const ended = Promise.withResolvers<void>();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { data } of readOutput(
      path,
      { follow: { ended: ended.promise }, pin: "firm" },
      new AbortController().signal,
    ))
      seen.push(Buffer.from(data).toString());
  })();
  for (let at = 0; at < 400; at++) {
    if (at % 7 === 3) {
      detachCurrent(path);
      // The monitor has not heard yet.
      appendFileSync(`${path}.${Math.floor(at / 7) + 1}`, entry(at));
      if (at % 2 === 0) await Bun.sleep(0);
      writeFileSync(path, "");
      logRotated(path);
      prune(path, { maxBytes: 1, maxFiles: 2, compress: false });
    } else appendFileSync(path, entry(at));
    if (at % 5 === 0) await Bun.sleep(0);
  }
  ended.resolve();
  await reading;
  expect(seen.join("")).toBe(
    range(0, 400)
      .map((at) => `line ${at}\n`)
      .join(""),
  );
  prune(path, { maxBytes: 1, maxFiles: 2, compress: false });
  expect(readdirSync(dirname(path))).toHaveLength(2);
});

test.each(["plain", "compressed"] as const)(
  "who reads a log of %s segments goes on to its end when its files are removed",
  async (kind) => {
    const path = filled(25, 5);
    if (kind === "compressed") await compressFinished(path);
    const ended = Promise.withResolvers<void>();
    const seen: string[] = [];
    for await (const { data } of readLog(path, { follow: { ended: ended.promise } }, new AbortController().signal)) {
      if (seen.push(Buffer.from(data).toString()) !== 3) continue;
      ended.resolve();
      logRemoved(path);
      rmSync(dirname(path), { recursive: true });
    }
    expect(seen).toEqual(range(0, 25).map((at) => `line ${at}\n`));
  },
);

test("a rotation that is under way shows, and its log is whole", async () => {
  const path = filled(10, 5);
  expect(isDetached(path)).toBe(false);
  detachCurrent(path);
  expect(isDetached(path)).toBe(true);
  expect(await lines(path)).toEqual(range(0, 10));
});

test("what is beyond the bounds goes, oldest first, the last finished one never", async () => {
  const path = filled(50, 10);
  prune(path, { maxBytes: 1e6, maxFiles: 3, compress: false });
  expect(await lines(path)).toEqual(range(20, 50));
  const { size } = statSync(path);
  prune(path, { maxBytes: size / 2, maxFiles: 3, compress: false });
  expect(await lines(path)).toEqual(range(30, 50));
});
