import { formatBinarySize } from "#term";

/** `GET /info`, as it comes: its fields vary with the daemon. */
export type Info = Readonly<Record<string, unknown>>;

/** What `info` prints of a daemon, in Docker's order; what the daemon does not say is left out. */
export function serverLines(server: Info): readonly string[] {
  return [
    ...countLines(server),
    ...facts(server, [["ServerVersion", "Server Version"]]),
    ...facts(server, [["Driver", "Storage Driver"]]),
    ...array(server["DriverStatus"]).map((pair) => `  ${texts(pair)[0]}: ${texts(pair)[1]}`),
    ...facts(server, [
      ["LoggingDriver", "Logging Driver"],
      ["CgroupDriver", "Cgroup Driver"],
      ["CgroupVersion", "Cgroup Version"],
    ]),
    ...pluginLines(server),
    ...section(" CDI spec directories:", texts(server["CDISpecDirs"])),
    ...facts(object(server["Swarm"]), [["LocalNodeState", "Swarm"]]),
    ...runtimeLines(server),
    ...section(" Security Options:", texts(server["SecurityOptions"]).flatMap(securityLines)),
    ...machineLines(server),
    ...debugLines(server),
    ...facts(server, [
      ["HttpProxy", "HTTP Proxy"],
      ["HttpsProxy", "HTTPS Proxy"],
      ["NoProxy", "No Proxy"],
    ]),
    ...section(" Labels:", texts(server["Labels"])),
    ...facts(server, [["ExperimentalBuild", "Experimental"]]),
    ...registryLines(object(server["RegistryConfig"])),
    ...facts(server, [["LiveRestoreEnabled", "Live Restore Enabled"]]),
    ...facts(server, [["ProductLicense", "Product License"]]),
    ...section(" Default Address Pools:", array(server["DefaultAddressPools"]).map(poolLine)),
    ...facts(object(server["FirewallBackend"]), [["Driver", "Firewall Backend"]]),
    "",
  ];
}

/** One line for each field that is there and says something. */
function facts(source: Info, fields: readonly (readonly [key: string, label: string])[]): string[] {
  return fields.flatMap(([key, label]) => {
    const value = source[key];
    if (value === undefined || value === null || value === "") return [];
    return [` ${label}: ${typeof value === "string" ? value : JSON.stringify(value)}`];
  });
}

function section(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [title, ...items.map((item) => `  ${item}`)];
}

function countLines(server: Info): string[] {
  return facts(server, [
    ["Containers", "Containers"],
    ["ContainersRunning", " Running"],
    ["ContainersPaused", " Paused"],
    ["ContainersStopped", " Stopped"],
    ["Images", "Images"],
  ]);
}

function pluginLines(server: Info): string[] {
  const plugins = object(server["Plugins"]);
  const line = (kind: string): string => `  ${kind}: ${texts(plugins[kind]).join(" ")}`;
  const authorization = texts(plugins["Authorization"]).length === 0 ? [] : [line("Authorization")];
  return [" Plugins:", line("Volume"), line("Network"), ...authorization, line("Log")];
}

function runtimeLines(server: Info): string[] {
  const commit = (key: string): string => text(object(server[key])["ID"]);
  return [
    ` Runtimes: ${Object.keys(object(server["Runtimes"])).toSorted().join(" ")}`,
    ` Default Runtime: ${text(server["DefaultRuntime"])}`,
    ` Init Binary: ${text(server["InitBinary"])}`,
    ` containerd version: ${commit("ContainerdCommit")}`,
    ` runc version: ${commit("RuncCommit")}`,
    ` init version: ${commit("InitCommit")}`,
  ];
}

function machineLines(server: Info): string[] {
  return [
    ...facts(server, [
      ["KernelVersion", "Kernel Version"],
      ["OperatingSystem", "Operating System"],
      ["OSType", "OSType"],
      ["Architecture", "Architecture"],
      ["NCPU", "CPUs"],
    ]),
    ` Total Memory: ${formatBinarySize(Number(server["MemTotal"] ?? 0))}`,
    ...facts(server, [
      ["Name", "Name"],
      ["ID", "ID"],
      ["DockerRootDir", "Docker Root Dir"],
      ["Debug", "Debug Mode"],
    ]),
  ];
}

function debugLines(server: Info): string[] {
  if (server["Debug"] !== true) return [];
  return facts(server, [
    ["NFd", " File Descriptors"],
    ["NGoroutines", " Goroutines"],
    ["SystemTime", " System Time"],
    ["NEventsListener", " EventsListeners"],
  ]);
}

/** `name=seccomp,profile=builtin` as a line with its options below. */
function securityLines(option: string): readonly string[] {
  return option.split(",").map((part) => {
    const [key = "", value] = part.split("=");
    if (value === undefined || key === "name") return value ?? key;
    return ` ${key === "profile" ? "Profile" : key}: ${value}`;
  });
}

function registryLines(config: Info): string[] {
  const insecure = Object.values(object(config["IndexConfigs"]))
    .map(object)
    .filter(({ Secure }) => Secure === false)
    .map(({ Name }) => text(Name));
  const cidrs = texts(config["InsecureRegistryCIDRs"]);
  return [
    ...section(" Insecure Registries:", [...insecure, ...cidrs]),
    ...section(" Registry Mirrors:", texts(config["Mirrors"])),
  ];
}

function poolLine(pool: unknown): string {
  const { Base, Size } = object(pool);
  return ` Base: ${text(Base)}, Size: ${text(Size)}`;
}

export function texts(value: unknown): readonly string[] {
  return array(value).map(text);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

function object(value: unknown): Info {
  return typeof value === "object" && value !== null ? (value as Info) : {};
}

function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
