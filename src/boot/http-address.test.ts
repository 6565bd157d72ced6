import { expect, test } from "bun:test";
import { activationFds, formatHttpAddress, isLoopback, parseHttpAddress } from "./http-address.ts";

const tls = { ca: "ca", cert: "cert", key: "key" };
const defaults = { path: "/run/lighter.sock", group: "docker", fds: [3, 4] };

test.each([
  ["unix:///tmp/a.sock", [{ kind: "unix", path: "/tmp/a.sock", group: "docker" }]],
  ["unix://", [{ kind: "unix", path: "/run/lighter.sock", group: "docker" }]],
  ["tcp://127.0.0.1:99", [{ kind: "tcp", host: "127.0.0.1", port: 99 }]],
  ["tcp://[::1]", [{ kind: "tcp", host: "::1", port: 2375 }]],
  ["tcp://", [{ kind: "tcp", host: "127.0.0.1", port: 2375 }]],
  ["fd://", [3, 4].map((fd) => ({ kind: "fd", fd }))],
  ["fd://4", [{ kind: "fd", fd: 4 }]],
])("%s", (text, expected) => {
  expect(parseHttpAddress(text, defaults) as unknown).toEqual(expected);
});

test("TCP on every address needs the certificates", () => {
  expect(() => parseHttpAddress("tcp://0.0.0.0:2375", defaults)).toThrow("refusing to listen on tcp://0.0.0.0:2375");
  expect(() => parseHttpAddress("tcp://[::]:2375", defaults)).toThrow("refusing to listen");
  expect(() => parseHttpAddress("tcp://127.0.0.1.evil.example:1", defaults)).toThrow("refusing to listen");
  expect(parseHttpAddress("tcp://0.0.0.0", { ...defaults, tls })).toEqual([
    { kind: "tcp", host: "0.0.0.0", port: 2376, tls },
  ]);
});

test.each(["/tmp/a.sock", "npipe://x", "tcp://a:99999", "tcp://a/b", "fd://9"])("%s is refused", (text) => {
  expect(() => parseHttpAddress(text, { ...defaults, tls })).toThrow("invalid host");
});

test("loopback is what no other host reaches", () => {
  expect(["127.0.0.1", "127.9.9.9", "::1", "localhost"].every(isLoopback)).toBe(true);
  expect(["0.0.0.0", "::", "", "127.example.com", "10.0.0.1"].some(isLoopback)).toBe(false);
});

test("sockets of systemd are for the process they name", () => {
  expect(activationFds({ LISTEN_FDS: "2", LISTEN_PID: "7" }, 7)).toEqual([3, 4]);
  expect(activationFds({ LISTEN_FDS: "2", LISTEN_PID: "8" }, 7)).toEqual([]);
  expect(activationFds({}, 7)).toEqual([]);
});

test("addresses print as they are written", () => {
  for (const text of ["unix:///a", "tcp://[::1]:1", "tcp://127.0.0.1:2", "fd://3"]) {
    expect(parseHttpAddress(text, defaults).map(formatHttpAddress)).toEqual([text]);
  }
});
