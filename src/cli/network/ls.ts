import { listNetworks } from "#client";
import type { NetworkInfo } from "#spec";
import { formatList, parseListFormat, type ListSpec } from "#term";
import { labelsText } from "../container/ls-columns.ts";
import { command } from "../framework/command.ts";
import { filter, format, noTrunc, quiet } from "../framework/flags.ts";
import { naturalOrder } from "../framework/natural-order.ts";

function columns(trunc: boolean): ListSpec<NetworkInfo> {
  return {
    typeName: "*network.networkContext",
    table: ["ID", "Name", "Driver", "Scope"],
    columns: [
      { name: "ID", header: "NETWORK ID", value: ({ Id }) => (trunc ? Id.slice(0, 12) : Id) },
      { name: "Name", header: "NAME", value: ({ Name }) => Name },
      { name: "Driver", header: "DRIVER", value: ({ Driver }) => Driver },
      { name: "Scope", header: "SCOPE", value: ({ Scope }) => Scope },
      { name: "IPv4", header: "IPV4", value: ({ EnableIPv4 }) => String(EnableIPv4) },
      { name: "IPv6", header: "IPV6", value: ({ EnableIPv6 }) => String(EnableIPv6) },
      { name: "Internal", header: "INTERNAL", value: ({ Internal }) => String(Internal) },
      { name: "Labels", header: "LABELS", value: ({ Labels }) => labelsText(Labels) },
      { name: "Label", header: "", value: () => "", method: ({ Labels }, key) => Labels?.[key] ?? "" },
      {
        name: "CreatedAt",
        header: "CREATED AT",
        value: ({ Created }) => Created.replace("T", " ").replace("Z", " +0000 UTC"),
      },
    ],
  };
}

export const ls = command({
  usage: "[OPTIONS]",
  args: [0, 0],
  flags: { filter: filter(), format: format(), "no-trunc": noTrunc(), quiet: quiet() },
  async run(context, { flags }) {
    const template = flags.format || (flags.quiet ? "{{.ID}}" : context.config.networksFormat || "");
    const rows = (await listNetworks(context.client, flags.filter)).toSorted((a, b) => naturalOrder(a.Name, b.Name));
    context.stdout.write(formatList(rows, columns(!flags["no-trunc"]), parseListFormat(template)));
  },
});
