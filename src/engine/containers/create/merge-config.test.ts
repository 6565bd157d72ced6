import { describe, expect, test } from "bun:test";
import { mergeConfig } from "./merge-config.ts";

const image = {
  Entrypoint: ["/entry"],
  Cmd: ["default"],
  Env: ["A=image", "B=image"],
  User: "app",
  Labels: { a: "1" },
};

describe("entry point and command", () => {
  test.each([
    [{}, ["/entry"], ["default"]],
    [{ Cmd: ["x"] }, ["/entry"], ["x"]],
    [{ Entrypoint: ["/mine"] }, ["/mine"], null],
    [{ Entrypoint: ["/mine"], Cmd: ["x"] }, ["/mine"], ["x"]],
    [{ Entrypoint: [""], Cmd: ["x"] }, null, ["x"]],
  ])("%j", (request, entrypoint, command) => {
    const merged = mergeConfig(request, image);
    expect<unknown>(merged.Entrypoint ?? null).toEqual(entrypoint);
    expect<unknown>(merged.Cmd ?? null).toEqual(command);
  });

  test("nothing to run is refused", () => {
    expect(() => mergeConfig({ Entrypoint: [""] }, image)).toThrow("no command specified");
    expect(() => mergeConfig({}, undefined)).toThrow("no command specified");
  });
});

test("the request's environment comes first and wins", () => {
  expect(mergeConfig({ Env: ["B=mine", "C"] }, image).Env).toEqual(["B=mine", "C", "A=image"]);
});

test("maps are joined, scalars overridden", () => {
  const merged = mergeConfig(
    { Labels: { b: "2" }, ExposedPorts: { "80/tcp": {} } },
    { ...image, ExposedPorts: { "81/tcp": {} } },
  );
  expect(merged.Labels).toEqual({ a: "1", b: "2" });
  expect(Object.keys(merged.ExposedPorts ?? {})).toEqual(["81/tcp", "80/tcp"]);
  expect(merged.User).toBe("app");
  expect(mergeConfig({ User: "root" }, image).User).toBe("root");
});
