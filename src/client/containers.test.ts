import { expect, test } from "bun:test";
import { inspectContainer, killContainer, removeContainer } from "./containers.ts";
import type { ApiClient } from "./client.ts";

/** Refuses to be asked. */
const client = new Proxy({} as ApiClient, {
  get: () => () => {
    throw new Error("asked");
  },
});

test.each([
  () => inspectContainer(client, ""),
  () => killContainer(client, " ", "KILL"),
  () => removeContainer(client, "", { force: true }),
])("an empty name is no container's: %#", async (call) => {
  await expect((async () => call())()).rejects.toThrow("invalid container name or ID: value is empty");
});
