import { expect, test } from "bun:test";
import type { HostConfig } from "#spec";
import { checkHostConfig } from "./check-host-config.ts";

const refused: readonly (readonly [HostConfig, string])[] = [
  [{ OomScoreAdj: 5000 }, "Invalid value 5000, range for oom score adj is [-1000, 1000]"],
  [{ Isolation: "hyperv" }, "invalid isolation (hyperv): linux only supports 'default'"],
  [{ IpcMode: "nope" }, "invalid IPC mode: nope"],
  [{ CgroupnsMode: "nope" }, "invalid cgroup namespace mode: nope"],
  [{ ShmSize: -5 }, "SHM size can not be less than 0"],
  [{ PortBindings: { "80/tcp": [{ HostIp: "nope", HostPort: "1" }] } }, "invalid IP address: nope"],
  [{ PortBindings: { "80/tcp": [{ HostPort: "1 : 2" }] } }, 'invalid port specification: "1 : 2"'],
  [{ PortBindings: { "80/tcp": [{ HostPort: "70000" }] } }, 'invalid port specification: "70000"'],
  [{ CpusetCpus: "x" }, "Invalid value x for cpuset cpus: invalid format: x"],
  [{ CpusetCpus: "9999" }, "Requested CPUs are not available - requested 9999, available: "],
  [{ DeviceRequests: [{ Capabilities: [["gpu"]] }] }, 'could not select device driver "" with capabilities: [[gpu]]'],
];

test.each(refused)("%j", (host, text) => {
  expect(() => checkHostConfig({}, host)).toThrow(text);
});

test("a stop signal has to be one, and a host's name is not for the container to set", () => {
  expect(() => checkHostConfig({ StopSignal: "NOPE" }, {})).toThrow("invalid signal: NOPE");
  expect(() => checkHostConfig({ Hostname: "x" }, { UTSMode: "host" })).toThrow(
    "conflicting options: hostname and the UTS mode",
  );
});

test("what is in range passes", () => {
  checkHostConfig(
    { StopSignal: "SIGRTMIN+3", Hostname: "x" },
    {
      OomScoreAdj: -1000,
      IpcMode: "container:x",
      PortBindings: { "80/tcp": [{ HostIp: "::1", HostPort: "80-90" }, { HostIp: "" }], "81/tcp": null },
      CpusetCpus: "0",
      Isolation: "default",
      MemoryReservation: 1 << 23,
    },
  );
});
