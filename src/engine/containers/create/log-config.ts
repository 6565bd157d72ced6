import { checkDriverOptions, checkLogConfig, effectiveLogConfig, type LogConfig } from "#logging";
import type { HostConfig } from "#spec";

/** The driver and options of a new container. @throws EngineError `invalid` for what Docker refuses at create */
export async function containerLogConfig(host: HostConfig, byDefault: LogConfig): Promise<LogConfig> {
  const config = effectiveLogConfig(host.LogConfig, byDefault);
  checkLogConfig(config);
  if (config.Type === "syslog" || config.Type === "fluentd") await checkDriverOptions(config.Type, config.Config);
  return config;
}
