import { expect, test } from "bun:test";
import { planBuild } from "./plan.ts";

const text = "ARG g\nFROM a AS One\nRUN 1\nFROM b\nRUN 2\nFROM one\n";

test("steps of all stages count", () => {
  expect(planBuild(text, { target: "", labels: {} }).steps).toBe(6);
});

test("stages after the target are left out; name in any case, or number", () => {
  expect(planBuild(text, { target: "ONE", labels: {} }).stages).toHaveLength(1);
  expect(planBuild(text, { target: "1", labels: {} }).stages).toHaveLength(2);
  expect(() => planBuild(text, { target: "zz", labels: {} })).toThrow('target stage "zz" could not be found');
  expect(() => planBuild(text, { target: "9", labels: {} })).toThrow("could not be found");
});

test("labels are the last steps, sorted", () => {
  const plan = planBuild(text, { target: "", labels: { b: "x $y", a: "it's" } });
  expect(plan.stages.at(-1)?.instructions.map((item) => item.text)).toEqual(["LABEL a=it's", "LABEL b=x $y"]);
  expect(plan.steps).toBe(8);
});
