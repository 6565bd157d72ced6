import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmdirSync, unlinkSync, readdirSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import type { Duplex } from "node:stream";
import { silentLogger, systemClock } from "#core";
import { createApi } from "#api";
import { echoSession, recordingEngine } from "#api/testing";
import { serveHttp } from "./http.ts";

/** The same session over the listeners that are not a plain unix socket. */

let directory = "";

beforeAll(() => {
  directory = mkdtempSync("/tmp/lighter-listen-");
});

afterAll(() => {
  for (const name of readdirSync(directory)) unlinkSync(join(directory, name));
  rmdirSync(directory);
});

const attach = () => Promise.resolve(echoSession({ tty: true }));
const { engine } = recordingEngine({
  containers: { attach },
  execs: { start: attach, inspect: () => ({ DetachKeys: "" }) },
} as never);
const api = createApi({ engine, version: "0", logger: silentLogger, clock: systemClock });

const exec =
  'POST /exec/e/start HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"Tty":true}';

/** An exec whose stdin comes with its request, then more, then half-close. */
async function talk(socket: Duplex): Promise<string> {
  let received = "";
  const ended = Promise.withResolvers<void>();
  const echoed = Promise.withResolvers<void>();
  socket.on("data", (data: Buffer) => {
    received += data.toString();
    if (received.endsWith("early")) echoed.resolve();
  });
  socket.on("end", ended.resolve).on("error", ended.reject);
  socket.write(`${exec}early`);
  await Promise.race([echoed.promise, ended.promise]);
  socket.end("late");
  await ended.promise;
  return received.slice(received.indexOf("\r\n\r\n") + 4);
}

test("a socket of systemd", async () => {
  const path = join(directory, "fd.sock");
  // The process that listens goes on to be the one that is handed the descriptor.
  const script = join(import.meta.dirname, "http-listeners.fixture.ts");
  const python = `import os,socket,sys
s=socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(8)
os.dup2(s.fileno(),3); os.set_inheritable(3,True); os.execv(sys.argv[2],sys.argv[2:])`;
  const child = Bun.spawn(["python3", "-c", python, path, process.execPath, script], { stdin: "pipe", stdout: "pipe" });
  try {
    const { value } = await child.stdout.getReader().read();
    expect(Buffer.from(value ?? []).toString()).toBe("fd://3\n");
    expect(await talk(connectPlain({ path, allowHalfOpen: true }))).toBe("earlylatebye\n");
    const answer = Bun.spawnSync(["curl", "-s", "--unix-socket", path, "http://d/_ping"]);
    expect(answer.stdout.toString()).toBe("OK");
  } finally {
    await child.stdin.end();
    await child.exited;
  }
});

test("TCP with mutual TLS", async () => {
  const files = ["ca", "server", "client"].map((name) => [name, makeCertificate(name)] as const);
  const pem = (name: string): string => readFileSync(join(directory, name), "utf8");
  expect(files.every(([, made]) => made)).toBe(true);
  const tls = { ca: pem("ca.pem"), cert: pem("server.pem"), key: pem("server.key") };
  const listen = { kind: "tcp", host: "127.0.0.1", port: 0, tls } as const;
  await using listener = await serveHttp({ api, listen, logger: silentLogger });
  const port = Number(listener.address.split(":").at(-1));
  const client = { host: "127.0.0.1", servername: "localhost", port, ca: tls.ca, allowHalfOpen: true };
  expect(await talk(connectTls({ ...client, cert: pem("client.pem"), key: pem("client.key") }))).toBe("earlylatebye\n");
  await expect(talk(connectTls(client))).rejects.toThrow();
});

function makeCertificate(name: string): boolean {
  const at = (suffix: string): string => join(directory, `${name}.${suffix}`);
  const issuer = name === "ca" ? [] : ["-CA", join(directory, "ca.pem"), "-CAkey", join(directory, "ca.key")];
  const names =
    name === "ca" ? [] : ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", at("key")];
  const command = ["openssl", "req", "-x509", ...key, "-out", at("pem"), "-subj", `/CN=${name}`, ...names, ...issuer];
  return Bun.spawnSync(command).success;
}
