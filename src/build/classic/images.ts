import { isEngineError } from "#core";
import type { ImageRecord } from "#image";
import type { BuildSession } from "./session.ts";

/** An image that is here, or can be brought; `--pull` always asks. It stays while the build runs. @throws EngineError */
export async function findImage(session: BuildSession, name: string): Promise<ImageRecord> {
  const image = session.options.pull
    ? await pull(session, name)
    : (local(session, name) ?? (await pull(session, name)));
  for (const layer of image.layers) {
    session.lease.add(layer.blob.digest);
    session.lease.add(layer.chainId);
  }
  session.lease.add(image.id);
  return image;
}

export function local(session: Pick<BuildSession, "host">, name: string): ImageRecord | undefined {
  try {
    return session.host.images.resolve(name);
  } catch (error) {
    if (isEngineError(error, "not_found")) return undefined;
    throw error;
  }
}

function pull(session: BuildSession, name: string): Promise<ImageRecord> {
  return session.host.pull(name, (message) => session.emit(message));
}
