import { applyChanges } from "#build";
import { EngineError } from "#core";
import type { ImageRecord } from "#image";
import { parseReference, withDefaultTag, type ImageInspect, type ImageSummary, type ProgressMessage } from "#spec";
import type { Filters, Images } from "../contract.ts";
import type { ContainerContext } from "../containers/context.ts";
import { fetchRemote } from "./fetch-remote.ts";
import { imageFilter, tagsWanted } from "./filters.ts";
import { pruneImages } from "./prune.ts";
import { imageUsers } from "./users.ts";

export function createImages(context: ContainerContext): Images {
  const { images } = context.deps;
  return {
    list: ({ all, filters }) =>
      images
        .list()
        .filter(
          (image) =>
            all ||
            images.tags(image.id).length > 0 ||
            images.repoDigests(image.id).length > 0 ||
            images.children(image.id).length === 0,
        )
        .filter(imageFilter(context, filters))
        .toSorted((a, b) => createdSeconds(b) - createdSeconds(a))
        .map((image) => summarise(context, image, filters)),
    inspect: (name) => inspectImage(context, images.resolve(name)),
    history: (name) => images.history(images.resolve(name)),
    tag(name, repository, tag) {
      const image = images.resolve(name);
      const reference = withDefaultTag(parseReference(tag === "" ? repository : `${repository}:${tag}`));
      if (reference.digest !== undefined)
        throw new EngineError("invalid", "refusing to create a tag with a digest reference");
      if (reference.domain === "docker.io" && /^(?:library\/)?sha(?:256|384|512)$/.test(reference.path)) {
        throw new EngineError("invalid", "refusing to create an ambiguous tag using digest algorithm as name");
      }
      images.tag(image.id, reference);
    },
    async remove(name, options) {
      const items = await images.remove(name, { ...options, users: imageUsers(context) });
      await context.initLayers.drop();
      return items;
    },
    prune: (filters) => context.prunes.run("image", () => pruneImages(context, filters)),
    load: (archive, options) => images.load(archive, options),
    save: (names) => images.save(names),
    import: (source, options) => importImage(context, source, options),
  };
}

async function* importImage(
  { deps }: ContainerContext,
  source: Parameters<Images["import"]>[0],
  options: Parameters<Images["import"]>[1],
): AsyncGenerator<ProgressMessage, void, undefined> {
  const { repository, tag, message, changes, platform } = options;
  const config = applyChanges({}, changes);
  const reference =
    repository === "" ? undefined : withDefaultTag(parseReference(tag === "" ? repository : `${repository}:${tag}`));
  const body = source instanceof URL ? await fetchRemote(source) : source;
  yield* deps.images.import(body, {
    config,
    message: message || `Imported from ${source instanceof URL ? source.href : "-"}`,
    ...(reference === undefined ? {} : { reference }),
    ...(platform === undefined ? {} : { platform }),
  });
}

function createdSeconds({ config }: ImageRecord): number {
  return config.created === undefined ? 0 : Math.floor(Date.parse(config.created) / 1000);
}

function summarise({ deps }: ContainerContext, image: ImageRecord, filters: Filters): ImageSummary {
  return {
    Id: image.id,
    ParentId: image.parent ?? "",
    RepoTags: tagsWanted(deps.images.tags(image.id), filters),
    RepoDigests: deps.images.repoDigests(image.id),
    Created: createdSeconds(image),
    Size: image.sizeBytes,
    SharedSize: -1,
    Labels: image.config.config?.Labels ?? null,
    // Docker counts them for `system df` alone.
    Containers: -1,
  };
}

function inspectImage({ deps }: ContainerContext, image: ImageRecord): ImageInspect {
  const { config, layers } = image;
  return {
    Id: image.id,
    RepoTags: deps.images.tags(image.id),
    RepoDigests: deps.images.repoDigests(image.id),
    Parent: image.parent ?? "",
    Comment: config.comment ?? config.history?.at(-1)?.comment ?? "",
    Created: config.created ?? "0001-01-01T00:00:00Z",
    DockerVersion: config.docker_version ?? "",
    Author: config.author ?? "",
    Config: config.config ?? null,
    Architecture: config.architecture,
    ...(config.variant ? { Variant: config.variant } : {}),
    Os: config.os,
    Size: image.sizeBytes,
    GraphDriver: { Name: "overlay2", Data: null },
    RootFS: { Type: "layers", Layers: layers.map(({ diffId }) => diffId) },
    Metadata: { LastTagTime: lastTagTime(image) },
  };
}

function lastTagTime({ taggedAtMs }: ImageRecord): string {
  return taggedAtMs === undefined ? "0001-01-01T00:00:00Z" : new Date(taggedAtMs).toISOString();
}
