import { nodeFs } from "#term";
import type { ContainerConfig, ContainerCreateRequest, HealthConfig, HostConfig } from "#spec";
import { proxyVariables } from "../config-file.ts";
import { CliError, type Context } from "../framework/command.ts";
import { parseMount, parseTmpfs, parseVolumes } from "./mounts.ts";
import { parseNetworking } from "./networking.ts";
import { parsePorts } from "./ports.ts";
import { parseResources, parseRestart } from "./resources.ts";
import type { CreateValues } from "./run-flags.ts";
import { capabilities, wrongMode } from "./run-checks.ts";
import { keyValues, readEnvironment, readLabels } from "./text-files.ts";
import { resolvePath } from "../framework/paths.ts";

export interface CreateInput {
  readonly flags: CreateValues;
  readonly changed: ReadonlySet<string>;
  /** Image, then command and arguments. */
  readonly args: readonly string[];
}

/** Body of `POST /containers/create` for the flags of run and create. @throws CliError 125 for what cannot be meant */
export function createRequest(context: Context, input: CreateInput): ContainerCreateRequest {
  checkConflicts(input);
  const ports = parsePorts(input.flags.publish, input.flags.expose);
  const volumes = parseVolumes(input.flags.volume, context.cwd);
  const networking = parseNetworking(input.flags);
  return {
    ...containerConfig(context, input),
    ...(Object.keys(ports.exposed).length > 0 ? { ExposedPorts: ports.exposed } : {}),
    ...(Object.keys(volumes.anonymous).length > 0 ? { Volumes: volumes.anonymous } : {}),
    HostConfig: {
      ...hostConfig(context, input),
      NetworkMode: networking.mode,
      PortBindings: ports.bindings,
      ...(volumes.binds.length > 0 ? { Binds: volumes.binds } : {}),
    },
    NetworkingConfig: { EndpointsConfig: networking.endpoints },
  };
}

