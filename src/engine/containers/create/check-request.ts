import { EngineError } from "#core";
import type { ContainerConfig, HostConfig } from "#spec";
import { checkResources, type ResourceHost } from "./check-resources.ts";
import { checkHostConfig } from "./check-host-config.ts";
import { checkHealth } from "../../health/config.ts";
import { checkPorts } from "../../network/port-bindings.ts";
import { checkRestart } from "../restart/restart-policy.ts";

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
  checkHealth(config.Healthcheck);
  checkUnsupported(host);
  const { WorkingDir = "" } = config;
  if (WorkingDir !== "" && !WorkingDir.startsWith("/")) {
    throw new EngineError(
      "invalid",
      `the working directory '${WorkingDir}' is invalid, it needs to be an absolute path`,
    );
  }
}

function refuseOption(option: string): void {
  if (option !== "size") throw new EngineError("invalid", `Unknown option ${option}`);
}

function checkUnsupported(host: HostConfig): void {
  const refuse = (asked: boolean, what: string): void => {
    if (asked) throw new EngineError("not_implemented", `${what} not built yet`);
  };
  refuse((host.Links ?? []).length > 0, "links are");
  refuse((host.VolumesFrom ?? []).length > 0, "volumes-from is");
  for (const option of Object.keys(host.StorageOpt ?? {})) {
    refuseOption(option);
    throw new EngineError("invalid", "--storage-opt is supported only for overlay over xfs with 'pquota' mount option");
  }
}
