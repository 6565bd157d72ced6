import { EngineError, messageOf } from "#core";
import type { ProgressMessage } from "#spec";
import { stream, type ApiResponse } from "./response.ts";

/**
 * A stream of JSON messages, one per chunk and CRLF after each. What fails before the first message is an HTTP error;
 * afterwards it is a last message with `error`.
 * @param refuseFirst a first message with `error` is an HTTP error too
 */
export async function progressResponse(
  messages: AsyncIterable<ProgressMessage>,
  { refuseFirst = false }: { readonly refuseFirst?: boolean } = {},
): Promise<ApiResponse> {
  const iterator = messages[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (refuseFirst && !first.done && first.value.error !== undefined) {
    throw new EngineError("invalid", first.value.error);
  }
  return stream("application/json", encodeProgress(first, iterator));
}

async function* encodeProgress(
  first: IteratorResult<ProgressMessage>,
  iterator: AsyncIterator<ProgressMessage>,
): AsyncGenerator<string> {
  try {
    for (let next = first; !next.done; next = await iterator.next()) yield line(next.value);
  } catch (error) {
    const message = messageOf(error);
    yield line({ errorDetail: { message }, error: message });
  } finally {
    await iterator.return?.();
  }
}

function line(message: ProgressMessage): string {
  return `${JSON.stringify(message)}\r\n`;
}
