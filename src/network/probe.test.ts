import { describe, expect, test } from "bun:test";
import { probeHttp, probeTcp } from "./probe.ts";

const namespace = "/proc/self/ns/net";

interface Server extends Disposable {
  readonly port: number;
  readonly received: string[];
}

/** Answers every connection with these parts, one after the other. */
function server(parts: readonly string[], hostname = "127.0.0.1"): Server {
  const received: string[] = [];
  const listener = Bun.listen({
    hostname,
    port: 0,
    socket: {
      async data(socket, data) {
        received.push(data.toString());
        for (const part of parts) {
          await Bun.sleep(5);
          socket.write(part);
        }
        if (parts.length > 0) socket.end();
      },
    },
  });
  return { port: listener.port, received, [Symbol.dispose]: () => listener.stop(true) };
}

const soon = (): AbortSignal => AbortSignal.timeout(5000);
const loopback = ["127.0.0.1", "::1"];

/** setns(2) takes root, also into one's own namespace. */
describe.skipIf(process.getuid?.() !== 0)("a probe from inside a network namespace", () => {
  test("connects, to the second address where the first refuses", async () => {
    using four = server([]);
    using six = server([], "::1");
    expect(await probeTcp({ namespace, addresses: loopback, port: four.port }, soon())).toBe(
      `connected to 127.0.0.1:${four.port}`,
    );
    expect(await probeTcp({ namespace, addresses: loopback, port: six.port }, soon())).toBe(
      `connected to [::1]:${six.port}`,
    );
  });

  test("tells the first address's refusal", async () => {
    const { port } = (() => {
      using gone = server([]);
      return gone;
    })();
    await expect(probeTcp({ namespace, addresses: loopback, port }, soon())).rejects.toThrow(
      `127.0.0.1:${port}: connect: connection refused`,
    );
  });

  test("asks over HTTP and reads one line, however it comes", async () => {
    using http = server(["HTTP/1.1 20", "4 No Cont", "ent\r\nX: y\r\n\r\n"]);
    const target = { namespace, addresses: loopback, port: http.port, host: "localhost:1", path: "/a?b" };
    expect(await probeHttp(target, soon())).toEqual({ status: 204, line: "HTTP/1.1 204 No Content" });
    expect(http.received.join("")).toStartWith("GET /a?b HTTP/1.1\r\nHost: localhost:1\r\n");
    expect(http.received.join("")).toEndWith("\r\n\r\n");
  });

  test("refuses an answer that is no HTTP, ends early or never ends", async () => {
    const ask = (port: number, signal = soon()): Promise<unknown> =>
      probeHttp({ namespace, addresses: loopback, port, host: "x", path: "/" }, signal);
    using ssh = server(["SSH-2.0-x\r\n"]);
    await expect(ask(ssh.port)).rejects.toThrow(`127.0.0.1:${ssh.port}: no HTTP answer: "SSH-2.0-x"`);
    using endless = server(["x".repeat(100_000)]);
    await expect(ask(endless.port)).rejects.toThrow("no HTTP answer");
    using empty = server([""]);
    await expect(ask(empty.port)).rejects.toThrow('no HTTP answer: ""');
    using silent = server([]);
    await expect(ask(silent.port, AbortSignal.timeout(50))).rejects.toThrow(`127.0.0.1:${silent.port}: no answer`);
  });

  test("gives up where nobody answers at all", async () => {
    // TEST-NET-1, which leads nowhere (RFC 5737): refused, unreachable or silent, as the host is set up.
    const lost = probeTcp({ namespace, addresses: ["192.0.2.1"], port: 9 }, AbortSignal.timeout(50));
    await expect(lost).rejects.toThrow("192.0.2.1:9: ");
  });

  test("says so when the container is gone", async () => {
    const gone = { namespace: "/proc/0/ns/net", addresses: loopback, port: 1 };
    await expect(probeTcp(gone, soon())).rejects.toThrow("127.0.0.1:1: the container is gone");
  });
});
