import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { busyboxImage } from "../support/busybox.ts";
import { startDaemon, type TestDaemon } from "../support/daemon.ts";
import { removeTestTree } from "../support/remove.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { readEngineState } from "../support/state.ts";
import { until } from "../support/until.ts";

/** What copies hold while they last: given back whatever happens to the container, the client or the daemon. */
describe.skipIf(process.getuid?.() !== 0)("a copy under way", () => {
  let box: Sandbox;
  let daemon: TestDaemon;
  let here = "";
  beforeAll(async () => {
    box = await openSandbox();
    daemon = await startDaemon(box);
    await docker("load", "-i", (await busyboxImage()).archive);
    here = mkdtempSync(join(tmpdir(), "life-"));
    // More than sockets and streams take in while nobody reads.
    writeFileSync(join(here, "big"), Buffer.alloc(24 << 20, "x"));
    writeFileSync(join(here, "f"), "f");
  });
  afterAll(async () => {
    removeTestTree(here);
    await daemon?.kill9();
    await box?.[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    const ids = (await docker("ps", "-aq")).split("\n").filter((id) => id !== "");
    if (ids.length > 0) await docker("rm", "-f", "-v", ...ids);
    await quiet();
  });

  const docker = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await daemon.docker(args);
    if (code !== 0) throw new Error(`${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const quiet = async (): Promise<void> => {
    const faults = (): readonly string[] => [
      ...readEngineState(box, daemon.pid).faults,
      ...readdirSync(box.execRoot).filter((name) => name.startsWith("files-")),
    ];
    await until(() => faults().length === 0, "all is given back").catch(() => expect(faults()).toEqual([]));
  };
  const create = async (...args: string[]): Promise<string> =>
    (await docker("create", ...args, "busybox", "sleep", "1000")).trim();
  const withBig = async (...args: string[]): Promise<string> => {
    const id = await create(...args);
    await docker("cp", join(here, "big"), `${id}:/big`);
    return id;
  };
  const isMounted = (id: string): boolean =>
    readFileSync(`/proc/${daemon.pid}/mountinfo`, "utf8").includes(join(box.execRoot, "rootfs", id));

  /** A request whose answer has begun; nothing more is read. */
  async function begin(method: string, path: string, body?: Uint8Array): Promise<Socket> {
    const socket = connect(box.socket);
    const length = body === undefined ? "" : "Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n";
    socket.write(`${method} ${path} HTTP/1.1\r\nHost: d\r\n${length}\r\n`);
    if (body !== undefined) {
      socket.write(`${body.length.toString(16)}\r\n`);
      socket.write(body);
      return socket;
    }
    await new Promise<void>((resolve) => socket.once("data", () => resolve()));
    socket.pause();
    return socket;
  }
  async function rest(socket: Socket): Promise<number> {
    let bytes = 0;
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (chunk.subarray(-5).equals(Buffer.from("0\r\n\r\n"))) socket.end();
    });
    socket.resume();
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
    return bytes;
  }

  test.each(["export", "archive?path=/"])(
    "a stopped container starts and stops while %s goes on, on one mount",
    async (what) => {
      const id = await withBig("-v", "/vol");
      const socket = await begin("GET", `/containers/${id}/${what}`);
      expect(isMounted(id)).toBe(true);
      await docker("start", id);
      await docker("exec", id, "sh", "-c", "echo during >/during");
      await docker("stop", "-t", "0", id);
      expect(isMounted(id)).toBe(true);
      await docker("cp", `${id}:/during`, join(here, "during"));
      expect(readFileSync(join(here, "during"), "utf8")).toBe("during\n");
      expect(await rest(socket)).toBeGreaterThan(24 << 20);
      await until(() => !isMounted(id), "the root is given back");
    },
  );

  test.each(["export", "archive?path=/big"])("a client that goes away in the middle of %s", async (what) => {
    const id = await withBig();
    const socket = await begin("GET", `/containers/${id}/${what}`);
    expect(isMounted(id)).toBe(true);
    socket.destroy();
    await until(() => !isMounted(id), "the root is given back");
    await quiet();
  });

  test("a client that goes away in the middle of an upload", async () => {
    const id = await create();
    const tar = Bun.spawnSync(["tar", "-C", here, "-cf", "-", "big"]).stdout;
    const socket = await begin("PUT", `/containers/${id}/archive?path=/tmp`, tar.subarray(0, 3 << 20));
    await until(() => isMounted(id), "the upload is taken");
    socket.destroy();
    await until(() => !isMounted(id), "the root is given back");
    await quiet();
  });

  test("a container removed while it is exported", async () => {
    const id = await withBig();
    const socket = await begin("GET", `/containers/${id}/export`);
    await docker("rm", "-f", id);
    socket.destroy();
    await quiet();
  });

  test("a daemon killed in the middle leaves nothing, and the container is whole", async () => {
    const id = await withBig("-v", "/vol");
    const running = await create();
    await docker("start", running);
    const download = await begin("GET", `/containers/${id}/archive?path=/`);
    const tar = Bun.spawnSync(["tar", "-C", here, "-cf", "-", "big"]).stdout;
    const upload = await begin("PUT", `/containers/${id}/archive?path=/tmp`, tar.subarray(0, 3 << 20));
    for (const socket of [download, upload]) socket.on("error", () => undefined);
    await daemon.kill9();
    daemon = await startDaemon(box);
    expect(isMounted(id)).toBe(false);
    await quiet();
    await docker("cp", join(here, "f"), `${id}:/vol/f`);
    await docker("cp", join(here, "f"), `${running}:/tmp/f`);
    await docker("start", id);
    expect(await docker("exec", id, "cat", "/vol/f")).toBe("f");
    expect(await docker("exec", running, "cat", "/tmp/f")).toBe("f");
    await docker("stop", "-t", "0", running);
    await until(() => !isMounted(running), "the root of an adopted task is given back");
  });

  test("of a container in a user namespace: archives have its own ids, stopped and running", async () => {
    for (let path = box.execRoot; path !== "/tmp" && path !== "/"; path = dirname(path)) chmodSync(path, 0o711);
    chownSync(join(here, "f"), 5, 6);
    const body = JSON.stringify({
      Image: "busybox",
      Cmd: ["sleep", "1000"],
      HostConfig: { UsernsMode: "auto", Binds: ["own:/vol"] },
    });
    const made = await fetch("http://d/containers/create", {
      unix: box.socket,
      method: "POST",
      body,
      headers: { "Content-Type": "application/json" },
    });
    const { Id: id } = (await made.json()) as { Id: string };
    for (const name of ["stopped", "running"]) {
      await docker("cp", join(here, "f"), `${id}:/tmp/${name}`);
      await docker("cp", join(here, "f"), `${id}:/vol/${name}`);
      if (name === "stopped") await docker("start", id);
    }
    const script = "cd /; touch tmp/own; stat -c '%n %u:%g' tmp tmp/* vol/*";
    const expected = [
      "tmp 0:0",
      "tmp/own 0:0",
      "tmp/running 5:6",
      "tmp/stopped 5:6",
      "vol/running 5:6",
      "vol/stopped 5:6",
    ];
    expect((await docker("exec", id, "sh", "-c", script)).trimEnd().split("\n")).toEqual(expected);
    for (const state of ["running", "stopped"]) {
      if (state === "stopped") await docker("stop", "-t", "0", id);
      const answer = await fetch(`http://d/containers/${id}/export`, { unix: box.socket });
      await Bun.write(join(here, "e.tar"), await answer.bytes());
      const listed = Bun.spawnSync(["tar", "-tvf", join(here, "e.tar"), "--numeric-owner"]).stdout.toString();
      const owners = listed
        .split("\n")
        .map((line) => line.split(/\s+/))
        .map(([, owner, , , , name]) => `${name} ${owner}`);
      expect(owners.filter((line) => line.startsWith("tmp/"))).toEqual([
        "tmp/ 0/0",
        "tmp/own 0/0",
        "tmp/running 5/6",
        "tmp/stopped 5/6",
      ]);
    }
    expect((await docker("diff", id)).split("\n").filter((line) => line.includes("/tmp"))).toEqual([
      "C /tmp",
      "A /tmp/own",
      "A /tmp/running",
      "A /tmp/stopped",
    ]);
    await docker("rm", id);
    await docker("volume", "rm", "own");
  });
});
