import { formatAge } from "#core";
import { listImages } from "#client";
import type { ImageSummary } from "#spec";
import { formatList, formatSize, parseListFormat, type ListSpec } from "#term";
import { localTime } from "../container/ls-columns.ts";
import { command } from "../framework/command.ts";
import { bool, filter, format, noTrunc, quiet } from "../framework/flags.ts";

/** One line: an image under one of its names. */
export interface ImageRow {
  readonly image: ImageSummary;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

const none = "<none>";

/** Placeholders of `images`. */
export function imageColumns(trunc: boolean, digests: boolean, nowMs: number): ListSpec<ImageRow> {
  return {
    typeName: "*formatter.imageContext",
    table: ["Repository", "Tag", ...(digests ? ["Digest"] : []), "ID", "CreatedSince", "Size"],
    columns: [
      {
        name: "ID",
        header: "IMAGE ID",
        value: ({ image }) => (trunc ? image.Id.replace(/^sha256:/, "").slice(0, 12) : image.Id),
      },
      { name: "Repository", header: "REPOSITORY", value: ({ repository }) => repository },
      { name: "Tag", header: "TAG", value: ({ tag }) => tag },
      { name: "Digest", header: "DIGEST", value: ({ digest }) => digest },
      {
        name: "CreatedSince",
        header: "CREATED",
        value: ({ image }) => (image.Created <= 0 ? "N/A" : `${formatAge(nowMs / 1000 - image.Created)} ago`),
      },
      { name: "CreatedAt", header: "CREATED AT", value: ({ image }) => localTime(image.Created) },
      { name: "Size", header: "SIZE", value: ({ image }) => formatSize(image.Size, 3) },
      {
        name: "Containers",
        header: "CONTAINERS",
        value: ({ image }) => (image.Containers === -1 ? "N/A" : String(image.Containers)),
      },
      { name: "VirtualSize", header: "SIZE", value: ({ image }) => formatSize(image.Size) },
      {
        name: "SharedSize",
        header: "SHARED SIZE",
        value: ({ image }) => (image.SharedSize === -1 ? "N/A" : formatSize(image.SharedSize, 4)),
      },
      {
        name: "UniqueSize",
        header: "UNIQUE SIZE",
        value: ({ image }) => (image.SharedSize === -1 ? "N/A" : formatSize(image.Size - image.SharedSize, 4)),
      },
    ],
  };
}

/** Lines of an image: one for each tag, one for each digest of a repository that has no tag, or one without a name. */
export function imageRows(image: ImageSummary, withDigest: boolean): readonly ImageRow[] {
  const tags = (image.RepoTags ?? [])
    .filter((name) => name !== "<none>:<none>")
    .map((name) => split(name, name.lastIndexOf(":")));
  const digests = (image.RepoDigests ?? [])
    .filter((name) => name !== "<none>@<none>")
    .map((name) => split(name, name.indexOf("@")));
  if (tags.length === 0 && digests.length === 0) return [{ image, repository: none, tag: none, digest: none }];
  const rows = tags.flatMap(([repository, tag]) => {
    const own = withDigest ? digests.filter(([name]) => name === repository) : [];
    return own.length === 0
      ? [{ image, repository, tag, digest: none }]
      : own.map(([, digest]) => ({ image, repository, tag, digest }));
  });
  const untagged = digests.filter(([repository]) => !tags.some(([name]) => name === repository));
  const more = untagged.map(([repository, digest]) => ({
    image,
    repository,
    tag: none,
    digest: withDigest ? digest : none,
  }));
  return [...rows, ...(withDigest ? more : more.slice(0, 1))];
}

function split(name: string, at: number): readonly [string, string] {
  return [name.slice(0, at), name.slice(at + 1)];
}

export const ls = command({
  usage: "[OPTIONS] [REPOSITORY[:TAG]]",
  args: [0, 1],
  flags: {
    all: bool("Also show images in between", { short: "a" }),
    digests: bool("Also show digests"),
    filter: filter(),
    format: format(),
    "no-trunc": noTrunc(),
    quiet: quiet(),
  },
  async run(context, { flags, args: [reference] }) {
    const filters =
      reference === undefined
        ? flags.filter
        : { ...flags.filter, reference: [...(flags.filter["reference"] ?? []), reference] };
    const images = await listImages(context.client, { all: flags.all, filters });
    const template = flags.quiet ? "{{.ID}}" : flags.format || context.config.imagesFormat || "";
    const rows = images.flatMap((image) => imageRows(image, flags.digests));
    context.stdout.write(
      formatList(rows, imageColumns(!flags["no-trunc"], flags.digests, Date.now()), parseListFormat(template)),
    );
  },
});
