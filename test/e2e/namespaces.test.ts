import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readlinkSync } from "node:fs";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { clearContainers } from "../support/tidy.ts";

/** What containers share with each other and with the host, as the kernel shows it inside. */
describe.skipIf(process.getuid?.() !== 0).each(["crun", "runc"] as const)("namespaces with %s", (runtime) => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await openTestEngine({ extraArgs: ["--default-runtime", runtime] });
  });
  afterAll(async () => engine?.[Symbol.asyncDispose]());
  afterEach(async () => {
    await clearContainers(engine);
  });
  const run = (...args: string[]): Promise<string> => engine.docker(["run", "--rm", ...args]);
  const up = (name: string, ...flags: string[]): Promise<string> =>
    engine.docker(["run", "-d", "--name", name, ...flags, "busybox", "sleep", "600"]);
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await engine.daemon.docker(["run", "--rm", ...args, "busybox", "true"]);
    expect(code).toBe(125);
    return stderr;
  };
  const inside = async (kind: string, ...flags: string[]): Promise<string> =>
    (await run(...flags, "busybox", "readlink", `/proc/self/ns/${kind}`)).trim();

  test.each(["pid", "ipc", "uts", "net", "cgroup"])("%s: the host's, or one of its own", async (kind) => {
    const flag = kind === "net" ? "--network" : kind === "cgroup" ? "--cgroupns" : `--${kind}`;
    const own = kind === "cgroup" ? ["--cgroupns=private"] : [];
    const host = readlinkSync(`/proc/self/ns/${kind}`);
    expect(await inside(kind, `${flag}=host`)).toBe(host);
    expect(await inside(kind, ...own)).not.toBe(host);
  });

  test("pid and network of another container", async () => {
    await up("other");
    expect(await run("--pid=container:other", "busybox", "ps")).toContain("sleep 600");
    expect(await inside("net", "--network=container:other")).toBe(
      (await engine.docker(["exec", "other", "readlink", "/proc/self/ns/net"])).trim(),
    );
    await engine.docker(["stop", "-t", "0", "other"]);
    expect(await refused("--pid=container:other")).toMatch(
      /failed to join PID namespace: container \w{64} is not running/,
    );
    expect(await refused("--ipc=container:other")).toMatch(
      /failed to join IPC namespace: container \w{64} is not running/,
    );
    expect(await refused("--network=container:other")).toContain(
      "cannot join network namespace of a non running container: container other is exited",
    );
  });

  test("who joins a network leaves its variables as they are", async () => {
    await up("net", "--sysctl", "net.ipv4.ip_unprivileged_port_start=1024");
    await run("--network=container:net", "busybox", "true");
    const file = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
    expect(await engine.docker(["exec", "net", "cat", file])).toBe("1024\n");
  });

  test("ipc: a shareable container gives its queues and memory, a private one does not", async () => {
    await up("giver", "--ipc=shareable", "--shm-size=4m");
    await engine.docker(["exec", "giver", "sh", "-c", "echo word >/dev/shm/x"]);
    const flag = "--ipc=container:giver";
    expect(await run(flag, "busybox", "sh", "-c", "cat /dev/shm/x; df -k /dev/shm | tail -1 | awk '{print $2}'")).toBe(
      "word\n4096\n",
    );
    expect(await run(flag, "-u", "1000", "busybox", "sh", "-c", "echo by-user >/dev/shm/y")).toBe("");
    expect(await engine.docker(["exec", "giver", "cat", "/dev/shm/y"])).toBe("by-user\n");
    await engine.docker(["restart", "-t", "0", "giver"]);
    expect(await engine.docker(["exec", "giver", "ls", "/dev/shm"])).toBe("");
    await up("keeper", "--ipc=private");
    expect(await refused("--ipc=container:keeper")).toContain(
      "non-shareable IPC (hint: use IpcMode:shareable for the donor container)",
    );
    expect(await run("--ipc=none", "busybox", "sh", "-c", "mount | grep -c /dev/shm || true")).toBe("0\n");
    expect(await run("--ipc=host", "busybox", "sh", "-c", "mount | grep -c ' /dev/shm '")).toBe("1\n");
  });

  test("sysctls: of its own namespaces only", async () => {
    const read = async (name: string, value: string, ...flags: string[]): Promise<string> =>
      (
        await run(...flags, "--sysctl", `${name}=${value}`, "busybox", "cat", `/proc/sys/${name.replaceAll(".", "/")}`)
      ).trim();
    expect(await read("net.core.somaxconn", "55")).toBe("55");
    expect(await read("kernel.msgmax", "55")).toBe("55");
    expect(await read("fs.mqueue.msg_max", "55")).toBe("55");
    expect(await refused("--network=host", "--sysctl", "net.core.somaxconn=55")).toContain(
      'sysctl "net.core.somaxconn" not allowed in host network namespace',
    );
    expect(await refused("--ipc=host", "--sysctl", "kernel.msgmax=55")).toContain(
      'sysctl "kernel.msgmax" is not allowed in the hosts ipc namespace',
    );
  });

  test("a platform: what runs here is found, what does not is refused", async () => {
    expect(await engine.lighter(["run", "--rm", "--platform=linux/amd64/v2", "busybox", "echo", "ok"])).toBe("ok\n");
    const { code, stderr } = await engine.daemon.lighter(["run", "--rm", "--platform=linux/s390x", "busybox", "true"]);
    expect(stderr).toContain(
      "was found but its platform (linux/amd64) does not match the specified platform (linux/s390x)",
    );
    expect(code).toBe(125);
  });
});
