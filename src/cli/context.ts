import { ApiClient, parseEndpoint } from "#client";
import { isTty, openOutput, type Output } from "#term";
import { readConfigFile, type ConfigFile } from "./config-file.ts";
import { chooseEndpoint } from "./endpoint.ts";
import { CliError, type Context } from "./framework/command.ts";
import type { FlagValues } from "./framework/flags.ts";
import type { globalFlags } from "./global-flags.ts";

export interface CliOptions {
  /** Without the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Default: descriptors 1 and 2. */
  readonly stdout?: Output;
  readonly stderr?: Output;
  /** Default: descriptor 0. */
  readonly stdin?: () => AsyncIterable<Uint8Array>;
}

type GlobalValues = FlagValues<typeof globalFlags>;

export interface Outputs {
  readonly stdout: Output;
  readonly stderr: Output;
}

export function outputsOf(options: CliOptions): Outputs {
  return { stdout: options.stdout ?? openOutput(1), stderr: options.stderr ?? openOutput(2) };
}

/** The context of one command line; disposing it closes the connections. @throws CliError for an endpoint that cannot be meant */
export async function createContext(
  options: CliOptions,
  flags: GlobalValues,
  changed: ReadonlySet<string>,
): Promise<Context & Disposable> {
  const { env, cwd } = options;
  const configDirectory = flags.config || env["DOCKER_CONFIG"] || `${env["HOME"] ?? "/root"}/.docker`;
  let config: ConfigFile | undefined;
  const readConfig = (): ConfigFile => (config ??= readConfigFile(configDirectory));
  const choice = await chooseEndpoint({ flags, changed, env, config: readConfig, configDirectory });
  let client: ApiClient | undefined;
  return {
    env,
    cwd,
    ...outputsOf(options),
    stdin: options.stdin ?? (() => process.stdin as AsyncIterable<Uint8Array>),
    stdinIsTty: () => options.stdin === undefined && isTty(0),
    get config() {
      return readConfig();
    },
    get client() {
      if (choice.failure) throw choice.failure;
      return (client ??= openClient(choice, env, readConfig()));
    },
    configDirectory,
    contextName: choice.contextName,
    get host() {
      if (choice.failure) throw choice.failure;
      return choice.host;
    },
    debug: flags.debug || flags["log-level"] === "debug",
    [Symbol.dispose]: () => client?.[Symbol.dispose](),
  };
}

function openClient(
  { host, tls }: { readonly host: string; readonly tls?: Parameters<typeof parseEndpoint>[1] },
  env: CliOptions["env"],
  config: ConfigFile,
): ApiClient {
  const pinned = env["DOCKER_API_VERSION"];
  return new ApiClient({
    endpoint: endpointOf(host, tls),
    ...(pinned ? { pinnedVersion: pinned.replace(/^v/, "") } : {}),
    ...(config.HttpHeaders ? { headers: config.HttpHeaders } : {}),
  });
}

function endpointOf(host: string, tls: Parameters<typeof parseEndpoint>[1]): ReturnType<typeof parseEndpoint> {
  try {
    return parseEndpoint(host, tls);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new CliError(`Failed to initialize: ${cause.message}`, 1, { cause });
  }
}
