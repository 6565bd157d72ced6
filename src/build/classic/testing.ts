/** A builder on real stores and real mounts, whose RUN steps run in a chroot. For tests. */
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createUnpackPool, packEntries, readTar, type TarHeader, type TarInput } from "#archive";
import { parseSnapshotKey, randomHexId, silentLogger, systemClock, type SnapshotKey } from "#core";
import { openContentStore } from "#content";
import { openImageStore, type ImageRecord } from "#image";
import { createMounter, openOverlay } from "#snapshot/overlay";
import { nextChainId, parseReference, withDefaultTag, type ProgressMessage } from "#spec";
import { createLeases, openDatabase } from "#store";
import { removeTestTree } from "../../../test/support/remove.ts";
import { tag } from "../../../test/support/tag.ts";
import { createBuildCache } from "../cache.ts";
import type { BuildContainer, BuildHost, OnOutput } from "../host.ts";
import type { BuildOptions } from "../options.ts";
import { createBuilder } from "./builder.ts";
import { chainOf } from "./stage.ts";

const defaults: BuildOptions = {
  dockerfile: "",
  tags: [],
  remote: "",
  quiet: false,
  noCache: false,
  pull: false,
  rm: true,
  forceRm: false,
  buildArgs: {},
  labels: {},
  target: "",
  platform: "",
  networkMode: "",
  extraHosts: [],
  cacheFrom: [],
  shmSize: 0,
  memory: 0,
  memorySwap: 0,
  cpuShares: 0,
  cpuPeriod: 0,
  cpuQuota: 0,
  cpusetCpus: "",
  cpusetMems: "",
  cgroupParent: "",
  ulimits: [],
  squash: false,
};

/** Path → content; a path with a closing slash is a directory; an object says more. */
export type Files = Readonly<Record<string, string | Uint8Array | Omit<TarInput["header"], "path">>>;

export function contextOf(dockerfile: string, files: Files = {}): ReadableStream<Uint8Array> {
  return packEntries(tarInputs(dockerfile === "" ? files : { Dockerfile: dockerfile, ...files }));
}

export function tarInputs(files: Files): TarInput[] {
  return Object.entries(files).map(([path, value]): TarInput => {
    if (typeof value !== "string" && !(value instanceof Uint8Array)) return { header: { ...value, path } };
    if (path.endsWith("/")) return { header: { path: path.slice(0, -1), type: "directory" } };
    const body = typeof value === "string" ? new TextEncoder().encode(value) : value;
    return { header: { path, type: "file", size: body.length, mtimeNs: 1_000_000_000n }, body };
  });
}

export interface BuildResult {
  readonly messages: readonly ProgressMessage[];
  /** All `stream` texts. */
  readonly output: string;
  readonly error: string | undefined;
  readonly image: ImageRecord | undefined;
}

export class BuildBench implements AsyncDisposable {
  readonly root: string;
  readonly host: BuildHost;
  readonly #undo: AsyncDisposableStack;
  /** Containers that were created and not removed. */
  readonly containers: Set<BuildContainer>;

  private constructor(root: string, host: BuildHost, undo: AsyncDisposableStack, containers: Set<BuildContainer>) {
    this.root = root;
    this.host = host;
    this.#undo = undo;
    this.containers = containers;
  }

  static async open(): Promise<BuildBench> {
    await using undo = new AsyncDisposableStack();
    const root = mkdtempSync(join(tmpdir(), `${tag}build-`));
    undo.defer(() => removeTestTree(root));
    const database = undo.use(openDatabase(join(root, "db")));
    const shared = { database, leases: createLeases(), logger: silentLogger, clock: systemClock };
    const content = undo.use(await openContentStore({ ...shared, root: join(root, "content") }));
    const snapshots = undo.use(openOverlay({ ...shared, root: join(root, "snapshots") }));
    const unpackPool = undo.use(createUnpackPool());
    const events = { emit: (): void => undefined };
    const images = undo.use(await openImageStore({ ...shared, content, snapshots, unpackPool, events }));
    const scratch = join(root, "scratch");
    mkdirSync(scratch);
    const containers = new Set<BuildContainer>();
    const mounter = createMounter();
    const stores = {
      images,
      content,
      snapshots,
      leases: shared.leases,
      mounter,
      scratch,
      cache: createBuildCache(database),
    };
    const host: BuildHost = {
      ...stores,
      createContainer: ({ image, config }) => ChrootContainer.create(host, { image, config, containers }),
      pull: (name) => Promise.reject(new Error(`pull access denied for ${name}`)),
    };
    return new BuildBench(root, host, undo.move(), containers);
  }

  /** Imports a root file system under a name. */
  async base(name: string, tar: ReadableStream<Uint8Array>): Promise<ImageRecord> {
    const reference = withDefaultTag(parseReference(name));
    const source = this.host.images.import(tar, { reference, config: {}, message: "base" });
    for await (const _message of source);
    return this.host.images.resolve(name);
  }

