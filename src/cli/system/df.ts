import { formatAge } from "#core";
import { diskUsage, type BuildCacheRecord, type DiskUsage, type VolumeUsage } from "#client";
import type { ContainerSummary, ImageSummary } from "#spec";
import { alignTabs, formatList, formatSize, parseListFormat, tableTabs, type ListSpec } from "#term";
import { containerColumns } from "../container/ls-columns.ts";
import { command } from "../framework/command.ts";
import { bool, format } from "../framework/flags.ts";
import { imageRows } from "../image/ls.ts";

interface UsageRow {
  readonly Type: string;
  readonly TotalCount: number;
  readonly Active: number;
  readonly Size: number;
  readonly Reclaimable: number;
}

const columns: ListSpec<UsageRow> = {
  typeName: "*formatter.diskUsageContext",
  table: ["Type", "TotalCount", "Active", "Size", "Reclaimable"],
  columns: [
    { name: "Type", header: "TYPE", value: ({ Type }) => Type },
    { name: "TotalCount", header: "TOTAL", value: ({ TotalCount }) => String(TotalCount) },
    { name: "Active", header: "ACTIVE", value: ({ Active }) => String(Active) },
    { name: "Size", header: "SIZE", value: ({ Size }) => formatSize(Size) },
    { name: "Reclaimable", header: "RECLAIMABLE", value: (row) => reclaimable(row) },
  ],
};

function reclaimable({ Type, Size, Reclaimable }: UsageRow): string {
  const text = formatSize(Reclaimable);
  return Size > 0 && Type !== "Build Cache" ? `${text} (${Math.trunc((Reclaimable * 100) / Size)}%)` : text;
}

export const df = command({
  usage: "[OPTIONS]",
  args: [0, 0],
  flags: { format: format(), verbose: bool("Show each object", { short: "v" }) },
  async run(context, { flags }) {
    const usage = await diskUsage(context.client);
    if (flags.verbose && flags.format === "") context.stdout.write(verboseText(usage, Date.now()));
    else context.stdout.write(formatList(rowsOf(usage), columns, parseListFormat(flags.format)));
  },
});

function rowsOf(usage: DiskUsage): readonly UsageRow[] {
  const images = usage.Images ?? [];
  const containers = usage.Containers ?? [];
  const volumes = usage.Volumes ?? [];
  const cache = usage.BuildCache ?? [];
  const usedBytes = sum(
    images.filter(({ Containers }) => Containers > 0),
    ({ Size, SharedSize }) => (Size === -1 || SharedSize === -1 ? 0 : Size - SharedSize),
  );
  const running = containers.filter(isActive);
  const free = (volume: VolumeUsage): boolean => volume.UsageData?.RefCount === 0;
  const sizeOf = (volume: VolumeUsage): number => Math.max(volume.UsageData?.Size ?? 0, 0);
  const idle = cache.filter(({ InUse, Shared }) => !InUse && !Shared);
  return [
    {
      Type: "Images",
      TotalCount: images.length,
      Active: images.filter(({ Containers }) => Containers > 0).length,
      Size: usage.LayersSize,
      Reclaimable: Math.max(usage.LayersSize - usedBytes, 0),
    },
    {
      Type: "Containers",
      TotalCount: containers.length,
      Active: running.length,
      Size: sum(containers, rwSize),
      Reclaimable: sum(
        containers.filter((c) => !isActive(c)),
        rwSize,
      ),
    },
    {
      Type: "Local Volumes",
      TotalCount: volumes.length,
      Active: volumes.filter((v) => (v.UsageData?.RefCount ?? 0) > 0).length,
      Size: sum(volumes, sizeOf),
      Reclaimable: sum(volumes.filter(free), sizeOf),
    },
    {
      Type: "Build Cache",
      TotalCount: cache.length,
      Active: cache.filter(({ InUse }) => InUse).length,
      Size: sum(
        cache.filter(({ Shared }) => !Shared),
        ({ Size }) => Size,
      ),
      Reclaimable: sum(idle, ({ Size }) => Size),
    },
  ];
}

function isActive({ State }: ContainerSummary): boolean {
  return State === "running" || State === "paused" || State === "restarting";
}

function rwSize({ SizeRw = 0 }: ContainerSummary): number {
  return SizeRw;
}

function sum<T>(items: readonly T[], size: (item: T) => number): number {
  return items.reduce((total, item) => total + size(item), 0);
}

function verboseText(usage: DiskUsage, nowMs: number): string {
  const cache = usage.BuildCache ?? [];
  return [
    "Images space usage:\n",
    table(
      ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", "SHARED SIZE", "UNIQUE SIZE", "CONTAINERS"],
      (usage.Images ?? []).flatMap((image) => imageCells(image, nowMs)),
    ),
    "\nContainers space usage:\n",
    table(
      ["CONTAINER ID", "IMAGE", "COMMAND", "LOCAL VOLUMES", "SIZE", "CREATED", "STATUS", "NAMES"],
      (usage.Containers ?? []).map((row) => containerCells(row, nowMs)),
    ),
    "\nLocal Volumes space usage:\n",
    table(
      ["VOLUME NAME", "LINKS", "SIZE"],
      (usage.Volumes ?? []).map(({ Name, UsageData }) => [
        Name,
        String(UsageData?.RefCount ?? "N/A"),
        UsageData ? formatSize(UsageData.Size) : "N/A",
      ]),
    ),
    `\nBuild cache usage: ${formatSize(
      sum(
        cache.filter(({ Shared }) => !Shared),
        ({ Size }) => Size,
      ),
    )}\n`,
    table(
      ["CACHE ID", "CACHE TYPE", "SIZE", "CREATED", "LAST USED", "USAGE", "SHARED"],
      cache.map((record) => cacheCells(record, nowMs)),
    ),
  ].join("\n");
}

function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  return alignTabs([headers, ...rows].map((cells) => `${cells.join("\t")}\n`).join(""), tableTabs);
}

function imageCells(image: ImageSummary, nowMs: number): readonly (readonly string[])[] {
  const unique = image.SharedSize === -1 ? "N/A" : formatSize(image.Size - image.SharedSize);
  return imageRows(image, false).map(({ repository, tag }) => [
    repository,
    tag,
    image.Id.replace(/^sha256:/, "").slice(0, 12),
    `${formatAge(nowMs / 1000 - image.Created)} ago`,
    formatSize(image.Size, 3),
    image.SharedSize === -1 ? "N/A" : formatSize(image.SharedSize),
    unique,
    String(image.Containers),
  ]);
}

function containerCells(row: ContainerSummary, nowMs: number): readonly string[] {
  const { columns: all } = containerColumns({ trunc: true, size: false, nowMs });
  const cell = (name: string): string => textOf(all.find((column) => column.name === name)?.value(row));
  return [
    cell("ID"),
    cell("Image"),
    cell("Command"),
    cell("LocalVolumes"),
    formatSize(row.SizeRw ?? 0, 3),
    cell("RunningFor"),
    cell("Status"),
    cell("Names"),
  ];
}

function cacheCells(
  { ID, Type, Size, CreatedAt, LastUsedAt, UsageCount, Shared }: BuildCacheRecord,
  nowMs: number,
): readonly string[] {
  const age = (time: string | null): string =>
    time === null ? "" : `${formatAge((nowMs - Date.parse(time)) / 1000)} ago`;
  return [
    ID.slice(0, 12),
    Type,
    formatSize(Size, 3),
    age(CreatedAt),
    age(LastUsedAt),
    String(UsageCount),
    String(Shared),
  ];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
