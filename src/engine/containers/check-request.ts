import { EngineError } from "#core";
import type { ContainerConfig, HostConfig } from "#spec";
import { checkResources, type ResourceHost } from "./check-resources.ts";
import { checkHostConfig } from "./check-host-config.ts";
import { checkPorts } from "../network/port-bindings.ts";

const namePattern = /^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** The name without its slash. @throws EngineError `invalid` */
export function checkContainerName(name: string): string {
  if (!namePattern.test(name)) {
    throw new EngineError("invalid", `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
  return name.replace(/^\//, "");
}

/** What cannot be meant, or is not built; Docker's texts. @throws EngineError `invalid`, `not_implemented` */
export function checkRequest(config: ContainerConfig, host: HostConfig, limits: ResourceHost): void {
  checkResources(host, limits);
  checkHostConfig(config, host);
  checkPorts(host);
  checkRestart(host);
  checkUnsupported(config, host);
  checkLogDriver(host);
  const { WorkingDir = "" } = config;
  if (WorkingDir !== "" && !WorkingDir.startsWith("/")) {
    throw new EngineError(
      "invalid",
      `the working directory '${WorkingDir}' is invalid, it needs to be an absolute path`,
    );
  }
}

export function checkRestart({ RestartPolicy, AutoRemove }: HostConfig): void {
  const name: string = RestartPolicy?.Name ?? "";
  const count = RestartPolicy?.MaximumRetryCount ?? 0;
  if (!["", "no", "always", "unless-stopped", "on-failure"].includes(name)) {
    throw new EngineError(
      "invalid",
      `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  }
  if (count < 0) throw new EngineError("invalid", "invalid restart policy: maximum retry count cannot be negative");
  if (count > 0 && name !== "on-failure") {
    throw new EngineError("invalid", "invalid restart policy: maximum retry count can only be used with 'on-failure'");
  }
  if (name === "" || name === "no") return;
  if (AutoRemove) throw new EngineError("invalid", "can't create 'AutoRemove' container with restart policy");
  throw new EngineError("not_implemented", `restart policy '${name}' is not built yet`);
}

function checkUnsupported({ Healthcheck }: ContainerConfig, host: HostConfig): void {
  const refuse = (asked: boolean, what: string): void => {
    if (asked) throw new EngineError("not_implemented", `${what} not built yet`);
  };
  const test = Healthcheck?.Test ?? [];
  refuse((host.Links ?? []).length > 0, "links are");
  refuse((host.VolumesFrom ?? []).length > 0, "volumes-from is");
  refuse(test.length > 0 && test[0] !== "NONE", "health checks are");
  refuse(!["", "host"].includes(host.UsernsMode ?? ""), "user namespaces are");
  if (Object.keys(host.StorageOpt ?? {}).length > 0) {
    throw new EngineError("invalid", "--storage-opt is supported only for overlay over xfs with 'pquota' mount option");
  }
}

function checkLogDriver({ LogConfig }: HostConfig): void {
  const driver = LogConfig?.Type ?? "";
  if (driver !== "" && driver !== "local")
    throw new EngineError("invalid", `error looking up logging plugin ${driver}: plugin "${driver}" not found`);
  const [option] = Object.keys(LogConfig?.Config ?? {});
  if (option !== undefined) throw new EngineError("invalid", `unknown log opt '${option}' for local log driver`);
}
