import { listContainers } from "#client";
import type { ContainerSummary } from "#spec";
import { formatList, parseListFormat, type ListFormat } from "#term";
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
    if (flags.quiet && flags.format !== "")
      context.stderr.write("WARNING: Ignoring custom format, because both --format and --quiet are set.\n");
    const { quiet: isQuiet, size: isSized } = flags;
    const shape = shapeOf(flags.format, context.config.psFormat ?? "", { isQuiet, isSized });
    const trunc = !flags["no-trunc"];
    const size = isSized || asksForSize(shape, trunc);
    const limit = flags.latest ? 1 : flags.last;
    const rows = await listContainers(context.client, { all: flags.all, limit, size, filters: flags.filter });
    context.stdout.write(formatList(rows, containerColumns({ trunc, size: isSized, nowMs: Date.now() }), shape));
  },
});

const rawFields = {
  container_id: "ID",
  image: "Image",
  command: "Command",
  created_at: "CreatedAt",
  state: "State",
  status: "Status",
  names: "Names",
} as const;

/** Without a space behind them when there is nothing to say. */
const optionalFields = "labels: {{- if .Labels}} {{.Labels}}{{end}}\nports: {{- if .Ports}} {{.Ports}}{{end}}\n";

interface Wanted {
  readonly isQuiet: boolean;
  readonly isSized: boolean;
}

/** `raw` is a block of lines for each container. */
function shapeOf(given: string, configured: string, { isQuiet, isSized }: Wanted): ListFormat {
  if (given === "raw") {
    const fields = Object.entries(rawFields).map(([key, name]) => `${key}: {{.${name}}}\n`);
    const template = isQuiet
      ? "container_id: {{.ID}}"
      : fields.join("") + optionalFields + (isSized ? "size: {{.Size}}\n" : "");
    return { kind: "template", template };
  }
  return parseListFormat(isQuiet ? "{{.ID}}" : given || configured);
}

const nobody = {
  Id: "",
  Names: [],
  Image: "",
  ImageID: "",
  Command: "",
  Created: 0,
  Ports: [],
  Labels: {},
  State: "",
  Status: "",
  Mounts: [],
} as unknown as ContainerSummary;

/** Tries the template on a container of nothing: what cannot be executed fails before anything is asked for. @throws Error */
function asksForSize(shape: ListFormat, trunc: boolean): boolean {
  if (shape.kind === "json" || shape.template === undefined) return false;
  let asks = false;
  const columns = containerColumns({ trunc, size: false, nowMs: Date.now(), onSize: () => void (asks = true) });
  formatList([nobody], columns, shape);
  return asks;
}
