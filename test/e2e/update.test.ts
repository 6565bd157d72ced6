import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { byVersion, cgroupFile } from "../support/cgroups.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";

const mb = 1024 * 1024;

describe("update", () => {
  let engine: TestEngine;
  beforeAll(async () => (engine = await openTestEngine()));
  afterAll(() => engine[Symbol.asyncDispose]());

  async function start(name: string, ...flags: string[]): Promise<number> {
    await engine.docker(["run", "-d", "--name", name, ...flags, "busybox", "sleep", "600"]);
    return pidOf(name);
  }
  const pidOf = async (name: string): Promise<number> =>
    Number(await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]));
  const memoryOf = (pid: number): string =>
    cgroupFile(pid, "memory", { v1: "memory.limit_in_bytes", v2: "memory.max" });
  const swapOf = (pid: number): string =>
    cgroupFile(pid, "memory", { v1: "memory.memsw.limit_in_bytes", v2: "memory.swap.max" });
  const pidsOf = (pid: number): string => cgroupFile(pid, "pids", { v1: "pids.max", v2: "pids.max" });
  const quotaOf = (pid: number): string => cgroupFile(pid, "cpu", { v1: "cpu.cfs_quota_us", v2: "cpu.max" });
  const refusal = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await engine.daemon.lighter(["update", ...args]);
    expect(code).toBe(1);
    return stderr.trim().replace(/[0-9a-f]{64}/, "ID");
  };

  test.each(["docker", "lighter"] as const)("%s: a container that runs has its new limits at once", async (client) => {
    const name = `live-${client}`;
    const pid = await start(name, "-m", "64m");
    const flags = ["-m", "128m", "--memory-swap", "192m", "--cpus", "0.5", "--pids-limit", "50", "--cpuset-cpus", "0"];
    expect(await engine[client](["update", ...flags, name])).toBe(`${name}\n`);
    expect(memoryOf(pid)).toBe(`${128 * mb}`);
    expect(swapOf(pid)).toBe(byVersion(`${192 * mb}`, `${64 * mb}`));
    expect(pidsOf(pid)).toBe("50");
    expect(quotaOf(pid)).toBe(byVersion("50000", "50000 100000"));
    expect(cgroupFile(pid, "cpuset", { v1: "cpuset.cpus", v2: "cpuset.cpus" })).toBe("0");
    await engine[client](["update", "-m", "32m", "--memory-swap", "48m", "--pids-limit", "-1", name]);
    expect([memoryOf(pid), pidsOf(pid)]).toEqual([`${32 * mb}`, "max"]);
    expect(swapOf(pid)).toBe(byVersion(`${48 * mb}`, `${16 * mb}`));
    const shown =
      "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.NanoCpus}} {{json .HostConfig.PidsLimit}}";
    expect(await engine.docker(["inspect", "-f", shown, name])).toBe(`${32 * mb} ${48 * mb} 500000000 0\n`);
  });

  test("one that is stopped has them from its next start, and a paused one at once", async () => {
    await engine.docker(["create", "--name", "later", "busybox", "sleep", "600"]);
    await engine.docker(["update", "-m", "48m", "--memory-swap", "48m", "later"]);
    await engine.docker(["start", "later"]);
    const pid = await pidOf("later");
    expect(memoryOf(pid)).toBe(`${48 * mb}`);
    await engine.docker(["pause", "later"]);
    await engine.docker(["update", "--pids-limit", "9", "later"]);
    expect(pidsOf(pid)).toBe("9");
    await engine.docker(["unpause", "later"]);
  });

  test("contradictions are refused as Docker does, and change nothing", async () => {
    const pid = await start("kept", "-m", "64m", "--cpus", "0.5");
    const blame = "Error response from daemon: Cannot update container ID:";
    expect(await refusal("-m", "200m", "kept")).toBe(
      `${blame} Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time`,
    );
    expect(await refusal("--cpu-quota", "20000", "kept")).toBe(
      `${blame} Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set`,
    );
    expect(await refusal("--cpuset-cpus", "9999", "kept")).toStartWith(
      "Error response from daemon: Requested CPUs are not available - requested 9999, available: 0",
    );
    expect(await refusal("-m", "2m", "kept")).toBe("Error response from daemon: Minimum memory limit allowed is 6MB");
    expect(await refusal("--memory-swap", "100m", "absent")).toBe(
      "Error response from daemon: No such container: absent",
    );
    expect(await refusal("kept")).toBe("you must provide one or more flags when using this command");
    expect([memoryOf(pid), quotaOf(pid)]).toEqual([`${64 * mb}`, byVersion("50000", "50000 100000")]);
  });

  test("what the kernel refuses leaves all limits as they were", async () => {
    const pid = await start("rolled", "-m", "64m", "--cpu-quota", "40000");
    // More time than the kernel can count in a period.
    const shares = cgroupFile(pid, "cpu", { v1: "cpu.shares", v2: "cpu.weight" });
    const refused = await refusal("-c", "512", "--cpu-quota", "9007199254740000", "rolled");
    expect(refused).toMatch(/^Error response from daemon: Cannot update container ID: failed to write /);
    expect(cgroupFile(pid, "cpu", { v1: "cpu.shares", v2: "cpu.weight" })).toBe(shares);
    expect(await engine.docker(["inspect", "-f", "{{.HostConfig.CpuShares}} {{.HostConfig.CpuQuota}}", "rolled"])).toBe(
      "0 40000\n",
    );
  });

  test("a container of --rm keeps its restart policy", async () => {
    await start("passing", "--rm");
    expect(await refusal("--restart", "nonsense", "passing")).toContain(
      "invalid restart policy: unknown policy 'nonsense'",
    );
    expect(await refusal("--restart", "always", "passing")).toBe(
      "Error response from daemon: Cannot update container ID: Restart policy cannot be updated because AutoRemove is enabled for the container",
    );
    await engine.lighter(["update", "--restart", "no", "passing"]);
  });

  test("each update is an event", async () => {
    await engine.docker(["create", "--name", "told", "busybox", "true"]);
    await engine.docker(["update", "-c", "300", "told"]);
    const events = [
      "events",
      "--since",
      "1",
      "--until",
      `${Date.now() / 1000}`,
      "-f",
      "event=update",
      "-f",
      "container=told",
    ];
    expect(await engine.docker([...events, "--format", "{{.Action}} {{.Actor.Attributes.name}}"])).toBe(
      "update told\n",
    );
  });
});
