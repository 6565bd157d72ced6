import { listVolumes, type VolumeUsage } from "#client";
import { formatList, formatSize, parseListFormat, type ListSpec } from "#term";
import { labelsText } from "../container/ls-columns.ts";
import { command } from "../framework/command.ts";
import { filter, format, quiet } from "../framework/flags.ts";
import { naturalOrder } from "../framework/natural-order.ts";

/** Placeholders of `volume ls`. */
export const volumeColumns: ListSpec<VolumeUsage> = {
  typeName: "*formatter.volumeContext",
  table: ["Driver", "Name"],
  columns: [
    { name: "Name", header: "VOLUME NAME", value: ({ Name }) => Name },
    { name: "Driver", header: "DRIVER", value: ({ Driver }) => Driver },
    { name: "Scope", header: "SCOPE", value: ({ Scope }) => Scope },
    { name: "Mountpoint", header: "MOUNTPOINT", value: ({ Mountpoint }) => Mountpoint },
    { name: "Labels", header: "LABELS", value: ({ Labels }) => labelsText(Labels) },
    { name: "Label", header: "", value: () => "", method: ({ Labels }, key) => Labels?.[key] ?? "" },
    { name: "Links", header: "LINKS", value: ({ UsageData }) => (UsageData ? String(UsageData.RefCount) : "N/A") },
    { name: "Size", header: "SIZE", value: ({ UsageData }) => (UsageData ? formatSize(UsageData.Size) : "N/A") },
    { name: "Availability", header: "AVAILABILITY", value: () => "N/A" },
    { name: "Group", header: "GROUP", value: () => "N/A" },
    { name: "Status", header: "STATUS", value: () => "N/A" },
  ],
};

export const ls = command({
  usage: "[OPTIONS]",
  args: [0, 0],
  flags: { filter: filter(), format: format(), quiet: quiet("Show only names") },
  async run(context, { flags }) {
    const template = flags.format || (flags.quiet ? "{{.Name}}" : context.config.volumesFormat || "");
    const { Volumes } = await listVolumes(context.client, flags.filter);
    const rows = (Volumes ?? []).toSorted((a, b) => naturalOrder(a.Name, b.Name));
    context.stdout.write(formatList(rows, volumeColumns, parseListFormat(template)));
  },
});
