import { CliError, command } from "../framework/command.ts";
import { bool } from "../framework/flags.ts";
import { copyFromContainer } from "./copy-from.ts";
import { splitCopyArgument } from "./copy-paths.ts";
import type { CopyRequest } from "./copy-request.ts";
import { copyToContainer } from "./copy-to.ts";

export const cp = command({
  usage: "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tlighter cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH",
  args: [2, 2],
  flags: {
    archive: bool("Give what is copied to the user of the container", { short: "a" }),
    "follow-link": bool("Follow a link at the end of SRC_PATH", { short: "L" }),
    quiet: bool("Show no progress and no summary (none is shown without a terminal)", { short: "q" }),
  },
  async run(context, { flags, changed, args: [first = "", second = ""] }) {
    if (first === "") throw new CliError("source can not be empty");
    if (second === "") throw new CliError("destination can not be empty");
    const [from, to] = [splitCopyArgument(first), splitCopyArgument(second)];
    if (from.container !== "" && to.container !== "") throw new CliError("copying between containers is not supported");
    if (from.container === "" && to.container === "") throw new CliError("must specify at least one container source");
    const request: CopyRequest = {
      container: from.container || to.container,
      source: from.path,
      destination: to.path,
      followLink: flags["follow-link"],
      copyOwner: flags.archive,
      quiet: changed.has("quiet") ? flags.quiet : !context.stdout.isTty,
    };
    await (from.container === "" ? copyToContainer(context, request) : copyFromContainer(context, request));
  },
});
