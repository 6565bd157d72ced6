import { prune, type PruneReport } from "#client";
import { formatSize } from "#term";
import { command } from "../framework/command.ts";
import { confirm } from "../framework/confirm.ts";
import { bool, filter, force } from "../framework/flags.ts";
import { pruneFilters } from "../framework/prune-filters.ts";

export const imagePrune = command({
  usage: "[OPTIONS]",
  args: [0, 0],
  flags: {
    all: bool("Remove all images that no container uses, not only untagged ones", { short: "a" }),
    filter: { ...filter("Remove only what matches (until=…, label=…)"), short: "" },
    force: force(),
  },
  async run(context, { flags }) {
    const what = flags.all ? "all images without at least one container associated to them" : "all dangling images";
    if (
      !flags.force &&
      !(await confirm(context, `WARNING! This will remove ${what}.\nAre you sure you want to continue?`))
    )
      return;
    const filters = { ...pruneFilters(context, flags.filter), dangling: [String(!flags.all)] };
    const report = await prune(context.client, "images", filters);
    context.stdout.write(`${deletedImages(report)}Total reclaimed space: ${formatSize(report.SpaceReclaimed ?? 0)}\n`);
  },
});

/** The paragraph that lists what a prune of images removed; empty when that is nothing. */
export function deletedImages({ ImagesDeleted }: PruneReport): string {
  const lines = (ImagesDeleted ?? []).map(({ Untagged, Deleted }) =>
    Untagged ? `untagged: ${Untagged}` : `deleted: ${Deleted}`,
  );
  return lines.length === 0 ? "" : `Deleted Images:\n${lines.join("\n")}\n\n`;
}
