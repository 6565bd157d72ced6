import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { clearContainers } from "../support/tidy.ts";

const runtimes = ["crun", "runc"] as const;

/** Lets the root of a user namespace pass, as the exec root of a real engine does. */
function openPath(engine: TestEngine): void {
  for (let path = engine.box.execRoot; path !== "/tmp" && path !== "/"; path = dirname(path)) chmodSync(path, 0o711);
}

async function tidy(engine: TestEngine): Promise<void> {
  await clearContainers(engine);
  const staged = join(engine.box.execRoot, "binds");
  expect(lstatSync(staged, { throwIfNoEntry: false }) ? readdirSync(staged) : []).toEqual([]);
}

/** `inode ctime owner` of every file of the image's layers. */
function layerFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.startsWith("trash"))
    .map((name) => {
      // What an earlier test threw away may go meanwhile.
      const stat = lstatSync(join(directory, name), { throwIfNoEntry: false });
      const { ino, ctimeMs, uid, gid } = stat ?? { ino: 0, ctimeMs: 0, uid: 0, gid: 0 };
      return `${name} ${ino} ${ctimeMs} ${uid}:${gid}`;
    });
}

describe.skipIf(process.getuid?.() !== 0)("user namespaces", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await openTestEngine();
    openPath(engine);
  });
  afterAll(async () => engine?.[Symbol.asyncDispose]());
  afterEach(() => tidy(engine));
  const lighter = (...args: string[]): Promise<string> => engine.lighter(args);
  const run = (...args: string[]): Promise<string> => lighter("run", "--rm", "--userns=auto", ...args);
  const outerUid = async (name: string): Promise<number> => {
    const pid = (await lighter("inspect", "-f", "{{.State.Pid}}", name)).trim();
    return Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  };

  describe.each(runtimes)("with %s", (runtime) => {
    const flags = ["--runtime", runtime];

    test("root inside is nobody of importance outside, and has its namespaces", async () => {
      const script =
        "id -u; cut -c1-40 /proc/self/uid_map; stat -c %u:%g / /etc/hosts /dev/shm; echo out >/dev/stdout; ip a; hostname h2 2>&1";
      const out = await run(
        ...flags,
        "--cap-add=NET_ADMIN",
        "busybox",
        "sh",
        "-c",
        `${script}; ip link set eth0 mtu 1234 && cat /sys/class/net/eth0/mtu`,
      );
      expect(out).toMatch(/^0\n +0 +\d{7,} +65536\n0:0\n0:0\n0:0\nout\n/);
      expect(out).toContain("eth0");
      expect(out).toEndWith("1234\n");
    });

    test("sysctls of its network are its own", async () => {
      const out = await run(
        ...flags,
        "--sysctl",
        "net.ipv4.ip_default_ttl=77",
        "busybox",
        "cat",
        "/proc/sys/net/ipv4/ip_default_ttl",
        "/proc/sys/net/ipv4/ping_group_range",
      );
      expect(out).toBe("77\n0\t65535\n");
    });

    test("volumes, binds, tmpfs and devices", async () => {
      const bind = join(engine.box.root, `bind-${runtime}`);
      mkdirSync(bind);
      chownSync(bind, 33, 33);
      const script =
        "echo a >/vol/f; echo b >/bind/f; chown 44:45 /bind/f; stat -c %u:%g /vol /bind /bind/f /t; echo c >/t/f; cat /dev/null; head -c1 /dev/zero | wc -c";
      const out = await run(
        ...flags,
        "-v",
        `vol-${runtime}:/vol`,
        "-v",
        `${bind}:/bind`,
        "--tmpfs",
        "/t",
        "--device",
        "/dev/full:/dev/full",
        "busybox",
        "sh",
        "-c",
        script,
      );
      expect(out).toBe("0:0\n33:33\n44:45\n0:0\n1\n");
      expect(statSync(join(bind, "f"))).toMatchObject({ uid: 44, gid: 45 });
      expect(statSync(join(engine.box.dataRoot, `volumes/vol-${runtime}/_data/f`))).toMatchObject({ uid: 0, gid: 0 });
      expect(
        await run(...flags, "-v", `${bind}:/bind:ro`, "busybox", "sh", "-c", "echo x >/bind/f || cat /bind/f"),
      ).toBe("b\n");
      await lighter("volume", "rm", `vol-${runtime}`);
    });

    test("exec, attach, terminal, pause, restart", async () => {
      await lighter(
        "run",
        "-d",
        "--name",
        "long",
        "--userns=auto",
        ...flags,
        "busybox",
        "sh",
        "-c",
        "echo up; cat; sleep 600",
      );
      expect(await lighter("exec", "-u", "7:8", "long", "id")).toBe("uid=7 gid=8 groups=8\n");
      expect(await lighter("exec", "long", "sh", "-c", "echo x >/w; chown 9 /w; stat -c %u /w")).toBe("9\n");
      const before = await outerUid("long");
      expect(before).toBeGreaterThan(65_536);
      await lighter("pause", "long");
      await lighter("unpause", "long");
      await lighter("restart", "-t", "0", "long");
      expect(await outerUid("long")).toBe(before);
      expect(await lighter("exec", "long", "stat", "-c", "%u:%g", "/w")).toBe("9:0\n");
      expect(await lighter("logs", "long")).toBe("up\nup\n");
    });

    test("what is not allowed inside stays so", async () => {
      const script = [
        "mount -t tmpfs none /mnt",
        "echo 1 >/proc/sys/kernel/panic",
        "echo b >/proc/sysrq-trigger",
        "mknod /tmp/sda b 8 0 && cat /tmp/sda",
        "chown 70000 /tmp",
      ];
      const out = await run(
        ...flags,
        "busybox",
        "sh",
        "-c",
        script.map((line) => `(${line}) 2>/dev/null && echo yes || echo no`).join("; "),
      );
      expect(out).toBe("no\n".repeat(script.length));
    });
  });

  test("ranges never overlap, and are free again with their container", async () => {
    const names = ["r1", "r2", "r3"];
    for (const name of names)
      await lighter("run", "-d", "--name", name, "--userns=auto:size=5000", "busybox", "sleep", "600");
    const uids = await Promise.all(names.map(outerUid));
    expect(uids.map((uid) => uid - (uids[0] ?? 0))).toEqual([0, 5000, 10_000]);
    await lighter("rm", "-f", "r2");
    await lighter("run", "-d", "--name", "r4", "--userns=auto:size=4000", "busybox", "sleep", "600");
    expect((await outerUid("r4")) - (uids[0] ?? 0)).toBe(5000);
  });

  test("no file is copied or changed, and layers are shared", async () => {
    const layers = join(engine.box.dataRoot, "snapshots");
    await run("busybox", "true");
    const before = layerFiles(layers);
    await lighter("run", "-d", "--name", "share1", "--userns=auto", "busybox", "sleep", "600");
    await lighter("run", "-d", "--name", "share2", "--userns=auto", "busybox", "sleep", "600");
    const after = layerFiles(layers);
    expect(before.filter((line) => line.includes("/fs/") && !after.includes(line))).toEqual([]);
    const added = after.filter((line) => !before.includes(line) && /\/fs\/./.test(line));
    expect(added).toEqual([]);
  });

  test("joins: only within one user namespace", async () => {
    await lighter("run", "-d", "--name", "joined", "--userns=auto", "--ipc=shareable", "busybox", "sleep", "600");
    for (const mode of ["--network", "--pid", "--ipc"]) {
      const { code, stderr } = await engine.daemon.lighter([
        "run",
        "--rm",
        "--userns=auto",
        mode,
        "container:joined",
        "busybox",
        "true",
      ]);
      expect(stderr).toContain("it is in another user namespace");
      expect(code).toBe(125);
    }
    expect(await lighter("run", "--rm", "--network", "container:joined", "busybox", "ls", "/sys/class/net")).toContain(
      "eth0",
    );
  });

  test.each([
    [["--userns=auto", "--privileged"], "privileged mode is incompatible with user namespaces."],
    [["--userns=auto", "--network=host"], "cannot share the host's network namespace when user namespaces are enabled"],
    [["--userns=auto", "--pid=host"], "cannot share the host PID namespace when user namespaces are enabled"],
    [["--userns=auto:nonsense"], "invalid userns mode: auto:nonsense"],
    [["--userns=auto:size=400000000"], "no range of 400000000 ids is free"],
    [
      ["--userns=auto", "-v", "/proc:/host"],
      "user namespaces need idmapped mounts, which the file system of /proc does not support",
    ],
  ])("%j is refused", async (flags, text) => {
    const { code, stderr } = await engine.daemon.lighter(["run", "--rm", ...flags, "busybox", "true"]);
    expect(stderr).toContain(text);
    expect(code).toBe(125);
  });
});

