import { ApiError, prune, type PrunableKind, type PruneReport } from "#client";
import { formatSize } from "#term";
import { CliError, command, type Context } from "../framework/command.ts";
import { confirm } from "../framework/confirm.ts";
import { bool, filter, force, type FilterValues } from "../framework/flags.ts";
import { pruneFilters } from "../framework/prune-filters.ts";
import { deletedImages } from "../image/prune.ts";

interface Choice {
  readonly all: boolean;
  readonly volumes: boolean;
  readonly filters: FilterValues;
}

export const systemPrune = command({
  usage: "[OPTIONS]",
  args: [0, 0],
  flags: {
    all: bool("Remove all images that no container uses, not only untagged ones", { short: "a" }),
    filter: { ...filter("Remove only what matches (until=…, label=…)"), short: "" },
    force: force(),
    volumes: bool("Also remove anonymous volumes"),
  },
  async run(context, { flags }) {
    if (flags.volumes && flags.filter["until"])
      throw new CliError(`ERROR: The "until" filter is not supported with "--volumes"`);
    const choice = { all: flags.all, volumes: flags.volumes, filters: pruneFilters(context, flags.filter) };
    if (!flags.force && !(await confirm(context, warning(choice)))) return;
    let reclaimed = 0;
    for (const step of steps(choice)) reclaimed += await pruneStep(context, step);
    context.stdout.write(`Total reclaimed space: ${formatSize(reclaimed)}\n`);
  },
});

function warning({ all, volumes, filters }: Choice): string {
  const items = [
    "all stopped containers",
    "all networks not used by at least one container",
    ...(volumes ? ["all anonymous volumes not used by at least one container"] : []),
    all ? "all images without at least one container associated to them" : "all dangling images",
    all ? "all build cache" : "unused build cache",
  ];
  const given = Object.entries(filters).flatMap(([key, values]) => values.map((value) => `${key}=${value}`));
  const only =
    given.length === 0
      ? ""
      : `\n  Items to be pruned will be filtered with:\n${given.map((text) => `  - ${text}\n`).join("")}`;
  return `WARNING! This will remove:\n${items.map((item) => `  - ${item}\n`).join("")}${only}\nAre you sure you want to continue?`;
}

interface Step {
  readonly kind: PrunableKind;
  readonly filters: FilterValues;
  readonly all?: boolean;
  readonly text: (report: PruneReport) => string;
}

/** In this order: each step may free what the next one removes. */
function steps({ all, volumes, filters }: Choice): readonly Step[] {
  const list = (title: string, names: readonly string[] | null | undefined): string =>
    names && names.length > 0 ? `${title}:\n${names.join("\n")}\n\n` : "";
  return [
    { kind: "containers", filters, text: (report) => list("Deleted Containers", report.ContainersDeleted) },
    { kind: "networks", filters, text: (report) => list("Deleted Networks", report.NetworksDeleted) },
    ...(volumes
      ? [
          {
            kind: "volumes" as const,
            filters,
            text: (report: PruneReport) => list("Deleted Volumes", report.VolumesDeleted),
          },
        ]
      : []),
    { kind: "images", filters: { ...filters, dangling: [String(!all)] }, text: deletedImages },
    { kind: "build", filters, all, text: (report) => list("Deleted build cache objects", report.CachesDeleted) },
  ];
}

/** Bytes that were freed. A kind of object that the daemon does not have (yet) frees none. */
async function pruneStep(context: Context, { kind, filters, all, text }: Step): Promise<number> {
  try {
    const report = await prune(context.client, kind, filters, all);
    context.stdout.write(text(report));
    return report.SpaceReclaimed ?? 0;
  } catch (error) {
    if (error instanceof ApiError && error.status === 501) return 0;
    throw error;
  }
}
