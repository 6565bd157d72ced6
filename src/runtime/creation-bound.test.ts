import { expect, test } from "bun:test";
import { readText } from "./task-files.ts";
import { boundCreation } from "./creation-bound.ts";

/** A shell whose child's child waits; its stdout ends with the last of the three. */
function spawnFamily(): { readonly pid: number; readonly ready: Promise<unknown>; readonly ended: Promise<unknown> } {
  const script = "sh -c 'echo ready; sleep 1000; :'; :";
  const child = Bun.spawn(["sh", "-c", script], { stdio: ["ignore", "pipe", "ignore"] });
  const reader = child.stdout.getReader();
  const ready = reader.read();
  const ended = ready.then(() => reader.read()).then(() => child.exited);
  return { pid: child.pid, ready, ended };
}

test("what takes too long is killed with all its descendants", async () => {
  const family = spawnFamily();
  await family.ready;
  using bound = boundCreation(family.pid, 10, undefined);
  await family.ended;
  expect(bound.fault).toBe("no end within 0.01 seconds");
  expect(readText(`/proc/${family.pid}/cmdline`) ?? "").not.toContain("sleep 1000");
});

test("what is given up is killed, before or after", async () => {
  for (const early of [true, false]) {
    const family = spawnFamily();
    await family.ready;
    const controller = new AbortController();
    if (early) controller.abort();
    using bound = boundCreation(family.pid, 600_000, controller.signal);
    controller.abort();
    await family.ended;
    expect(bound.fault).toBe("given up before it ended");
  }
});

test("after disposal nothing is killed any more", async () => {
  const family = spawnFamily();
  await family.ready;
  const controller = new AbortController();
  const bound = boundCreation(family.pid, 600_000, controller.signal);
  bound[Symbol.dispose]();
  controller.abort();
  expect(bound.fault).toBeUndefined();
  expect(readText(`/proc/${family.pid}/cmdline`)).toContain("sleep 1000");
  using killing = boundCreation(family.pid, 600_000, AbortSignal.abort());
  await family.ended;
  expect(killing.fault).toBe("given up before it ended");
});
