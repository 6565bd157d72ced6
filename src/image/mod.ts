/**
 * image: what people tag, run and share.
 *
 * An image is the digest of its config (`ImageId`), its layers bottom first, each with a blob in the content store and a
 * committed snapshot named by its chain id; tags and digests point at it. `parent` is known for images built or committed here.
 */
export type * from "./contract.ts";
export { openImageStore, type ImageStoreOptions } from "./open.ts";
export { validateImage, verifyBlobs, type ImageParts } from "./validate.ts";
