import { EngineError, shortId } from "#core";
import type { ContainerSummary, PortSummary } from "#spec";
import type { ContainerListOptions } from "../../contract.ts";
import type { EngineDeps } from "../../deps.ts";
import type { ContainerContext } from "../context.ts";
import { endpointInfos } from "./inspect.ts";
import type { NetworkRegistry } from "../../network/registry.ts";
import { matchesFilters } from "./list-filters.ts";
import { isActive, publicMount, type ContainerRecord } from "../record.ts";
import { statusText } from "./status-text.ts";

/** `docker ps`: newest first. */
export function listContainers(context: ContainerContext, options: ContainerListOptions): ContainerSummary[] {
  const { filters, limit } = options;
  const anyState = options.all || limit > 0 || filters.has("status");
  const records = context.registry
    .all()
    .filter((record) => anyState || isActive(record))
    .toSorted((a, b) => (b.createdNs > a.createdNs ? 1 : -1)) // nanoseconds of this age have 19 digits
    .filter(matchesFilters(context, filters));
  return (limit > 0 ? records.slice(0, limit) : records).map(summariser(context));
}

/** For one list: a name means one image, and it is one moment. */
function summariser({ deps, networks }: ContainerContext): (record: ContainerRecord) => ContainerSummary {
  const nowMs = deps.clock.nowMs();
  const known = new Map<string, string | undefined>();
  const idOf = (image: string): string | undefined => {
    if (!known.has(image)) known.set(image, imageNamed(deps, image));
    return known.get(image);
  };
  return (record) => summarise(networks, record, shownImage(record, idOf), nowMs);
}

function summarise(networks: NetworkRegistry, record: ContainerRecord, image: string, nowMs: number): ContainerSummary {
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: image,
    ImageID: record.imageId,
    Command: [record.path, ...record.args].map(quoteArgument).join(" "),
    Created: Math.floor(Number(BigInt(record.createdNs) / 1_000_000_000n)),
    Ports: portSummaries(record),
    Labels: record.config.Labels ?? {},
    State: record.state.status,
    Status: statusText(record, nowMs),
    HostConfig: shownHostConfig(record),
    NetworkSettings: { Networks: endpointInfos(networks, record) },
    Mounts: record.mounts.map(publicMount),
  };
}

function shownHostConfig({
  hostConfig: { NetworkMode = "bridge", Annotations },
}: ContainerRecord): ContainerSummary["HostConfig"] {
  return { NetworkMode, ...(Annotations && Object.keys(Annotations).length > 0 && { Annotations }) };
}

/** As the user named it, or the image's id once that name means another image (or none). */
function shownImage({ image, imageId }: ContainerRecord, idOf: (image: string) => string | undefined): string {
  if (imageId === "" || image === imageId) return image;
  const id = idOf(image);
  return id === imageId || (id === undefined && shortId(imageId) === image) ? image : imageId;
}

function imageNamed({ images }: EngineDeps, name: string): string | undefined {
  try {
    return images.resolve(name).id;
  } catch (error) {
    if (error instanceof EngineError) return undefined;
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
