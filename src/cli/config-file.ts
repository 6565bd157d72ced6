import { errorCode, nodeFs } from "#term";

/** What the client uses of `~/.docker/config.json`; other keys stay in the file. */
export interface ConfigFile {
  readonly currentContext?: string;
  readonly detachKeys?: string;
  readonly psFormat?: string;
  readonly imagesFormat?: string;
  readonly networksFormat?: string;
  readonly volumesFormat?: string;
  readonly statsFormat?: string;
  readonly HttpHeaders?: Readonly<Record<string, string>>;
  readonly pruneFilters?: readonly string[];
  readonly proxies?: Readonly<Record<string, ProxyConfig>>;
}

export interface ProxyConfig {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
  readonly ftpProxy?: string;
  readonly allProxy?: string;
}

/** An absent file is an empty one. @throws Error when the file is no JSON object */
export function readConfigFile(directory: string): ConfigFile {
  const path = `${directory}/config.json`;
  if (Bun.file(path).size === 0) return {};
  let text: string;
  try {
    text = nodeFs().readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return {};
    throw error;
  }
  try {
    return text.trim() === "" ? {} : (JSON.parse(text) as ConfigFile);
  } catch (cause) {
    throw new Error(`error parsing config file (${path})`, { cause });
  }
}

/** Proxy settings for a daemon, as upper and lower case environment variables. */
export function proxyVariables(config: ConfigFile, host: string): Readonly<Record<string, string>> {
  const proxy = config.proxies?.[host] ?? config.proxies?.["default"];
  const pairs = [
    ["HTTP_PROXY", proxy?.httpProxy],
    ["HTTPS_PROXY", proxy?.httpsProxy],
    ["NO_PROXY", proxy?.noProxy],
    ["FTP_PROXY", proxy?.ftpProxy],
    ["ALL_PROXY", proxy?.allProxy],
  ] as const;
  const variables: Record<string, string> = {};
  for (const [name, value] of pairs) {
    if (value === undefined || value === "") continue;
    variables[name] = value;
    variables[name.toLowerCase()] = value;
  }
  return variables;
}
