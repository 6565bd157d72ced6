import type { ChainId, ImageId } from "#core";
import type { ContentStore } from "#content";
import type { ImageRecord, ImageStore, NewLayer } from "#image";
import type { Mounter, Snapshotter } from "#snapshot";
import type { ContainerConfig, HostConfig, ProgressMessage } from "#spec";
import type { Lease, Leases } from "#store";

/** Takes a chunk of output; the next one waits for the promise. */
export type OnOutput = (chunk: Uint8Array, stream?: "stdout" | "stderr") => Promise<void> | undefined;

/** Containers of RUN steps belong to the engine, so that `ps` shows them. */
export interface BuildContainer {
  readonly id: string;
  /**
   * Starts, streams the output, and resolves with the exit code. Aborting kills it.
   * `stream` tells which output a chunk is of; without it all counts as stdout.
   */
  run(onOutput: OnOutput, signal: AbortSignal): Promise<number>;
  /** Layer of what the command changed, with its snapshot committed; undefined when nothing changed. The container keeps no snapshot. */
  commit(lease: Lease): Promise<(NewLayer & { readonly chainId: ChainId }) | undefined>;
  remove(): Promise<void>;
}

/** Finds the image that a step made before. What it names may be gone by now: the caller looks. */
export interface BuildCache {
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
