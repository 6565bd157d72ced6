import { expect, test } from "bun:test";
import { parseNetworkId } from "#core";
import { checkEndpoints } from "./check-endpoints.ts";
import type { NetworkRegistry } from "./registry.ts";

const record = (name: string, driver: "bridge" | "null") => ({
  id: parseNetworkId("0".repeat(63) + name.length),
  name,
  driver,
  createdAt: "",
});
const networks = {
  list: () => [record("bridge", "bridge"), record("none", "null")],
  bridge: { name: "docker0", address: "172.17.0.1/16" },
} as unknown as NetworkRegistry;

const onlyUsers = "user specified IP address is supported on user defined networks only";
const noSubnet = "user specified IP address is supported only when connecting to networks with user configured subnets";

test.each([
  ["bridge", { IPv4Address: "172.17.0.77" }, onlyUsers],
  [
    "bridge",
    { IPv4Address: "x" },
    `* ${onlyUsers}\n* invalid IPv4 address: x\n* no configured subnet or ip-range contain the IP address x`,
  ],
  ["bridge", { IPv6Address: "x" }, `* ${onlyUsers}\n* invalid IPv6 address: x\n* ${noSubnet}`],
  ["none", { IPv4Address: "1.2.3.4" }, `* ${onlyUsers}\n* ${noSubnet}`],
  ["bridge", { LinkLocalIPs: ["x"] }, "invalid link-local IP address: x"],
])("on %s %j is refused", (name, IPAMConfig, faults) => {
  expect(() => checkEndpoints(networks, {}, {}, { [name]: { IPAMConfig } })).toThrow(
    `invalid config for network ${name}: invalid endpoint settings:\n${faults}`,
  );
});

test("a hardware address is six bytes", () => {
  checkEndpoints(networks, {}, { MacAddress: "02:42:ac:11:00:99" }, { bridge: { MacAddress: "02-42-AC-11-00-99" } });
  expect(() => checkEndpoints(networks, {}, { MacAddress: "nope" }, {})).toThrow(
    "invalid config for network bridge: invalid MAC address nope",
  );
  expect(() => checkEndpoints(networks, {}, {}, { none: { MacAddress: "0:1" } })).toThrow("network none");
});

test("networks that are not there, and endpoints without wishes, pass", () => {
  checkEndpoints(networks, {}, {}, { nope: { IPAMConfig: { IPv4Address: "x" } }, bridge: {} });
});
