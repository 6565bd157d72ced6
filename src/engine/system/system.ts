import { apiVersion, hostPlatform, minApiVersion, type VersionResponse } from "#spec";
import type { System } from "../contract.ts";
import type { ContainerContext } from "../containers/context.ts";
import { engineId } from "./engine-id.ts";
import { diskUsage } from "./disk-usage.ts";
import { engineInfo } from "./info.ts";

export function createSystem(context: ContainerContext): System {
  const id = engineId(context.deps.database);
  return {
    version: () => engineVersion(context),
    info: async () => engineInfo(context, id),
    events: (options, signal) => context.deps.events.subscribe(options, signal),
    diskUsage: (types) => diskUsage(context, types),
  };
}

function engineVersion({ deps }: ContainerContext): VersionResponse {
  const { version, gitCommit, buildTime } = deps.options;
  const common = {
    ApiVersion: apiVersion,
    GitCommit: gitCommit,
    GoVersion: "",
    Os: "linux",
    Arch: hostPlatform().architecture,
  };
  const details = {
    ...common,
    MinAPIVersion: minApiVersion,
    KernelVersion: deps.machine.kernelVersion,
    BuildTime: buildTime,
    Experimental: "false",
  };
  const runtime = deps.runtime.runtimes.get(deps.runtime.defaultRuntime);
  return {
    Platform: { Name: "lighter" },
    Components: [
      { Name: "Engine", Version: version, Details: details },
      { Name: "conmon", Version: deps.runtime.monitorVersion },
      { Name: deps.runtime.defaultRuntime, Version: runtime?.version ?? "" },
    ],
    Version: version,
    MinAPIVersion: minApiVersion,
    KernelVersion: deps.machine.kernelVersion,
    BuildTime: buildTime,
    ...common,
  };
}
