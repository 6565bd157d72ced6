import { expect, test } from "bun:test";
import type { ContainerConfig, HostConfig } from "#spec";
import { checkNetworkMode } from "./mode.ts";

const refused: readonly (readonly [HostConfig, ContainerConfig, string])[] = [
  [{}, { Hostname: "x" }, "hostname and the network mode"],
  [{ Dns: ["1.1.1.1"] }, {}, "dns and the network mode"],
  [{ PortBindings: { "80/tcp": [] } }, {}, "port publishing and the container type network mode"],
  [{}, { ExposedPorts: { "80/tcp": {} } }, "port exposing and the container type network mode"],
];

test.each(refused)("a shared network with %j %j", (host, config, text) => {
  expect(() => checkNetworkMode({ ...host, NetworkMode: "container:x" }, config)).toThrow(
    `conflicting options: ${text}`,
  );
});

test("whether it is there, the start tells", () => {
  checkNetworkMode({ NetworkMode: "nope" }, {});
  checkNetworkMode({ NetworkMode: "container:nope" }, {});
  expect(() => checkNetworkMode({ NetworkMode: "container:" }, {})).toThrow("invalid container format");
});
