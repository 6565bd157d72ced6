/**
 * content: immutable blobs, addressed by digest.
 *
 * Life of a blob: an *ingest* (named, resumable, bytes hashed as they pass) is committed under its digest once size
 * and digest hold: fsync, rename, fsync of the directory, row. A blob lives while a row refers to it (reference count)
 * or a lease holds it; `collect` removes the rest. Unverified bytes are never readable.
 *
 * @example
 * using lease = leases.acquire();
 * await using ingest = await content.begin("layer-1");
 * for await (const chunk of stream) await ingest.write(chunk);
 * const { digest } = await ingest.commit({ lease });
 */
export type * from "./contract.ts";
export { openContentStore, type ContentStoreOptions } from "./open.ts";
