import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { busyboxImage } from "../support/busybox.ts";
import { startDaemon } from "../support/daemon.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";

/** Requests that arrive while a container ends by itself. Each round is a new container, since a race is won only now and then. */
describe.skipIf(process.getuid?.() !== 0)("a container that is just ending", () => {
  const scope = new AsyncDisposableStack();
  let box: Sandbox;

  const ask = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`http://engine${path}`, {
      method,
      unix: box.socket,
      ...(body ? { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } } : {}),
    });
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
    scope.use(await startDaemon(box));
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
});
