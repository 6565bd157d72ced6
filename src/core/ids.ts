import type { Brand } from "./brand.ts";
import { EngineError } from "./errors.ts";

/** `algorithm:hex`, sha256 or sha512, lower case (OCI image-spec, descriptor.md). */
export type Digest = Brand<string, "Digest">;
/** Digest of a layer's uncompressed tar (OCI image-spec, config.md). */
export type DiffId = Brand<string, "DiffId">;
/** Digest that names a stack of layers (OCI image-spec, config.md, "Layer ChainID"). */
export type ChainId = Brand<string, "ChainId">;
/** Digest of an image's config: `sha256:<64 hex>`. */
export type ImageId = Brand<string, "ImageId">;
/** 64 lower-case hex digits. */
export type ContainerId = Brand<string, "ContainerId">;
/** 64 lower-case hex digits. */
export type NetworkId = Brand<string, "NetworkId">;
/** 64 lower-case hex digits. */
export type ExecId = Brand<string, "ExecId">;
/** Names an active snapshot; no relation to a digest. */
export type SnapshotKey = Brand<string, "SnapshotKey">;

const hexLength: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

/** @throws EngineError `invalid` when the text is not a digest of a known algorithm. */
export function parseDigest(text: string): Digest {
  const at = text.indexOf(":");
  const length = hexLength[text.slice(0, Math.max(at, 0))];
  const hex = text.slice(at + 1);
  if (length === undefined || hex.length !== length || !/^[a-f0-9]+$/.test(hex)) {
    throw new EngineError("invalid", `invalid digest ${JSON.stringify(text.slice(0, 160))}`);
  }
  return text as Digest;
}

/** @throws EngineError `invalid` */
export function parseDiffId(text: string): DiffId {
  return parseDigest(text) as string as DiffId;
}

/** @throws EngineError `invalid` */
export function parseChainId(text: string): ChainId {
  return parseDigest(text) as string as ChainId;
}

/** @throws EngineError `invalid` */
export function parseImageId(text: string): ImageId {
  return parseDigest(text) as string as ImageId;
}

function parseHexId(kind: string, text: string): string {
  if (!/^[a-f0-9]{64}$/.test(text)) {
    throw new EngineError("invalid", `invalid ${kind} id ${JSON.stringify(text.slice(0, 160))}`);
  }
  return text;
}

/** @throws EngineError `invalid` */
export function parseContainerId(text: string): ContainerId {
  return parseHexId("container", text) as ContainerId;
}

/** @throws EngineError `invalid` */
export function parseNetworkId(text: string): NetworkId {
  return parseHexId("network", text) as NetworkId;
}

/** @throws EngineError `invalid` */
export function parseExecId(text: string): ExecId {
  return parseHexId("exec", text) as ExecId;
}

/** @throws EngineError `invalid` unless 1 to 160 characters of `[A-Za-z0-9_.:-]`. */
export function parseSnapshotKey(text: string): SnapshotKey {
  if (!/^[A-Za-z0-9_.:-]{1,160}$/.test(text)) {
    throw new EngineError("invalid", `invalid snapshot key ${JSON.stringify(text.slice(0, 200))}`);
  }
  return text as SnapshotKey;
}

/** 64 random hex digits, never all decimal in the first 12 (Docker: a short id must not look like a number). */
export function randomHexId(): string {
  for (;;) {
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");
    if (!/^\d{12}/.test(id)) return id;
  }
}

/** The 12 characters that people see, of an id or a digest. */
export function shortId(id: string): string {
  return id.slice(id.indexOf(":") + 1).slice(0, 12);
}
