import { expect, test } from "bun:test";
import { BuildArgs } from "./args.ts";

const platform = new Map([["TARGETARCH", "amd64"]]);

test("the request beats the stage's default, that beats the global one", () => {
  const args = new BuildArgs({ given: "g", none: null }, platform);
  args.declareGlobal("version", "1");
  args.declareGlobal("given", "default");
  expect(args.global("given")).toBe("g");
  const stage = args.forStage(undefined);
  expect(stage.get("version")).toBeUndefined();
  stage.declare("version", undefined);
  stage.declare("given", "own");
  stage.declare("none", "own");
  stage.declare("TARGETARCH", undefined);
  expect(["version", "given", "none", "TARGETARCH"].map((name) => stage.get(name))).toEqual(["1", "g", "own", "amd64"]);
});

test("a stage on another inherits its declarations, any other does not", () => {
  const args = new BuildArgs({}, platform);
  const first = args.forStage(undefined);
  first.declare("a", "1");
  expect(args.forStage(first).get("a")).toBe("1");
  expect(args.forStage(undefined).get("a")).toBeUndefined();
});

test("ENV hides an argument, proxies need no declaration and stay out of history", () => {
  const args = new BuildArgs({ HTTP_PROXY: "p", a: "1", extra: "x" }, platform).forStage(undefined);
  args.declare("b", "2");
  args.declare("a", undefined);
  expect(args.environment(["b=env"])).toEqual(["HTTP_PROXY=p", "a=1"]);
  expect(args.visible([])).toEqual(["a=1", "b=2"]);
  expect(args.unused()).toEqual(["extra"]);
  args.declare("HTTP_PROXY", undefined);
  expect(args.visible(["b=env"])).toEqual(["HTTP_PROXY=p", "a=1"]);
});
