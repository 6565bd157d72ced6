import { describe, expect, test } from "bun:test";
import type { HealthConfig, HealthResult, HealthState } from "#spec";
import type { ContainerRecord } from "../containers/record.ts";
import { withHealthAnnotation } from "./annotation.ts";
import { checkHealth, healthCheckOf, mergeHealth, startingHealth, type HealthCheck } from "./config.ts";
import { ProbeOutput } from "./output.ts";
import { afterProbe, nextProbe } from "./state.ts";
import { parseHttpTarget, parseTcpTarget } from "./targets.ts";

const seconds = 1e9;

function record(Healthcheck: HealthConfig, more: object = {}): ContainerRecord {
  return { config: { Healthcheck, ...more }, state: {} } as ContainerRecord;
}

const result = (ExitCode: number): HealthResult => ({ Start: "", End: "", ExitCode, Output: `${ExitCode}` });

describe("the configuration", () => {
  test("has Docker's defaults", () => {
    expect(healthCheckOf(record({ Test: ["CMD", "a", "b"] }))).toEqual({
      probe: { kind: "exec", args: ["a", "b"] },
      intervalMs: 30_000,
      timeoutMs: 30_000,
      startPeriodMs: 0,
      startIntervalMs: 5000,
      retries: 3,
    });
  });

  test("runs a shell's line in the container's shell", () => {
    const line = ["CMD-SHELL", "a | b"];
    expect(healthCheckOf(record({ Test: line }))?.probe).toEqual({ kind: "exec", args: ["/bin/sh", "-c", "a | b"] });
    const inBash = healthCheckOf(record({ Test: line }, { Shell: ["/bin/bash", "-ec"] }));
    expect(inBash?.probe).toEqual({ kind: "exec", args: ["/bin/bash", "-ec", "a | b"] });
  });

  test("NONE, nothing and an unknown kind are no check, nor is there one in a build", () => {
    for (const Test of [["NONE"], [], ["FOO", "x"]]) expect(healthCheckOf(record({ Test }))).toBeUndefined();
    expect(startingHealth(record({ Test: ["NONE"] }))).toBeUndefined();
    expect(healthCheckOf({ ...record({ Test: ["CMD", "true"] }), buildStep: true })).toBeUndefined();
  });

  test("takes from the image what the request leaves out, field by field", () => {
    const image = { Test: ["CMD", "check"], Interval: 5 * seconds, Retries: 7 };
    expect(mergeHealth({ Interval: 1 * seconds, Retries: 0, Test: [] }, image)).toEqual({
      Test: ["CMD", "check"],
      Interval: 1 * seconds,
      Retries: 7,
    });
    expect(mergeHealth({ Test: ["NONE"] }, image)?.Test).toEqual(["NONE"]);
    expect(mergeHealth(undefined, image)).toEqual(image);
    expect(mergeHealth(null, null)).toBeUndefined();
  });

  test.each(["Interval", "Timeout", "StartPeriod", "StartInterval"])("refuses a too short %s", (key) => {
    for (const ns of [1, 999_999, -1])
      expect(() => checkHealth({ [key]: ns })).toThrow(`${key} in Healthcheck cannot be less than 1ms`);
    checkHealth({ [key]: 1e6 });
    checkHealth({ [key]: 0 });
  });

  test("refuses negative retries", () => {
    expect(() => checkHealth({ Retries: -1 })).toThrow("Retries in Healthcheck cannot be negative");
  });
});

