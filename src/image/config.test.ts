import { expect, test } from "bun:test";
import fc from "fast-check";
import { EngineError } from "#core";
import { encodeJson, parseConfig } from "./config.ts";

const hex = "a".repeat(64);
const good = { architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [`sha256:${hex}`] } };

test("keeps what it does not know", () => {
  expect(
    parseConfig(encodeJson({ ...good, "moby.buildkit.x": [1], config: { Cmd: null, Hostname: "h" } })),
  ).toMatchObject({
    "moby.buildkit.x": [1],
    config: { Cmd: null, Hostname: "h" },
  });
});

test.each([
  ["no object", []],
  ["no rootfs", { os: "linux" }],
  ["another rootfs", { ...good, rootfs: { type: "x", diff_ids: [] } }],
  ["a digest that is a path", { ...good, rootfs: { type: "layers", diff_ids: ["sha256:../../x"] } }],
  ["an env that is no list", { ...good, config: { Env: "A=b" } }],
  ["a command of numbers", { ...good, config: { Cmd: [1] } }],
  ["labels that are no text", { ...good, config: { Labels: { a: {} } } }],
  ["a history of text", { ...good, history: ["x"] }],
])("refuses %s", (_, document) => {
  expect(() => parseConfig(encodeJson(document))).toThrow(EngineError);
});

test("refuses what nests too deep or is too large", () => {
  const deep = new TextEncoder().encode(`${'{"a":'.repeat(500_000)}1${"}".repeat(500_000)}`);
  expect(() => parseConfig(deep)).toThrow(EngineError);
  expect(() => parseConfig(new Uint8Array(5 << 20))).toThrow("more than the limit");
});

test("any bytes end in a config or an EngineError", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => new TextEncoder().encode(text)),
      ),
      (bytes) => {
        try {
          parseConfig(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
      },
    ),
  );
});
