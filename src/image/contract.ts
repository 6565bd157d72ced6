import type { ChainId, DiffId, Digest, ImageId } from "#core";
import type { Descriptor, ImageConfig, ImageDeleteItem, ImageHistoryItem, ProgressMessage, Reference } from "#spec";
import type { Lease } from "#store";

/** One layer of an image, in its place. */
export interface LayerRecord {
  readonly diffId: DiffId;
  readonly chainId: ChainId;
  /** The layer's tar as it is stored: compressed or not, see `mediaType`. */
  readonly blob: Descriptor;
  /** Size on disk once unpacked, in bytes. */
  readonly unpackedBytes: number;
}

export interface ImageRecord {
  readonly id: ImageId;
  readonly config: ImageConfig;
  readonly layers: readonly LayerRecord[];
  readonly parent?: ImageId;
  /** Sum of the layers' unpacked sizes. */
  readonly sizeBytes: number;
  /** Milliseconds since the epoch of the last tag; undefined when never tagged. */
  readonly taggedAtMs?: number;
}

export interface NewLayer {
  readonly diffId: DiffId;
  readonly blob: Descriptor;
}

/** A container's hold on an image, as `remove` needs it. */
export interface ImageUser {
  readonly containerId: string;
  readonly imageId: ImageId;
  readonly running: boolean;
}

export interface ImageEvents {
  emit(
    action: "create" | "tag" | "untag" | "delete" | "load" | "import" | "save" | "pull",
    imageId: ImageId,
    name: string,
  ): void;
}

/** Reads are synchronous and never touch the disk beyond the database. */
export interface ImageStore extends AsyncDisposable {
  get(id: ImageId): ImageRecord | undefined;
  /** Name, name:tag, name@digest, id or unique prefix. @throws EngineError `not_found` `No such image: x:latest` */
  resolve(name: string): ImageRecord;
  list(): ImageRecord[];
  children(id: ImageId): ImageId[];
  /** Tags as familiar references (`busybox:latest`), sorted. */
  tags(id: ImageId): string[];
  repoDigests(id: ImageId): string[];
  /** Moves the tag here; returns the image that had it. A digest in the reference is recorded as a repository digest. */
  tag(id: ImageId, reference: Reference): ImageId | undefined;
  history(image: ImageRecord): ImageHistoryItem[];
  /**
   * Records an image whose layer blobs are in the content store and whose chains are committed snapshots.
   * The lease must hold them. Same config: the existing image. `configBytes` is the config as somebody else wrote it:
   * the id is its digest.
   */
  create(input: {
    readonly config: ImageConfig;
    readonly configBytes?: Uint8Array;
    readonly layers: readonly NewLayer[];
    readonly parent?: ImageId;
    readonly lease: Lease;
  }): Promise<ImageRecord>;
  /** Docker's untag and delete rules, messages and order. */
  remove(
    name: string,
    options: { readonly force: boolean; readonly noprune: boolean; readonly users: readonly ImageUser[] },
  ): Promise<ImageDeleteItem[]>;
  load(
    archive: ReadableStream<Uint8Array>,
    options: { readonly quiet: boolean; readonly platform?: string },
  ): AsyncIterable<ProgressMessage>;
  save(names: readonly string[]): Promise<ReadableStream<Uint8Array>>;
  /** One layer from a root file system tar; yields progress and last the new id as `status`. */
  import(
    source: ReadableStream<Uint8Array>,
    options: {
      readonly reference?: Reference;
      readonly config: ImageConfig["config"];
      readonly message: string;
      readonly platform?: string;
    },
  ): AsyncIterable<ProgressMessage>;
  /**
   * Makes a layer of a directory in overlay form (a container's or build step's upper directory): diff tar into the content
   * store, diff id. The caller commits the snapshot under the returned chain id. Undefined when the diff is empty.
   */
  commitLayer(input: {
    readonly directory: string;
    readonly parent?: ChainId;
    readonly lease: Lease;
  }): Promise<(NewLayer & { readonly chainId: ChainId }) | undefined>;
  /**
   * Removes committed snapshots that no image, lease or other snapshot needs, and returns how many. `remove` does so for
   * the image's own; what a container stood on then goes with the next pass.
   */
  collectSnapshots(): Promise<number>;
  /** Boot: drops what a crash left half done; images whose blobs or snapshots are missing are reported and left. */
  reconcile(): Promise<{ readonly broken: readonly ImageId[] }>;
  /** Unpacked bytes of the image's layers that other images hold too (Docker's SharedSize), for `system df`. */
  sharedBytes(id: ImageId): number;
  digestOf(id: ImageId): Digest;
}
