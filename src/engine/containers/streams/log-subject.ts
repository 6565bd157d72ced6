import { join } from "node:path";
import type { LogConfig, LogSubject } from "#logging";
import type { EngineDeps } from "../../deps.ts";
import { containerFiles } from "../host-files.ts";
import type { ContainerRecord } from "../record.ts";

/** The log driver of a container; rows of earlier versions may not name one. */
export function logConfigOf({ hostConfig }: ContainerRecord): LogConfig {
  return { Type: hostConfig.LogConfig?.Type || "local", Config: hostConfig.LogConfig?.Config ?? {} };
}

/** What the log drivers are told of a container. */
export function logSubject(deps: Pick<EngineDeps, "paths">, record: ContainerRecord): LogSubject {
  const files = containerFiles(deps, record.id);
  return {
    id: record.id,
    name: record.name,
    imageId: record.imageId,
    imageName: record.image,
    command: [record.path, ...record.args],
    labels: record.config.Labels ?? {},
    env: record.config.Env ?? [],
    config: logConfigOf(record),
    spool: files.log,
    jsonFile: jsonFileOf(deps, record),
    checkpoint: join(files.directory, "log-forward.json"),
  };
}

function jsonFileOf(deps: Pick<EngineDeps, "paths">, { id }: ContainerRecord): string {
  return join(containerFiles(deps, id).directory, `${id}-json.log`);
}

/** `LogPath` of an inspect: only `json-file` has one for others to read, once the container was started. */
export function shownLogPath(deps: Pick<EngineDeps, "paths">, record: ContainerRecord): string {
  const wasStarted = !record.state.startedAt.startsWith("0001");
  return logConfigOf(record).Type === "json-file" && wasStarted ? jsonFileOf(deps, record) : "";
}
