import { EngineError, parseDiffId } from "#core";
import { TreeRoot, withFileIdentity } from "#linux";
import { decompress, detectCompression } from "./compression.ts";
import { Extractor, type ExtractPolicy } from "./extractor.ts";
import { type CancelSignal, checkSignal, resolveLimits } from "./limits.ts";
import { rootOutside } from "./id-mapping.ts";
import { iterate, openFileSource, readFileSync } from "./stream.ts";
import { TarParser } from "./tar-parser.ts";
import type {
  ArchiveLimits,
  ByteStream,
  Compression,
  ExtractOptions,
  FileSource,
  UnpackOptions,
  UnpackResult,
} from "./types.ts";

type Cancelable<T extends UnpackOptions> = Omit<T, "signal"> & { readonly signal?: CancelSignal };

type FileIdentity = ReturnType<typeof rootOutside>;

/** Bytes between two pauses that let other work of the thread run. */
const pauseEvery = 8 * 2 ** 20;

/** Unpacks one layer, of any compression, into an overlay upper directory. @throws EngineError `invalid`, `exhausted`, `canceled` */
export function applyLayer(
  source: FileSource | ByteStream,
  root: string,
  options: Cancelable<UnpackOptions> = {},
): Promise<UnpackResult> {
  return unpack(source, root, { kind: "layer" }, options);
}

/** Unpacks a tar, of any compression, as `tar -x` does: `.wh.` names have no meaning. Same errors. */
export function extractTar(
  source: FileSource | ByteStream,
  root: string,
  options: Cancelable<ExtractOptions> = {},
): Promise<UnpackResult> {
  return unpack(source, root, { kind: "plain", ...options }, options);
}

async function unpack(
  source: FileSource | ByteStream,
  root: string,
  policy: ExtractPolicy,
  options: Cancelable<UnpackOptions>,
): Promise<UnpackResult> {
  using tree = new TreeRoot(root);
  using extractor = new Extractor(tree, policy);
  const job = new Unpacking(extractor, options, policy.idMappings && rootOutside(policy.idMappings));
  const compression = await run(source, job, options.limits);
  return job.finish(compression, policy.kind === "plain" && policy.allowEmpty === true);
}

/** Uncompressed files take a path without promises; everything else streams. */
async function run(
  source: FileSource | ByteStream,
  job: Unpacking,
  limits: ArchiveLimits | undefined,
): Promise<Compression> {
  if (!isFile(source)) return runStream(source, job, limits);
  if (headOf(source) !== "none") return runStream(openFileSource(source), job, limits);
  for (const bytes of readFileSync(source)) if (job.push(bytes)) await pause();
  return "none";
}

async function runStream(source: ByteStream, job: Unpacking, limits: ArchiveLimits | undefined): Promise<Compression> {
  const { compression, stream } = await decompress(source, limits);
  for await (const bytes of iterate(stream)) if (job.push(bytes)) await pause();
  return compression;
}

class Unpacking {
  readonly #hash = new Bun.CryptoHasher("sha256");
  readonly #as: (task: () => void) => void;
  readonly #extractor: Extractor;
  readonly #parser: TarParser;
  readonly #signal: CancelSignal | undefined;
  #pausedAt = 0;

  /** @param identity who files are made by, where not by this process */
  constructor(extractor: Extractor, options: Cancelable<UnpackOptions>, identity: FileIdentity | undefined) {
    this.#as = identity === undefined ? (task) => task() : (task) => withFileIdentity(identity, task);
    this.#extractor = extractor;
    this.#parser = new TarParser(extractor, resolveLimits(options.limits));
    this.#signal = options.signal;
  }

  /** True when a pause is due. */
  push(bytes: Uint8Array): boolean {
    checkSignal(this.#signal);
    this.#hash.update(bytes);
    this.#as(() => this.#parser.push(bytes));
    if (this.#parser.size - this.#pausedAt < pauseEvery) return false;
    this.#pausedAt = this.#parser.size;
    return true;
  }

  finish(compression: Compression, allowEmpty: boolean): UnpackResult {
    const { size, entries } = this.#parser;
    this.#as(() => {
      this.#parser.finish();
      this.#extractor.finish();
    });
    if (size === 0 && !allowEmpty) throw new EngineError("invalid", "archive is empty");
    return { diffId: parseDiffId(`sha256:${this.#hash.digest("hex")}`), size, entries, compression };
  }
}

function isFile(source: FileSource | ByteStream): source is FileSource {
  return "path" in source;
}

function headOf(source: FileSource): Compression {
  const [head] = readFileSync(source, 16).take(1);
  return detectCompression(head ?? new Uint8Array(0));
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
