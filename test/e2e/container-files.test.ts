import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lighterCommand, type CommandOptions, type CommandResult } from "../support/daemon.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { removeTestTree } from "../support/remove.ts";
import { clearContainers } from "../support/tidy.ts";

/** cp, diff and export with the docker CLI and with ours; both must do the same, and what Docker 28 does. */
describe.skipIf(process.getuid?.() !== 0).each(["docker", "lighter"] as const)("files, with %s", (client) => {
  let engine: TestEngine;
  let here = "";
  beforeAll(async () => {
    engine = await openTestEngine();
  });
  afterAll(async () => engine?.[Symbol.asyncDispose]());
  beforeEach(() => {
    here = mkdtempSync(join(tmpdir(), "files-"));
  });
  afterEach(async () => {
    removeTestTree(here);
    await clearContainers(engine);
  });

  const cli = (args: readonly string[], options?: CommandOptions): Promise<string> => engine[client](args, options);
  const raw = (args: readonly string[], options?: CommandOptions): Promise<CommandResult> =>
    engine.daemon[client](args, { cwd: here, ...options });
  const cp = async (...args: string[]): Promise<void> => {
    expect(await raw(["cp", ...args])).toEqual({ code: 0, stdout: "", stderr: "" });
  };
  const refused = async (args: readonly string[], stderr: string): Promise<void> => {
    const result = await raw(["cp", ...args]);
    // Docker's client also logs what its packing goroutine saw.
    const told = result.stderr.split("\n").filter((line) => !line.startsWith("time="));
    expect({ code: result.code, stderr: told.join("\n") }).toEqual({ code: 1, stderr: `${stderr}\n` });
  };
  const create = async (...args: string[]): Promise<string> =>
    (await cli(["create", ...args, "busybox", "sleep", "1000"])).trim();
  const start = async (...args: string[]): Promise<string> =>
    (await cli(["run", "-d", ...args, "busybox", "sleep", "1000"])).trim();
  const sh = (id: string, script: string): Promise<string> => cli(["exec", id, "sh", "-c", script]);
  const local = (name: string): string => readFileSync(join(here, name), "utf8");

  describe.each(["running", "stopped"] as const)("%s", (state) => {
    const make = async (...args: string[]): Promise<string> => (state === "running" ? start(...args) : create(...args));

    test("a file goes in and comes out, with its owner and mode, under another name or into a directory", async () => {
      const id = await make();
      writeFileSync(join(here, "f"), "text\n");
      chmodSync(join(here, "f"), 0o640);
      chownSync(join(here, "f"), 77, 88);
      await cp("f", `${id}:/tmp`);
      await cp("f", `${id}:/tmp/g`);
      await cp(`${id}:/tmp/g`, "h");
      mkdirSync(join(here, "d"));
      await cp(`${id}:/tmp/f`, "d");
      expect([local("h"), local("d/f")]).toEqual(["text\n", "text\n"]);
      expect(statSync(join(here, "h"))).toMatchObject({ uid: 0, gid: 0, mode: 0o100640 });
      if (state === "stopped") await cli(["start", id]);
      expect(await sh(id, "stat -c '%n %a %u:%g' /tmp/f /tmp/g")).toBe("/tmp/f 640 77:88\n/tmp/g 640 77:88\n");
    });

    test("directories: whole, their content alone, nested or under a new name", async () => {
      const id = await make();
      mkdirSync(join(here, "d/sub"), { recursive: true });
      writeFileSync(join(here, "d/sub/s"), "s");
      symlinkSync("sub", join(here, "d/l"));
      await cp("d", `${id}:/new`);
      await cp("d", `${id}:/new`);
      await cp("d/.", `${id}:/tmp`);
      await cp(`${id}:/new`, "out");
      await cp(`${id}:/new/.`, "content");
      await cp(`${id}:/tmp/.`, "content");
      const found = Bun.spawnSync(["find", "out", "-mindepth", "1"], { cwd: here }).stdout.toString();
      expect(found.trimEnd().split("\n").toSorted()).toEqual(
        ["out/d", "out/d/l", "out/d/sub", "out/d/sub/s", "out/l", "out/sub", "out/sub/s"].toSorted(),
      );
      expect(readdirSync(join(here, "content")).toSorted()).toEqual(["d", "l", "sub"]);
      expect(readlinkSync(join(here, "out/d/l"))).toBe("sub");
    });

    test("links: as links, or followed with -L; one at the destination is followed inside the container", async () => {
      const id = await make();
      symlinkSync("/etc/passwd", join(here, "abs"));
      symlinkSync("/tmp", join(here, "dirlink"));
      writeFileSync(join(here, "f"), "f");
      await cp("abs", `${id}:/abs`);
      await cp("dirlink", `${id}:/dirlink`);
      await cp("f", `${id}:/dirlink`);
      await cp("f", `${id}:/abs`);
      await cp(`${id}:/abs`, "link");
      await cp("-L", `${id}:/abs`, "followed");
      await cp(`${id}:/dirlink/.`, "content");
      await cp(`${id}:/dirlink/`, "slash");
      expect(lstatSync(join(here, "link")).isSymbolicLink()).toBe(true);
      expect([local("followed"), local("content/f"), local("slash/f")]).toEqual(["f", "f", "f"]);
      expect(readFileSync("/etc/passwd", "utf8")).not.toBe("f");
    });

    test("volumes, binds and network files are seen, and written to", async () => {
      mkdirSync(join(here, "bind"));
      writeFileSync(join(here, "bind/b"), "bound");
      writeFileSync(join(here, "f"), "f");
      const id = await make("-v", "vol:/data", "-v", `${here}/bind:/data/deep/bind`, "-v", `${here}/f:/one`);
      await cp("f", `${id}:/data/f`);
      await cp("f", `${id}:/data/deep/bind/f`);
      await cp(`${id}:/data`, "out");
      await cp(`${id}:/one`, "one");
      expect([local("out/f"), local("out/deep/bind/b"), local("bind/f"), local("one")]).toEqual([
        "f",
        "bound",
        "f",
        "f",
      ]);
      const other = await start("-v", "vol:/v:ro");
      expect(await sh(other, "cat /v/f")).toBe("f");
      if (state === "running") {
        await cp(`${id}:/etc/hosts`, "hosts");
        expect(local("hosts")).toContain("localhost");
      }
      await cli(["rm", "-f", id, other]);
      await cli(["volume", "rm", "vol"]);
    });

    test("through stdin and stdout, compressed too", async () => {
      const id = await make();
      mkdirSync(join(here, "d"));
      writeFileSync(join(here, "d/x"), "x".repeat(5000));
      for (const [flag, name] of [
        ["", "plain"],
        ["z", "gz"],
        ["J", "xz"],
        ["j", "bz2"],
      ] as const) {
        const tar = Bun.spawnSync(["tar", `-c${flag}f`, "-", `--transform=s,^d,${name},`, "d"], { cwd: here });
        expect((await raw(["cp", "-", `${id}:/tmp`], { stdin: tar.stdout })).stderr).toBe("");
      }
      const out = Bun.file(join(here, "out.tar"));
      await Bun.write(out, (await raw(["cp", `${id}:/tmp`, "-"])).stdout);
      const listed = Bun.spawnSync(["tar", "-tf", join(here, "out.tar")]).stdout.toString();
      expect(listed.split("\n").filter((name) => name.endsWith("/x"))).toEqual([
        "tmp/bz2/x",
        "tmp/gz/x",
        "tmp/plain/x",
        "tmp/xz/x",
      ]);
    });

    test("what is wrong is told in Docker's words", async () => {
      const id = await make("--read-only", "-v", `${here}:/ro:ro`);
      writeFileSync(join(here, "f"), "");
      mkdirSync(join(here, "d"));
      await refused(
        [`${id}:/nope`, "."],
        `Error response from daemon: Could not find the file /nope in container ${id}`,
      );
      await refused([`${id}:/etc/passwd/`, "."], "Error response from daemon: lstat /etc/passwd/: not a directory");
      await refused(["f", `${id}:/tmp`], "Error response from daemon: container rootfs is marked read-only");
      await refused(["f", `${id}:/ro`], "Error response from daemon: mounted volume is marked read-only");
      await refused(["f", `${id}:/no/f`], `Error response from daemon: Could not find the file /no in container ${id}`);
      await refused(["f", `${id}:/new/`], "no such directory");
      await refused(["d", `${id}:/etc/passwd`], "cannot copy directory");
      await refused([`${id}:/etc`, "f"], "cannot copy directory");
      await refused(["nofile", `${id}:/`], `lstat ${here}/nofile: no such file or directory`);
      await refused([`${id}:/etc`, "no/dir"], `invalid output path: directory "${here}/no" does not exist`);
      await refused(["nosuch:/a", "."], "Error response from daemon: No such container: nosuch");
      await refused(["a:/b", "c:/d"], "copying between containers is not supported");
      await refused(["a", "b"], "must specify at least one container source");
      const stdin = await raw(["cp", "-", `${id}:/etc/passwd`], { stdin: "" });
      expect(stdin.stderr).toBe(`destination "${id}:/etc/passwd" must be a directory\n`);
    });
  });

  test("the summary tells the bytes of the tar", async () => {
    const id = await create();
    writeFileSync(join(here, "f"), "text\n");
    expect((await raw(["cp", "--quiet=false", "f", `${id}:/tmp`])).stderr).toBe(
      `Successfully copied 2.05kB to ${id}:/tmp\n`,
    );
    expect((await raw(["cp", "--quiet=false", `${id}:/tmp/f`, "g"])).stderr).toBe(
      `Successfully copied 2.05kB to ${here}/g\n`,
    );
  });

  test("-a gives files to the container's user", async () => {
    const id = await start("--user", "daemon");
    writeFileSync(join(here, "f"), "");
    chownSync(join(here, "f"), 77, 88);
    await cp("-a", "f", `${id}:/tmp/mine`);
    await cp("f", `${id}:/tmp/theirs`);
    expect(await sh(id, "stat -c %u:%g /tmp/mine /tmp/theirs")).toBe("1:1\n77:88\n");
  });

  test("a tmpfs of a running container", async () => {
    const id = await start("--tmpfs", "/t", "--read-only");
    await sh(id, "echo in >/t/f");
    await cp(`${id}:/t/f`, "f");
    writeFileSync(join(here, "g"), "out\n");
    await cp("g", `${id}:/t`);
    expect(local("f") + (await sh(id, "cat /t/g"))).toBe("in\nout\n");
    await refused(
      [`${id}:/proc/cpuinfo`, "."],
      `Error response from daemon: Could not find the file /proc/cpuinfo in container ${id}`,
    );
  });

  test("diff of a container: what it added, changed and deleted; nothing of a new one", async () => {
    const id = await create("-v", "/vol");
    expect(await cli(["diff", id])).toBe("");
    await cli(["start", id]);
    await sh(
      id,
      "mkdir -p /a/b; echo >/a/b/f; rm /bin/ls; chmod 711 /root; echo >>/etc/passwd; touch /vol/x; touch /etc",
    );
    const expected = [
      "A /a",
      "A /a/b",
      "A /a/b/f",
      "A /vol",
      "C /bin",
      "C /etc",
      "C /etc/passwd",
      "C /root",
      "D /bin/ls",
    ];
    const shown = (await cli(["diff", id])).trimEnd().split("\n");
    expect(shown.map((line) => line.slice(2))).toEqual(shown.map((line) => line.slice(2)).toSorted());
    expect(shown.toSorted()).toEqual(expected);
    await cli(["stop", "-t", "0", id]);
    expect((await cli(["diff", id])).trimEnd().split("\n").toSorted()).toEqual(expected);
    expect(await raw(["diff", "nosuch"])).toMatchObject({
      code: 1,
      stderr: "Error response from daemon: No such container: nosuch\n",
    });
  });

  test("export: all files but those of mounts, fit to be imported", async () => {
    const id = await start("-v", "/vol", "--tmpfs", "/t");
    const long = "n".repeat(200);
    await sh(
      id,
      `mkdir -p /a/${long}; echo deep >/a/${long}/f; ln /a/${long}/f /a/hard; mkfifo /a/pipe; mknod /a/null c 1 3; touch /vol/x /t/y; chmod 4711 /a/hard`,
    );
    for (const running of [true, false]) {
      if (!running) await cli(["stop", "-t", "0", id]);
      const file = join(here, `${running}.tar`);
      await cli(["export", "-o", file, id]);
      const listed = Bun.spawnSync(["tar", "-tvf", file, "--numeric-owner"]).stdout.toString().split("\n");
      const names = listed.map((line) => line.split(/\s+/).slice(5).join(" "));
      expect(names).toContain(".dockerenv");
      expect(names.filter((name) => /^(vol|t|proc|dev\/pts|etc\/hosts)(\/|$)/.test(name)).toSorted()).toEqual([
        "dev/pts/",
        "etc/hosts",
        "proc/",
        "t/",
        "vol/",
      ]);
      expect(
        listed
          .filter((line) => / a\//.test(line))
          .map((line) => line.slice(0, 1))
          .toSorted()
          .join(""),
      ).toBe("-cddhp");
    }
    await cli(["import", join(here, "false.tar"), "exported"]);
    expect(
      await cli(["run", "--rm", "exported", "sh", "-c", `cat /a/${long}/f; stat -c '%a %h' /a/hard; ls /vol`]),
    ).toBe("deep\n4711 2\n");
    await cli(["rmi", "exported"]);
  });

  test("export refuses a terminal, a directory and a path that cannot be", async () => {
    const id = await create();
    expect((await raw(["export", "-o", ".", id])).stderr).toBe(
      "failed to export container: cannot write to a directory\n",
    );
    expect((await raw(["export", "-o", "no/x", id])).stderr).toBe(
      "failed to export container: invalid output path: stat no: no such file or directory\n",
    );
    const words = client === "docker" ? ["docker"] : lighterCommand();
    const command = [...words, "-H", engine.box.host, "export", id].join(" ");
    const { stdout, exitCode } = Bun.spawnSync(["script", "-qec", command, "/dev/null"]);
    expect(stdout.toString().trim()).toBe("cowardly refusing to save to a terminal. Use the -o flag or redirect");
    expect(exitCode).toBe(1);
  });

  test("events tell of it, and inspecting tells nothing", async () => {
    const id = await create();
    const since = String(Date.now() / 1000);
    writeFileSync(join(here, "f"), "");
    await cp("f", `${id}:/tmp`);
    await cp(`${id}:/tmp/f`, "g");
    await cli(["export", "-o", join(here, "e.tar"), id]);
    await cli(["diff", id]);
    const events = ["events", "--since", since, "--until", "0s", "--format", "{{.Action}}"];
    const until0 = events.map((word) => (word === "0s" ? String(Date.now() / 1000 + 0.001) : word));
    const seen = (await cli([...until0, "--filter", `container=${id}`])).trimEnd().split("\n");
    expect(seen).toEqual(["extract-to-dir", "archive-path", "export"]);
  });
});
