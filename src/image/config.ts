import * as v from "valibot";
import { EngineError, messageOf, parseDiffId, parseImageId, type ImageId } from "#core";
import type { ImageConfig } from "#spec";

/** Above this no config or manifest is read. */
export const maxDocumentBytes = 4 << 20;

const strings = v.nullish(v.array(v.string()));
const objects = v.nullish(v.record(v.string(), v.looseObject({})));
const text = v.nullish(v.string());

const runConfig = v.looseObject({
  User: text,
  ExposedPorts: objects,
  Env: strings,
  Entrypoint: strings,
  Cmd: strings,
  Volumes: objects,
  WorkingDir: text,
  Labels: v.nullish(v.record(v.string(), v.string())),
  StopSignal: text,
  OnBuild: strings,
  Shell: strings,
});

/** Loose: what other tools add is kept. */
const imageConfig = v.looseObject({
  architecture: v.optional(v.string(), ""),
  os: v.optional(v.string(), "linux"),
  created: text,
  author: text,
  config: v.nullish(runConfig),
  rootfs: v.looseObject({ type: v.literal("layers"), diff_ids: v.nullish(v.array(v.string())) }),
  history: v.nullish(
    v.array(
      v.looseObject({
        created: text,
        created_by: text,
        author: text,
        comment: text,
        empty_layer: v.nullish(v.boolean()),
      }),
    ),
  ),
});

/** @throws EngineError `invalid` for what is no config of a Linux image */
export function parseConfig(bytes: Uint8Array): ImageConfig {
  const result = v.safeParse(imageConfig, parseJson(bytes, "image config"));
  if (!result.success) {
    const [issue] = result.issues;
    throw new EngineError("invalid", `invalid image config: ${v.getDotPath(issue) ?? "document"}: ${issue.message}`);
  }
  const diffIds = (result.output.rootfs.diff_ids ?? []).map(parseDiffId);
  return { ...result.output, rootfs: { type: "layers", diff_ids: diffIds } } as ImageConfig;
}

/** @throws EngineError `invalid`, also for nesting that no parser survives */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  if (bytes.length > maxDocumentBytes) {
    throw new EngineError("invalid", `${what} has ${bytes.length} bytes, more than the limit of ${maxDocumentBytes}`);
  }
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new EngineError("invalid", `invalid ${what}: ${messageOf(cause)}`, { cause });
  }
}

export function encodeConfig(config: ImageConfig): Uint8Array {
  return encodeJson(config);
}

export function encodeJson(document: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}

/** The id of an image is the digest of its config. */
export function imageIdOf(configBytes: Uint8Array): ImageId {
  return parseImageId(`sha256:${new Bun.CryptoHasher("sha256").update(configBytes).digest("hex")}`);
}
