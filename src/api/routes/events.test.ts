import { expect, test } from "bun:test";
import { silentLogger, systemClock } from "#core";
import { bodyOf, createApi } from "../mod.ts";
import { recordingEngine } from "../testing/mod.ts";

async function* oneEvent(): AsyncGenerator<object> {
  yield { Type: "network", Action: "prune", Actor: { ID: "", Attributes: {} }, scope: "local", time: 1, timeNano: 2 };
}

test.each([
  [undefined, "application/json", "{"],
  ["*/*", "application/json", "{"],
  ["application/json", "application/json", "{"],
  ["application/x-ndjson", "application/x-ndjson", "{"],
  ["text/html, application/jsonl;q=1", "application/jsonl", "{"],
  ["Application/JSON-seq", "application/json-seq", "\x1e{"],
])("a client that accepts %p gets %s", async (accept, type, begin) => {
  const { engine } = recordingEngine({ system: { events: oneEvent as never } });
  const response = await createApi({ engine, version: "9.9", logger: silentLogger, clock: systemClock }).handle({
    method: "GET",
    target: "/events",
    headers: accept === undefined ? {} : { accept },
    body: bodyOf(undefined),
    signal: new AbortController().signal,
  });
  expect(response.headers["Content-Type"]).toBe(type);
  if (response.kind !== "stream") throw new Error(`a ${response.kind}, no stream`);
  const text = (await Array.fromAsync(response.chunks)).join("");
  expect(text).toStartWith(begin);
  expect(text).toEndWith("}\n");
});
