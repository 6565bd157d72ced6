import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lighterCommand } from "../support/daemon.ts";
import { openRecordedEngine, type RecordedEngine } from "../support/recorded-engine.ts";
import { removeTestTree } from "../support/remove.ts";

/** bash with the script sourced, `lighter` on its path, and an engine that has containers in every state. */
let work = "";
let engine: RecordedEngine;
beforeAll(async () => {
  work = mkdtempSync(`/tmp/lighter-test-${process.pid}-completion-`);
  const program = join(work, "lighter");
  writeFileSync(program, `#!/bin/sh\nexec ${lighterCommand().join(" ")} "$@"\n`);
  chmodSync(program, 0o755);
  mkdirSync(join(work, "files"));
  for (const name of ["env.list", "other"]) writeFileSync(join(work, "files", name), "");
  engine = await openRecordedEngine(join(work, "engine.sock"));
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  removeTestTree(work);
});

/** What bash offers at the end of the line; `files` when it would add names of files. */
async function offered(line: string): Promise<readonly string[]> {
  const script = `source <(lighter completion bash)
compopt() { [ "$*" != "-o default" ] || echo files; }
COMP_LINE=$1 COMP_POINT=\${#1}
_lighter
[ \${#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const child = Bun.spawn(["bash", "--norc", "-c", script, "bash", line], {
    cwd: join(work, "files"),
    env: { PATH: `${work}:${process.env["PATH"] ?? ""}`, HOME: work, DOCKER_HOST: `unix://${engine.socket}` },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect(err).toBe("");
  return out.split("\n").filter((word) => word !== "");
}

test.each([
  ["lighter contain", ["container"]],
  ["lighter container p", ["pause", "port", "prune"]],
  ["lighter container ls --no", ["--no-trunc"]],
  ["lighter ps --filt", ["--filter"]],
  ["lighter ps --filter sta", ["status="]],
  ["lighter ps --filter status=p", ["paused"]],
  ["lighter ps --filter=status=rem", ["removing"]],
  ["lighter run --pul", ["--pull"]],
  ["lighter run --pull ", ["always", "missing", "never"]],
  ["lighter run --network h", ["host"]],
  ["lighter run -it --restart un", ["unless-stopped"]],
  ["lighter run --log-driver=j", ["journald", "json-file"]],
  ["lighter run --pid container:", ["sick", "web"]],
  ["lighter run --env-file ", ["files"]],
  ["lighter run ltdi", ["ltdiff:latest"]],
  ["lighter run ltdiff:l", ["latest"]],
  ["lighter run ltdiff:latest --", []],
  ["lighter stop ", ["paused", "loop", "sick", "web"]],
  ["lighter stop web ", ["paused", "loop", "sick"]],
  ["lighter unpause ", ["paused"]],
  ["lighter start ", ["failed", "created", "ünïcode-näme"]],
  ["lighter rm ", ["failed", "created", "gone", "ünïcode-näme"]],
  ["lighter rm -f s", ["sick"]],
  ["lighter exec -i ", ["sick", "web"]],
  ["lighter exec web ", []],
  ["lighter cp w", ["web:", "files"]],
  ["lighter network connect b", ["bridge"]],
  ["lighter network connect bridge ", ["sick", "web"]],
  ["lighter volume rm v", ["vol"]],
  ["lighter completion ", ["bash", "zsh", "fish"]],
  ["lighter --log-l", ["--log-level"]],
  ["lighter --log-level deb", ["debug"]],
  ["lighter -H unix:///nowhere/x.sock stop ", []],
  ["lighter nope ", []],
] as const)("%s", async (line, expected) => {
  expect([...(await offered(line))].sort()).toEqual([...expected].sort());
});

const shells = ["bash", "zsh", "fish"].filter((shell) => Bun.which(shell) !== null);
test.each(shells)("the script for %s can be read by it", (shell) => {
  const script = Bun.spawnSync([...lighterCommand(), "completion", shell]).stdout;
  expect(script.toString()).toContain("__complete");
  expect(Bun.spawnSync([shell, "-n"], { stdin: script }).exitCode).toBe(0);
});
