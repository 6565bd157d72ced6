import { afterEach, expect, test } from "bun:test";
import { failpointNames } from "./failpoint-names.ts";
import { armFailpoints, failpoint } from "./failpoints.ts";

const done: string[] = [];
const effects = { kill: () => void done.push("kill"), sleep: (ms: number) => void done.push(`sleep ${ms}`) };
afterEach(() => {
  armFailpoints(undefined, effects);
  done.length = 0;
});

test("a point that is not named does nothing", () => {
  failpoint("create.row");
  armFailpoints("start.row=kill", effects);
  failpoint("create.row");
  expect(done).toEqual([]);
});

test("kill, delay and error act at each pass, or at the one pass that is named", () => {
  armFailpoints("create.row=kill; start.row=2*delay(30);exit.row=1*error", effects);
  for (let pass = 0; pass < 2; pass++) {
    failpoint("create.row");
    failpoint("start.row");
  }
  expect(done).toEqual(["kill", "kill", "sleep 30"]);
  expect(() => failpoint("exit.row")).toThrow("failpoint exit.row");
  expect(() => failpoint("exit.row")).not.toThrow();
});

test.each([
  "nosuch=kill",
  "create.row",
  "create.row=",
  "create.row=explode",
  "create.row=kill(3)",
  "create.row=delay",
  "=kill",
])("%p is refused", (text) => {
  expect(() => armFailpoints(text, effects)).toThrow(/unknown (action of a )?failpoint/);
});

test("no name stands twice", () => {
  expect(new Set(failpointNames).size).toBe(failpointNames.length);
});
