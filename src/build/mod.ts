import type { ChainId, ImageId } from "#core";
import type { ContentStore } from "#content";
import type { ImageRecord, ImageStore, NewLayer } from "#image";
import type { Mounter, Snapshotter } from "#snapshot";
import type { ContainerConfig, HostConfig, ProgressMessage } from "#spec";
import type { Lease, Leases } from "#store";

/**
 * build: from a Dockerfile and a context to an image.
 *
 * The Dockerfile is parsed whole, into stages of instructions (`dockerfile/`); the classic builder runs the steps up to the
 * target one after the other, each an intermediate image with the last one as parent, found again by the layer cache.
 *
 * @example
 * const builder = createBuilder(host, { logger, clock });
 * for await (const message of builder.build(context, options, signal)) send(message);
 */
export { createBuildCache } from "./cache.ts";
export { applyChanges } from "./classic/changes.ts";
export { createBuilder, type Builder } from "./classic/builder.ts";
export { parseDockerfile } from "./dockerfile/mod.ts";

/** Containers of RUN steps belong to the engine, so that `ps` shows them. */
export interface BuildContainer {
  readonly id: string;
  /**
   * Starts, streams the output, and resolves with the exit code. Aborting kills it.
   * `stream` tells which output a chunk is of; without it all counts as stdout.
   */
  run(onOutput: (chunk: Uint8Array, stream?: "stdout" | "stderr") => void, signal: AbortSignal): Promise<number>;
  /** Layer of what the command changed, with its snapshot committed; undefined when nothing changed. The container keeps no snapshot. */
  commit(lease: Lease): Promise<(NewLayer & { readonly chainId: ChainId }) | undefined>;
  remove(): Promise<void>;
}

/** Finds the image that a step made before. What it names may be gone by now: the caller looks. */
export interface BuildCache {
  /** Newest first. */
  find(parent: ImageId | undefined, key: string): ImageId | undefined;
  put(parent: ImageId | undefined, key: string, image: ImageId): void;
}

export interface BuildHost {
  readonly images: ImageStore;
  readonly content: ContentStore;
  readonly snapshots: Snapshotter;
  readonly mounter: Mounter;
  readonly leases: Leases;
  readonly cache: BuildCache;
  /** Directory for contexts and scratch mounts; entries are the builder's to remove. */
  readonly scratch: string;
  createContainer(request: {
    /** Undefined: an empty root (`FROM scratch`). */
    readonly image: ImageRecord | undefined;
    readonly config: ContainerConfig;
    readonly hostConfig: HostConfig;
  }): Promise<BuildContainer>;
  /** Brings a base image that is not here. @throws EngineError `not_found` with Docker's text when it cannot */
  pull(name: string, onProgress: (message: ProgressMessage) => void): Promise<ImageRecord>;
}

/** Query of `POST /build`, parsed. */
export interface BuildOptions {
  readonly dockerfile: string;
  readonly tags: readonly string[];
  readonly remote: string;
  readonly quiet: boolean;
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly rm: boolean;
  readonly forceRm: boolean;
  /** Null: take no value (Docker's `--build-arg X` without X in the environment). */
  readonly buildArgs: Readonly<Record<string, string | null>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly target: string;
  readonly platform: string;
  readonly networkMode: string;
  readonly extraHosts: readonly string[];
  readonly cacheFrom: readonly string[];
  readonly shmSize: number;
  readonly memory: number;
  readonly memorySwap: number;
  readonly cpuShares: number;
  readonly cpuPeriod: number;
  readonly cpuQuota: number;
  readonly cpusetCpus: string;
  readonly cpusetMems: string;
  readonly cgroupParent: string;
  readonly ulimits: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
  readonly squash: boolean;
}
