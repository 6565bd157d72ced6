import { clientApiVersion, serverInfo } from "#client";
import { CliError, command, errorText, type Context } from "../framework/command.ts";
import { inspectFormat } from "../framework/flags.ts";
import { writeNamed } from "../framework/object-output.ts";
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
      const value = Object.defineProperty({ ...server, ClientInfo: clientInfo(context) }, "ServerErrors", {
        value: [],
        enumerable: false,
      });
      writeNamed(context.stdout, flags.format, { name: "", value, typeName: "system.dockerInfo" });
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
    if (failure !== undefined) throw new CliError(errorText(failure), 1, { cause: failure });
  },
});

function clientInfo({ contextName, debug }: Context): Info {
  return {
    Debug: debug,
    Version: versionFacts.version,
    DefaultAPIVersion: clientApiVersion,
    GitCommit: versionFacts.commit,
    GoVersion: `bun${Bun.version}`,
    Os: process.platform,
    Arch: process.arch === "x64" ? "amd64" : process.arch,
    BuildTime: versionFacts.built,
    Context: contextName,
    Plugins: [],
    Warnings: null,
  };
}
