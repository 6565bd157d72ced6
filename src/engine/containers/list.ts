import { EngineError, shortId } from "#core";
import type { ContainerSummary, PortSummary } from "#spec";
import type { ContainerListOptions } from "../contract.ts";
import type { ContainerContext } from "./context.ts";
import { endpointInfos } from "./inspect.ts";
import { matchesFilters } from "./list-filters.ts";
import { isActive, publicMount, type ContainerRecord } from "./record.ts";
import { statusText } from "./status-text.ts";

/** `docker ps`: newest first. */
export function listContainers(context: ContainerContext, options: ContainerListOptions): ContainerSummary[] {
  const { filters, limit } = options;
  const anyState = options.all || limit > 0 || filters.has("status") || filters.has("exited");
  const records = context.registry
    .all()
    .filter((record) => anyState || isActive(record))
    .toSorted((a, b) => (b.createdNs > a.createdNs ? 1 : -1)) // nanoseconds of this age have 19 digits
    .filter(matchesFilters(context, filters));
  return (limit > 0 ? records.slice(0, limit) : records).map((record) => summarise(context, record));
}

function summarise(context: ContainerContext, record: ContainerRecord): ContainerSummary {
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: shownImage(context, record),
    ImageID: record.imageId,
    Command: [record.path, ...record.args].map(quoteArgument).join(" "),
    Created: Math.floor(Number(BigInt(record.createdNs) / 1_000_000_000n)),
    Ports: portSummaries(record),
    Labels: record.config.Labels ?? {},
    State: record.state.status,
    Status: statusText(record, context.deps.clock.nowMs()),
    HostConfig: { NetworkMode: record.hostConfig.NetworkMode ?? "bridge" },
    NetworkSettings: { Networks: endpointInfos(record) },
    Mounts: record.mounts.map(publicMount),
  };
}

/** As the user named it, or the image's id once that name means another image (or none). */
function shownImage({ deps }: ContainerContext, { image, imageId }: ContainerRecord): string {
  if (imageId === "" || image === imageId) return image;
  try {
    return deps.images.resolve(image).id === imageId ? image : imageId;
  } catch (error) {
    if (error instanceof EngineError) return shortId(imageId) === image ? image : imageId;
    throw error;
  }
}

function quoteArgument(argument: string): string {
  return /[\s']/.test(argument) ? `'${argument.replaceAll("'", String.raw`'\''`)}'` : argument;
}

function portSummaries({ state }: ContainerRecord): PortSummary[] {
  return Object.entries(state.ports ?? {}).flatMap(([port, bindings]): PortSummary[] => {
    const [number = "", Type = "tcp"] = port.split("/");
    const PrivatePort = Number(number);
    if (!bindings || bindings.length === 0) return [{ PrivatePort, Type }];
    return bindings.map(({ HostIp = "", HostPort = "0" }) => ({
      IP: HostIp,
      PrivatePort,
      PublicPort: Number(HostPort),
      Type,
    }));
  });
}
