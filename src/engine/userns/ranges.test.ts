import { expect, test } from "bun:test";
import fc from "fast-check";
import type { IdMappings } from "#runtime";
import { allocateIds, hostId } from "./ranges.ts";

const pool = { uid: 100_000, gid: 300_000, size: 10_000 };

test("the first range begins the pool, the next follows, and a free one is used again", () => {
  const first = allocateIds(pool, 4000, []);
  const second = allocateIds(pool, 4000, [first]);
  expect(first).toEqual({
    uids: [{ container: 0, host: 100_000, size: 4000 }],
    gids: [{ container: 0, host: 300_000, size: 4000 }],
  });
  expect(second.uids[0]?.host).toBe(104_000);
  expect(allocateIds(pool, 4000, [second])).toEqual(first);
  expect(() => allocateIds(pool, 4000, [first, second])).toThrow("no range of 4000 ids is free");
});

test("whatever comes and goes, no id is given twice, and none from outside the pool", () => {
  const step = fc.record({ size: fc.integer({ min: 1, max: 3000 }), drop: fc.nat(5) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const live: IdMappings[] = [];
      for (const { size, drop } of steps) {
        if (drop > 3) live.splice(drop % (live.length + 1), 1);
        try {
          live.push(allocateIds(pool, size, live));
        } catch {
          continue;
        }
        const uids = live.flatMap((mappings) => mappings.uids).toSorted((a, b) => a.host - b.host);
        for (const [index, range] of uids.entries()) {
          const end = range.host + range.size;
          expect(end).toBeLessThanOrEqual(uids[index + 1]?.host ?? pool.uid + pool.size);
          expect(range.host).toBeGreaterThanOrEqual(pool.uid);
        }
      }
    }),
  );
});

test("ids of inside have one outside, or are refused", () => {
  const ranges = [
    { container: 0, host: 5000, size: 10 },
    { container: 10, host: 9000, size: 5 },
  ];
  expect([0, 9, 10, 14].map((id) => hostId(ranges, id))).toEqual([5000, 5009, 9000, 9004]);
  expect(() => hostId(ranges, 15)).toThrow("id 15 is not one of the container's user namespace");
});
