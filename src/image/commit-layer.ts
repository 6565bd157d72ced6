import { parseDiffId, type ChainId } from "#core";
import { diffLayer } from "#archive";
import type { ContentStore } from "#content";
import { mediaTypes, nextChainId } from "#spec";
import type { Lease } from "#store";
import type { NewLayer } from "./contract.ts";

/** A tar without entries is two zero blocks. */
const emptyTarBytes = 1024;

/** Stores the changes of an overlay upper directory as a layer; undefined when there are none. */
export async function commitLayer(
  content: ContentStore,
  input: { readonly directory: string; readonly parent?: ChainId; readonly lease: Lease },
): Promise<(NewLayer & { readonly chainId: ChainId }) | undefined> {
  const ingest = await content.begin();
  let size = 0;
  try {
    for await (const chunk of diffLayer(input.directory)) {
      size += chunk.length;
      await ingest.write(chunk);
    }
    if (size <= emptyTarBytes) {
      await ingest.abort();
      return undefined;
    }
    const { digest, sizeBytes } = await ingest.commit({ lease: input.lease });
    const diffId = parseDiffId(digest);
    const chainId = nextChainId(input.parent, diffId);
    input.lease.add(chainId);
    return { diffId, chainId, blob: { mediaType: mediaTypes.ociLayer, digest, size: sizeBytes } };
  } catch (error) {
    await ingest.abort();
    throw error;
  }
}