  /** The messages of a build as they come. */
  stream(
    dockerfile: string,
    files: Files = {},
    options: Partial<BuildOptions> = {},
    signal: AbortSignal = new AbortController().signal,
  ): AsyncIterable<ProgressMessage> {
    const builder = createBuilder(this.host, { logger: silentLogger, clock: systemClock });
    return builder.build(contextOf(dockerfile, files), { ...defaults, ...options }, signal);
  }

  async build(
    dockerfile: string,
    files: Files = {},
    options: Partial<BuildOptions> = {},
    signal: AbortSignal = new AbortController().signal,
  ): Promise<BuildResult> {
    const messages = await Array.fromAsync(this.stream(dockerfile, files, options, signal));
    const id = messages.findLast((message) => message.aux)?.aux?.["ID"];
    return {
      messages,
      output: messages.map((message) => message.stream ?? "").join(""),
      error: messages.findLast((message) => message.error !== undefined)?.error,
      image: id === undefined ? undefined : this.host.images.resolve(String(id)),
    };
  }

  /** Headers of the topmost layer, by path. */
  async topLayer(image: ImageRecord | undefined): Promise<Map<string, TarHeader & { readonly text: string }>> {
    const entries = new Map<string, TarHeader & { readonly text: string }>();
    const layer = image?.layers.at(-1);
    if (!layer) return entries;
    for await (const item of readTar(this.host.content.open(layer.blob.digest))) {
      entries.set(item.header.path, { ...item.header, text: new TextDecoder().decode(await item.bytes()) });
    }
    return entries;
  }

  /** What a build must not leave. */
  leftovers(): string[] {
    const keys = [...this.host.snapshots.walk()].filter(({ kind }) => kind !== "committed").map(({ name }) => name);
    return [...readdirSync(this.host.scratch), ...keys];
  }

  async removeContainers(): Promise<void> {
    for (const container of this.containers) await container.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.removeContainers();
    await this.#undo.disposeAsync();
  }
}

interface ChrootOptions {
  readonly image: ImageRecord | undefined;
  readonly config: {
    readonly Cmd?: readonly string[] | null;
    readonly Env?: readonly string[] | null;
    readonly WorkingDir?: string;
  };
  readonly containers: Set<BuildContainer>;
}

/** Stands in for the engine's containers: the same snapshot and commit, but no namespaces. */
class ChrootContainer implements BuildContainer {
  readonly id = randomHexId();
  readonly #host: BuildHost;
  readonly #options: ChrootOptions;
  readonly #key: SnapshotKey;
  readonly #rootfs: string;
  #open = true;

  private constructor(host: BuildHost, options: ChrootOptions, key: SnapshotKey, rootfs: string) {
    this.#host = host;
    this.#options = options;
    this.#key = key;
    this.#rootfs = rootfs;
    options.containers.add(this);
  }

  static async create(host: BuildHost, options: ChrootOptions): Promise<ChrootContainer> {
    const key = parseSnapshotKey(`container-${randomHexId().slice(0, 12)}`);
    const mount = await host.snapshots.prepare(key, chainOf(options.image));
    const rootfs = mkdtempSync(join(host.scratch, "container-"));
    host.mounter.mount(mount, rootfs);
    return new ChrootContainer(host, options, key, rootfs);
  }

  async run(onOutput: OnOutput, signal: AbortSignal): Promise<number> {
    const { Cmd, Env, WorkingDir } = this.#options.config;
    const env = Object.fromEntries(
      (Env ?? []).map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    );
    const inDirectory = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', WorkingDir ?? "/", ...(Cmd ?? [])];
    const command = ["/usr/sbin/chroot", this.#rootfs, ...inDirectory];
    const child = Bun.spawn(command, {
      env,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      signal,
      killSignal: "SIGKILL",
    });
    const read = async (from: ReadableStream<Uint8Array>, stream: "stdout" | "stderr"): Promise<void> => {
      for await (const chunk of from) await onOutput(chunk, stream);
    };
    await Promise.all([read(child.stdout, "stdout"), read(child.stderr, "stderr")]);
    return child.exited;
  }

  async commit(lease: Parameters<BuildContainer["commit"]>[0]): ReturnType<BuildContainer["commit"]> {
    this.#unmount();
    const parent = chainOf(this.#options.image);
    const directory = this.#host.snapshots.layerDirectory(this.#key);
    const layer = await this.#host.images.commitLayer({
      directory,
      ...(parent === undefined ? {} : { parent }),
      lease,
    });
    if (layer) await this.#host.snapshots.commit(nextChainId(parent, layer.diffId), this.#key);
    else await this.#host.snapshots.remove(this.#key);
    return layer;
  }

  async remove(): Promise<void> {
    this.#unmount();
    if (this.#host.snapshots.statKey(this.#key)) await this.#host.snapshots.remove(this.#key);
    this.#options.containers.delete(this);
  }

  #unmount(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#host.mounter.unmount(this.#rootfs);
    rmdirSync(this.#rootfs);
  }
}
