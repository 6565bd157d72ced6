import { serverInfo } from "#client";
import { CliError, command, errorText, type Context } from "../framework/command.ts";
import { inspectFormat } from "../framework/flags.ts";
import { renderObject } from "../framework/object-output.ts";
import { versionFacts } from "../version-facts.ts";
import { serverLines, texts, type Info } from "./info-lines.ts";

export const info = command({
  usage: "[OPTIONS]",
  args: [0, 0],
  flags: { format: inspectFormat() },
  async run(context, { flags }) {
    let server: Info | undefined;
    let failure: unknown;
    try {
      server = await serverInfo(context.client);
    } catch (error) {
      failure = error;
    }
    if (flags.format !== "") {
      if (failure !== undefined) throw new CliError(errorText(failure), 1, { cause: failure });
      context.stdout.write(renderObject(flags.format, { ...server, ClientInfo: clientInfo(context) }));
      return;
    }
    const { contextName, debug } = context;
    const lines = [
      "Client:",
      ` Version:    ${versionFacts.version}`,
      ` Context:    ${contextName}`,
      ` Debug Mode: ${debug}`,
      "",
      "Server:",
    ];
    if (server) lines.push(...serverLines(server));
    context.stdout.write(`${lines.join("\n")}\n`);
    for (const warning of texts(server?.["Warnings"])) context.stderr.write(`${warning}\n`);
    if (failure !== undefined)
      throw new CliError(`ERROR: ${errorText(failure)}\nerrors pretty printing info`, 1, { cause: failure });
  },
});

function clientInfo({ contextName, debug }: Context): Info {
  return {
    Version: versionFacts.version,
    GitCommit: versionFacts.commit,
    Context: contextName,
    Debug: debug,
    Plugins: [],
    Warnings: null,
  };
}
