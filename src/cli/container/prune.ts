import { prune } from "#client";
import { formatSize } from "#term";
import { command } from "../framework/command.ts";
import { confirm } from "../framework/confirm.ts";
import { filter, force } from "../framework/flags.ts";
import { pruneFilters } from "../framework/prune-filters.ts";

export const containerPrune = command({
  usage: "[OPTIONS]",
  args: [0, 0],
  flags: { filter: { ...filter("Remove only what matches (until=…, label=…)"), short: "" }, force: force() },
  async run(context, { flags }) {
    const warning = "WARNING! This will remove all stopped containers.\nAre you sure you want to continue?";
    if (!flags.force && !(await confirm(context, warning))) return;
    const { ContainersDeleted: ids, SpaceReclaimed = 0 } = await prune(
      context.client,
      "containers",
      pruneFilters(context, flags.filter),
    );
    if (ids && ids.length > 0) context.stdout.write(`Deleted Containers:\n${ids.join("\n")}\n\n`);
    context.stdout.write(`Total reclaimed space: ${formatSize(SpaceReclaimed)}\n`);
  },
});
