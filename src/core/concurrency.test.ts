import { expect, test } from "bun:test";
import { AsyncQueue, createKeyedMutex, createLimiter, createSingleFlight } from "./mod.ts";

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

test("a limiter never runs more than its maximum and runs all", async () => {
  const limit = createLimiter(2);
  let active = 0;
  let peak = 0;
  const task = async (n: number): Promise<number> => {
    peak = Math.max(peak, ++active);
    await tick();
    active--;
    return n;
  };
  expect(await Promise.all([1, 2, 3, 4, 5].map((n) => limit(() => task(n))))).toEqual([1, 2, 3, 4, 5]);
  expect(peak).toBe(2);
});

test("a keyed mutex orders one key, also after a failure, and not others", async () => {
  const lock = createKeyedMutex();
  const seen: string[] = [];
  const slow = lock("a", async () => {
    await tick();
    seen.push("a1");
    throw new Error("first");
  }).catch(() => seen.push("failed"));
  const next = lock("a", async () => seen.push("a2"));
  const other = lock("b", async () => seen.push("b"));
  await Promise.all([slow, next, other]);
  expect(seen[0]).toBe("b");
  expect(seen.indexOf("a1")).toBeLessThan(seen.indexOf("a2"));
});

test("single flight shares a run and forgets it", async () => {
  const fly = createSingleFlight<number>();
  let runs = 0;
  const task = async (): Promise<number> => ++runs;
  expect(await Promise.all([fly("k", task), fly("k", task)])).toEqual([1, 1]);
  expect(await fly("k", task)).toBe(2);
});

test("a queue drains before it ends and throws what failed it", async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  queue.push(2);
  queue.end();
  expect(await Array.fromAsync(queue)).toEqual([1, 2]);
  const broken = new AsyncQueue<number>();
  broken.fail(new Error("gone"));
  await expect(Array.fromAsync(broken)).rejects.toThrow("gone");
});
