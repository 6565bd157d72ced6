import { expect, test } from "bun:test";
import { EngineError } from "#core";
import type { ContainerContext } from "../containers/context.ts";
import { createNetworks } from "./networks.ts";

function find(name: string): { readonly name: string } {
  if (name !== "bridge") throw new EngineError("not_found", `network ${name} not found`);
  return { name };
}

const deps = { events: { emit: () => undefined } };
const networks = createNetworks({ networks: { find }, deps } as unknown as ContainerContext);

test("what every engine has stays", () => {
  expect(() => networks.remove("bridge")).toThrow("bridge is a pre-defined network and cannot be removed");
  expect(() => networks.remove("nope")).toThrow("network nope not found");
  expect(networks.prune(new Map())).toEqual([]);
});
