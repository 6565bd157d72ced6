import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { startDaemon, type TestDaemon } from "../test/support/daemon.ts";
import { openSandbox } from "../test/support/sandbox.ts";
import { groupOf } from "./cgroup.ts";
import { runSync, type Finished, type RunOptions } from "./command.ts";
import { socketEngine, type SocketEngine } from "./contender.ts";

/** Our engine, and our own client of it or of any other. */
export interface Ours extends AsyncDisposable {
  readonly engine: SocketEngine;
  readonly daemon: TestDaemon;
  /** A directory on a disk, removed with the handle. */
  readonly scratch: string;
  lighter(args: readonly string[], options?: RunOptions): Finished;
}

/** Room for more containers than the subnet of a test: the network for benchmarks of RFC 2544. */
const bip = "198.18.0.1/15";

/**
 * Starts a daemon in a root of its own. The program is copied first: pages of a file are shared with every other engine
 * that runs from it, which would make its memory look small.
 */
export async function startOurs(program: string, config: string): Promise<Ours> {
  await using undo = new AsyncDisposableStack();
  const box = undo.use(await openSandbox());
  const binary = join(box.root, "lighter");
  copyFileSync(program, binary);
  // State of running containers lies where both engines keep it by default: on the tmpfs of /run.
  const execRoot = mkdtempSync("/run/lighter-bench-");
  undo.defer(() => rmSync(execRoot, { recursive: true, force: true }));
  const daemon = undo.use(
    await startDaemon({ ...box, bip }, { binary, extraArgs: ["--log-level", "info", "--exec-root", execRoot] }),
  );
  const group = groupOf([daemon.pid], "ours");
  if (group) undo.use(group);
  const scratch = join(box.root, "scratch");
  mkdirSync(scratch);
  const facts = `${runSync([binary, "--version"]).stdout.trim()}`;
  const engine = socketEngine({ name: "lighter", facts, host: box.host, config, group, pids: () => [daemon.pid] });
  const lighter = (args: readonly string[], options: RunOptions = {}): Finished =>
    runSync([binary, ...args], { ...options, env: { ...engine.env, ...options.env } });
  const owned = undo.move();
  return { engine, daemon, scratch, lighter, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
