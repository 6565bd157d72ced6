import * as v from "valibot";
import { EngineError } from "#core";
import type { BuildOptions } from "#engine";
import type { Call } from "../call.ts";
import { progressResponse } from "../progress.ts";
import { boolParam, intParam, jsonParam } from "../query.ts";
import { json, type ApiResponse } from "../response.ts";
import type { Route } from "../router.ts";
import { buildArgsSchema, cacheFromSchema, labelsSchema, ulimitsSchema } from "../schemas.ts";

export const buildRoutes: readonly Route[] = [
  { method: "POST", pattern: "/build", handler: build },
  // The classic builder caches images, which are pruned as such; `system df` tells of no other cache.
  { method: "POST", pattern: "/build/prune", handler: () => json({ CachesDeleted: null, SpaceReclaimed: 0 }) },
];

/** The answer starts while the context is still being uploaded. */
function build(call: Call): Promise<ApiResponse> {
  if (call.param("version") === "2") {
    throw new EngineError(
      "not_implemented",
      "building with BuildKit (version=2) is not built yet: set DOCKER_BUILDKIT=0",
    );
  }
  const { body, signal } = call.request;
  return progressResponse(call.engine.build(body.stream(), buildOptions(call), signal), { refuseFirst: true });
}

function buildOptions(call: Call): BuildOptions {
  return {
    dockerfile: call.param("dockerfile") || "Dockerfile",
    tags: call.query.getAll("t").filter((tag) => tag !== ""),
    remote: call.param("remote"),
    ...buildSwitches(call),
    buildArgs: checked(call, "buildargs", buildArgsSchema) ?? {},
    labels: checked(call, "labels", labelsSchema) ?? {},
    cacheFrom: checked(call, "cachefrom", cacheFromSchema) ?? [],
    extraHosts: call.query
      .getAll("extrahosts")
      .flatMap((hosts) => hosts.split(","))
      .filter((host) => host !== ""),
    target: call.param("target"),
    platform: call.param("platform"),
    networkMode: call.param("networkmode"),
    ...buildLimits(call),
  };
}

function buildSwitches(call: Call): Pick<BuildOptions, "quiet" | "noCache" | "pull" | "rm" | "forceRm" | "squash"> {
  return {
    quiet: boolParam(call, "q"),
    noCache: boolParam(call, "nocache"),
    pull: boolParam(call, "pull"),
    rm: boolParam(call, "rm", true),
    forceRm: boolParam(call, "forcerm"),
    squash: boolParam(call, "squash"),
  };
}

type BuildLimits = Pick<
  BuildOptions,
  | "shmSize"
  | "memory"
  | "memorySwap"
  | "cpuShares"
  | "cpuPeriod"
  | "cpuQuota"
  | "cpusetCpus"
  | "cpusetMems"
  | "cgroupParent"
  | "ulimits"
>;

function buildLimits(call: Call): BuildLimits {
  return {
    shmSize: intParam(call, "shmsize") ?? 0,
    memory: intParam(call, "memory") ?? 0,
    memorySwap: intParam(call, "memswap") ?? 0,
    cpuShares: intParam(call, "cpushares") ?? 0,
    cpuPeriod: intParam(call, "cpuperiod") ?? 0,
    cpuQuota: intParam(call, "cpuquota") ?? 0,
    cpusetCpus: call.param("cpusetcpus"),
    cpusetMems: call.param("cpusetmems"),
    cgroupParent: call.param("cgroupparent"),
    ulimits: checked(call, "ulimits", ulimitsSchema) ?? [],
  };
}

/** A query parameter that is JSON of a known shape; undefined when absent or null. */
function checked<const S extends v.GenericSchema>(call: Call, key: string, schema: S): v.InferOutput<S> | undefined {
  const value = jsonParam(call, key) ?? undefined;
  if (value === undefined) return undefined;
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new EngineError("invalid", `invalid ${key}: ${result.issues[0].message}`);
}
