import type { BuildOptions } from "#build";
import type {
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerInspect,
  ContainerSummary,
  EventMessage,
  ExecCreateRequest,
  ExecInspect,
  ExecStartRequest,
  FsChange,
  ImageDeleteItem,
  ImageHistoryItem,
  ImageInspect,
  ImageSummary,
  NetworkInfo,
  PathStat,
  ProgressMessage,
  StatsResponse,
  TopResponse,
  UpdateRequest,
  UpdateResponse,
  VersionResponse,
  VolumeInfo,
  WaitResponse,
} from "#spec";

export type { BuildOptions } from "#build";

/** Parsed `filters`: key → values. Values of one key are alternatives, except labels, which must all hold. */
export type Filters = ReadonlyMap<string, readonly string[]>;

export interface StreamFrame {
  readonly stream: "stdout" | "stderr";
  readonly data: Uint8Array;
}

/** The write side of a process's stdin. `end` closes it once, and is harmless afterwards. */
export interface StdinWriter {
  write(chunk: Uint8Array): Promise<void>;
  end(): void;
}

/**
 * A live connection to a process's streams. With a tty every frame is `stdout`. `output` ends when the process has
 * ended and all its output was delivered. Disposing detaches and leaves the process alone.
 */
export interface AttachSession extends AsyncDisposable {
  readonly tty: boolean;
  readonly output: AsyncIterable<StreamFrame>;
  /** Absent when stdin was not asked for or the process has none. */
  readonly stdin?: StdinWriter;
  /** To be called when the client leaves by its detach keys, before disposal. */
  detached?(): void;
}

export interface AttachOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Replay what was written before. */
  readonly logs: boolean;
  /** Follow what comes. */
  readonly stream: boolean;
  /** As Docker writes them (`ctrl-p,ctrl-q`); the empty text means the default. */
  readonly detachKeys: string;
}

export interface LogOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly follow: boolean;
  /** Nanoseconds since the epoch. */
  readonly since?: bigint;
  readonly until?: bigint;
  readonly timestamps: boolean;
  /** Number of last lines; undefined means all. */
  readonly tail?: number;
  readonly details: boolean;
}

export interface ContainerListOptions {
  readonly all: boolean;
  /** Newest n of any state when above 0. */
  readonly limit: number;
  readonly size: boolean;
  readonly filters: Filters;
}

/** Bytes that may hold resources: must be iterated, and by that to its end or left early, or be canceled. */
export interface ByteBody extends AsyncIterable<Uint8Array> {
  cancel(): Promise<void>;
}

export interface PutArchiveOptions {
  /** Refuses to replace a directory by something else, or the reverse. */
  readonly noOverwriteDirNonDir: boolean;
  /** Gives what is unpacked to the container's user, where it has one. */
  readonly copyUidGid: boolean;
}

export type WaitCondition = "not-running" | "next-exit" | "removed";

/** `ref` is everywhere a full id, a name with or without its slash, or a unique prefix of an id. */
export interface Containers {
  /** A promise only with sizes: those are on the disk. */
  list(options: ContainerListOptions): ContainerSummary[] | Promise<ContainerSummary[]>;
  inspect(ref: string, options: { readonly size: boolean }): Promise<ContainerInspect>;
  create(name: string, request: ContainerCreateRequest, platform?: string): Promise<ContainerCreateResponse>;
  /** @throws EngineError `not_modified` when it runs already */
  start(ref: string): Promise<void>;
  /** @param options timeoutSeconds undefined: the container's own; negative: wait for ever. @throws EngineError `not_modified` when stopped */
  stop(ref: string, options: { readonly timeoutSeconds?: number; readonly signal?: string }): Promise<void>;
  restart(ref: string, options: { readonly timeoutSeconds?: number; readonly signal?: string }): Promise<void>;
  kill(ref: string, signal: string): Promise<void>;
  pause(ref: string): Promise<void>;
  unpause(ref: string): Promise<void>;
  rename(ref: string, name: string): Promise<void>;
  remove(
    ref: string,
    options: { readonly force: boolean; readonly volumes: boolean; readonly link: boolean },
  ): Promise<void>;
  prune(filters: Filters): Promise<{ readonly deleted: readonly string[]; readonly spaceReclaimed: number }>;
  /**
   * Registers the wait before it returns, so that no exit is missed; the promise inside settles later.
   * Aborting the signal forgets the wait.
   */
  wait(ref: string, condition: WaitCondition, signal: AbortSignal): { readonly result: Promise<WaitResponse> };
  logs(
    ref: string,
    options: LogOptions,
    signal: AbortSignal,
  ): { readonly tty: boolean; readonly frames: AsyncIterable<StreamFrame> };
  attach(ref: string, options: AttachOptions): Promise<AttachSession>;
  resize(ref: string, size: { readonly height: number; readonly width: number }): Promise<void>;
  top(ref: string, psArgs: string): Promise<TopResponse>;
  /** Never waits: what the container uses now, beside the last time somebody asked (or its start). */
  stats(ref: string, options: { readonly oneShot: boolean }): StatsResponse;
  /** One now, then one a second. Ends with the container's removal and when the signal aborts. */
  followStats(ref: string, signal: AbortSignal): AsyncIterable<StatsResponse>;
  update(ref: string, request: UpdateRequest): Promise<UpdateResponse>;
  /** What the container changed of its image's files, by path; null when nothing. */
  changes(ref: string): Promise<readonly FsChange[] | null>;
  /** A tar of all its files, volumes and mounts left out. The stream holds the root until it ends or is canceled. */
  export(ref: string): Promise<ByteBody>;
  /** @throws EngineError `not_found` `Could not find the file …` */
  statPath(ref: string, path: string): Promise<PathStat>;
  /** A tar of what stands at a path, named after the path's last part. Same errors, and as {@link Containers.export}. */
  getArchive(ref: string, path: string): Promise<{ readonly stat: PathStat; readonly body: ByteBody }>;
  /**
   * Unpacks a tar, of any compression, into a directory of the container.
   * @throws EngineError `not_found`, `invalid` (no directory, read-only, no tar), `conflict` (see `noOverwriteDirNonDir`)
   */
  putArchive(ref: string, path: string, content: ReadableStream<Uint8Array>, options: PutArchiveOptions): Promise<void>;
  createExec(ref: string, request: ExecCreateRequest): Promise<{ readonly Id: string }>;
}

