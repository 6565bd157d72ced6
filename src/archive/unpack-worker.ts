/** Entry point of an unpack worker thread: one job at a time. An entry of its own in the release build. */
import { parentPort } from "node:worker_threads";
import { isEngineError, messageOf } from "#core";
import { applyLayer, extractTar } from "./unpack.ts";
import type { UnpackJob, UnpackReply } from "./unpack-protocol.ts";

parentPort?.on("message", (job: UnpackJob) => {
  void run(job).then((reply) => parentPort?.postMessage(reply));
});

async function run({ kind, source, root, options, canceled }: UnpackJob): Promise<UnpackReply> {
  const signal = {
    get aborted() {
      return Atomics.load(canceled, 0) !== 0;
    },
  };
  const unpack = kind === "layer" ? applyLayer : extractTar;
  try {
    return { type: "done", result: await unpack(source, root, { ...options, signal }) };
  } catch (error) {
    const message = messageOf(error);
    return isEngineError(error) ? { type: "failed", code: error.code, message } : { type: "failed", message };
  }
}
