import { importImage, type ByteSource } from "#client";
import { createProgress } from "#term";
import { CliError, command, type Context } from "../framework/command.ts";
import { list, string } from "../framework/flags.ts";

const path = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export const bootstrap = command({
  usage: "[OPTIONS] busybox|debian[:SUITE]",
  args: [1, 1],
  flags: {
    include: list("Further Debian packages (repeat, or separate by commas)"),
    mirror: string("Debian mirror to fetch from"),
    tag: string("Name of the image; default busybox:latest or debian:SUITE", { short: "t" }),
  },
  async run(context, { flags, args: [base = ""] }) {
    const [distribution = "", suite] = base.split(":");
    if (distribution === "busybox") {
      if (suite !== undefined || flags.include.length > 0)
        throw new CliError("busybox has neither suites nor packages to include");
      const { packBusybox } = await import("./bootstrap-busybox.ts");
      await importRoot(context, packBusybox(context.env), flags.tag || "busybox:latest", 'CMD ["sh"]');
      return;
    }
    if (distribution !== "debian")
      throw new CliError(`unknown base image "${base}": must be busybox or debian[:SUITE]`);
    const { debootstrapRoot, hostSuite } = await import("./bootstrap-debian.ts");
    const chosen = suite ?? hostSuite();
    await using root = await debootstrapRoot(context, {
      suite: chosen,
      include: flags.include.flatMap((item) => item.split(",")),
      mirror: flags.mirror,
    });
    await importRoot(context, root.tar(), flags.tag || `debian:${chosen}`, 'CMD ["bash"]');
  },
});

async function importRoot(context: Context, tar: ByteSource, name: string, cmd: string): Promise<void> {
  const { familiarName, parseReference, withDefaultTag } = await import("#spec");
  const reference = withDefaultTag(parseReference(name));
  const options = { fromSrc: "-", repo: familiarName(reference), tag: reference.tag, changes: [cmd, path] };
  const progress = createProgress(context.stdout);
  for await (const message of importImage(context.client, options, tar)) progress.show(message);
}
