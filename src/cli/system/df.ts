import { diskUsage, type DiskUsage, type VolumeUsage } from "#client";
import type { ContainerSummary } from "#spec";
import { formatList, formatSize, parseListFormat, type ListSpec } from "#term";
import { command } from "../framework/command.ts";
import { bool, format } from "../framework/flags.ts";
import { verboseUsage } from "./df-verbose.ts";

interface UsageRow {
  readonly Type: string;
  readonly TotalCount: number;
  readonly Active: number;
  readonly Size: number;
  readonly Reclaimable: number;
}

const columns: ListSpec<UsageRow> = {
  typeName: "*formatter.diskUsageImagesContext",
  failure: "template parsing error",
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
    if (flags.verbose) context.stdout.write(verboseUsage(usage, flags.format, Date.now()));
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
