import type { ContainerInspect, EventMessage, ImageInspect, ImageSummary } from "#spec";
import { shortId } from "#core";
import type { ApiVersionNumber } from "./version.ts";

/** Answers as the client's API version knows them. */

export function shapeImageSummary(image: ImageSummary, version: ApiVersionNumber): unknown {
  if (version >= 1051) return image;
  return {
    ...image,
    Containers: -1,
    ...(version < 1044 && { VirtualSize: image.Size }),
    ...(version < 1043 && image.RepoTags.length === 0 && { RepoTags: ["<none>:<none>"] }),
    ...(version < 1043 && image.RepoDigests.length === 0 && { RepoDigests: ["<none>@<none>"] }),
  };
}

/** Fields of a container's config that an image's config carried, always empty, up to 1.49. */
const emptyContainerConfig = {
  Hostname: "",
  Domainname: "",
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Image: "",
};

export function shapeImageInspect(image: ImageInspect, version: ApiVersionNumber): unknown {
  if (version > 1049) return image;
  return {
    ...image,
    ...(image.Config && { Config: { ...emptyContainerConfig, ...image.Config } }),
    ...(version < 1044 && { VirtualSize: image.Size }),
  };
}

/** Before 1.45 the aliases on a user's network held the short id too. */
export function shapeContainerInspect(container: ContainerInspect, version: ApiVersionNumber): unknown {
  if (version >= 1045) return container;
  const short = shortId(container.Id);
  const Networks: Record<string, unknown> = {};
  for (const [name, endpoint] of Object.entries(container.NetworkSettings.Networks)) {
    const aliases = endpoint.Aliases ?? [];
    const predefined = name === "bridge" || name === "host" || name === "none";
    const complete = predefined || aliases.includes(short);
    Networks[name] = complete ? endpoint : { ...endpoint, Aliases: [...aliases, short] };
  }
  return { ...container, NetworkSettings: { ...container.NetworkSettings, Networks } };
}

/** Up to 1.51 events of containers and images also say `status`, `id` and `from`. */
export function shapeEvent(event: EventMessage): EventMessage {
  if (event.status !== undefined || (event.Type !== "container" && event.Type !== "image")) return event;
  const from = event.Type === "container" ? event.Actor.Attributes["image"] : undefined;
  return { status: event.Action, id: event.Actor.ID, ...(from !== undefined && { from }), ...event };
}
