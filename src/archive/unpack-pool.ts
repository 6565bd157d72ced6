import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { createLimiter, EngineError } from "#core";
import { checkSignal } from "./limits.ts";
import type { UnpackJob, UnpackReply } from "./unpack-protocol.ts";
import type { ExtractOptions, FileSource, UnpackPool, UnpackPoolOptions, UnpackResult } from "./types.ts";

/** Runs unpacks in worker threads that start when they are needed and end when they are idle. */
export function createUnpackPool(options: UnpackPoolOptions = {}): UnpackPool {
  return new WorkerPool(options);
}

class WorkerPool implements UnpackPool {
  readonly #limit: <T>(task: () => Promise<T>) => Promise<T>;
  readonly #idleMs: number;
  readonly #idle = new Map<UnpackThread, NodeJS.Timeout>();
  readonly #busy = new Set<UnpackThread>();
  #closed = false;

  constructor(options: UnpackPoolOptions) {
    this.#limit = createLimiter(options.maxWorkers ?? Math.min(availableParallelism(), 4));
    this.#idleMs = options.idleMs ?? 3000;
  }

  applyLayer(source: FileSource, root: string, options: ExtractOptions = {}): Promise<UnpackResult> {
    return this.#run("layer", source, root, options);
  }

  extractTar(source: FileSource, root: string, options: ExtractOptions = {}): Promise<UnpackResult> {
    return this.#run("plain", source, root, options);
  }

  /** Cancels what runs and waits for it: no thread writes anything afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const thread of this.#busy) thread.cancel();
    await Promise.all([...this.#busy].map((thread) => thread.settled));
    await Promise.all([...this.#idle.keys()].map((thread) => this.#end(thread)));
  }

  #run(kind: UnpackJob["kind"], source: FileSource, root: string, options: ExtractOptions): Promise<UnpackResult> {
    const { signal, ...plain } = options;
    return this.#limit(() => {
      checkSignal(signal);
      if (this.#closed) throw new EngineError("canceled", "unpacking was canceled");
      return this.#work({ kind, source, root, options: plain }, signal);
    });
  }

  async #work(job: Omit<UnpackJob, "canceled">, signal: AbortSignal | undefined): Promise<UnpackResult> {
    const thread = this.#take();
    const cancel = (): void => thread.cancel();
    signal?.addEventListener("abort", cancel);
    this.#busy.add(thread);
    try {
      return await thread.run(job);
    } finally {
      signal?.removeEventListener("abort", cancel);
      this.#busy.delete(thread);
      if (thread.alive) this.#rest(thread);
    }
  }

  #take(): UnpackThread {
    const next = this.#idle.entries().next().value;
    if (next === undefined) return new UnpackThread();
    const [thread, timer] = next;
    clearTimeout(timer);
    this.#idle.delete(thread);
    return thread;
  }

  #rest(thread: UnpackThread): void {
    const timer = setTimeout(() => void this.#end(thread), this.#idleMs);
    timer.unref();
    this.#idle.set(thread, timer);
  }

  async #end(thread: UnpackThread): Promise<void> {
    clearTimeout(this.#idle.get(thread));
    this.#idle.delete(thread);
    await thread.end();
  }
}

/** One worker, one job at a time. */
class UnpackThread {
  readonly #worker = new Worker(workerEntry());
  readonly #canceled = new Int32Array(new SharedArrayBuffer(4));
  #reply: PromiseWithResolvers<UnpackReply> | undefined;
  alive = true;
  /** Settles with the job that runs, never rejects. */
  settled: Promise<unknown> = Promise.resolve();

  constructor() {
    this.#worker.on("message", (reply: UnpackReply) => this.#reply?.resolve(reply));
    this.#worker.on("error", (error: Error) => this.#fail(error.message));
    this.#worker.on("exit", () => this.#fail("the thread ended"));
    this.#worker.unref();
  }

  async run(job: Omit<UnpackJob, "canceled">): Promise<UnpackResult> {
    Atomics.store(this.#canceled, 0, 0);
    this.#reply = Promise.withResolvers();
    this.settled = this.#reply.promise;
    this.#worker.ref();
    this.#worker.postMessage({ ...job, canceled: this.#canceled } satisfies UnpackJob);
    try {
      return resultOf(await this.#reply.promise);
    } finally {
      this.#worker.unref();
    }
  }

  cancel(): void {
    Atomics.store(this.#canceled, 0, 1);
  }

  async end(): Promise<void> {
    this.alive = false;
    await this.#worker.terminate();
  }

  #fail(message: string): void {
    this.alive = false;
    this.#reply?.resolve({ type: "failed", message: `unpack worker: ${message}` });
  }
}

function resultOf(reply: UnpackReply): UnpackResult {
  if (reply.type === "done") return reply.result;
  throw new EngineError(reply.code ?? "internal", reply.message);
}

/**
 * In a compiled executable every module lies in one virtual file, and entries keep their paths below the common directory
 * of all entries, `src`. The absolute path never reaches the real file system.
 */
function workerEntry(): string | URL {
  const compiled = import.meta.url.startsWith("file:///$bunfs/");
  return compiled ? "/$bunfs/root/archive/unpack-worker.js" : new URL("./unpack-worker.ts", import.meta.url);
}
