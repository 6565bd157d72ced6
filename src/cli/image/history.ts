import { formatAge } from "#core";
import { imageHistory } from "#client";
import type { ImageHistoryItem } from "#spec";
import { ellipsis, formatList, formatSize, parseListFormat, type ListSpec } from "#term";
import { command } from "../framework/command.ts";
import { bool, format, noTrunc, platform, quiet } from "../framework/flags.ts";
import { platformJson } from "./save.ts";

interface HistoryOptions {
  readonly trunc: boolean;
  readonly human: boolean;
  readonly nowMs: number;
}

function columns({ trunc, human, nowMs }: HistoryOptions): ListSpec<ImageHistoryItem> {
  const createdAt = (seconds: number): string =>
    seconds <= 0 ? "" : new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
  return {
    typeName: "*formatter.historyContext",
    table: ["ID", "CreatedSince", "CreatedBy", "Size", "Comment"],
    columns: [
      { name: "ID", header: "IMAGE", value: ({ Id }) => (trunc ? Id.replace(/^sha256:/, "").slice(0, 12) : Id) },
      { name: "CreatedAt", header: "CREATED AT", value: ({ Created }) => createdAt(Created) },
      {
        name: "CreatedSince",
        header: human ? "CREATED" : "CREATED AT",
        value: ({ Created }) =>
          !human ? createdAt(Created) : Created <= 0 ? "N/A" : `${formatAge(nowMs / 1000 - Created)} ago`,
      },
      { name: "CreatedBy", header: "CREATED BY", value: ({ CreatedBy }) => byText(CreatedBy, trunc) },
      { name: "Size", header: "SIZE", value: ({ Size }) => (human ? formatSize(Size, 3) : String(Size)) },
      { name: "Comment", header: "COMMENT", value: ({ Comment }) => Comment },
    ],
  };
}

function byText(text: string, trunc: boolean): string {
  const flat = text.replaceAll("\t", " ");
  return trunc ? ellipsis(flat, 45) : flat;
}

export const history = command({
  usage: "[OPTIONS] IMAGE",
  args: [1, 1],
  flags: {
    format: format(),
    human: bool("Show sizes and dates for people", { short: "H", initial: true }),
    "no-trunc": noTrunc(),
    platform: platform(),
    quiet: quiet(),
  },
  async run(context, { flags, args: [image = ""] }) {
    const items = await imageHistory(context.client, image, platformJson(flags.platform));
    const shape = columns({ trunc: !flags["no-trunc"], human: flags.human, nowMs: Date.now() });
    context.stdout.write(formatList(items, shape, parseListFormat(flags.quiet ? "{{.ID}}" : flags.format)));
  },
});
