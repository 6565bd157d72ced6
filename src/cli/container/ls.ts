import { listContainers } from "#client";
import { formatList, parseListFormat } from "#term";
import { command } from "../framework/command.ts";
import { bool, filter, format, int, noTrunc, quiet } from "../framework/flags.ts";
import { containerColumns } from "./ls-columns.ts";

export const ls = command({
  usage: "[OPTIONS]",
  args: [0, 0],
  flags: {
    all: bool("Also show containers that do not run", { short: "a" }),
    filter: filter(),
    format: format(),
    last: int("Show the newest n containers, whatever their state", { short: "n" }),
    latest: bool("Show the newest container, whatever its state", { short: "l" }),
    "no-trunc": noTrunc(),
    quiet: quiet(),
    size: bool("Also show file sizes", { short: "s" }),
  },
  async run(context, { flags }) {
    const template = flags.quiet ? "{{.ID}}" : flags.format || context.config.psFormat || "";
    const shape = parseListFormat(template);
    const size = flags.size || ("template" in shape && /\.Size\b/.test(shape.template ?? ""));
    const limit = flags.latest ? 1 : flags.last;
    const rows = await listContainers(context.client, { all: flags.all, limit, size, filters: flags.filter });
    const columns = containerColumns({ trunc: !flags["no-trunc"], size: flags.size, nowMs: Date.now() });
    context.stdout.write(formatList(rows, columns, shape));
  },
});
