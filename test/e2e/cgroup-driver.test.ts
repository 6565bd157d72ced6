import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { busyboxImage } from "../support/busybox.ts";
import { startDaemon, type TestDaemon } from "../support/daemon.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { until } from "../support/until.ts";

const isRoot = process.getuid?.() === 0;
const isV2 = existsSync("/sys/fs/cgroup/cgroup.controllers");
const hasSystemd = existsSync("/run/systemd/system");
const drivers = isV2 && hasSystemd ? (["cgroupfs", "systemd"] as const) : (["cgroupfs"] as const);

/** Where a container's cgroup is for the memory controller, as the kernel tells it of its first process. */
function memoryCgroup(pid: string): string {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
  const v1 = lines.find((line) => line.split(":")[1]?.split(",").includes("memory"));
  const path = (v1 ?? lines.find((line) => line.startsWith("0::")))?.split(":").slice(2).join(":") ?? "";
  return `/sys/fs/cgroup${v1 === undefined ? "" : "/memory"}${path}`;
}

const memoryLimit = (cgroup: string): string =>
  readFileSync(`${cgroup}/${isV2 ? "memory.max" : "memory.limit_in_bytes"}`, "utf8").trim();

/** A parent stays, as with Docker: it may be somebody's. */
function removeParent(path: string): void {
  for (const tree of ["", ...readdirSync("/sys/fs/cgroup").map((name) => `/${name}`)]) {
    if (existsSync(`/sys/fs/cgroup${tree}${path}`)) rmdirSync(`/sys/fs/cgroup${tree}${path}`);
  }
}

describe.skipIf(!isRoot).each([...drivers])("cgroup driver %s", (driver) => {
  let box: Sandbox;
  let daemon: TestDaemon;
  beforeAll(async () => {
    box = await openSandbox();
    daemon = await startDaemon(box, { extraArgs: ["--exec-opt", `native.cgroupdriver=${driver}`] });
    await okay(["load", "-i", (await busyboxImage()).archive]);
  }, 60_000);
  afterAll(async () => {
    await daemon?.stop();
    await box?.[Symbol.asyncDispose]();
  });
  async function okay(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await daemon.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: exit ${code}: ${stderr}${stdout}`);
    return stdout.trim();
  }
  const pidOf = async (name: string): Promise<string> => okay(["inspect", "-f", "{{.State.Pid}}", name]);

  test("info says which it is", async () => {
    expect(await okay(["info", "-f", "{{.CgroupDriver}} {{.CgroupVersion}}"])).toBe(`${driver} ${isV2 ? "2" : "1"}`);
  });

  const runtimes = ["crun", "runc"].filter((name) => Bun.which(name) !== null);
  test.each(runtimes)("a container of %s has its cgroup there, and takes it along", async (runtime) => {
    const id = await okay(["run", "-d", "--runtime", runtime, "-m", "64m", "busybox", "sleep", "600"]);
    const cgroup = memoryCgroup(await pidOf(id));
    const place = driver === "systemd" ? `/system.slice/lighter-${id}.scope` : `/lighter/${id}`;
    expect(cgroup.endsWith(place)).toBe(true);
    expect(memoryLimit(cgroup)).toBe(String(64 * 2 ** 20));
    expect(await okay(["exec", id, "cat", "/proc/1/comm"])).toBe("sleep");
    await okay(["pause", id]);
    expect(await okay(["inspect", "-f", "{{.State.Status}}", id])).toBe("paused");
    await okay(["unpause", id]);
    expect((await okay(["top", id, "-o", "pid,comm"])).split("\n")[1]).toContain("sleep");
    await okay(["rm", "-f", id]);
    expect(existsSync(cgroup)).toBe(false);
  });

  test("limits that were changed stay when systemd writes its own again", async () => {
    const id = await okay(["run", "-d", "-m", "64m", "busybox", "sleep", "600"]);
    const cgroup = memoryCgroup(await pidOf(id));
    const reload = async (): Promise<void> => {
      if (hasSystemd) expect(await Bun.spawn(["systemctl", "daemon-reload"]).exited).toBe(0);
    };
    await reload();
    expect(memoryLimit(cgroup)).toBe(String(64 * 2 ** 20));
    await okay(["update", "-m", "96m", "--memory-swap", "192m", id]);
    await reload();
    expect(memoryLimit(cgroup)).toBe(String(96 * 2 ** 20));
    await okay(["rm", "-f", id]);
  });

  test("a parent is of the driver's kind", async () => {
    const parent = driver === "systemd" ? `lighter_test_${process.pid}.slice` : `/lighter-test-${process.pid}`;
    const id = await okay(["run", "-d", "--cgroup-parent", parent, "busybox", "sleep", "600"]);
    const cgroup = memoryCgroup(await pidOf(id));
    expect(cgroup).toContain(parent);
    await okay(["rm", "-f", id]);
    const other = await daemon.docker(["create", "--cgroup-parent", `/lighter-test-${process.pid}`, "busybox"]);
    if (driver === "systemd") expect(await Bun.spawn(["systemctl", "stop", parent]).exited).toBe(0);
    else removeParent(parent);
    expect(other.stderr.includes('should be a valid slice named as "xxx.slice"')).toBe(driver === "systemd");
  });

  test("no scope stays behind, however its container ended", async () => {
    const id = await okay(["create", "busybox", "sh", "-c", "exit 3"]);
    expect((await daemon.docker(["start", "-a", id])).code).toBe(3);
    await okay(["rm", id]);
    if (driver === "systemd") {
      const units = ["systemctl", "list-units", "--all", "--no-legend", `lighter-${id}.scope`];
      await until(async () => (await new Response(Bun.spawn(units).stdout).text()).trim() === "", "the scope is gone");
    }
  });
});

test.skipIf(!isRoot)("a driver that this host has not is refused at the start", async () => {
  await using box = await openSandbox();
  const start = async (option: string): Promise<string> => {
    try {
      await using daemon = await startDaemon(box, { extraArgs: ["--exec-opt", option] });
      return daemon.log();
    } catch (error) {
      return String(error);
    }
  };
  expect(await start("native.cgroupdriver=none")).toContain("native.cgroupdriver option none not supported");
  const refusal = "native.cgroupdriver=systemd cannot be used";
  expect((await start("native.cgroupdriver=systemd")).includes(refusal)).toBe(drivers.length === 1);
});
