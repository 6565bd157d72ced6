import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { busyboxImage } from "../support/busybox.ts";
import { startDaemon, type TestDaemon } from "../support/daemon.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";

/** Requests that arrive while a container ends by itself. Each round is a new container, since a race is won only now and then. */
describe.skipIf(process.getuid?.() !== 0)("a container that is just ending", () => {
  const scope = new AsyncDisposableStack();
  let box: Sandbox;
  let daemon: TestDaemon;

  const ask = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`http://engine${path}`, {
      method,
      unix: box.socket,
      ...(body ? { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } } : {}),
    });
  /** A connection that was upgraded to the session of an exec. */
  const hijack = async (path: string): Promise<Socket> => {
    const socket = connect(box.socket);
    const head = [
      "Host: engine",
      "Connection: Upgrade",
      "Upgrade: tcp",
      "Content-Type: application/json",
      "Content-Length: 2",
    ];
    socket.write(`POST ${path} HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n{}`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toStartWith("HTTP/1.1 101");
    return socket;
  };
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    while (!(await holds())) await Bun.sleep(5);
  };
  /** A running container whose process ends at once on SIGTERM. */
  const running = async (): Promise<string> => {
    const script = 'trap "exit 3" TERM; echo ready; while :; do sleep 1000 & wait; done';
    const created = await ask("POST", "/containers/create", {
      Image: "busybox:latest",
      Cmd: ["sh", "-c", script],
      HostConfig: { NetworkMode: "none" },
    });
    const { Id } = (await created.json()) as { Id: string };
    expect((await ask("POST", `/containers/${Id}/start`)).status).toBe(204);
    const reader = (await ask("GET", `/containers/${Id}/logs?follow=1&stdout=1`)).body?.getReader();
    await reader?.read(); // its trap is set
    await reader?.cancel();
    return Id;
  };

  beforeAll(async () => {
    box = scope.use(await openSandbox());
    daemon = scope.use(await startDaemon(box));
    const archive = Bun.file((await busyboxImage()).archive);
    await (await fetch("http://engine/images/load", { method: "POST", unix: box.socket, body: archive })).text();
  });
  afterAll(async () => await scope.disposeAsync());

  test("can be stopped, restarted and removed with force", async () => {
    const requests = [
      ["POST", "stop?t=5"],
      ["POST", "restart?t=5"],
      ["DELETE", "?force=1"],
    ] as const;
    for (let round = 0; round < 24; round++) {
      const [method, path] = requests[round % requests.length] ?? requests[0];
      const id = await running();
      const killed = ask("POST", `/containers/${id}/kill?signal=TERM`);
      if (round % 2 === 0) await killed;
      const answer = await ask(method, `/containers/${id}${path.startsWith("?") ? path : `/${path}`}`);
      expect([await answer.text(), answer.status < 400]).toEqual(["", true]);
      await killed;
      await ask("DELETE", `/containers/${id}?force=1`);
    }
  });

  test("can be removed with force while it is paused", async () => {
    for (let round = 0; round < 8; round++) {
      const id = await running();
      expect((await ask("POST", `/containers/${id}/pause`)).status).toBe(204);
      const answer = await ask("DELETE", `/containers/${id}?force=1`);
      expect([await answer.text(), answer.status]).toEqual(["", 204]);
    }
  });

  test("keeps neither an exec whose client left nor an engine that is told to stop", async () => {
    const id = await running();
    const exec = async (cmd: readonly string[]): Promise<string> => {
      const request = { Cmd: cmd, AttachStdin: true, AttachStdout: true };
      return ((await (await ask("POST", `/containers/${id}/exec`, request)).json()) as { Id: string }).Id;
    };
    const cat = await exec(["cat"]);
    const left = await hijack(`/exec/${cat}/start`);
    left.end();
    await until(async () => !((await (await ask("GET", `/exec/${cat}/json`)).json()) as { Running: boolean }).Running);
    const sleeping = await exec(["sleep", "1000"]);
    expect((await ask("POST", `/exec/${sleeping}/start`, { Detach: true })).status).toBe(200);
    expect(await daemon.stop()).toBe(0);
  });
});
