import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openTestEngine, type TestEngine } from "../support/engine.ts";

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly value: unknown;
}

/** Lists and execs at their edges, as Docker 28 answers them. */
describe.skipIf(process.getuid?.() !== 0)("container endpoints", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await openTestEngine();
    const { docker } = engine;
    await docker(["build", "-t", "child", "-"], { stdin: "FROM busybox\nLABEL made=child\n" });
    await docker(["create", "--name", "el1", "-l", "n=1", "-l", "a=b", "busybox"]);
    const ports = ["-p", "127.0.0.1::80", "--expose", "90/udp", "--expose", "70-72"];
    await docker(["run", "-d", "--name", "el2", "-l", "n=2", "-v", "elv:/data", ...ports, "busybox", "sleep", "600"]);
    await engine.daemon.docker(["run", "--name", "el3", "-l", "n=3", "busybox", "sh", "-c", "exit 7"]);
    await docker(["run", "-d", "--name", "el4", "-l", "n=4", "--network", "none", "busybox", "sleep", "600"]);
    await docker(["pause", "el4"]);
    await docker(["create", "--name", "el5", "-l", "n=5", "child"]);
  }, 60_000);
  afterAll(async () => {
    await engine?.docker(["unpause", "el4"]);
    await engine?.[Symbol.asyncDispose]();
  });

  async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const sent =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
    const response = await fetch(`http://d${path}`, { unix: engine.box.socket, method, ...sent });
    const text = await response.text();
    const isJson = response.headers.get("content-type") === "application/json" && text !== "";
    return { status: response.status, text, value: isJson ? JSON.parse(text) : undefined };
  }

  async function names(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await engine.daemon.docker(["ps", "--format", "{{.Names}}", ...args]);
    return code === 0 ? stdout.trim().replaceAll("\n", " ") : stderr.trim();
  }

  test.each([
    ["ancestor=busybox", "el5 el4 el3 el2 el1"],
    ["ancestor=child", "el5"],
    ["ancestor=child:other", ""],
    ["before=el3", "el2 el1"],
    ["since=el3", "el5 el4"],
    ["before=nope", "Error response from daemon: No such container: nope"],
    ["exited=7", "el3"],
    ["exited=0", ""],
    ["expose=90/udp", "el2"],
    ["expose=90", ""],
    ["expose=70-75", "el2"],
    ["publish=80", ""],
    ["is-task=true", ""],
    ["is-task=false", "el5 el4 el3 el2 el1"],
    ["is-task=x", "Error response from daemon: invalid filter 'is-task=[x]'"],
    ["isolation=default", "el5 el4 el3 el2 el1"],
    ["health=none", "el5 el4 el3 el2 el1"],
    ["label=a=b", "el1"],
    ["name=^el[23]$", "el3 el2"],
    ["name=^/el[23]$", "el3 el2"],
    ["name=(", ""],
    ["name=^(e+)+!", ""],
    ["network=none", "el4"],
    ["status=paused", "el4"],
    ["status=created", "el5 el1"],
    ["volume=elv", "el2"],
    ["volume=/data", "el2"],
    ["id=zz", ""],
  ])("ps -a --filter %s: %s", async (filter, expected) => {
    expect(await names("-a", "--filter", filter)).toBe(expected);
  });

  test("what is published is found by the host's port", async () => {
    const port = (await engine.docker(["port", "el2", "80"])).trim().split(":").at(-1) ?? "";
    expect(await names("--filter", `publish=${port}`)).toBe("el2");
    expect(await names("--filter", `publish=${port}/udp`)).toBe("");
  });

  test("a state asked for brings those that do not run, an exit code does not", async () => {
    expect(await names("--filter", "status=exited")).toBe("el3");
    expect(await names("--filter", "exited=7")).toBe("");
    expect(await names("-n", "2")).toBe("el5 el4");
    expect(await names("-n", "-1")).toBe("el4 el2");
  });

  test("sizes are those of inspect, and only where they are asked for", async () => {
    await engine.docker(["exec", "el2", "dd", "if=/dev/zero", "of=/big", "bs=1M", "count=3"]);
    const filters = encodeURIComponent('{"name":["el2"]}');
    const [listed] = (await ask("GET", `/containers/json?size=1&filters=${filters}`)).value as Record<string, number>[];
    const inspected = (await ask("GET", "/containers/el2/json?size=1")).value as Record<string, number>;
    expect(listed?.["SizeRw"]).toBeGreaterThan(3_000_000);
    expect(listed?.["SizeRw"]).toBe(inspected["SizeRw"] ?? 0);
    expect(listed?.["SizeRootFs"]).toBe(inspected["SizeRootFs"] ?? 0);
    const [plain] = (await ask("GET", `/containers/json?filters=${filters}`)).value as object[];
    expect(plain).not.toContainAnyKeys(["SizeRw", "SizeRootFs"]);
    for (const client of ["docker", "lighter"] as const) {
      expect(await engine[client](["ps", "-s", "--filter", "name=el2", "--format", "{{.Size}}"])).toMatch(
        /^3\.\d+MB \(virtual \d.*B\)\n$/,
      );
    }
  });

  const execOf = async (body: object): Promise<string> =>
    ((await ask("POST", "/containers/el2/exec", body)).value as { Id: string }).Id;

  test.each([
    ["POST", "/containers/nope/exec", { Cmd: ["true"] }, 404, "No such container: nope"],
    ["POST", "/containers/el1/exec", { Cmd: ["true"] }, 409, /^container \w{64} is not running$/],
    [
      "POST",
      "/containers/el4/exec",
      { Cmd: ["true"] },
      409,
      "Container el4 is paused, unpause the container before exec",
    ],
    ["POST", "/containers/el2/exec", {}, 400, "No exec command specified"],
    ["POST", "/containers/el2/exec", { Cmd: ["a"], DetachKeys: "zz" }, 400, "Invalid escape keys (zz) provided"],
    ["POST", "/containers/el2/kill?signal=99", undefined, 400, /daemon does not support signal 99$/],
    ["POST", "/containers/el2/kill?signal=0", undefined, 400, "cannot kill container: el2: invalid signal: 0"],
    ["POST", "/containers/el2/stop?signal=FOO", undefined, 400, "cannot stop container: el2: invalid signal: FOO"],
    ["GET", "/exec/nope/json", undefined, 404, "No such exec instance: nope"],
  ])("%s %s %j", async (method, path, body, status, message) => {
    const answer = await ask(method, path, body);
    expect(answer.status).toBe(status);
    expect((answer.value as { message: string }).message).toMatch(message);
  });

  test("an exec runs once, and can be looked at afterwards", async () => {
    const id = await execOf({ Cmd: ["sh", "-c", "exit 5"], AttachStdout: true });
    expect((await ask("GET", `/exec/${id}/json`)).value).toMatchObject({
      Running: false,
      ExitCode: null,
      CanRemove: false,
    });
    expect((await ask("POST", `/exec/${id}/start`, {})).status).toBe(200);
    expect((await ask("GET", `/exec/${id}/json`)).value).toMatchObject({
      Running: false,
      ExitCode: 5,
      CanRemove: false,
    });
    const again = await ask("POST", `/exec/${id}/start`, { Detach: true });
    expect(again).toMatchObject({ status: 409, value: { message: `exec command ${id} has already run` } });
  });

  test("a working directory has to be absolute", async () => {
    const id = await execOf({ Cmd: ["true"], WorkingDir: "rel", AttachStdout: true });
    const { status, text } = await ask("POST", `/exec/${id}/start`, {});
    expect({ status, text: text.slice(8).trim() }).toEqual({
      status: 200,
      text: "OCI runtime exec failed: exec failed: Cwd must be an absolute path",
    });
    expect((await ask("GET", `/exec/${id}/json`)).value).toMatchObject({ ExitCode: 128 });
  });

  test("an exec that nobody started goes with the container's run", async () => {
    const id = await execOf({ Cmd: ["true"] });
    expect((await ask("GET", "/containers/el2/json")).value).toMatchObject({ ExecIDs: [id] });
    await engine.docker(["stop", "-t", "0", "el2"]);
    expect((await ask("GET", `/exec/${id}/json`)).status).toBe(404);
    expect((await ask("GET", "/containers/el2/json")).value).toMatchObject({ ExecIDs: null });
  });
});
