import { expect, test } from "bun:test";
import { checkPorts, portBindings, portMap } from "./port-bindings.ts";

const bind = (port: string, HostIp: string, HostPort: string) => ({ PortBindings: { [port]: [{ HostIp, HostPort }] } });

test("bindings, with all that is exposed when asked", () => {
  const host = { ...bind("80/tcp", "127.0.0.1", "8080"), PublishAllPorts: true };
  const config = { ExposedPorts: { "80/tcp": {}, "53/udp": {} } };
  const bindings = portBindings(config, host);
  expect(bindings).toEqual([
    { protocol: "tcp", containerPort: 80, hostIp: "127.0.0.1", hostPort: 8080 },
    { protocol: "udp", containerPort: 53, hostIp: "0.0.0.0", hostPort: 0 },
  ]);
  expect(portMap(config, bindings.slice(0, 1))).toEqual({
    "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }],
    "53/udp": null,
  });
});

test.each([
  ["abc/tcp", "", "", 'invalid port specification: "abc"'],
  ["80-81/tcp", "", "", 'invalid port specification: "80-81"'],
  ["70000/tcp", "", "", 'invalid port specification: "70000"'],
  ["80/tcp", "", "abc", 'invalid port specification: "abc"'],
  ["80/tcp", "", "70000", 'invalid port specification: "70000"'],
  ["80/tcp", "", "8000-x", 'invalid port specification: "x"'],
  ["80/tcp", "0.0.0.0; flush ruleset", "80", "invalid IP address: 0.0.0.0; flush ruleset"],
])("%s on %j:%j is refused at create", (port, ip, hostPort, fault) => {
  expect(() => checkPorts(bind(port, ip, hostPort))).toThrow(fault);
});

test.each([
  ["80/sctp", "", "80", "publishing sctp ports is not built yet"],
  ["80/tcp", "", "80-90", "publishing from a range"],
  ["80/tcp", "::1", "80", "publishing on ::1"],
  ["80/tcp", "0.0.0.0.", "80", "publishing on 0.0.0.0."],
])("%s on %j:%j is not built", (port, ip, hostPort, fault) => {
  checkPorts(bind(port, ip, hostPort));
  expect(() => portBindings({}, bind(port, ip, hostPort))).toThrow(fault);
});
