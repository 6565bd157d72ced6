import { describe, expect, test } from "bun:test";
import type { HealthState, RestartPolicy } from "#spec";
import type { ContainerRecord, StateRecord } from "../record.ts";
import { checkRestart, nextRestart, restartDelay, restartsUnhealthy, startsWithEngine } from "./restart-policy.ts";

function record(policy: RestartPolicy | undefined, state: Partial<StateRecord> = {}): ContainerRecord {
  const hostConfig = policy ? { RestartPolicy: policy } : {};
  return { hostConfig, state: { status: "exited", exitCode: 0, restartCount: 0, ...state } } as ContainerRecord;
}

const short = { exitCode: 0, ranMs: 5 };
const failed = { exitCode: 1, ranMs: 5 };
const unhealthy: HealthState = { Status: "unhealthy", FailingStreak: 3, Log: [] };

describe("the wait before a restart", () => {
  test("doubles from 100 ms to a minute", () => {
    const waits = [0];
    for (let run = 0; run < 12; run++) waits.push(restartDelay(waits.at(-1) ?? 0, 100));
    expect(waits.slice(1)).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
  });

  test("is short again after a run of ten seconds", () => {
    expect(restartDelay(51_200, 9999)).toBe(60_000);
    expect(restartDelay(51_200, 10_000)).toBe(100);
  });

  test("goes on from the record", () => {
    expect(nextRestart(record({ Name: "always" }), short)).toBe(100);
    expect(nextRestart(record({ Name: "always" }, { restartDelayMs: 400 }), short)).toBe(800);
  });
});

describe("after an exit", () => {
  const wants = (policy: RestartPolicy | undefined, ending: typeof short, state?: Partial<StateRecord>): boolean =>
    nextRestart(record(policy, state), ending) !== undefined;

  test("no policy means no restart", () => {
    for (const policy of [undefined, {}, { Name: "" }, { Name: "no" }]) expect(wants(policy, failed)).toBe(false);
  });

  test.each(["always", "unless-stopped"])("%s restarts whatever the code, but not what a user stopped", (Name) => {
    expect(wants({ Name }, short)).toBe(true);
    expect(wants({ Name }, failed)).toBe(true);
    expect(wants({ Name }, failed, { stoppedByUser: true })).toBe(false);
  });

  test("on-failure restarts failures, as often as it may", () => {
    expect(wants({ Name: "on-failure" }, short)).toBe(false);
    expect(wants({ Name: "on-failure" }, failed, { restartCount: 1000 })).toBe(true);
    expect(wants({ Name: "on-failure", MaximumRetryCount: 2 }, failed, { restartCount: 1 })).toBe(true);
    expect(wants({ Name: "on-failure", MaximumRetryCount: 2 }, failed, { restartCount: 2 })).toBe(false);
    expect(wants({ Name: "on-failure" }, failed, { stoppedByUser: true })).toBe(false);
  });

  test("on-unhealthy restarts failures and what was unhealthy", () => {
    expect(wants({ Name: "on-unhealthy" }, short)).toBe(false);
    expect(wants({ Name: "on-unhealthy" }, failed)).toBe(true);
    expect(wants({ Name: "on-unhealthy" }, short, { health: unhealthy })).toBe(true);
    expect(wants({ Name: "on-unhealthy", MaximumRetryCount: 1 }, short, { health: unhealthy, restartCount: 1 })).toBe(
      false,
    );
  });
});

test("an unhealthy container is stopped only for on-unhealthy, and only while tries are left", () => {
  for (const Name of ["no", "always", "on-failure"]) expect(restartsUnhealthy(record({ Name }))).toBe(false);
  const limited = { Name: "on-unhealthy", MaximumRetryCount: 2 };
  expect(restartsUnhealthy(record({ Name: "on-unhealthy" }, { restartCount: 9 }))).toBe(true);
  expect(restartsUnhealthy(record(limited, { restartCount: 1 }))).toBe(true);
  expect(restartsUnhealthy(record(limited, { restartCount: 2 }))).toBe(false);
});

describe("with the engine", () => {
  test("always starts, also what a user stopped; unless-stopped does not start that", () => {
    expect(startsWithEngine(record({ Name: "always" }, { stoppedByUser: true }))).toBe(true);
    expect(startsWithEngine(record({ Name: "unless-stopped" }, { stoppedByUser: true }))).toBe(false);
    expect(startsWithEngine(record({ Name: "unless-stopped" }, { stoppedByUser: false }))).toBe(true);
  });

  test("on-failure starts what failed while it may", () => {
    const twice = { Name: "on-failure", MaximumRetryCount: 2 };
    expect(startsWithEngine(record(twice, { exitCode: 255, restartCount: 1 }))).toBe(true);
    expect(startsWithEngine(record(twice, { exitCode: 255, restartCount: 2 }))).toBe(false);
    expect(startsWithEngine(record(twice, { exitCode: 0 }))).toBe(false);
  });

  test("only what has run and has a policy", () => {
    expect(startsWithEngine(record({ Name: "always" }, { status: "created" }))).toBe(false);
    expect(startsWithEngine(record({ Name: "always" }, { status: "restarting" }))).toBe(false);
    expect(startsWithEngine(record(undefined, { exitCode: 1 }))).toBe(false);
  });
});

describe("at create", () => {
  const refused = {
    "invalid restart policy: unknown policy 'foo'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'": {
      Name: "foo",
    },
    "invalid restart policy: maximum retry count can only be used with 'on-failure'": {
      Name: "always",
      MaximumRetryCount: 3,
    },
    "invalid restart policy: maximum retry count can only be used with 'on-failure' and cannot be negative": {
      Name: "",
      MaximumRetryCount: -1,
    },
    "invalid restart policy: maximum retry count cannot be negative": { Name: "on-unhealthy", MaximumRetryCount: -1 },
  };
  test.each(Object.entries(refused))("%s", (text, RestartPolicy) => {
    expect(() => checkRestart({ RestartPolicy })).toThrow(text);
  });

  test("a policy and --rm exclude each other", () => {
    expect(() => checkRestart({ AutoRemove: true, RestartPolicy: { Name: "on-unhealthy" } })).toThrow(
      "can't create 'AutoRemove' container with restart policy",
    );
    checkRestart({ AutoRemove: true, RestartPolicy: { Name: "no" } });
  });
});
