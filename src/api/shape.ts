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
    ...(version < 1043 && namesBefore1043(image)),
  };
}

/** An image with neither tag nor digest had one of each, of `<none>`. */
function namesBefore1043({ RepoTags, RepoDigests }: ImageSummary): object {
  if (RepoTags.length === 0 && RepoDigests.length === 0)
    return { RepoTags: ["<none>:<none>"], RepoDigests: ["<none>@<none>"] };
  return RepoDigests.length === 0 ? { RepoDigests: null } : {};
}

/** Fields of a container's config that an image's config carried up to 1.49. */
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

/** Up to 1.44 an image told the config of the container it was committed from. */
const noContainerConfig = {
  ...emptyContainerConfig,
  User: "",
  Env: null,
  Cmd: null,
  Volumes: null,
  WorkingDir: "",
  Entrypoint: null,
  OnBuild: null,
  Labels: null,
};

/** `Config` comes last, and its fields by the alphabet, as Docker sends them; so do the keys of its maps. */
export function shapeImageInspect({ Config, ...image }: ImageInspect, version: ApiVersionNumber): unknown {
  return {
    ...image,
    ...(version < 1045 && { ContainerConfig: noContainerConfig }),
    ...(version < 1044 && { VirtualSize: image.Size }),
    Config: Config && sortedDeep(imageConfig(Config, version)),
  };
}

/** Image configs often carry the fields of a container's config themselves. */
function imageConfig(config: object, version: ApiVersionNumber): object {
  if (version < 1050) return { ...emptyContainerConfig, ...config };
  return Object.fromEntries(Object.entries(config).filter(([key]) => !Object.hasOwn(emptyContainerConfig, key)));
}

function sortedDeep(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortedDeep(item)]));
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

type Fields = Readonly<Record<string, unknown>>;

/** What older versions told besides, and what they did not know. */
export function shapeInfo({ FirewallBackend, ...info }: Fields, version: ApiVersionNumber): Fields {
  if (version >= 1050) return { ...info, FirewallBackend };
  return {
    ...info,
    ...(version < 1042 && { KernelMemory: false }),
    ...(version === 1049 && { FirewallBackend }),
    BridgeNfIptables: false,
    BridgeNfIp6tables: false,
    ...(version < 1049 && { RuncCommit: withExpected(info["RuncCommit"]), RegistryConfig: withArtifacts(info) }),
  };
}

function withExpected(commit: unknown): unknown {
  return { ...(commit as Fields), Expected: (commit as Fields)["ID"] };
}

function withArtifacts({ RegistryConfig }: Fields): unknown {
  const none = { AllowNondistributableArtifactsCIDRs: null, AllowNondistributableArtifactsHostnames: null };
  return { ...none, ...(RegistryConfig as Fields) };
}
