import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { mountsBelow } from "../test/support/remove.ts";
import { groupOf } from "./cgroup.ts";
import { CommandFailed, runSync } from "./command.ts";
import { socketEngine, type SocketEngine } from "./contender.ts";
import { listProcesses, withDescendants } from "../test/support/processes.ts";

export interface Peer extends AsyncDisposable {
  readonly engine: SocketEngine;
}

const bridge = "lbench-docker0";

/** A Docker Engine: the one at `host`, or one started from the dockerd of PATH; undefined when there is neither. */
export async function findPeer(host: string | undefined, config: string): Promise<Peer | undefined> {
  await using undo = new AsyncDisposableStack();
  const started = host === undefined ? await startDockerd(undo) : undefined;
  const address = host ?? started;
  if (address === undefined) return undefined;
  const pids = enginePids(address.slice("unix://".length));
  const group = groupOf(pids, "docker");
  if (group) undo.use(group);
  const version = runSync(["docker", "version", "-f", "{{.Server.Version}}"], { env: { DOCKER_HOST: address } }).stdout;
  const facts = `Docker Engine ${version.trim()}${started === undefined ? ", running already" : ", freshly started"}`;
  const engine = socketEngine({ name: "docker", facts, host: address, config, group, pids: () => pids });
  const owned = undo.move();
  return { engine, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** dockerd and its containerd: who listens on the socket (found by inode, whatever its path in their mount namespace), and its children. */
function enginePids(socket: string): readonly number[] {
  const { ino } = statSync(socket);
  const line = runSync(["ss", "-xlpeH"])
    .stdout.split("\n")
    .find((text) => text.includes(` ino:${ino} `));
  const pid = Number(/pid=(\d+)/.exec(line ?? "")?.[1]);
  if (!pid) throw new CommandFailed(`no process of this machine listens on ${socket}`);
  const all = listProcesses();
  const engine = withDescendants(
    all.filter((entry) => entry.pid === pid),
    all,
  );
  return engine.filter(({ command }) => /^\S*(dockerd|containerd)( |$)/.test(command)).map((entry) => entry.pid);
}

/** Its own root, socket and bridge; all of it ends with the scope. */
async function startDockerd(scope: AsyncDisposableStack): Promise<string | undefined> {
  const program = Bun.which("dockerd");
  if (program === null) return undefined;
  const root = mkdtempSync("/var/tmp/lighter-bench-docker-");
  scope.defer(() => removeRoot(root));
  runSync(["ip", "link", "add", bridge, "type", "bridge"]);
  scope.defer(() => void runSync(["ip", "link", "del", bridge]));
  runSync(["ip", "address", "add", "10.99.214.1/24", "dev", bridge]);
  const host = `unix://${root}/docker.sock`;
  const execRoot = mkdtempSync("/run/lighter-bench-docker-");
  scope.defer(() => rmSync(execRoot, { recursive: true, force: true }));
  const paths = ["--data-root", join(root, "data"), "--exec-root", execRoot, "--pidfile", join(root, "pid")];
  const child = Bun.spawn([program, ...paths, "--bridge", bridge, "-H", host], {
    stdio: ["ignore", "ignore", Bun.file(join(root, "log"))],
  });
  scope.defer(async () => {
    child.kill("SIGTERM");
    await child.exited;
  });
  await answering(host, child, join(root, "log"));
  return host;
}

async function answering(host: string, child: Bun.Subprocess, log: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline && child.exitCode === null) {
    try {
      runSync(["docker", "version"], { env: { DOCKER_HOST: host } });
      return;
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      await Bun.sleep(100);
    }
  }
  throw new CommandFailed(`dockerd does not answer: ${readFileSync(log, "utf8").slice(-600)}`);
}

function removeRoot(root: string): void {
  for (const point of mountsBelow(root)) Bun.spawnSync(["umount", "-l", point]);
  rmSync(root, { recursive: true, force: true });
}
