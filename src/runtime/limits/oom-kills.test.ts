import { expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTestTree } from "../../../test/support/remove.ts";
import { oomKills } from "./oom-kills.ts";

test.each([
  ["memory.events", "low 0\nhigh 0\nmax 18\noom 1\noom_kill 2\noom_group_kill 0\n", 2],
  ["memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", 3],
  ["memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n", 0],
  ["other", "oom_kill 4\n", 0],
])("%s counts", (name, text, count) => {
  const directory = mkdtempSync(join(tmpdir(), "oom-"));
  writeFileSync(join(directory, name), text);
  expect(oomKills(directory)).toBe(count);
  removeTestTree(directory);
});