describe("targets of native probes", () => {
  test("a port, with an address or without", () => {
    const loopback = ["127.0.0.1", "::1"];
    expect(parseTcpTarget("8080")).toEqual({ addresses: loopback, port: 8080 });
    expect(parseTcpTarget(":8080")).toEqual({ addresses: loopback, port: 8080 });
    expect(parseTcpTarget("10.0.0.5:80")).toEqual({ addresses: ["10.0.0.5"], port: 80 });
    expect(parseTcpTarget("[::1]:80")).toEqual({ addresses: ["::1"], port: 80 });
    for (const wrong of ["", "x", "0", "65536", "1.2.3.4", "host:80", "80:x"])
      expect(() => parseTcpTarget(wrong)).toThrow("invalid TCP Healthcheck");
  });

  test("a URL", () => {
    const { addresses, ...target } = parseHttpTarget("http://:8080/healthz?a=b#c");
    expect(addresses).toEqual(["127.0.0.1", "::1"]);
    expect(target).toEqual({ port: 8080, host: "localhost:8080", path: "/healthz?a=b" });
    expect(parseHttpTarget("http://localhost")).toMatchObject({ port: 80, host: "localhost", path: "/" });
    expect(parseHttpTarget("http://[::1]:8080/")).toMatchObject({ addresses: ["::1"], host: "[::1]:8080" });
    for (const wrong of ["", "8080", "https://localhost/", "http://example.com/", "http://localhost:0/"])
      expect(() => parseHttpTarget(wrong)).toThrow("invalid HTTP Healthcheck");
    // Nothing of a URL can add a line to the request.
    expect(parseHttpTarget("http://localhost/a\r\nX: y").path).not.toMatch(/[\r\n ]/);
  });

  test("an annotation stands in for the test and leaves the times", () => {
    const annotated = (value: string): HealthConfig | null | undefined =>
      withHealthAnnotation(
        { Healthcheck: { Test: ["CMD", "x"], Retries: 2 } },
        { Annotations: { "io.lighter.health": value } },
      ).Healthcheck;
    expect(annotated("tcp://:8080")).toEqual({ Test: ["TCP", "8080"], Retries: 2 });
    expect(annotated("http://:80/x")).toEqual({ Test: ["HTTP", "http://:80/x"], Retries: 2 });
    expect(() => annotated("udp://:1")).toThrow("it takes tcp://:PORT or http://:PORT/PATH");
  });
});

describe("the status", () => {
  const check: HealthCheck = {
    probe: { kind: "exec", args: [] },
    intervalMs: 1000,
    timeoutMs: 1000,
    startPeriodMs: 5000,
    startIntervalMs: 100,
    retries: 2,
  };
  const starting: HealthState = { Status: "starting", FailingStreak: 0, Log: [] };
  const after = (state: HealthState, codes: readonly number[], ranMs = 10_000): HealthState =>
    codes.reduce((health, code) => afterProbe(health, result(code), check, { ranMs }), state);

  test("turns with the first success and with the last retry", () => {
    expect(after(starting, [1])).toMatchObject({ Status: "starting", FailingStreak: 1 });
    expect(after(starting, [1, -1])).toMatchObject({ Status: "unhealthy", FailingStreak: 2 });
    expect(after(starting, [1, 1, 1, 0])).toMatchObject({ Status: "healthy", FailingStreak: 0 });
    expect(after(starting, [0, 1])).toMatchObject({ Status: "healthy", FailingStreak: 1 });
  });

  test("does not count failures while the container starts, until it was healthy once", () => {
    expect(after(starting, [1, 1, 1], 4999)).toMatchObject({ Status: "starting", FailingStreak: 0 });
    expect(after(starting, [1, 0, 1, 1], 4999)).toMatchObject({ Status: "unhealthy", FailingStreak: 2 });
  });

  test("keeps the last five results", () => {
    expect(after(starting, [1, 2, 3, 4, 5, 6]).Log.map(({ Output }) => Output)).toEqual(["2", "3", "4", "5", "6"]);
  });

  test("is asked for more often while the container starts", () => {
    expect(nextProbe(starting, check, { ranMs: 4999 })).toBe(100);
    expect(nextProbe(starting, check, { ranMs: 5000 })).toBe(1000);
    expect(nextProbe({ ...starting, Status: "healthy" }, check, { ranMs: 1 })).toBe(1000);
  });
});

test("output is cut at 4096 bytes, and told so", () => {
  const output = new ProbeOutput();
  output.add(Buffer.alloc(4000, "a"));
  output.add(Buffer.alloc(96, "b"));
  expect(output.text()).toBe("a".repeat(4000) + "b".repeat(96));
  output.add(Buffer.from("c"));
  expect(output.text()).toHaveLength(4099);
  expect(output.text()).toEndWith("b...");
});
