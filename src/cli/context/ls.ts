import { formatList, parseListFormat, type ListSpec } from "#term";
import { lighterSocket } from "../endpoint.ts";
import { command, type Context } from "../framework/command.ts";
import { format, quiet } from "../framework/flags.ts";
import { listContexts } from "./store.ts";

interface Row {
  readonly name: string;
  readonly current: boolean;
  readonly description: string;
  readonly endpoint: string;
}

const columns: ListSpec<Row> = {
  typeName: "*formatter.clientContextContext",
  table: ["Name", "Description", "DockerEndpoint", "Error"],
  columns: [
    { name: "Name", header: "NAME", value: ({ name, current }) => (current ? `${name} *` : name) },
    { name: "Current", header: "CURRENT", value: ({ current }) => current },
    { name: "Description", header: "DESCRIPTION", value: ({ description }) => description },
    { name: "DockerEndpoint", header: "DOCKER ENDPOINT", value: ({ endpoint }) => endpoint },
    { name: "Error", header: "ERROR", value: () => "" },
  ],
};

export const ls = command({
  usage: "[OPTIONS]",
  args: [0, 0],
  flags: { format: format(), quiet: quiet("Show only names") },
  async run(context, { flags }) {
    const rows = rowsOf(context);
    if (flags.quiet) context.stdout.write(rows.map(({ name }) => `${name}\n`).join(""));
    else context.stdout.write(formatList(rows, columns, parseListFormat(flags.format)));
  },
});

function rowsOf(context: Context): readonly Row[] {
  const { contextName, configDirectory } = context;
  const stored = listContexts(configDirectory).map(({ Name, Metadata, Endpoints }) => ({
    name: Name,
    current: Name === contextName,
    description: Metadata.Description ?? "",
    endpoint: Endpoints.docker?.Host ?? "",
  }));
  const own = contextName === "default" ? context.host : lighterSocket;
  const fallback = {
    name: "default",
    current: contextName === "default",
    description: "DOCKER_HOST, or the local engine",
    endpoint: own,
  };
  return [fallback, ...stored].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
