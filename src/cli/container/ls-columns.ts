import { formatAge } from "#core";
import type { ContainerSummary, PortSummary } from "#spec";
import { ellipsis, formatSize, type ListSpec } from "#term";

export interface ContainerListOptions {
  readonly trunc: boolean;
  readonly size: boolean;
  readonly nowMs: number;
  /** Called when a template asks for the size. */
  readonly onSize?: () => void;
}

/** Placeholders of `ps`. */
export function containerColumns({ trunc, size, nowMs, onSize }: ContainerListOptions): ListSpec<ContainerSummary> {
  return {
    typeName: "*formatter.ContainerContext",
    table: ["ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names", ...(size ? ["Size"] : [])],
    columns: [
      { name: "ID", header: "CONTAINER ID", value: ({ Id }) => (trunc ? Id.slice(0, 12) : Id) },
      { name: "Image", header: "IMAGE", value: (row) => imageText(row, trunc) },
      {
        name: "Command",
        header: "COMMAND",
        value: ({ Command }) => JSON.stringify(trunc ? ellipsis(Command, 20) : Command),
      },
      { name: "CreatedAt", header: "CREATED AT", value: ({ Created }) => localTime(Created) },
      { name: "RunningFor", header: "CREATED", value: ({ Created }) => `${formatAge(nowMs / 1000 - Created)} ago` },
      { name: "Ports", header: "PORTS", value: ({ Ports }) => portsText(Ports) },
      { name: "State", header: "STATE", value: ({ State }) => State },
      { name: "Status", header: "STATUS", value: ({ Status }) => Status },
      { name: "Size", header: "SIZE", value: (row) => (onSize?.(), sizeText(row)) },
      { name: "Names", header: "NAMES", value: ({ Names }) => namesText(Names, trunc) },
      { name: "Labels", header: "LABELS", value: ({ Labels }) => labelsText(Labels) },
      { name: "Label", header: "", value: () => "", method: ({ Labels }, key) => Labels?.[key] ?? "" },
      { name: "Mounts", header: "MOUNTS", value: ({ Mounts }) => mountsText(Mounts, trunc) },
      {
        name: "LocalVolumes",
        header: "LOCAL VOLUMES",
        value: ({ Mounts }) => String(Mounts.filter(({ Driver }) => Driver === "local").length),
      },
      {
        name: "Networks",
        header: "NETWORKS",
        value: ({ NetworkSettings }) => Object.keys(NetworkSettings?.Networks ?? {}).join(","),
      },
      { name: "Platform", header: "PLATFORM", value: () => null },
    ],
  };
}

function imageText({ Image, ImageID }: ContainerSummary, trunc: boolean): string {
  if (Image === "") return "<no image>";
  const id = ImageID.replace(/^sha256:/, "");
  if (!trunc) return Image;
  if (Image === ImageID || id.startsWith(Image)) return Image.replace(/^sha256:/, "").slice(0, 12);
  return /^[^@]+:[^@/]+@/.test(Image) ? Image.replace(/@.*$/, "") : Image;
}

/** `2024-05-01 10:11:12 +0200 CEST`, as Go prints a time. */
export function localTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const name = /\(([A-Z]{2,5})\)$/.exec(date.toString())?.[1] ?? (offset === 0 ? "UTC" : zone);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone} ${name}`;
}

function sizeText({ SizeRw = 0, SizeRootFs = 0 }: ContainerSummary): string {
  const own = formatSize(SizeRw, 3);
  return SizeRootFs > 0 ? `${own} (virtual ${formatSize(SizeRootFs, 3)})` : own;
}

function namesText(names: readonly string[], trunc: boolean): string {
  const plain = names.map((name) => name.replace(/^\//, ""));
  return (trunc ? plain.filter((name) => !name.includes("/")) : plain).join(",");
}

/** `a=1,b=2`, by key. */
export function labelsText(labels: Readonly<Record<string, string>> | null | undefined): string {
  return Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(",");
}

function mountsText(mounts: ContainerSummary["Mounts"], trunc: boolean): string {
  return mounts
    .map(({ Name, Source }) => (Name === undefined || Name === "" ? Source : Name))
    .map((name) => (trunc ? ellipsis(name, 15) : name))
    .join(",");
}

interface PortGroup {
  first: number;
  last: number;
}

/**
 * Ports in order. Runs of ports that are published as themselves, or not at all, are joined (`0.0.0.0:9000-9002->9000-9002/udp`);
 * ports that are published under another number come last, one by one.
 */
function portsText(ports: readonly PortSummary[] | null): string {
  const texts: string[] = [];
  const mapped: string[] = [];
  const groups = new Map<string, PortGroup>();
  for (const { IP = "", PrivatePort, PublicPort = 0, Type } of (ports ?? []).toSorted(comparePorts)) {
    const host = IP.includes(":") ? `[${IP}]` : IP;
    if (IP !== "" && PublicPort !== PrivatePort) {
      mapped.push(`${host}:${PublicPort}->${PrivatePort}/${Type}`);
      continue;
    }
    const key = `${host}/${Type}`;
    const group = groups.get(key);
    if (group && group.last + 1 === PrivatePort) group.last = PrivatePort;
    else {
      if (group) texts.push(groupText(key, group));
      groups.set(key, { first: PrivatePort, last: PrivatePort });
    }
  }
  return [...texts, ...[...groups].map(([key, group]) => groupText(key, group)), ...mapped].join(", ");
}

function groupText(key: string, { first, last }: PortGroup): string {
  const [host = "", type = ""] = key.split("/");
  const ports = range(first, last);
  return host === "" ? `${ports}/${type}` : `${host}:${ports}->${ports}/${type}`;
}

function range(first: number, last: number): string {
  return first === last ? String(first) : `${first}-${last}`;
}

function comparePorts(a: PortSummary, b: PortSummary): number {
  if (a.PrivatePort !== b.PrivatePort) return a.PrivatePort - b.PrivatePort;
  if ((a.IP ?? "") !== (b.IP ?? "")) return (a.IP ?? "") < (b.IP ?? "") ? -1 : 1;
  if ((a.PublicPort ?? 0) !== (b.PublicPort ?? 0)) return (a.PublicPort ?? 0) - (b.PublicPort ?? 0);
  return a.Type < b.Type ? -1 : a.Type > b.Type ? 1 : 0;
}
