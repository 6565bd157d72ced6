import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, realpathSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { busyboxImage } from "../support/busybox.ts";
import { lighterCommand, startDaemon, type CommandResult, type TestDaemon } from "../support/daemon.ts";
import { removeTestTree } from "../support/remove.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { readEngineState } from "../support/state.ts";
import { until } from "../support/until.ts";

const isRoot = process.getuid?.() === 0;

function run(...command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
}

async function expectNothingLeft(box: Sandbox, daemon: TestDaemon): Promise<void> {
  const quiet = (): boolean => readEngineState(box, daemon.pid).faults.length === 0;
  await until(quiet, "nothing is left").catch(() => expect(readEngineState(box, daemon.pid).faults).toEqual([]));
}

/** A program that runs ours in a mount namespace where these programs cannot be executed. */
function without(box: Sandbox, programs: readonly string[]): string {
  const file = join(box.root, "without");
  const paths = programs.flatMap((name) => Bun.which(name) ?? []).map((path) => realpathSync(path));
  const hide = paths.map((path) => `mount --bind /dev/null ${path}`).join(" && ");
  writeFileSync(
    file,
    `#!/bin/sh\nexec unshare -m sh -c '${hide} && exec "$@"' sh ${lighterCommand().join(" ")} "$@"\n`,
  );
  chmodSync(file, 0o755);
  return file;
}

describe.skipIf(!isRoot)("a full disk", () => {
  let box: Sandbox;
  let daemon: TestDaemon;
  let archive = "";
  const ballast = (): string => join(box.dataRoot, "ballast");

  beforeAll(async () => {
    box = await openSandbox();
    run("mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", box.dataRoot);
    daemon = await startDaemon(box);
    ({ archive } = await busyboxImage());
  });
  afterAll(async () => {
    await daemon?.kill9();
    if (box) Bun.spawnSync(["umount", "-l", box.dataRoot]);
    await box?.[Symbol.asyncDispose]();
  });

  /** Leaves this many bytes free. */
  function fill(freeBytes: number): void {
    const free = Number(Bun.spawnSync(["df", "--output=avail", "-B1", box.dataRoot]).stdout.toString().split("\n")[1]);
    run("fallocate", "-l", String(free - freeBytes), ballast());
  }

  const cases: readonly [string, number, () => Promise<CommandResult>][] = [
    ["load", 1_000_000, () => daemon.docker(["load", "-i", archive])],
    ["load that fails at the unpacking", 3_200_000, () => daemon.docker(["load", "-i", archive])],
    ["import", 1_000_000, async () => daemon.docker(["import", (await busyboxImage()).rootTar, "imported"])],
  ];
  test.each(cases)("%s says so, leaves nothing, and works again when there is space", async (_, free, command) => {
    fill(free);
    const result = await command();
    expect(result.stdout + result.stderr).toContain("no space left on device");
    expect(result.code).not.toBe(0);
    await expectNothingLeft(box, daemon);
    expect((await daemon.docker(["images", "-aq"])).stdout).toBe("");
    unlinkSync(ballast());
    expect(await command()).toMatchObject({ code: 0 });
    await expectNothingLeft(box, daemon);
    const ids = (await daemon.docker(["images", "-q"])).stdout.trim().split("\n");
    expect(await daemon.docker(["rmi", "-f", ...ids])).toMatchObject({ code: 0 });
  });

  test("build and run", async () => {
    expect(await daemon.docker(["load", "-i", archive])).toMatchObject({ code: 0 });
    expect(await daemon.docker(["run", "-d", "--name", "old", "busybox", "sleep", "600"])).toMatchObject({ code: 0 });
    await expectNothingLeft(box, daemon);
    const images = (await daemon.docker(["images", "-a"])).stdout;
    fill(2_000_000);
    const stdin = "FROM busybox\nRUN dd if=/dev/zero of=/big bs=1M count=10\n";
    const built = await daemon.docker(["build", "--force-rm", "-t", "big", "-"], { stdin });
    expect(built.code).not.toBe(0);
    expect(built.stdout + built.stderr).toContain("returned a non-zero code: 1");
    expect((await daemon.docker(["images", "-a"])).stdout).toBe(images);
    await expectNothingLeft(box, daemon);
    const written = await daemon.docker([
      "run",
      "--rm",
      "busybox",
      "dd",
      "if=/dev/zero",
      "of=/big",
      "bs=1M",
      "count=9",
    ]);
    expect(written).toMatchObject({ code: 1 });
    unlinkSync(ballast());
    fill(0);
    const refused = await daemon.docker(["run", "--rm", "busybox", "true"]);
    expect(
      refused.code === 0 ||
        refused.stderr.includes("no space left on device") ||
        refused.stderr.includes("disk is full"),
    ).toBe(true);
    expect(await daemon.docker(["ps", "--format", "{{.Names}}"])).toMatchObject({ stdout: "old\n" });
    await expectNothingLeft(box, daemon);
    unlinkSync(ballast());
    expect(await daemon.docker(["build", "--force-rm", "-t", "big", "-"], { stdin })).toMatchObject({ code: 0 });
    expect(await daemon.docker(["run", "--rm", "big", "stat", "-c", "%s", "/big"])).toMatchObject({
      stdout: "10485760\n",
    });
    expect(await daemon.docker(["exec", "old", "echo", "fine"])).toMatchObject({ stdout: "fine\n" });
  });
});

