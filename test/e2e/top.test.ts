import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openTestEngine, type TestEngine } from "../support/engine.ts";

describe("top", () => {
  let engine: TestEngine;
  let pids: readonly string[];
  beforeAll(async () => {
    engine = await openTestEngine();
    await engine.docker([
      "run",
      "-d",
      "--name",
      "two",
      "-u",
      "1234",
      "busybox",
      "sh",
      "-c",
      "sleep 601 & exec sleep 602",
    ]);
    const table = await engine.docker(["top", "two", "-eo", "pid,args"]);
    pids = table
      .split("\n")
      .slice(1, 3)
      .map((line) => line.split(" ")[0] ?? "");
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  const cells = async (client: "docker" | "lighter", ...args: string[]): Promise<string[][]> =>
    (await engine[client](["top", "two", ...args]))
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/ {2,}/));

  test.each(["docker", "lighter"] as const)("%s: every kind of ps arguments", async (client) => {
    const [init = "", child = ""] = pids;
    expect((await cells(client))[0]).toEqual(["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]);
    expect((await cells(client)).slice(1).map((row) => [row[0], row[1], row.at(-1)])).toEqual([
      ["1234", init, "sleep 602"],
      ["1234", child, "sleep 601"],
    ]);
    expect((await cells(client, "aux")).slice(1).map((row) => row[1])).toEqual([init, child]);
    expect(await cells(client, "-o", "pid,comm")).toEqual([
      ["PID", "COMMAND"],
      [init, "sleep"],
      [child, "sleep"],
    ]);
    expect(await cells(client, "-o", "ppid,pid")).toEqual([["PPID", "PID"], expect.any(Array), [init, child]]);
    expect(await cells(client, "axo", "pid,args")).toContainEqual([child, "sleep 601"]);
  });

  test.each(["docker", "lighter"] as const)("%s: what cannot be shown", async (client) => {
    const refusal = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await engine.daemon[client](["top", ...args]);
      expect(code).toBe(1);
      return stderr.trim().replace(/[0-9a-f]{64}/, "ID");
    };
    expect(await refusal("two", "-o", "comm")).toBe("Error response from daemon: Couldn't find PID field in ps output");
    expect(await refusal("two", "--nonsense")).toStartWith("Error response from daemon: ps: ");
    await engine.docker(["create", "--name", `idle-${client}`, "busybox", "true"]);
    expect(await refusal(`idle-${client}`)).toBe("Error response from daemon: container ID is not running");
    expect(await refusal("absent")).toBe("Error response from daemon: No such container: absent");
  });
});
