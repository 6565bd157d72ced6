import { prune } from "#client";
import { command } from "../framework/command.ts";
import { confirm } from "../framework/confirm.ts";
import { filter, force } from "../framework/flags.ts";
import { pruneFilters } from "../framework/prune-filters.ts";

export const networkPrune = command({
  usage: "[OPTIONS]",
  args: [0, 0],
  flags: { filter: { ...filter("Remove only what matches (until=…, label=…)"), short: "" }, force: force() },
  async run(context, { flags }) {
    const warning =
      "WARNING! This will remove all custom networks not used by at least one container.\nAre you sure you want to continue?";
    if (!flags.force && !(await confirm(context, warning))) return;
    const { NetworksDeleted: names } = await prune(context.client, "networks", pruneFilters(context, flags.filter));
    if (names && names.length > 0) context.stdout.write(`Deleted Networks:\n${names.join("\n")}\n\n`);
  },
});
