import { expect, test } from "bun:test";
import { AsyncQueue } from "./async-queue.ts";

test("what was pushed before the end is read, what comes later is not", async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  queue.push(2);
  expect(queue.length).toBe(2);
  queue.end();
  queue.push(3);
  expect(await Array.fromAsync(queue)).toEqual([1, 2]);
});

test("a failure follows what was pushed before it; the first one counts", async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  queue.fail(new Error("first"));
  queue.fail(new Error("second"));
  const seen: number[] = [];
  const reading = (async () => {
    for await (const item of queue) seen.push(item);
  })();
  expect(reading).rejects.toThrow("first");
  await reading.catch(() => undefined);
  expect(seen).toEqual([1]);
});

test("a writer has room again once the reader has taken what waits", async () => {
  const queue = new AsyncQueue<number>();
  expect(queue.room(2)).toBeUndefined();
  queue.push(1);
  expect(queue.room(2)).toBeUndefined();
  queue.push(2);
  const room = queue.room(2);
  expect(room).toBeInstanceOf(Promise);
  const reader = queue[Symbol.asyncIterator]();
  expect(await reader.next()).toEqual({ done: false, value: 1 });
  await room;
  expect(queue.room(2)).toBeUndefined();
});

test("a writer does not wait for a reader that left", async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  const room = queue.room(1);
  queue[Symbol.dispose]();
  await room;
  expect(queue.room(1)).toBeUndefined();
  expect(await Array.fromAsync(queue)).toEqual([]);
});
