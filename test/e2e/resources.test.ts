import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { byVersion, cgroupFile } from "../support/cgroups.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";

const mb = 1024 * 1024;

describe("limits of containers", () => {
  let engine: TestEngine;
  beforeAll(async () => (engine = await openTestEngine()));
  afterAll(() => engine[Symbol.asyncDispose]());

  async function start(name: string, ...flags: string[]): Promise<number> {
    await engine.docker(["run", "-d", "--name", name, ...flags, "busybox", "sleep", "600"]);
    return Number(await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]));
  }

  test("what the flags say is what the kernel has", async () => {
    const memory = ["-m", "64m", "--memory-swap", "96m", "--memory-reservation", "32m"];
    const cpu = ["--cpus", "0.5", "-c", "512", "--cpuset-cpus", "0", "--cpuset-mems", "0"];
    const pid = await start("limited", ...memory, ...cpu, "--pids-limit", "77");
    const memoryFile = (v1: string, v2: string): string => cgroupFile(pid, "memory", { v1, v2 });
    expect(memoryFile("memory.limit_in_bytes", "memory.max")).toBe(`${64 * mb}`);
    expect(memoryFile("memory.memsw.limit_in_bytes", "memory.swap.max")).toBe(byVersion(`${96 * mb}`, `${32 * mb}`));
    expect(memoryFile("memory.soft_limit_in_bytes", "memory.low")).toBe(`${32 * mb}`);
    expect(cgroupFile(pid, "cpu", { v1: "cpu.cfs_quota_us", v2: "cpu.max" })).toBe(byVersion("50000", "50000 100000"));
    expect(Number(cgroupFile(pid, "cpu", { v1: "cpu.shares", v2: "cpu.weight" }))).toBeGreaterThan(1);
    expect(cgroupFile(pid, "cpuset", { v1: "cpuset.cpus", v2: "cpuset.cpus" })).toBe("0");
    expect(cgroupFile(pid, "pids", { v1: "pids.max", v2: "pids.max" })).toBe("77");
  });

  test("memory without a word on swap has as much swap again", async () => {
    const pid = await start("swap", "-m", "32m");
    const swap = cgroupFile(pid, "memory", { v1: "memory.memsw.limit_in_bytes", v2: "memory.swap.max" });
    expect(swap).toBe(byVersion(`${64 * mb}`, `${32 * mb}`));
    expect(await engine.docker(["inspect", "-f", "{{.HostConfig.MemorySwap}}", "swap"])).toBe(`${64 * mb}\n`);
  });

  test("an ulimit above what this host allows is lowered, with a warning, unless the engine may raise it", async () => {
    const run = ["run", "--rm", "--ulimit", "nofile=100:200", "busybox", "sh", "-c", "ulimit -n; ulimit -Hn"];
    expect(await engine.docker(run)).toBe("100\n200\n");
    const { stdout, stderr, code } = await engine.daemon.docker([
      "create",
      "--ulimit",
      "nofile=1000000000",
      "busybox",
      "true",
    ]);
    expect({ code, id: stdout.length }).toEqual({ code: 0, id: 65 });
    const bounding = /^CapBnd:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
    // CAP_SYS_RESOURCE (capabilities(7)).
    const mayRaise = ((BigInt(`0x${bounding}`) >> 24n) & 1n) === 1n;
    expect(stderr).toMatch(
      mayRaise ? /^$/ : /^WARNING: ulimit nofile=1000000000:1000000000 exceeds what this host allows; /,
    );
  });

  test("a device to limit has to be there when the container starts", async () => {
    const run = await engine.daemon.docker(["run", "--rm", "--device-read-bps", "/dev/nosuch:1m", "busybox", "true"]);
    expect(run.code).toBe(127);
    expect(run.stderr).toContain("Error response from daemon: stat /dev/nosuch: no such file or directory");
  });

  test("what the host cannot give is refused at create", async () => {
    const refusal = async (...flags: string[]): Promise<string> => {
      const { stderr, code } = await engine.daemon.docker(["create", ...flags, "busybox", "true"]);
      expect(code).toBe(1);
      return stderr.trim();
    };
    expect(await refusal("--cpuset-cpus", "9999")).toMatch(
      /^Error response from daemon: Requested CPUs are not available - requested 9999, available: 0/,
    );
    expect(await refusal("-m", "1m")).toBe("Error response from daemon: Minimum memory limit allowed is 6MB");
    expect(await refusal("-c", "-5")).toBe(
      "Error response from daemon: invalid CPU shares (-5): value must be a positive integer",
    );
  });

  test("info tells what can be limited", async () => {
    const info = JSON.parse(await engine.docker(["info", "--format", "{{json .}}"])) as Record<string, unknown>;
    expect(info).toMatchObject({ MemoryLimit: true, PidsLimit: true, CPUSet: true, CpuCfsQuota: true });
    expect(info["OomKillDisable"]).toBe(byVersion("true", "false") === "true");
  });
});
