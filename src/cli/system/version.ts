import { clientApiVersion, compareVersions, serverVersion } from "#client";
import type { VersionResponse } from "#spec";
import { alignTabs } from "#term";
import { CliError, command, errorText, type Context } from "../framework/command.ts";
import { inspectFormat } from "../framework/flags.ts";
import { versionFacts } from "../version-facts.ts";

export const version = command({
  usage: "[OPTIONS]",
  args: [0, 0],
  flags: { format: inspectFormat() },
  async run(context, { flags }) {
    let server: VersionResponse | undefined;
    let failure: unknown;
    try {
      server = await serverVersion(context.client);
    } catch (error) {
      failure = error;
    }
    if (flags.format === "") context.stdout.write(textOf(context, server));
    else await formatted(context, flags.format, server);
    if (failure !== undefined) throw new CliError(errorText(failure), 1, { cause: failure });
  },
});

function clientFacts({ client, contextName }: Context): Readonly<Record<string, string>> {
  const facts = {
    Version: versionFacts.version,
    ApiVersion: client.version,
    DefaultAPIVersion: clientApiVersion,
    GitCommit: versionFacts.commit,
    GoVersion: `bun${Bun.version}`,
    Os: process.platform,
    Arch: architecture(),
    BuildTime: longDate(versionFacts.built),
    Context: contextName,
  };
  return Object.defineProperty(facts, "APIVersion", { value: client.version, enumerable: false });
}

/** Go's name of this machine's architecture. */
function architecture(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}

function textOf(context: Context, server: VersionResponse | undefined): string {
  const facts = clientFacts(context);
  const lower =
    compareVersions(facts["ApiVersion"] ?? "", clientApiVersion) < 0 ? ` (downgraded from ${clientApiVersion})` : "";
  const lines = [
    "Client:",
    ` Version:\t${facts["Version"]}`,
    ` API version:\t${facts["ApiVersion"]}${lower}`,
    ` Runtime:\tBun ${Bun.version}`,
    ` Git commit:\t${facts["GitCommit"]}`,
    ` Built:\t${longDate(versionFacts.built)}`,
    ` OS/Arch:\t${process.platform}/${architecture()}`,
    ` Context:\t${context.contextName}`,
  ];
  if (server) lines.push("", ...serverLines(server));
  return alignTabs(`${lines.join("\n")}\n`, { minWidth: 20, padding: 1 });
}

function serverLines(server: VersionResponse): readonly string[] {
  const name = server.Platform?.Name ?? "";
  const lines = [name === "" ? "Server:" : `Server: ${name}`];
  for (const { Name, Version, Details = {} } of server.Components ?? []) {
    lines.push(` ${Name}:`, `  Version:\t${Version}`);
    if (Name === "Engine") lines.push(...engineLines(Details));
    else lines.push(...Object.entries(Details).map(([key, value]) => `  ${key}:\t${value}`));
  }
  return lines;
}

function engineLines(details: Readonly<Record<string, string>>): readonly string[] {
  return [
    `  API version:\t${details["ApiVersion"]} (minimum version ${details["MinAPIVersion"]})`,
    `  Go version:\t${details["GoVersion"]}`,
    `  Git commit:\t${details["GitCommit"]}`,
    `  Built:\t${longDate(details["BuildTime"] ?? "")}`,
    `  OS/Arch:\t${details["Os"]}/${details["Arch"]}`,
    `  Experimental:\t${details["Experimental"]}`,
  ];
}

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** C's asctime in UTC; a text that is no time stays as it is. */
function longDate(text: string): string {
  const date = new Date(text);
  if (text === "" || Number.isNaN(date.getTime())) return text;
  const time = date.toISOString().slice(11, 19);
  return `${days[date.getUTCDay()]} ${months[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${time} ${date.getUTCFullYear()}`;
}

async function formatted(context: Context, format: string, server: VersionResponse | undefined): Promise<void> {
  const { writeNamed } = await import("../framework/object-output.ts");
  const facts = { Client: clientFacts(context), Server: server ? serverFacts(server) : null };
  const types = { Server: "*types.Version" };
  writeNamed(context.stdout, format, { name: "version", value: facts, typeName: "system.versionInfo", types });
}

/** As it came, but with the engine's time of building as people read it; `APIVersion` is what Go calls the field. */
function serverFacts(server: VersionResponse): Readonly<Record<string, unknown>> {
  const Components = server.Components?.map((component) => {
    const { BuildTime } = component.Details ?? {};
    return BuildTime === undefined
      ? component
      : { ...component, Details: { ...component.Details, BuildTime: longDate(BuildTime) } };
  });
  const facts = { ...server, ...(Components ? { Components } : {}) };
  return Object.defineProperty(facts, "APIVersion", { value: server.ApiVersion, enumerable: false });
}
