import { EngineError, messageOf } from "#core";

/** The body behind an http(s) URL. @throws EngineError `invalid` for another scheme, `unavailable` when it cannot be had */
export async function fetchRemote(url: URL): Promise<ReadableStream<Uint8Array>> {
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new EngineError("invalid", `unsupported protocol scheme "${url.protocol.slice(0, -1)}"`);
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw new EngineError("unavailable", `Get "${url.href}": ${messageOf(error)}`, { cause: error });
  }
  if (!response.ok || !response.body)
    throw new EngineError("unavailable", `Get "${url.href}": unexpected status ${response.status}`);
  return response.body;
}