describe.skipIf(!isRoot)("programs that are missing or broken", () => {
  test.each([
    ["conmon", /conmon/],
    ["crun and runc", /no OCI runtime|crun/],
  ])("without %s the daemon names what is missing", async (missing, words) => {
    await using box = await openSandbox();
    await expect(startDaemon(box, { binary: without(box, missing.split(" and ")) })).rejects.toThrow(words);
    expect(box.leftovers()).toEqual([]);
  });

  test("without crun it takes runc, and says so in info", async () => {
    await using box = await openSandbox();
    await using daemon = await startDaemon(box, { binary: without(box, ["crun"]) });
    await daemon.docker(["load", "-i", (await busyboxImage()).archive]);
    expect(await daemon.docker(["info", "-f", "{{.DefaultRuntime}}"])).toMatchObject({ stdout: "runc\n" });
    expect(await daemon.docker(["run", "--rm", "busybox", "echo", "by runc"])).toMatchObject({ stdout: "by runc\n" });
  });

  test("a runtime that does not exist, or fails, is the error of that container alone", async () => {
    await using box = await openSandbox();
    const broken = join(box.root, "broken-runtime");
    writeFileSync(
      broken,
      '#!/bin/sh\n[ "$1" = --version ] && echo "broken version 1" && exit 0\necho broken >&2\nexit 1\n',
    );
    chmodSync(broken, 0o755);
    const flags = ["--add-runtime", "nowhere=/no/such/runtime", "--add-runtime", `broken=${broken}`];
    await using daemon = await startDaemon(box, { extraArgs: flags });
    await daemon.docker(["load", "-i", (await busyboxImage()).archive]);
    for (const runtime of ["nowhere", "broken", "unknown"]) {
      const result = await daemon.docker(["run", "--name", `with-${runtime}`, "--runtime", runtime, "busybox", "true"]);
      expect(result).toMatchObject({ code: 125, stderr: expect.stringContaining(runtime) });
      await daemon.docker(["rm", "-f", `with-${runtime}`]);
    }
    await expectNothingLeft(box, daemon);
    expect(await daemon.docker(["run", "--rm", "busybox", "echo", "fine"])).toMatchObject({ stdout: "fine\n" });
  });
});

