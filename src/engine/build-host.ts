import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BuildContainer, BuildHost, OnOutput } from "#build";
import { EngineError, isEngineError, type ChainId } from "#core";
import type { NewLayer } from "#image";
import { familiarReference, parseReference, withDefaultTag } from "#spec";
import type { Lease } from "#store";
import { attachContainer } from "./containers/streams/attach.ts";
import type { ContainerContext } from "./containers/context.ts";
import { materialise, normaliseHostConfig } from "./containers/create/create.ts";
import { mergeConfig } from "./containers/create/merge-config.ts";
import { snapshotKeyOf, type ContainerRecord } from "./containers/record.ts";
import { removeContainer } from "./containers/remove/remove.ts";
import { startContainer } from "./containers/run/start.ts";
import { killAndWait } from "./containers/run/stop.ts";
import { waitContainer } from "./containers/run/wait.ts";

/** What the builder needs of the engine: its stores, and containers for RUN steps. */
export function createBuildHost(context: ContainerContext): BuildHost {
  const { deps } = context;
  const scratch = join(deps.paths.dataRoot, "tmp");
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  return {
    images: deps.images,
    content: deps.content,
    snapshots: deps.snapshots,
    mounter: deps.mounter,
    leases: deps.leases,
    cache: deps.buildCache,
    scratch,
    async createContainer({ image, config, hostConfig }) {
      const host = normaliseHostConfig(hostConfig, context.specHost.cgroupVersion);
      const record = await materialise(context, {
        image,
        config: mergeConfig(config, undefined),
        host,
        name: undefined,
        endpoints: {},
        buildStep: true,
      });
      return buildContainer(context, record, image?.layers.at(-1)?.chainId);
    },
    async pull(name) {
      const reference = familiarReference(withDefaultTag(parseReference(name)));
      throw new EngineError(
        "not_found",
        `pull access denied for ${reference}: pulling from a registry is not built yet; load or import the image first`,
      );
    },
  };
}

function buildContainer(
  context: ContainerContext,
  record: ContainerRecord,
  imageChain: ChainId | undefined,
): BuildContainer {
  return {
    id: record.id,
    run: (onOutput, signal) => runStep(context, record, onOutput, signal),
    commit: (lease) => commitStep(context, record, imageChain, lease),
    remove: () => removeContainer(context, record.id, { force: true, volumes: true, link: false }),
  };
}

async function runStep(
  context: ContainerContext,
  record: ContainerRecord,
  onOutput: OnOutput,
  signal: AbortSignal,
): Promise<number> {
  const attach = { stdin: false, stdout: true, stderr: true, logs: true, stream: true, detachKeys: "" };
  await using session = await attachContainer(context, record.id, attach);
  const waiting = new AbortController();
  const { result } = waitContainer(context, record.id, "next-exit", waiting.signal);
  await startContainer(context, record.id);
  const kill = (): void => context.background.run("canceling a build step", () => killAndWait(context, record.id));
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  try {
    for await (const { data, stream } of session.output) await onOutput(data, stream);
    const { StatusCode } = await result;
    if (signal.aborted) throw new EngineError("canceled", "context canceled");
    return StatusCode;
  } finally {
    signal.removeEventListener("abort", kill);
    waiting.abort();
  }
}

/** Turns the container's own layer into one that images can stand on; it then lies on the image, not on the mount points between. */
async function commitStep(
  context: ContainerContext,
  record: ContainerRecord,
  imageChain: ChainId | undefined,
  lease: Lease,
): Promise<(NewLayer & { readonly chainId: ChainId }) | undefined> {
  const { images, snapshots } = context.deps;
  const key = snapshotKeyOf(record.id);
  await context.registry.exclusive(record.id, async () => undefined); // until the exit has been handled and the root unmounted
  const layer = await images.commitLayer({
    directory: snapshots.layerDirectory(key),
    lease,
    ...(imageChain === undefined ? {} : { parent: imageChain }),
  });
  if (layer === undefined) return undefined;
  lease.add(layer.chainId);
  try {
    await snapshots.commit(layer.chainId, key, imageChain === undefined ? {} : { parent: imageChain });
  } catch (error) {
    if (!isEngineError(error, "already_exists")) throw error;
  }
  return layer;
}
