import { createHash } from "node:crypto";
import type { ImageId } from "#core";
import type { ImageRecord, NewLayer } from "#image";
import {
  hostPlatform,
  parsePlatform,
  type HistoryEntry,
  type ImageConfig,
  type ImageRunConfig,
  type Platform,
} from "#spec";
import type { BuildSession } from "./session.ts";
import { layersOf, type StageState } from "./stage.ts";

/** What a step will make, before its layer is known. */
export interface StepImage {
  readonly config: ImageRunConfig;
  readonly author: string | undefined;
  readonly createdBy: string;
  /** What the cache compares besides the config: command with build arguments, or checksums. */
  readonly inputs: readonly string[];
}

/** The image of an earlier build that this step would make again; counts as a hit only while it is still here. */
export async function findCached(
  session: BuildSession,
  state: StageState,
  step: StepImage,
): Promise<ImageRecord | undefined> {
  if (session.options.noCache || state.cacheMissed) return undefined;
  const found = session.host.cache.find(state.image?.id, cacheKey(session, state, step));
  const image = found && session.host.images.get(found);
  return image ?? (await fromCandidates(session, state, step));
}

/** Records the image of a step, with the last one as parent. */
export async function commitStep(
  session: BuildSession,
  state: StageState,
  step: StepImage,
  layer: NewLayer | undefined,
): Promise<ImageRecord> {
  const created = session.now();
  const entry: HistoryEntry = {
    created,
    created_by: step.createdBy,
    ...(step.author === undefined ? {} : { author: step.author }),
    ...(layer ? {} : { empty_layer: true }),
  };
  const image = await createImage(session, state, step, { entry, layer });
  session.host.cache.put(state.image?.id, cacheKey(session, state, step), image.id);
  return image;
}

function createImage(
  session: BuildSession,
  state: StageState,
  step: StepImage,
  { entry, layer }: { readonly entry: HistoryEntry; readonly layer: NewLayer | undefined },
): Promise<ImageRecord> {
  const parent = state.image;
  const layers = [...layersOf(parent), ...(layer ? [layer] : [])];
  const config: ImageConfig = {
    ...platformOf(parent, session.options.platform),
    created: entry.created ?? session.now(),
    ...(step.author === undefined ? {} : { author: step.author }),
    config: step.config,
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: [...(parent?.config.history ?? []), entry],
  };
  const parentId: { readonly parent?: ImageId } = parent ? { parent: parent.id } : {};
  return session.host.images.create({ config, layers, ...parentId, lease: session.lease });
}

function platformOf(parent: ImageRecord | undefined, wanted: string): Platform {
  if (!parent) return wanted === "" ? hostPlatform() : parsePlatform(wanted);
  const { architecture, os, variant } = parent.config;
  return { architecture, os, ...(variant === undefined ? {} : { variant }) };
}

/** Everything the result depends on besides the parent. Keys of the config are sorted, so that their order does not count. */
function cacheKey(session: BuildSession, state: StageState, step: StepImage): string {
  const platform = platformOf(state.image, session.options.platform);
  const text = stableJson({ version: 1, platform, ...step });
  return createHash("sha256").update(text).digest("hex");
}

function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** `--cache-from`: an image whose history and layers go on from here with this very step lends its layer. */
async function fromCandidates(
  session: BuildSession,
  state: StageState,
  step: StepImage,
): Promise<ImageRecord | undefined> {
  const parent = state.image;
  for (const candidate of session.cacheFrom) {
    const history = parent?.config.history ?? [];
    const entry = candidate.config.history?.[history.length];
    if (entry?.created_by !== step.createdBy || !continues(candidate, parent)) continue;
    const next = candidate.layers[parent?.layers.length ?? 0];
    if (!entry.empty_layer && !next) continue;
    const layer = entry.empty_layer || !next ? undefined : { diffId: next.diffId, blob: next.blob };
    const image = await createImage(session, state, step, { entry, layer });
    session.host.cache.put(parent?.id, cacheKey(session, state, step), image.id);
    return image;
  }
  return undefined;
}

function continues(candidate: ImageRecord, parent: ImageRecord | undefined): boolean {
  if (!parent) return true;
  const history = parent.config.history ?? [];
  const sameHistory = history.every(
    (entry, index) => stableJson(entry) === stableJson(candidate.config.history?.[index] ?? null),
  );
  return sameHistory && parent.layers.every((layer, index) => candidate.layers[index]?.diffId === layer.diffId);
}
