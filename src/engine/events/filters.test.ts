import { expect, test } from "bun:test";
import type { EventMessage } from "#spec";
import { matchesEvent } from "./filters.ts";
import { stampEvent, type EventInput } from "./message.ts";

function message(
  type: EventInput["type"],
  action: string,
  id: string,
  attributes: EventInput["attributes"],
): EventMessage {
  return stampEvent({ type, action, id, attributes }, 1000n).message;
}

const container = message("container", "exec_create: sh -c x", "c0ffee", {
  name: "web",
  image: "host:5/app:1",
  tier: "a",
});
const image = message("image", "tag", "sha256:abc", { name: "app:1" });
const network = message("network", "connect", "net1", { name: "bridge", container: "c0ffee" });
const volume = message("volume", "mount", "data", { container: "c0ffee", driver: "local" });

test.each<[string, EventMessage, Readonly<Record<string, readonly string[]>>, boolean]>([
  ["no filter", container, {}, true],
  ["container by the beginning of its id", container, { container: ["c0f"] }, true],
  ["container by the beginning of its name", container, { container: ["we"] }, true],
  ["container by another name", container, { container: ["eb"] }, false],
  ["container of a network event is no actor", network, { container: ["c0ffee"] }, false],
  ["network by name", network, { network: ["bridge"] }, true],
  ["volume by id", volume, { volume: ["data"] }, true],
  ["one of several", volume, { volume: ["other", "data"] }, true],
  ["image of a container", container, { image: ["host:5/app:1"] }, true],
  ["image of a container without tag", container, { image: ["host:5/app"] }, true],
  ["half an image", container, { image: ["host"] }, false],
  ["image by id", image, { image: ["sha256:abc"] }, true],
  ["image by name", image, { image: ["app"] }, true],
  ["type", image, { type: ["image"] }, true],
  ["another type", image, { type: ["container"] }, false],
  ["action", network, { event: ["connect"] }, true],
  ["half an action", network, { event: ["conn"] }, false],
  ["action with command", container, { event: ["exec_create"] }, true],
  ["action with this command", container, { event: ["exec_create: sh -c x"] }, true],
  ["another action", container, { event: ["exec_start"] }, false],
  ["label", container, { label: ["tier=a"] }, true],
  ["both labels", container, { label: ["tier=a", "nope"] }, false],
  ["scope", container, { scope: ["local"] }, true],
  ["another scope", container, { scope: ["swarm"] }, false],
  ["all keys hold", container, { type: ["container"], event: ["die"] }, false],
  ["a node there is none", container, { node: ["n1"] }, false],
])("%s", (_name, event, filters, expected) => {
  expect(matchesEvent(event, new Map(Object.entries(filters)))).toBe(expected);
});

test("old clients read status, id and from", () => {
  expect(container).toMatchObject({ status: "exec_create: sh -c x", id: "c0ffee", from: "host:5/app:1" });
  expect(image).toMatchObject({ status: "tag", id: "sha256:abc" });
  expect(message("container", "prune", "", { reclaimed: "0" })).not.toContainAnyKeys(["id", "from"]);
  expect(network).not.toContainAnyKeys(["status", "id", "from"]);
});
