import type { ByteBody } from "../../contract.ts";

/**
 * A stream and what must live as long as it: given back once, at its end, its failure, when it is left early or canceled.
 * Resolves when the first bytes are there, so that what cannot be begun fails here, and not in the middle of an answer.
 */
export async function heldStream(
  stream: ReadableStream<Uint8Array>,
  held: Disposable,
  finished: () => void = () => undefined,
): Promise<ByteBody> {
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
  const read = async (): Promise<Awaited<ReturnType<typeof reader.read>>> => {
    try {
      return await reader.read();
    } catch (error) {
      holder.dispose();
      throw error;
    }
  };
  let first: Awaited<ReturnType<typeof reader.read>> | undefined = await read();
  const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    if (holder.disposed) return { done: true, value: undefined };
    const step = first ?? (await read());
    first = undefined;
    if (!step.done) return { done: false, value: step.value };
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