describe.skipIf(process.getuid?.() !== 0)("userns-remap", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await openTestEngine({ extraArgs: ["--userns-remap=default"] });
    openPath(engine);
  });
  afterAll(async () => engine?.[Symbol.asyncDispose]());
  afterEach(() => tidy(engine));
  const docker = (...args: string[]): Promise<string> => engine.docker(args);

  test("every container has the one range; --userns=host has none; info says so", async () => {
    expect(await docker("info", "-f", "{{.SecurityOptions}}")).toContain("name=userns");
    const map = ["cat", "/proc/self/uid_map"];
    const inside = await docker("run", "--rm", "busybox", ...map);
    expect(inside.trim().split(/\s+/)).toEqual(["0", String(0x7000_0000), "65536"]);
    expect(await docker("run", "--rm", "busybox", ...map)).toBe(inside);
    expect((await docker("run", "--rm", "--userns=host", "busybox", ...map)).trim()).toMatch(/^0 +0 +4294967295$/);
    expect((await docker("run", "--rm", "--userns=host", "--privileged", "busybox", "id", "-u")).trim()).toBe("0");
    const refused = await engine.daemon.docker(["run", "--rm", "--privileged", "busybox", "true"]);
    expect(refused.stderr).toContain("privileged mode is incompatible with user namespaces.");
  });

  test("containers of one range can share namespaces", async () => {
    await docker("run", "-d", "--name", "one", "--ipc=shareable", "busybox", "sleep", "600");
    const flags = ["--network", "--pid", "--ipc"].map((mode) => `${mode}=container:one`);
    expect(
      await docker("run", "--rm", ...flags, "busybox", "sh", "-c", "ps | grep -c 'sleep 600$'; ls /sys/class/net"),
    ).toMatch(/^1\n(.*\n)*eth0\n/);
  });

  test("a build runs in it, and the image has the ids of inside", async () => {
    const Dockerfile = "FROM busybox\nRUN cat /proc/self/uid_map >/map && touch /mine && chown 12:13 /mine\n";
    await engine.docker(["build", "-t", "built", "-"], { stdin: Dockerfile });
    expect(await docker("run", "--rm", "--userns=host", "busybox", "true")).toBe("");
    const out = await docker("run", "--rm", "--userns=host", "built", "sh", "-c", "cat /map; stat -c %u:%g /mine /map");
    expect(out).toMatch(new RegExp(`^ +0 +${0x7000_0000} +65536\n12:13\n0:0\n$`));
    await docker("rmi", "built");
  });
});
