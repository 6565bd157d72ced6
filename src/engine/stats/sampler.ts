import { AsyncQueue, type ContainerId } from "#core";
import { systemCpuNs } from "#runtime";
import type { StatsResponse } from "#spec";
import type { ContainerContext } from "../containers/context.ts";
import { isRunning, type ContainerRecord } from "../containers/record.ts";
import { startOfRun, statsDocument, stoppedDocument, type PreviousSample, type Sample } from "./document.ts";

const tickMs = 1000;
/** A sample younger than this is no base to reckon from: processors' time counts in steps of 10 ms. */
const leastAgeNs = 900_000_000n;
/** Documents that may wait for one client; who is slower misses some. */
const maxWaiting = 2;
/** Readings between two looks at other requests. */
const readingsAtOnce = 16;

/**
 * One for all containers. It reads a container when it is asked, and once a second each container that somebody follows;
 * while nobody follows nothing ticks.
 */
export interface StatsSampler extends Disposable {
  /** At once, from one reading. @param oneShot without an earlier sample to compare with */
  once(record: ContainerRecord, oneShot: boolean): StatsResponse;
  /** The first document at once, then one a second, until the container is removed or the signal aborts. */
  follow(id: ContainerId, signal: AbortSignal): AsyncIterable<StatsResponse>;
}

interface Follower {
  readonly id: ContainerId;
  readonly queue: AsyncQueue<StatsResponse>;
  previous: PreviousSample | undefined;
}

export function createStatsSampler(context: ContainerContext): StatsSampler {
  return new Sampler(context);
}

class Sampler implements StatsSampler {
  readonly #context: ContainerContext;
  /** The newest sample of each container that is old enough to compare with. */
  readonly #bases = new Map<ContainerId, PreviousSample>();
  readonly #followers = new Set<Follower>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #ticking = false;

  constructor(context: ContainerContext) {
    this.#context = context;
  }

  [Symbol.dispose](): void {
    for (const { queue } of this.#followers) queue.end();
    this.#followers.clear();
    this.#stopIfUnused();
  }

  once(record: ContainerRecord, oneShot: boolean): StatsResponse {
    const sample = this.#sample(record, systemCpuNs());
    if (sample === undefined) return stoppedDocument(record);
    const previous = oneShot ? undefined : this.#baseOf(record.id, sample);
    this.#keep(record.id, sample);
    return statsDocument(record, sample, previous, this.#cpus);
  }

  follow(id: ContainerId, signal: AbortSignal): AsyncIterable<StatsResponse> {
    const follower: Follower = { id, queue: new AsyncQueue(), previous: undefined };
    const stop = (): void => {
      this.#followers.delete(follower);
      follower.queue.end();
      this.#stopIfUnused();
    };
    signal.addEventListener("abort", stop, { once: true });
    this.#followers.add(follower);
    this.#tell([follower], systemCpuNs());
    if (signal.aborted) stop();
    else this.#timer ??= setInterval(() => void this.#tick(), tickMs);
    return follower.queue;
  }

  get #cpus(): number {
    return this.#context.deps.machine.cpus;
  }

  async #tick(): Promise<void> {
    if (this.#ticking) return;
    this.#ticking = true;
    try {
      const groups = Map.groupBy(this.#followers, ({ id }) => id);
      const systemNs = systemCpuNs();
      let read = 0;
      for (const followers of groups.values()) {
        try {
          this.#tell(followers, systemNs);
        } catch (error) {
          for (const { queue } of followers) queue.fail(error);
        }
        if (++read % readingsAtOnce === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      this.#ticking = false;
    }
  }

  /** One reading of a container for all who follow it. */
  #tell(followers: readonly Follower[], systemNs: number): void {
    const { registry } = this.#context;
    const record = followers[0] && registry.get(followers[0].id);
    const sample = record && this.#sample(record, systemNs);
    for (const follower of followers) {
      if (record === undefined) this.#end(follower);
      else this.#offer(follower, record, sample);
    }
    if (record && sample) this.#keep(record.id, sample);
  }

  #end(follower: Follower): void {
    this.#followers.delete(follower);
    follower.queue.end();
    this.#stopIfUnused();
  }

  #offer(follower: Follower, record: ContainerRecord, sample: Sample | undefined): void {
    if (follower.queue.length >= maxWaiting) return;
    const { previous } = follower;
    // The first reading came on its own, perhaps just before a tick.
    if (sample && previous && sample.readNs - previous.readNs < leastAgeNs / 2n) return;
    if (sample === undefined) {
      follower.previous = undefined;
      follower.queue.push(stoppedDocument(record));
      return;
    }
    const compared = previous?.startedAt === sample.startedAt ? previous : this.#baseOf(record.id, sample);
    follower.previous = previousOf(sample);
    follower.queue.push(statsDocument(record, sample, compared, this.#cpus));
  }

  #sample(record: ContainerRecord, systemNs: number): Sample | undefined {
    if (!isRunning(record)) return undefined;
    const { deps } = this.#context;
    const reading = deps.runtime.read(record.id, {
      ownNetwork: record.hostConfig.NetworkMode !== "host",
      hostMemoryBytes: deps.machine.memoryBytes,
    });
    const { startedAt } = record.state;
    return reading && { readNs: deps.clock.nowNs(), systemCpuNs: systemNs, reading, startedAt };
  }

  /** The last sample of this run of the container; without one, the begin of the run. */
  #baseOf(id: ContainerId, sample: Sample): PreviousSample {
    const base = this.#bases.get(id);
    return base?.startedAt === sample.startedAt ? base : startOfRun(sample, this.#cpus);
  }

  #keep(id: ContainerId, sample: Sample): void {
    const base = this.#bases.get(id);
    if (base?.startedAt === sample.startedAt && sample.readNs - base.readNs < leastAgeNs) return;
    this.#bases.set(id, previousOf(sample));
    const { registry } = this.#context;
    if (this.#bases.size <= registry.size) return;
    for (const known of this.#bases.keys()) if (!registry.get(known)) this.#bases.delete(known);
  }

  #stopIfUnused(): void {
    if (this.#followers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function previousOf({ readNs, systemCpuNs: systemNs, reading, startedAt }: Sample): PreviousSample {
  return { readNs, systemCpuNs: systemNs, cpu: reading.cpu, startedAt };
}
