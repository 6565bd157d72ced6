import type { TlsOptions } from "#client";
import { nodeFs } from "#term";
import { CliError } from "./framework/command.ts";
import type { ConfigFile } from "./config-file.ts";

export interface EndpointChoice {
  readonly host: string;
  readonly contextName: string;
  readonly tls?: TlsOptions;
  /** Why the context cannot be used; told when it is, so that `context use` and `rm` still work. */
  readonly failure?: CliError;
}

export interface EndpointFlags {
  readonly host: readonly string[];
  readonly context: string;
  readonly tls: boolean;
  readonly tlsverify: boolean;
  readonly tlscacert: string;
  readonly tlscert: string;
  readonly tlskey: string;
}

export interface EndpointSources {
  readonly flags: EndpointFlags;
  /** Flags that were given. */
  readonly changed: ReadonlySet<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config: () => ConfigFile;
  readonly configDirectory: string;
}

export const lighterSocket = "unix:///run/lighter/lighter.sock";
const dockerSocket = "unix:///var/run/docker.sock";

/**
 * The daemon to talk to. In order: `-H`, `--context`, LIGHTER_HOST, DOCKER_HOST, DOCKER_CONTEXT, the current context,
 * lighter's socket, Docker's socket where only that exists.
 */
export async function chooseEndpoint(sources: EndpointSources): Promise<EndpointChoice> {
  const { flags, env } = sources;
  if (flags.host.length > 0 && flags.context !== "")
    throw new CliError("conflicting options: cannot specify both --host and --context");
  if (flags.host.length > 1)
    throw new CliError("Failed to initialize: unable to resolve docker endpoint: Specify only one -H");
  const given = flags.host[0];
  if (given !== undefined) return direct(given, sources);
  if (flags.context !== "") return named(flags.context, sources);
  const fromEnv = env["LIGHTER_HOST"] || env["DOCKER_HOST"];
  if (fromEnv) return direct(fromEnv, sources);
  return named(env["DOCKER_CONTEXT"] || sources.config().currentContext || "default", sources);
}

async function named(name: string, sources: EndpointSources): Promise<EndpointChoice> {
  if (name === "default")
    return direct(
      nodeFs().existsSync(lighterSocket.slice("unix://".length)) ||
        !nodeFs().existsSync(dockerSocket.slice("unix://".length))
        ? lighterSocket
        : dockerSocket,
      sources,
    );
  const { readContextTls, requireContext } = await import("./context/store.ts");
  let context: ReturnType<typeof requireContext>;
  try {
    context = requireContext(sources.configDirectory, name);
  } catch (failure) {
    if (failure instanceof CliError) {
      const told = `Failed to initialize: unable to resolve docker endpoint: ${failure.message}`;
      return { host: "", contextName: name, failure: new CliError(told, 1, { cause: failure }) };
    }
    throw failure;
  }
  const tls = readContextTls(sources.configDirectory, context);
  return { host: context.Endpoints.docker?.Host || lighterSocket, contextName: name, ...(tls ? { tls } : {}) };
}

function direct(host: string, sources: EndpointSources): EndpointChoice {
  const tls = tlsOf(sources);
  const full = host.includes("://") ? host : `tcp://${host}`;
  return { host: full, contextName: "default", ...(tls ? { tls } : {}) };
}

function tlsOf({ flags, changed, env, configDirectory }: EndpointSources): TlsOptions | undefined {
  const verify = changed.has("tlsverify") ? flags.tlsverify : Boolean(env["DOCKER_TLS_VERIFY"]);
  if (!verify && !flags.tls && !env["DOCKER_TLS"]) return undefined;
  const directory = env["DOCKER_CERT_PATH"] || configDirectory;
  const file = (flag: string, name: string): string | undefined => {
    const path = flag || `${directory}/${name}.pem`;
    return flag !== "" || nodeFs().existsSync(path) ? readPem(path) : undefined;
  };
  const ca = verify ? file(flags.tlscacert, "ca") : undefined;
  const cert = file(flags.tlscert, "cert");
  const key = file(flags.tlskey, "key");
  return {
    verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function readPem(path: string): string {
  try {
    return nodeFs().readFileSync(path, "utf8");
  } catch (cause) {
    throw new CliError(`unable to resolve docker endpoint: open ${path}: no such file or directory`, 1, { cause });
  }
}
