import { formatAge } from "#core";
import type { BuildCacheRecord, DiskUsage } from "#client";
import {
  compileTemplate,
  formatList,
  formatSize,
  goEscapes,
  JsonText,
  listObjects,
  mapData,
  parseListFormat,
  realBreaks,
  TemplateError,
  type ListSpec,
} from "#term";
import { containerColumns } from "../container/ls-columns.ts";
import { CliError } from "../framework/command.ts";
import { imageColumns, imageRows } from "../image/ls.ts";
import { volumeColumns } from "../volume/ls.ts";

/** `system df -v`: each object, in tables, as JSON, or by a template over the four lists. */
export function verboseUsage(usage: DiskUsage, format: string, nowMs: number): string {
  if (format === "" || format === "table") return tables(usage, nowMs);
  const lists = objects(usage, nowMs);
  if (format === "json") return goEscapes(JSON.stringify(lists));
  try {
    let text = "";
    compileTemplate(realBreaks(format)).execute(
      { ...mapData(lists), root: new JsonText(() => goEscapes(JSON.stringify(lists))) },
      (part) => (text += part),
    );
    return text;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new CliError(`template parsing error: ${error.message}`, 1, { cause: error });
  }
}

function tables(usage: DiskUsage, nowMs: number): string {
  const { images, containers, volumes, cache } = rowsOf(usage);
  const total = cache.filter(({ Shared }) => !Shared).reduce((sum, { Size }) => sum + Size, 0);
  return [
    "Images space usage:\n",
    table(images, imageColumns(true, false, nowMs), imageTable),
    "Containers space usage:\n",
    table(containers, containerColumns({ trunc: true, size: true, nowMs }), containerTable),
    "Local Volumes space usage:\n",
    table(volumes, volumeColumns, ["Name", "Links", "Size"]),
    `Build cache usage: ${formatSize(total)}\n`,
    table(cache, cacheColumns(true, nowMs), cacheTable),
  ].join("\n");
}

const imageTable = ["Repository", "Tag", "ID", "CreatedSince", "Size", "SharedSize", "UniqueSize", "Containers"];
const containerTable = ["ID", "Image", "Command", "LocalVolumes", "Size", "RunningFor", "Status", "Names"];
const cacheTable = ["ID", "CacheType", "Size", "CreatedSince", "LastUsedSince", "UsageCount", "Shared"];

function table<Row>(rows: readonly Row[], spec: ListSpec<Row>, names: readonly string[]): string {
  return formatList(rows, { ...spec, table: names }, parseListFormat("table"));
}

function objects(usage: DiskUsage, nowMs: number): Readonly<Record<string, unknown>> {
  const { images, containers, volumes, cache } = rowsOf(usage);
  return {
    Images: listObjects(images, imageColumns(false, false, nowMs)),
    Containers: listObjects(containers, containerColumns({ trunc: false, size: true, nowMs })),
    Volumes: listObjects(volumes, volumeColumns),
    BuildCache: listObjects(cache, cacheColumns(false, nowMs)),
  };
}

/** An image once, under its first name; of a container only its own bytes. */
function rowsOf(usage: DiskUsage) {
  return {
    images: (usage.Images ?? [])
      .flatMap((image) => imageRows(image, false).slice(0, 1))
      .map((row) => ({ ...row, digest: "" })),
    containers: (usage.Containers ?? []).map((row) => ({ ...row, SizeRootFs: 0 })),
    volumes: usage.Volumes ?? [],
    cache: (usage.BuildCache ?? []).toSorted(byUse),
  };
}

/** What was never used first, then by the last use, then by size. */
function byUse(a: BuildCacheRecord, b: BuildCacheRecord): number {
  if (a.LastUsedAt === b.LastUsedAt) return a.Size - b.Size;
  if (a.LastUsedAt === null) return -1;
  return b.LastUsedAt === null ? 1 : Date.parse(a.LastUsedAt) - Date.parse(b.LastUsedAt);
}

/** `2024-05-01T10:11:12.5Z` as Go prints it: `2024-05-01 10:11:12.5 +0000 UTC`. */
function goTime(time: string): string {
  return time.replace(/^(.{10})T(.*)Z$/, "$1 $2 +0000 UTC");
}

function cacheColumns(trunc: boolean, nowMs: number): ListSpec<BuildCacheRecord> {
  const age = (time: string | null): string =>
    time === null ? "" : `${formatAge((nowMs - Date.parse(time)) / 1000)} ago`;
  return {
    typeName: "*formatter.buildCacheContext",
    table: cacheTable,
    columns: [
      { name: "ID", header: "CACHE ID", value: ({ ID, InUse }) => (trunc ? ID.slice(0, 12) : ID) + (InUse ? "*" : "") },
      { name: "Parent", header: "PARENT", value: ({ Parent = "" }) => (trunc ? Parent.slice(0, 12) : Parent) },
      { name: "CacheType", header: "CACHE TYPE", value: ({ Type }) => Type },
      { name: "Description", header: "DESCRIPTION", value: ({ Description }) => Description },
      { name: "Size", header: "SIZE", value: ({ Size }) => formatSize(Size, 3) },
      { name: "CreatedAt", header: "CREATED AT", value: ({ CreatedAt }) => goTime(CreatedAt) },
      { name: "CreatedSince", header: "CREATED", value: ({ CreatedAt }) => age(CreatedAt) },
      { name: "LastUsedAt", header: "LAST USED AT", value: ({ LastUsedAt }) => goTime(LastUsedAt ?? "") },
      { name: "LastUsedSince", header: "LAST USED", value: ({ LastUsedAt }) => age(LastUsedAt) },
      { name: "UsageCount", header: "USAGE", value: ({ UsageCount }) => String(UsageCount) },
      { name: "InUse", header: "IN USE", value: ({ InUse }) => String(InUse) },
      { name: "Shared", header: "SHARED", value: ({ Shared }) => String(Shared) },
    ],
  };
}