function checkConflicts({ flags, changed }: CreateInput): void {
  if (flags.rm && parseRestart(flags.restart).Name !== "no" && flags.restart !== "") {
    throw new CliError("conflicting options: cannot specify both --restart and --rm", 125);
  }
  const health = [
    "health-cmd",
    "health-http",
    "health-tcp",
    "health-interval",
    "health-retries",
    "health-timeout",
    "health-start-period",
    "health-start-interval",
  ];
  if (flags["no-healthcheck"] && health.some((name) => changed.has(name)))
    throw new CliError("--no-healthcheck conflicts with --health-* options", 125);
  if (!["always", "missing", "never"].includes(flags.pull)) {
    throw new CliError(`invalid pull option: '${flags.pull}': must be one of "always", "missing" or "never"`, 125);
  }
  const mode = wrongMode(flags);
  if (mode !== undefined) throw new CliError(mode, 125);
  if (flags["storage-opt"].some((text) => !text.includes("="))) throw new CliError("invalid storage option", 125);
  const swappiness = flags["memory-swappiness"];
  if (swappiness !== undefined && swappiness !== -1 && (swappiness < 0 || swappiness > 100)) {
    throw new CliError(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`, 125);
  }
}

function containerConfig(context: Context, { flags, changed, args }: CreateInput): ContainerConfig {
  const [image = "", ...cmd] = args;
  const named = flags.attach.length > 0 ? flags.attach : ["stdout", "stderr"];
  const attached = new Set([...named, ...(flags.interactive ? ["stdin"] : [])]);
  const proxies = Object.entries(proxyVariables(context.config, context.host)).map(
    ([name, value]) => `${name}=${value}`,
  );
  const env = [...proxies, ...readEnvironment(flags["env-file"], flags.env, context)];
  const labels = readLabels(flags["label-file"], flags.label, context);
  const health = healthConfig(flags, changed);
  return {
    Image: image,
    ...(cmd.length > 0 ? { Cmd: cmd } : {}),
    ...(changed.has("entrypoint") ? { Entrypoint: [flags.entrypoint] } : {}),
    ...(flags.hostname === "" ? {} : { Hostname: flags.hostname }),
    ...(flags.domainname === "" ? {} : { Domainname: flags.domainname }),
    ...(flags.user === "" ? {} : { User: flags.user }),
    ...(flags.workdir === "" ? {} : { WorkingDir: flags.workdir }),
    Tty: flags.tty,
    OpenStdin: flags.interactive,
    StdinOnce: flags.interactive && attached.has("stdin"),
    AttachStdin: attached.has("stdin"),
    AttachStdout: attached.has("stdout"),
    AttachStderr: attached.has("stderr"),
    ...(env.length > 0 ? { Env: env } : {}),
    ...(Object.keys(labels).length > 0 ? { Labels: labels } : {}),
    ...(flags["stop-signal"] === "" ? {} : { StopSignal: flags["stop-signal"] }),
    ...(flags["stop-timeout"] === undefined ? {} : { StopTimeout: flags["stop-timeout"] }),
    ...(health ? { Healthcheck: health } : {}),
  };
}

function healthConfig(flags: CreateValues, changed: ReadonlySet<string>): HealthConfig | undefined {
  if (flags["no-healthcheck"]) return { Test: ["NONE"] };
  const given = [...changed].some((name) => name.startsWith("health-"));
  if (!given) return undefined;
  const nonNegative = (
    name: "health-interval" | "health-timeout" | "health-start-period" | "health-start-interval" | "health-retries",
  ): number => {
    const value = flags[name] ?? 0;
    if (value < 0) throw new CliError(`--${name} cannot be negative`, 125);
    return value;
  };
  const times = {
    Interval: nonNegative("health-interval"),
    Timeout: nonNegative("health-timeout"),
    StartPeriod: nonNegative("health-start-period"),
    StartInterval: nonNegative("health-start-interval"),
    Retries: nonNegative("health-retries"),
  };
  return { ...healthTest(flags), ...pickGiven(times, (value) => value !== 0) };
}

function healthTest(flags: CreateValues): HealthConfig {
  const tests = [
    ["CMD-SHELL", flags["health-cmd"]],
    ["TCP", flags["health-tcp"]],
    ["HTTP", flags["health-http"]],
  ].filter(([, value]) => value !== "");
  if (tests.length > 1) throw new CliError("--health-cmd, --health-tcp and --health-http exclude each other", 125);
  return tests[0] ? { Test: tests[0] } : {};
}

function hostConfig(context: Context, { flags, changed }: CreateInput): HostConfig {
  const { securityOpt, masked } = securityOptions(flags["security-opt"], context.cwd);
  const size = flags.tty ? context.stdout.size() : undefined;
  const lists = {
    CapAdd: capabilities(flags["cap-add"]),
    CapDrop: capabilities(flags["cap-drop"]),
    Dns: flags.dns,
    DnsOptions: [...flags["dns-option"], ...flags["dns-opt"]],
    DnsSearch: flags["dns-search"],
    ExtraHosts: flags["add-host"],
    GroupAdd: flags["group-add"],
    Links: flags.link,
    VolumesFrom: flags["volumes-from"],
    SecurityOpt: securityOpt,
    Mounts: flags.mount.map((text) => parseMount(text, context.cwd)),
  };
  const texts = {
    VolumeDriver: flags["volume-driver"],
    CgroupnsMode: flags.cgroupns,
    IpcMode: flags.ipc,
    PidMode: flags.pid,
    UTSMode: flags.uts,
    UsernsMode: flags.userns,
    Runtime: flags.runtime,
    Isolation: flags.isolation,
    ContainerIDFile: flags.cidfile,
  };
  const maps = {
    Annotations: keyValues(flags.annotation),
    StorageOpt: keyValues(flags["storage-opt"]),
    Sysctls: keyValues(flags.sysctl),
    Tmpfs: parseTmpfs(flags.tmpfs),
  };
  return {
    ...parseResources(flags),
    ...pickGiven(lists, (items) => items.length > 0),
    ...pickGiven(texts, (text) => text !== ""),
    ...pickGiven(maps, (map) => Object.keys(map).length > 0),
    ...masked,
    RestartPolicy: parseRestart(flags.restart),
    LogConfig: logConfig(flags),
    AutoRemove: flags.rm,
    Privileged: flags.privileged,
    PublishAllPorts: flags["publish-all"],
    ReadonlyRootfs: flags["read-only"],
    ...(flags["oom-score-adj"] === undefined ? {} : { OomScoreAdj: flags["oom-score-adj"] }),
    ...(flags["shm-size"] === undefined ? {} : { ShmSize: flags["shm-size"] }),
    ...(changed.has("init") ? { Init: flags.init } : {}),
    ...(size ? { ConsoleSize: [size.rows, size.columns] as const } : {}),
  };
}

function pickGiven<T extends Readonly<Record<string, unknown>>>(
  values: T,
  isGiven: (value: T[keyof T]) => boolean,
): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => isGiven(value as T[keyof T]))) as Partial<T>;
}

/** Reads seccomp profiles from files; `systempaths=unconfined` lifts the masks. */
function securityOptions(
  options: readonly string[],
  cwd: string,
): { securityOpt: readonly string[]; masked: Partial<HostConfig> } {
  const securityOpt: string[] = [];
  let masked: Partial<HostConfig> = {};
  for (const option of options) {
    const [key = "", value] = /^([^=:]*)[=:](.*)$/s.exec(option)?.slice(1) ?? [option];
    if (key === "systempaths" && value === "unconfined") masked = { MaskedPaths: [], ReadonlyPaths: [] };
    else if (key !== "no-new-privileges" && (value === undefined || value === ""))
      throw new CliError(`Invalid --security-opt: "${option}"`, 125);
    else if (key === "seccomp" && value !== undefined && value !== "unconfined" && value !== "builtin")
      securityOpt.push(`seccomp=${profileText(value, cwd)}`);
    else securityOpt.push(option);
  }
  return { securityOpt, masked };
}

function profileText(path: string, cwd: string): string {
  try {
    return JSON.stringify(JSON.parse(nodeFs().readFileSync(resolvePath(cwd, path), "utf8")));
  } catch (cause) {
    if (cause instanceof SyntaxError)
      throw new CliError(`compacting json for seccomp profile (${path}) failed: ${cause.message}`, 125, { cause });
    throw new CliError(`opening seccomp profile (${path}) failed: open ${path}: no such file or directory`, 125, {
      cause,
    });
  }
}

function logConfig(flags: CreateValues): NonNullable<HostConfig["LogConfig"]> {
  const Type = flags["log-driver"];
  const Config = keyValues(flags["log-opt"]);
  if (Type === "none" && flags["log-opt"].length > 0) throw new CliError(`invalid logging opts for driver ${Type}`);
  return { Type, Config };
}