describe.skipIf(!isRoot)("bad requests and a damaged store", () => {
  let box: Sandbox;
  let daemon: TestDaemon;
  let work = "";

  beforeAll(async () => {
    box = await openSandbox();
    work = mkdtempSync(join(tmpdir(), "faults-"));
    daemon = await startDaemon(box);
    await daemon.docker(["load", "-i", (await busyboxImage()).archive]);
  });
  afterAll(async () => {
    await daemon?.kill9();
    await box?.[Symbol.asyncDispose]();
    if (work !== "") removeTestTree(work);
  });

  const refused: readonly [string, readonly string[], number, RegExp][] = [
    ["an unknown image", ["create", "nosuch:image"], 1, /No such image: nosuch:image|pull access denied|not.*built/i],
    ["an unknown container", ["start", "nosuch"], 1, /No such container: nosuch/],
    ["a bad name", ["create", "--name", "../x", "busybox"], 1, /Invalid container name \(..\/x\)/],
    ["a negative cpu limit", ["create", "--cpus", "10000", "busybox"], 1, /CPUs/],
    ["too little memory", ["create", "-m", "1m", "busybox"], 1, /Minimum memory limit allowed is 6MB/],
    ["a relative mount target", ["create", "-v", "/tmp:tmp", "busybox"], 1, /mount path must be absolute/],
    ["a volume on the root", ["create", "-v", "/tmp:/", "busybox"], 1, /destination can't be '\/'/],
    [
      "two mounts at one place",
      ["create", "-v", "/tmp:/a", "-v", "/var:/a", "busybox"],
      1,
      /Duplicate mount point: \/a/,
    ],
    [
      "a bind of nothing",
      ["create", "--mount", "type=bind,src=/no/such,dst=/a", "busybox"],
      1,
      /bind source path does not exist: \/no\/such/,
    ],
    [
      "an unknown network",
      ["run", "--network", "nosuch", "busybox"],
      125,
      /failed to set up container networking: network nosuch not found/,
    ],
    [
      "a container's network without it",
      ["run", "--network", "container:nosuch", "busybox"],
      125,
      /joining network namespace of container: No such container: nosuch/,
    ],
    ["a signal that is none", ["run", "--stop-signal", "NOSUCH", "busybox"], 125, /[iI]nvalid signal: NOSUCH/],
    [
      "an unknown user",
      ["run", "--rm", "-u", "nosuch", "busybox"],
      125,
      /unable to find user nosuch: no matching entries in passwd file/,
    ],
    [
      "an unknown group",
      ["run", "--rm", "-u", "0:nosuch", "busybox"],
      125,
      /unable to find group nosuch: no matching entries in group file/,
    ],
    ["a command that is not there", ["run", "--rm", "busybox", "nosuch"], 127, /executable file not found in \$PATH/],
    ["a directory as command", ["run", "--rm", "busybox", "/tmp"], 126, /permission denied|is a directory/],
    [
      "a working directory that is a file",
      ["run", "--rm", "-w", "/bin/sh", "busybox", "true"],
      125,
      /\/bin\/sh.* not a directory/,
    ],
  ];
  test.each(refused)("%s is refused and leaves nothing", async (_, args, code, words) => {
    const result = await daemon.docker(args);
    expect(result.stderr).toMatch(words);
    expect(result.code).toBe(code);
    const left = (await daemon.docker(["ps", "-aq"])).stdout.trim();
    if (left !== "") await daemon.docker(["rm", "-f", ...left.split("\n")]);
    await expectNothingLeft(box, daemon);
    expect(readEngineState(box, daemon.pid).containers).toEqual([]);
    expect((await daemon.docker(["volume", "ls", "-q"])).stdout).toBe("");
  });

  test("a port that is taken", async () => {
    using server = Bun.listen({ hostname: "0.0.0.0", port: 0, socket: { data: () => undefined } });
    const result = await daemon.docker([
      "run",
      "-d",
      "--name",
      "port",
      "-p",
      `${server.port}:80`,
      "busybox",
      "sleep",
      "9",
    ]);
    expect(result).toMatchObject({ code: 125 });
    expect(result.stderr).toMatch(/address already in use|port is already allocated/);
    expect(await daemon.docker(["rm", "port"])).toMatchObject({ code: 0 });
    await expectNothingLeft(box, daemon);
  });

  test("an archive that climbs out is refused whole", async () => {
    const victim = join(work, "victim");
    const python = "import io,sys,tarfile,json,hashlib";
    const layers: Readonly<Record<string, string>> = {
      "a path that climbs": "t.addfile(member('../../../../../../../..'+sys.argv[1]), io.BytesIO(b'x'))",
      "a link out and a file behind it":
        "l=tarfile.TarInfo('out'); l.type=tarfile.SYMTYPE; l.linkname='/'; t.addfile(l); t.addfile(member('out'+sys.argv[1]), io.BytesIO(b'x'))",
      "a hard link to the host":
        "l=tarfile.TarInfo('h'); l.type=tarfile.LNKTYPE; l.linkname='../../../../../../../../etc/passwd'; t.addfile(l)",
    };
    for (const [name, body] of Object.entries(layers)) {
      const file = join(work, "root.tar");
      const script = `${python}
def member(n):
  m=tarfile.TarInfo(n); m.size=1; return m
with tarfile.open(sys.argv[2],'w') as t:
  ${body}`;
      run("python3", "-c", script, victim, file);
      const result = await daemon.docker(["import", file, "hostile"]);
      expect(`${name}: ${existsSync(victim)}`).toBe(`${name}: false`);
      if (result.code === 0) await daemon.docker(["rmi", "-f", "hostile"]);
      await expectNothingLeft(box, daemon);
    }
    writeFileSync(join(work, "noise"), crypto.getRandomValues(new Uint8Array(4096)));
    const noise = await daemon.docker(["load", "-i", join(work, "noise")]);
    expect(noise.code).toBe(1);
    await expectNothingLeft(box, daemon);
  });

  test("a half archive is refused, and leaves nothing", async () => {
    const { archive } = await busyboxImage();
    const whole = await Bun.file(archive).bytes();
    const before = (await daemon.docker(["images", "-a"])).stdout;
    for (const part of [0.1, 0.5, 0.98]) {
      writeFileSync(join(work, "half.tar"), whole.subarray(0, Math.trunc(whole.length * part)));
      expect((await daemon.docker(["load", "-i", join(work, "half.tar")])).code).toBe(1);
    }
    expect((await daemon.docker(["images", "-a"])).stdout).toBe(before);
    await expectNothingLeft(box, daemon);
  });

  test("a second daemon on the same root is refused", async () => {
    await expect(startDaemon(box)).rejects.toThrow(/another engine is running on/);
    expect(await daemon.docker(["version", "-f", "{{.Server.Version}}"])).toMatchObject({ code: 0 });
  });

  test("a root that lost its files is that container's error", async () => {
    await daemon.docker(["create", "--name", "hollow", "busybox", "true"]);
    const { stdout } = await daemon.docker(["inspect", "-f", "{{.GraphDriver.Data.UpperDir}}", "hollow"]);
    run("rm", "-rf", stdout.trim());
    const result = await daemon.docker(["start", "hollow"]);
    expect(result.code).toBe(1);
    expect(result.stderr.trim()).not.toBe("");
    expect(await daemon.docker(["rm", "hollow"])).toMatchObject({ code: 0 });
    expect(await daemon.docker(["run", "--rm", "busybox", "echo", "fine"])).toMatchObject({ stdout: "fine\n" });
    await expectNothingLeft(box, daemon);
  });
});

describe.skipIf(!isRoot)("flags and daemon.json", () => {
  const bad: readonly [string, object | string, readonly string[], RegExp][] = [
    ["an unknown flag", {}, ["--no-such-flag"], /unknown flag: --no-such-flag/],
    ["an unknown key", { nosuch: 1 }, [], /nosuch/],
    [
      "a key and its flag",
      { "log-level": "info" },
      [],
      /specified both as a flag and in the configuration file: .*log-level/,
    ],
    ["no JSON", "{", [], /daemon.json/],
    ["a bad bip", {}, ["--bip", "10.0.0.0/33"], /10\.0\.0\.0\/33/],
    ["a bad level", { debug: "yes" }, [], /debug/],
  ];
  test.each(bad)("%s is named", async (_, config, flags, words) => {
    await using box = await openSandbox();
    const file = join(box.root, "daemon.json");
    writeFileSync(file, typeof config === "string" ? config : JSON.stringify(config));
    await expect(startDaemon(box, { extraArgs: ["--config-file", file, ...flags] })).rejects.toThrow(words);
  });
});
