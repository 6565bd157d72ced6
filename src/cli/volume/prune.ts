import { prune } from "#client";
import { formatSize } from "#term";
import { command } from "../framework/command.ts";
import { confirm } from "../framework/confirm.ts";
import { bool, filter, force } from "../framework/flags.ts";
import { pruneFilters } from "../framework/prune-filters.ts";

export const volumePrune = command({
  usage: "[OPTIONS]",
  args: [0, 0],
  flags: {
    all: bool("Also remove volumes that have a name", { short: "a" }),
    filter: { ...filter("Remove only what matches (label=…)"), short: "" },
    force: force(),
  },
  async run(context, { flags }) {
    const what = flags.all
      ? "all local volumes not used by at least one container"
      : "anonymous local volumes not used by at least one container";
    if (
      !flags.force &&
      !(await confirm(context, `WARNING! This will remove ${what}.\nAre you sure you want to continue?`))
    )
      return;
    const filters = { ...pruneFilters(context, flags.filter), ...(flags.all ? { all: ["true"] } : {}) };
    const { VolumesDeleted: names, SpaceReclaimed = 0 } = await prune(context.client, "volumes", filters);
    if (names && names.length > 0) context.stdout.write(`Deleted Volumes:\n${names.join("\n")}\n\n`);
    context.stdout.write(`Total reclaimed space: ${formatSize(SpaceReclaimed)}\n`);
  },
});
