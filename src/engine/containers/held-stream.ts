import type { ByteBody } from "../contract.ts";

/** A stream and what must live as long as it: given back once, at its end, its failure, when it is left early or canceled. */
export function heldStream(
  stream: ReadableStream<Uint8Array>,
  held: Disposable,
  finished: () => void = () => undefined,
): ByteBody {
  const reader = stream.getReader();
  const holder = new DisposableStack();
  holder.use(held);
  const cancel = async (): Promise<void> => {
    if (holder.disposed) return;
    try {
      await reader.cancel();
    } finally {
      holder.dispose();
    }
  };
  const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    if (holder.disposed) return { done: true, value: undefined };
    try {
      const step = await reader.read();
      if (!step.done) return { done: false, value: step.value };
    } catch (error) {
      holder.dispose();
      throw error;
    }
    holder.dispose();
    finished();
    return { done: true, value: undefined };
  };
  const leave = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    await cancel();
    return { done: true, value: undefined };
  };
  return { cancel, [Symbol.asyncIterator]: () => ({ next, return: leave }) };
}
