import {
  createKeyedMutex,
  EngineError,
  isEngineError,
  parseSnapshotKey,
  type ChainId,
  type DiffId,
  type Digest,
  type SnapshotKey,
} from "#core";
import type { UnpackPool, UnpackResult } from "#archive";
import type { BlobReader } from "#content";
import type { Snapshotter } from "#snapshot";
import type { Lease, Leases } from "#store";

/** Active snapshots of this prefix belong to an unpack; boot removes those that a crash left. */
export const unpackKeyPrefix = "unpack-";

export interface UnpackDependencies {
  readonly snapshots: Snapshotter;
  readonly unpackPool: UnpackPool;
  readonly content: BlobReader;
  readonly leases: Leases;
}

/** A layer being unpacked beside its future parents; nobody sees it until it is placed. */
export interface UnpackJob {
  readonly blob: Digest;
  readonly key: SnapshotKey;
  readonly result: Promise<UnpackResult>;
  readonly abort: AbortController;
  users: number;
  /** It became a committed snapshot, or is about to. */
  taken: boolean;
}

export interface Placement {
  readonly chainId: ChainId;
  readonly parent?: ChainId;
  readonly diffId: DiffId;
  /** Position of the layer, for messages. */
  readonly index: number;
}

/**
 * Turns layer blobs into committed snapshots. Layers unpack side by side, each in a directory of its own, as soon as
 * their blobs are there; they are placed bottom first, once what was unpacked is what the config says.
 */
export class LayerUnpacker {
  readonly #deps: UnpackDependencies;
  readonly #jobs = new Map<Digest, UnpackJob>();
  readonly #lock = createKeyedMutex();

  constructor(deps: UnpackDependencies) {
    this.#deps = deps;
  }

  /** Starts to unpack the blob, or joins whoever does that already. Pair it with {@link release}. */
  async acquire(blob: Digest): Promise<UnpackJob> {
    const running = this.#jobs.get(blob);
    if (running) {
      running.users++;
      return running;
    }
    return await this.#start(blob, true);
  }

  /** Without users, what was unpacked for nobody is thrown away. */
  async release(job: UnpackJob): Promise<void> {
    if (--job.users > 0) return;
    if (this.#jobs.get(job.blob) === job) this.#jobs.delete(job.blob);
    if (!job.taken) await this.#discard(job);
  }

  /**
   * Makes the chain a committed snapshot, unless it is one. The lease holds it from here on.
   * @throws EngineError `invalid` when the layer is not the one the config names
   */
  async place(placement: Placement, job: UnpackJob, lease: Lease): Promise<void> {
    lease.add(placement.chainId);
    await this.#lock(placement.chainId, async () => {
      if (this.#deps.snapshots.stat(placement.chainId)) return;
      verifyDiffId(placement, (await job.result).diffId);
      if (job.taken) await this.#placeAgain(placement, job.blob);
      else await this.#commit(placement, job);
    });
  }

  /** Removes a chain unless somebody holds it or stands on it; true when it is gone. */
  async removeChain(chainId: ChainId, isUsed: () => boolean): Promise<boolean> {
    return await this.#lock(chainId, async () => {
      if (isUsed() || this.#deps.leases.isHeld(chainId)) return false;
      try {
        await this.#deps.snapshots.removeCommitted(chainId);
        return true;
      } catch (error) {
        if (isEngineError(error, "conflict") || isEngineError(error, "not_found")) return false;
        throw error;
      }
    });
  }

  async #start(blob: Digest, shared: boolean): Promise<UnpackJob> {
    const { snapshots, unpackPool, content } = this.#deps;
    const key = parseSnapshotKey(`${unpackKeyPrefix}${crypto.randomUUID()}`);
    const abort = new AbortController();
    const unpack = async (): Promise<UnpackResult> => {
      await snapshots.prepare(key);
      return await unpackPool.applyLayer({ path: content.path(blob) }, snapshots.layerDirectory(key), {
        signal: abort.signal,
      });
    };
    const result = unpack();
    result.catch(() => undefined); // whoever places the job gets the error; for a blob that is no layer nobody does
    const job: UnpackJob = { blob, key, result, abort, users: 1, taken: false };
    if (shared) this.#jobs.set(blob, job);
    return job;
  }

  /** The job's directory went to another chain with the same layer in it. */
  async #placeAgain(placement: Placement, blob: Digest): Promise<void> {
    const job = await this.#start(blob, false);
    try {
      verifyDiffId(placement, (await job.result).diffId);
      await this.#commit(placement, job);
    } finally {
      await this.release(job);
    }
  }

  async #commit({ chainId, parent }: Placement, job: UnpackJob): Promise<void> {
    job.taken = true;
    if (this.#jobs.get(job.blob) === job) this.#jobs.delete(job.blob);
    try {
      await this.#deps.snapshots.commit(chainId, job.key, parent === undefined ? {} : { parent });
    } catch (error) {
      if (isEngineError(error, "already_exists")) return;
      job.taken = false;
      throw error;
    }
  }

  async #discard(job: UnpackJob): Promise<void> {
    job.abort.abort();
    await job.result.catch(() => undefined);
    try {
      await this.#deps.snapshots.remove(job.key);
    } catch (error) {
      if (!isEngineError(error, "not_found")) throw error;
    }
  }
}

function verifyDiffId({ index, diffId }: Placement, actual: DiffId): void {
  if (actual !== diffId) {
    throw new EngineError(
      "invalid",
      `invalid diffID for layer ${index}: expected ${JSON.stringify(diffId)}, got ${JSON.stringify(actual)}`,
    );
  }
}
