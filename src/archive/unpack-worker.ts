/** Entry point of an unpack worker thread: one job at a time. An entry of its own in the release build. */
import { parentPort } from "node:worker_threads";
import { isEngineError, messageOf } from "#core";
import { applyLayer, extractTar } from "./unpack.ts";
import type { UnpackCancel, UnpackJob, UnpackReply } from "./unpack-protocol.ts";

let running: AbortController | undefined;

parentPort?.on("message", (message: UnpackJob | UnpackCancel) => {
  if (message.type === "cancel") running?.abort();
  else void run(message).then((reply) => parentPort?.postMessage(reply));
});

async function run({ kind, source, root, options }: UnpackJob): Promise<UnpackReply> {
  running = new AbortController();
  const unpack = kind === "layer" ? applyLayer : extractTar;
  try {
    return { type: "done", result: await unpack(source, root, { ...options, signal: running.signal }) };
  } catch (error) {
    const message = messageOf(error);
    return isEngineError(error) ? { type: "failed", code: error.code, message } : { type: "failed", message };
  } finally {
    running = undefined;
  }
}
