import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BenchOptions } from "./options.ts";
import { startOurs, type Ours } from "./ours.ts";
import { findPeer } from "./peer.ts";
import { openPodman, type Podman } from "./podman.ts";
import type { SocketEngine } from "./contender.ts";

/** The small image that both engines have, from one archive. Its name is the bench's own. */
export const busybox = "lighter-bench/busybox:latest";

export interface Session extends AsyncDisposable {
  readonly options: BenchOptions;
  readonly ours: Ours;
  readonly peer: SocketEngine | undefined;
  readonly podman: Podman | undefined;
  /** A directory for archives and build contexts. */
  readonly scratch: string;
  /** Ours, then Docker's. */
  readonly engines: readonly SocketEngine[];
}

export async function openSession(options: BenchOptions): Promise<Session> {
  await using undo = new AsyncDisposableStack();
  const scratch = mkdtempSync("/var/tmp/lighter-bench-");
  undo.defer(() => rmSync(scratch, { recursive: true, force: true }));
  const config = join(scratch, "client");
  const ours = undo.use(await startOurs(options.binary, config));
  const found = await findPeer(options.peer, config);
  if (found) undo.use(found);
  const peer = found?.engine;
  ours.lighter(["image", "bootstrap", "busybox", "-t", busybox]);
  const archive = join(scratch, "busybox.tar");
  ours.engine.docker(["save", "-o", archive, busybox]);
  if (peer) {
    peer.docker(["load", "-q", "-i", archive]);
    undo.defer(() => void peer.docker(["rmi", "-f", busybox]));
  }
  const podman = openPodman(options.podman, options.podmanRun, { name: busybox, archive });
  if (podman) undo.use(podman);
  const engines = peer ? [ours.engine, peer] : [ours.engine];
  for (const engine of engines) engine.countContainers(busybox);
  const owned = undo.move();
  return { options, ours, peer, podman, scratch, engines, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
