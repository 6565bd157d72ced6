import { serverInfo } from "#client";
import { formatBinarySize } from "#term";
import { CliError, command, errorText, type Context } from "../framework/command.ts";
import { inspectFormat } from "../framework/flags.ts";
import { renderObject } from "../framework/object-output.ts";
import { versionFacts } from "../version-facts.ts";

type Info = Readonly<Record<string, unknown>>;

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
    for (const warning of list(server?.["Warnings"])) context.stderr.write(`${warning}\n`);
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

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Facts in Docker's order; a pair of key and label, or what to do with a value. */
function serverLines(server: Info): readonly string[] {
  const lines: string[] = [];
  const add = (label: string, value: unknown): void => {
    if (value !== undefined && value !== null && value !== "")
      lines.push(` ${label}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  };
  for (const [key, label] of [
    ["Containers", "Containers"],
    ["ContainersRunning", " Running"],
    ["ContainersPaused", " Paused"],
    ["ContainersStopped", " Stopped"],
    ["Images", "Images"],
    ["ServerVersion", "Server Version"],
    ["Driver", "Storage Driver"],
  ] as const) {
    add(label, server[key]);
  }
  for (const pair of array(server["DriverStatus"])) add(` ${list(pair)[0]}`, list(pair)[1]);
  for (const [key, label] of [
    ["LoggingDriver", "Logging Driver"],
    ["CgroupDriver", "Cgroup Driver"],
    ["CgroupVersion", "Cgroup Version"],
  ] as const)
    add(label, server[key]);
  lines.push(...pluginLines(server));
  add("Runtimes", Object.keys(object(server["Runtimes"])).toSorted().join(" "));
  add("Default Runtime", server["DefaultRuntime"]);
  add("Init Binary", server["InitBinary"]);
  if (list(server["SecurityOptions"]).length > 0)
    lines.push(" Security Options:", ...list(server["SecurityOptions"]).flatMap(securityLines));
  for (const [key, label] of [
    ["KernelVersion", "Kernel Version"],
    ["OperatingSystem", "Operating System"],
    ["OSType", "OSType"],
    ["Architecture", "Architecture"],
    ["NCPU", "CPUs"],
  ] as const) {
    add(label, server[key]);
  }
  add("Total Memory", formatBinarySize(Number(server["MemTotal"] ?? 0)));
  for (const [key, label] of [
    ["Name", "Name"],
    ["ID", "ID"],
    ["DockerRootDir", "Docker Root Dir"],
    ["Debug", "Debug Mode"],
    ["HttpProxy", "HTTP Proxy"],
    ["HttpsProxy", "HTTPS Proxy"],
    ["NoProxy", "No Proxy"],
  ] as const) {
    add(label, server[key]);
  }
  if (list(server["Labels"]).length > 0) lines.push(" Labels:", ...list(server["Labels"]).map((label) => `  ${label}`));
  add("Experimental", server["ExperimentalBuild"]);
  const insecure = list(object(server["RegistryConfig"])["InsecureRegistryCIDRs"]);
  if (insecure.length > 0) lines.push(" Insecure Registries:", ...insecure.map((cidr) => `  ${cidr}`));
  add("Live Restore Enabled", server["LiveRestoreEnabled"]);
  return lines;
}

function pluginLines(server: Info): readonly string[] {
  const plugins = object(server["Plugins"]);
  const kinds = [
    ["Volume", "Volume"],
    ["Network", "Network"],
    ["Log", "Log"],
  ] as const;
  return [" Plugins:", ...kinds.map(([key, label]) => `  ${label}: ${list(plugins[key]).join(" ")}`)];
}

/** `name=seccomp,profile=builtin` as a line with its options below. */
function securityLines(option: string): readonly string[] {
  return option.split(",").map((part) => {
    const [key = "", value] = part.split("=");
    if (value === undefined || key === "name") return `  ${value ?? key}`;
    return `   ${key === "profile" ? "Profile" : key}: ${value}`;
  });
}

function object(value: unknown): Info {
  return typeof value === "object" && value !== null ? (value as Info) : {};
}

function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