export interface Execs {
  /** Runs detached; resolves once started. */
  startDetached(id: string, request: ExecStartRequest): Promise<void>;
  /** Never throws for a command that cannot be executed: that text comes as output and the exit code is 126 or 127. */
  start(id: string, request: ExecStartRequest): Promise<AttachSession>;
  inspect(id: string): ExecInspect;
  /** Settles when it has ended or could not be started. */
  ended(id: string): Promise<void>;
  resize(id: string, size: { readonly height: number; readonly width: number }): Promise<void>;
}

/** `name` is everywhere name, name:tag, name@digest, id, or a unique id prefix with or without `sha256:`. */
export interface Images {
  list(options: { readonly all: boolean; readonly filters: Filters; readonly sharedSize: boolean }): ImageSummary[];
  inspect(name: string): ImageInspect;
  history(name: string): ImageHistoryItem[];
  tag(name: string, repository: string, tag: string): void;
  remove(name: string, options: { readonly force: boolean; readonly noprune: boolean }): Promise<ImageDeleteItem[]>;
  prune(filters: Filters): Promise<{ readonly deleted: readonly ImageDeleteItem[]; readonly spaceReclaimed: number }>;
  /** docker-archive (old and new) or OCI layout, any compression. */
  load(
    archive: ReadableStream<Uint8Array>,
    options: { readonly quiet: boolean; readonly platform?: string },
  ): AsyncIterable<ProgressMessage>;
  /** Unknown names are thrown before the stream is returned. */
  save(names: readonly string[]): Promise<ReadableStream<Uint8Array>>;
  import(
    source: ReadableStream<Uint8Array> | URL,
    options: {
      readonly repository: string;
      readonly tag: string;
      readonly message: string;
      readonly changes: readonly string[];
      readonly platform?: string;
    },
  ): AsyncIterable<ProgressMessage>;
}

export interface EventOptions {
  /** Nanoseconds since the epoch. */
  readonly since?: bigint;
  readonly until?: bigint;
  readonly filters: Filters;
}

/** Kinds of objects, as `GET /system/df?type=` names them. */
export type DiskUsageType = "container" | "image" | "volume" | "build-cache";

export interface System {
  version(): VersionResponse;
  /** The object of `GET /info`. */
  info(): Promise<Readonly<Record<string, unknown>>>;
  events(options: EventOptions, signal: AbortSignal): AsyncIterable<EventMessage>;
  diskUsage(types: ReadonlySet<DiskUsageType>): Promise<Readonly<Record<string, unknown>>>;
}

export interface Networks {
  list(filters: Filters): NetworkInfo[];
  inspect(ref: string): NetworkInfo;
  /** @throws EngineError `forbidden` for one that every engine has, `not_found` */
  remove(ref: string): void;
  /** Removes what users made and nobody is connected to. @returns names */
  prune(filters: Filters): readonly string[];
}

export interface Volumes {
  list(filters: Filters): VolumeInfo[];
  inspect(name: string): VolumeInfo;
  create(request: {
    readonly Name?: string;
    readonly Driver?: string;
    readonly DriverOpts?: Readonly<Record<string, string>> | null;
    readonly Labels?: Readonly<Record<string, string>> | null;
  }): Promise<VolumeInfo>;
  remove(name: string, force: boolean): Promise<void>;
  prune(filters: Filters): Promise<{ readonly deleted: readonly string[]; readonly spaceReclaimed: number }>;
}

/** The product: plain objects in, plain objects and streams out. */
export interface Engine extends AsyncDisposable {
  readonly containers: Containers;
  readonly execs: Execs;
  readonly images: Images;
  readonly networks: Networks;
  readonly volumes: Volumes;
  readonly system: System;
  /** Aborting cancels the step that runs. A failure comes as a last message with `error`. */
  build(
    context: ReadableStream<Uint8Array>,
    options: BuildOptions,
    signal: AbortSignal,
  ): AsyncIterable<ProgressMessage>;
}
